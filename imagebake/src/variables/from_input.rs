//! The types that an input may have.

use super::{Check, Fields, VariableMeta, input::Input, input_type::InputType, reader::Reader, serde_input};
use crate::value::{GuestPath, HostPath, Secret};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    num::{NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

/// A type that an input may have. `#[derive(Variables)]` makes one of a struct, so that inputs nest.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of an input",
    note = "write `#[var(from_str)]` on the field where the type has `FromStr`, `#[var(serde)]` where it has `Deserialize`, or `#[derive(Variables)]` on the struct"
)]
pub trait FromInput: Sized {
    /// What it is.
    const TYPE: InputType;
    /// Whether there is a value when none is given: [`absent`](Self::absent) has one.
    const OPTIONAL: bool = false;
    /// Whether its values are never shown.
    const SECRET: bool = false;

    #[doc(hidden)]
    const META: VariableMeta = VariableMeta {
        name: "",
        help: "",
        ty: Self::TYPE,
        default: None,
        example: None,
        matches: None,
        optional: Self::OPTIONAL,
        env: None,
        secret: Self::SECRET,
    };

    /// Reads a value; what is wrong with it is told to `reader`, and then there is none.
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self>;

    /// The value when none is given, for types that have one.
    fn absent() -> Option<Self> {
        None
    }

    #[doc(hidden)]
    fn take(
        fields: &mut Fields<'_>,
        variable: &VariableMeta,
        default: Option<fn() -> Self>,
        check: Option<Check<'_, Self>>,
    ) -> Option<Self> {
        fields.take::<Self, Self>(variable, default, check, |value| value)
    }

    #[doc(hidden)]
    fn take_as<T>(
        fields: &mut Fields<'_>,
        variable: &VariableMeta,
        default: Option<fn() -> T>,
        check: Option<Check<'_, T>>,
        convert: fn(Self) -> T,
    ) -> Option<T> {
        fields.take::<Self, T>(variable, default, check, convert)
    }
}

macro_rules! parsed {
    ($($ty:ty => $of:expr),+ $(,)?) => {
        $(#[diagnostic::do_not_recommend]
        impl FromInput for $ty {
            const TYPE: InputType = $of;
            fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
                reader.parse(input, &Self::TYPE.words())
            }
        })+
    };
}

macro_rules! integers {
    ($($ty:ty),+ $(,)?) => {
        parsed! {
            $($ty => InputType::Integer { min: <$ty>::MIN as i128, max: <$ty>::MAX as i128 }),+
        }
    };
}

const fn words(words: &'static str, example: &'static str) -> InputType {
    InputType::Parsed { words, example }
}

integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);
parsed! {
    bool => InputType::Bool,
    f32 => InputType::Number,
    f64 => InputType::Number,
    NonZeroU8 => InputType::Integer { min: 1, max: u8::MAX as i128 },
    NonZeroU16 => InputType::Integer { min: 1, max: u16::MAX as i128 },
    NonZeroU32 => InputType::Integer { min: 1, max: u32::MAX as i128 },
    NonZeroU64 => InputType::Integer { min: 1, max: u64::MAX as i128 },
    NonZeroUsize => InputType::Integer { min: 1, max: usize::MAX as i128 },
    char => words("one character", "x"),
    IpAddr => words("an IP address", "192.0.2.1"),
    Ipv4Addr => words("an IPv4 address", "192.0.2.1"),
    Ipv6Addr => words("an IPv6 address", "2001:db8::1"),
    SocketAddr => words("an address and a port", "192.0.2.1:8080"),
}

#[diagnostic::do_not_recommend]
impl FromInput for String {
    const TYPE: InputType = InputType::Text;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(input, "text").map(str::to_owned)
    }
}

macro_rules! paths {
    ($($ty:ty),+) => {
        $(#[diagnostic::do_not_recommend]
        impl FromInput for $ty {
            const TYPE: InputType = InputType::Path;
            fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
                reader.text(input, "a path").map(|text| text.to_owned().into())
            }
        })+
    };
}

paths!(PathBuf, HostPath, GuestPath);

