//! Text that is never rendered: literals and secrets.

use super::Secret;
use crate::error::Result;
use std::{borrow::Cow, fmt};
use zeroize::Zeroizing;

/// A piece of a [`Text`] or a [`Template`](super::Template).
#[derive(Clone)]
pub(crate) enum Part {
    /// Text as it is.
    Plain(Cow<'static, str>),
    /// Template source; only in templates.
    Source(Cow<'static, str>),
    /// A secret.
    Secret(Secret),
}

/// Text as it is, with secrets in it where needed: from `&str`, `String`, [`Secret`] or `text!("https://u:{token}@host")`.
#[derive(Clone, Default)]
pub struct Text(pub(crate) Vec<Part>);

impl Text {
    /// Several texts, one after the other.
    pub fn concat(parts: impl IntoIterator<Item = Text>) -> Self {
        Self(parts.into_iter().flat_map(|text| text.0).collect())
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0
            .iter()
            .all(|part| matches!(part, Part::Plain(text) if text.is_empty()))
    }

    /// The secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        secrets(&self.0)
    }

    /// Whether a secret is in it.
    pub fn is_secret(&self) -> bool {
        self.secrets().next().is_some()
    }

    /// The text with its secrets' values.
    ///
    /// # Errors
    /// When a secret's reference does not lead to a value.
    pub fn reveal(&self) -> Result<Zeroizing<String>> {
        let mut out = Zeroizing::new(String::new());
        for part in &self.0 {
            match part {
                Part::Plain(text) | Part::Source(text) => out.push_str(text),
                Part::Secret(secret) => out.push_str(secret.expose()?),
            }
        }
        Ok(out)
    }

    /// The text for step keys: secrets by reference.
    pub(crate) fn key(&self) -> String {
        key(&self.0)
    }
}

pub(crate) fn secrets(parts: &[Part]) -> impl Iterator<Item = &Secret> {
    parts.iter().filter_map(|part| match part {
        Part::Secret(secret) => Some(secret),
        _ => None,
    })
}

pub(crate) fn key(parts: &[Part]) -> String {
    parts.iter().fold(String::new(), |mut out, part| {
        match part {
            Part::Plain(text) | Part::Source(text) => out.push_str(text),
            Part::Secret(secret) => {
                out.push('\u{1}');
                out.push_str(&secret.key());
                out.push('\u{1}');
            }
        }
        out
    })
}

pub(crate) fn display(parts: &[Part], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    parts.iter().try_for_each(|part| match part {
        Part::Plain(text) | Part::Source(text) => f.write_str(text),
        Part::Secret(secret) => write!(f, "{secret}"),
    })
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(&self.0, f)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self(vec![Part::Plain(Cow::Borrowed(text))])
    }
}

macro_rules! text_from {
    ($($from:ty => |$value:ident| $part:expr),+ $(,)?) => {
        $(impl From<$from> for Text {
            fn from($value: $from) -> Self {
                Self(vec![$part])
            }
        })+
    };
}

text_from! {
    String => |text| Part::Plain(Cow::Owned(text)),
    &String => |text| Part::Plain(Cow::Owned(text.clone())),
    Cow<'static, str> => |text| Part::Plain(text),
    Secret => |secret| Part::Secret(secret),
    &Secret => |secret| Part::Secret(secret.clone()),
    u16 => |number| Part::Plain(Cow::Owned(number.to_string())),
    u32 => |number| Part::Plain(Cow::Owned(number.to_string())),
    u64 => |number| Part::Plain(Cow::Owned(number.to_string())),
    i32 => |number| Part::Plain(Cow::Owned(number.to_string())),
    i64 => |number| Part::Plain(Cow::Owned(number.to_string())),
    bool => |flag| Part::Plain(Cow::Owned(flag.to_string())),
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

/// What `text!` takes between braces.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a text",
    note = "`text!` takes text, numbers, `bool` and `Secret`; a fact goes into a template: `format!(\"web-{{TIMESTAMP}}\")`"
)]
pub trait TextPart {
    /// The part as text; a secret stays one.
    fn text_part(&self) -> Text;
}

#[diagnostic::do_not_recommend]
impl TextPart for str {
    fn text_part(&self) -> Text {
        Text::from(self.to_owned())
    }
}

#[diagnostic::do_not_recommend]
impl<T: TextPart + ?Sized> TextPart for &T {
    fn text_part(&self) -> Text {
        (**self).text_part()
    }
}

macro_rules! text_part {
    (clone: $($cloned:ty),+; display: $($shown:ty),+ $(,)?) => {
        $(#[diagnostic::do_not_recommend]
        impl TextPart for $cloned {
            fn text_part(&self) -> Text {
                self.clone().into()
            }
        })+
        $(#[diagnostic::do_not_recommend]
        impl TextPart for $shown {
            fn text_part(&self) -> Text {
                self.to_string().into()
            }
        })+
    };
}

text_part! {
    clone: String, Text, Secret, Cow<'static, str>;
    display: bool, char, u8, u16, u32, u64, usize, i32, i64, f64, super::GuestPath, super::HostPath,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;

    #[test]
    fn text_macro_joins_literals_variables_and_secrets() {
        let (token, port) = (Secret::literal("hunter2").named("token"), 8080u16);
        let host = String::from("host");
        let made = text!("https://u:{token}@{host}:{port}/{{{path}}}", path = "a".repeat(2));
        assert_eq!(made.to_string(), "https://u:<secret token>@host:8080/{aa}");
        assert_eq!(
            made.reveal().expect("at hand").as_str(),
            "https://u:hunter2@host:8080/{aa}"
        );
        assert!(made.is_secret());
        assert!(text!("").is_empty());
    }
}
