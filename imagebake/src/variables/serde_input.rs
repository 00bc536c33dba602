//! Inputs of types that serde reads, and what can be said about such a type without a value.

use super::{
    input::{Entry, Input, Kind, Mark},
    input_type::InputType,
    reader::{typed_list, typed_map},
};
use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
        Visitor,
    },
    forward_to_deserialize_any,
};
use std::fmt;

/// What serde says is wrong, and which part of the value it is about.
#[derive(Debug)]
pub(super) struct Wrong {
    message: String,
    pub(super) at: Option<Mark>,
}

impl Wrong {
    fn within(mut self, at: Mark) -> Self {
        if at != Mark::default() {
            self.at.get_or_insert(at);
        }
        self
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self {
            message: message.to_string(),
            at: None,
        }
    }
}

/// Text becomes what is asked for, as everywhere in inputs: `"3"` is a number where one is wanted.
macro_rules! parsed {
    ($($method:ident => $visit:ident: $ty:ty),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
            let at = self.0.at;
            let told = match self.0.text().map(|text| text.trim().parse::<$ty>()) {
                Some(Ok(value)) => visitor.$visit(value),
                _ => return self.deserialize_any(visitor),
            };
            told.map_err(|wrong: Wrong| wrong.within(at))
        })+
    };
}

/// A value as serde reads it: by value, so that what is read out of typed text need not outlive the call.
pub(super) struct Given(pub(super) Input);

impl<'de> Deserializer<'de> for Given {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let told = match self.0.kind {
            Kind::Text(text) | Kind::Typed(text) => visitor.visit_string(text),
            Kind::Bool(flag) => visitor.visit_bool(flag),
            Kind::Number(digits) => match (digits.parse::<i64>(), digits.parse::<u64>(), digits.parse::<f64>()) {
                (Ok(number), ..) => visitor.visit_i64(number),
                (_, Ok(number), _) => visitor.visit_u64(number),
                (_, _, Ok(number)) => visitor.visit_f64(number),
                _ => visitor.visit_string(digits),
            },
            Kind::List(items) => visitor.visit_seq(Items(items.into_iter())),
            Kind::Map(entries) => visitor.visit_map(Entries {
                rest: entries.into_iter(),
                value: None,
            }),
        };
        told.map_err(|wrong| wrong.within(self.0.at))
    }

    parsed! {
        deserialize_bool => visit_bool: bool,
        deserialize_i8 => visit_i8: i8, deserialize_i16 => visit_i16: i16, deserialize_i32 => visit_i32: i32,
        deserialize_i64 => visit_i64: i64, deserialize_i128 => visit_i128: i128,
        deserialize_u8 => visit_u8: u8, deserialize_u16 => visit_u16: u16, deserialize_u32 => visit_u32: u32,
        deserialize_u64 => visit_u64: u64, deserialize_u128 => visit_u128: u128,
        deserialize_f32 => visit_f32: f32, deserialize_f64 => visit_f64: f64, deserialize_char => visit_char: char,
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0.text() {
            Some(text) => visitor.visit_str(text).map_err(|wrong: Wrong| wrong.within(self.0.at)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        Given(typed_out(self.0, false)?).deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        Given(typed_out(self.0, true)?).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let at = self.0.at;
        let told = match self.0.kind {
            Kind::Map(mut entries) if entries.len() == 1 => {
                visitor.visit_enum(Variant(entries.pop().expect("there is one")))
            }
            Kind::Map(_) | Kind::List(_) => Err(de::Error::custom("it is neither a word nor a table of one word")),
            _ => {
                let word = self.0.text().unwrap_or_default().trim().to_owned();
                visitor.visit_enum(word.into_deserializer())
            }
        };
        told.map_err(|wrong: Wrong| wrong.within(at))
    }

    forward_to_deserialize_any! { bytes byte_buf unit unit_struct ignored_any }
}

/// The list or map in a text that was typed; other values as they are.
fn typed_out(input: Input, map: bool) -> Result<Input, Wrong> {
    let (Kind::Typed(text) | Kind::Text(text)) = &input.kind else {
        return Ok(input);
    };
    let kind = match map {
        true => typed_map(text, input.at).map(Kind::Map),
        false => typed_list(text, input.at).map(Kind::List),
    };
    let kind = kind.map_err(|why| Wrong { message: why, at: None })?;
    Ok(Input::new(kind, input.at))
}

struct Items(std::vec::IntoIter<Input>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Wrong;
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|item| seed.deserialize(Given(item))).transpose()
    }
    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries {
    rest: std::vec::IntoIter<Entry>,
    value: Option<Input>,
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Wrong;
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some(entry) = self.rest.next() else { return Ok(None) };
        self.value = Some(entry.value);
        let key: de::value::StringDeserializer<Wrong> = entry.key.into_deserializer();
        seed.deserialize(key)
            .map(Some)
            .map_err(|wrong: Wrong| wrong.within(entry.at))
    }
    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(Given(self.value.take().expect("a key comes first")))
    }
}