#[diagnostic::do_not_recommend]
impl FromInput for Duration {
    const TYPE: InputType = InputType::Duration;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        let words = "a length of time";
        let text = reader.text(input, words)?;
        match humantime::parse_duration(text.trim()) {
            Ok(duration) => Some(duration),
            Err(why) => {
                reader.refuse(input, words, why);
                None
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl FromInput for Secret {
    const TYPE: InputType = InputType::Secret;
    const SECRET: bool = true;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        let text = reader.text(input, "a secret")?;
        match Self::parse(text) {
            Ok(secret) => {
                let name = reader.name().to_owned();
                Some(reader.place_secret(secret.named(name)))
            }
            // It says what is wrong with the reference, never what was given.
            Err(why) => {
                reader.refuse(input, &format!("a secret: {why}"), "");
                None
            }
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for Option<T> {
    const TYPE: InputType = T::TYPE;
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        T::from_input(input, reader).map(Some)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

fn items<T: FromInput, C: FromIterator<T>>(input: &Input, reader: &mut Reader<'_>, of: InputType) -> Option<C> {
    let given = reader.list(input, &of.words())?;
    // All of them, so that every wrong one is told.
    let read: Vec<Option<T>> = given
        .iter()
        .enumerate()
        .map(|(index, item)| reader.part(&format!("[{index}]"), |reader| T::from_input(item, reader)))
        .collect();
    read.into_iter().collect()
}

#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for Vec<T> {
    const TYPE: InputType = InputType::List(&T::TYPE);
    const SECRET: bool = T::SECRET;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        items(input, reader, Self::TYPE)
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInput + Ord> FromInput for BTreeSet<T> {
    const TYPE: InputType = InputType::List(&T::TYPE);
    const SECRET: bool = T::SECRET;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        items(input, reader, Self::TYPE)
    }
}

#[diagnostic::do_not_recommend]
impl<T: FromInput> FromInput for BTreeMap<String, T> {
    const TYPE: InputType = InputType::Map(&T::TYPE);
    const SECRET: bool = T::SECRET;
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        let entries = reader.map(input, &Self::TYPE.words())?;
        let read: Vec<Option<(String, T)>> = entries
            .iter()
            .map(|entry| {
                let value = reader.part(&format!(".{}", entry.key), |reader| T::from_input(&entry.value, reader));
                value.map(|value| (entry.key.clone(), value))
            })
            .collect();
        read.into_iter().collect()
    }
}

/// A type whose `FromStr` reads it; what `#[var(from_str)]` stands for.
#[doc(hidden)]
pub struct Parsed<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T: FromStr<Err: Display>> FromInput for Parsed<T> {
    const TYPE: InputType = words("a value", "");
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        reader.parse(input, "right").map(Self)
    }
}

/// A type that serde reads; what `#[var(serde)]` stands for.
#[doc(hidden)]
pub struct Deserialized<T>(pub T);

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> FromInput for Deserialized<T> {
    const TYPE: InputType = InputType::Serde(serde_input::type_of::<T>);
    fn from_input(input: &Input, reader: &mut Reader<'_>) -> Option<Self> {
        match T::deserialize(serde_input::Given(input.clone())) {
            Ok(value) => Some(Self(value)),
            Err(wrong) => {
                let at = wrong.at.unwrap_or(input.at);
                reader.refuse_at(input, at, "right", wrong);
                None
            }
        }
    }
}

/// The texts of an input, for `#[var(matches = "…")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text that a regular expression could match",
    note = "`matches` is for `String`, and `Option`, `Vec` or `BTreeMap` of it; for other types use `check = |value| …`"
)]
pub trait Texts {
    /// Each of them.
    fn texts(&self) -> Vec<&str>;
}

#[diagnostic::do_not_recommend]
impl Texts for String {
    fn texts(&self) -> Vec<&str> {
        vec![self]
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for Option<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for Vec<T> {
    fn texts(&self) -> Vec<&str> {
        self.iter().flat_map(T::texts).collect()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Texts> Texts for BTreeMap<String, T> {
    fn texts(&self) -> Vec<&str> {
        self.values().flat_map(T::texts).collect()
    }
}
