//! Answers that nobody gave: what stands in a plan that asks nobody.

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

/// Text that is not known. It is the word of the plans that Packer's templates are compared with.
pub(crate) const UNKNOWN: &str = "<unknown>";

/// So deep an answer is filled; one that holds itself would have no end.
const DEEPEST: u8 = 8;

/// An answer of which nothing is known: each text is [`UNKNOWN`], each number 0, each flag false, each list has one element, and no map an entry.
///
/// # Errors
/// When its type takes no such values.
pub(super) fn unknown<T: DeserializeOwned>() -> Result<T, Error> {
    T::deserialize(Placeholder(0))
}

#[derive(Clone, Copy)]
struct Placeholder(u8);

impl Placeholder {
    fn inner(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl IntoDeserializer<'_, Error> for Placeholder {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Placeholder {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(UNKNOWN)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(false)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(0)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(0)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_u64(visitor)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(0.0)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(0.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 < DEEPEST {
            true => visitor.visit_some(self.inner()),
            false => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let one = (self.0 < DEEPEST).then(|| self.inner());
        visitor.visit_seq(SeqDeserializer::new(one.into_iter()))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(SeqDeserializer::new(std::iter::repeat_n(self.inner(), length)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(MapDeserializer::new(std::iter::empty::<(&str, Self)>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let inner = self.inner();
        visitor.visit_map(MapDeserializer::new(fields.iter().map(|field| (*field, inner))))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Error> {
        Err(de::Error::custom(format!("which `{name}` it is cannot be left open")))
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit_struct tuple_struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Answer {
        id: String,
        size: u32,
        public: bool,
        owner: Option<String>,
        tags: BTreeMap<String, String>,
        regions: Vec<String>,
        next: Option<Box<Answer>>,
    }

    #[test]
    fn texts_are_unknown_and_all_else_is_nothing() {
        let answer: Answer = unknown().expect("it can be left open");
        assert_eq!((answer.id.as_str(), answer.size, answer.public), (UNKNOWN, 0, false));
        assert_eq!(answer.owner.as_deref(), Some(UNKNOWN));
        assert_eq!((answer.tags.len(), answer.regions), (0, vec![UNKNOWN.to_owned()]));
        assert!(answer.next.is_some_and(|next| next.id == UNKNOWN));
    }

    #[test]
    fn a_choice_cannot_be_left_open() {
        #[derive(Debug, Deserialize)]
        enum State {
            On,
        }
        assert!(unknown::<State>().expect_err("refused").to_string().contains("State"));
        assert!(matches!(serde_json::from_str("\"On\""), Ok(State::On)));
    }
}