struct Variant(Entry);

impl<'de> EnumAccess<'de> for Variant {
    type Error = Wrong;
    type Variant = Given;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Given), Wrong> {
        let name: de::value::StringDeserializer<Wrong> = self.0.key.into_deserializer();
        Ok((seed.deserialize(name)?, Given(self.0.value)))
    }
}

impl<'de> VariantAccess<'de> for Given {
    type Error = Wrong;
    fn unit_variant(self) -> Result<(), Wrong> {
        Err(de::Error::custom("the word stands alone, without a value"))
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self)
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_map(visitor)
    }
}

/// What `T` asks for when it is read.
pub(super) fn type_of<T: DeserializeOwned>() -> InputType {
    let mut found = InputType::Any;
    let ask = |variant, found: &mut InputType, plain: &mut bool| {
        let _ = T::deserialize(Asked { found, variant, plain });
    };
    let mut plain = true;
    ask(0, &mut found, &mut plain);
    if let InputType::OneOf(words) = found {
        for variant in 1..words.len() {
            ask(variant, &mut found, &mut plain);
        }
        if !plain {
            return InputType::Any;
        }
    }
    found
}

/// Notes what is asked for, and gives nothing.
struct Asked<'a> {
    found: &'a mut InputType,
    /// The variant that an enum is shown.
    variant: usize,
    /// Cleared where a variant is more than a word.
    plain: &'a mut bool,
}

impl Asked<'_> {
    fn is<T>(self, ty: InputType) -> Result<T, Wrong> {
        *self.found = ty;
        Err(de::Error::custom("asked"))
    }
}

macro_rules! asked {
    ($($method:ident => $ty:expr),+ $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Wrong> {
            self.is($ty)
        })+
    };
}

macro_rules! integer {
    ($ty:ty) => {
        InputType::Integer {
            min: <$ty>::MIN as i128,
            max: <$ty>::MAX as i128,
        }
    };
}

impl<'de> Deserializer<'de> for Asked<'_> {
    type Error = Wrong;
    asked! {
        deserialize_any => InputType::Any,
        deserialize_bool => InputType::Bool,
        deserialize_i8 => integer!(i8), deserialize_i16 => integer!(i16), deserialize_i32 => integer!(i32),
        deserialize_i64 => integer!(i64), deserialize_u8 => integer!(u8), deserialize_u16 => integer!(u16),
        deserialize_u32 => integer!(u32), deserialize_u64 => integer!(u64),
        deserialize_f32 => InputType::Number, deserialize_f64 => InputType::Number,
        deserialize_str => InputType::Text, deserialize_string => InputType::Text,
    }
    forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        *self.found = InputType::OneOf(variants);
        let word = variants.get(self.variant).copied().unwrap_or_default();
        visitor.visit_enum(AskedVariant {
            word,
            plain: self.plain,
        })
    }
}

struct AskedVariant<'a> {
    word: &'static str,
    plain: &'a mut bool,
}

impl<'de> EnumAccess<'de> for AskedVariant<'_> {
    type Error = Wrong;
    type Variant = Self;
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let word: de::value::StrDeserializer<'_, Wrong> = self.word.into_deserializer();
        Ok((seed.deserialize(word)?, self))
    }
}

impl<'de> VariantAccess<'de> for AskedVariant<'_> {
    type Error = Wrong;
    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value, Wrong> {
        *self.plain = false;
        Err(de::Error::custom("asked"))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Wrong> {
        *self.plain = false;
        Err(de::Error::custom("asked"))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Wrong> {
        *self.plain = false;
        Err(de::Error::custom("asked"))
    }
}
