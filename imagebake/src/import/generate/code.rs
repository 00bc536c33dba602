//! A piece of Rust, and what a place takes.

/// What a place in Rust takes. Those of settings are arguments of setters, which convert: text is given as a literal, a reference
/// or what `format!` makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Want {
    /// `bool`
    Bool,
    /// A whole number of that type.
    Int(&'static str),
    /// `f64`
    Float,
    /// `impl Into<Text>`: never rendered.
    Text,
    /// `impl Into<Template>`, with the facts, beyond those of all, that it may use.
    Template(&'static [&'static str]),
    /// `Duration`
    Duration,
    /// `impl Into<HostPath>`
    HostPath,
    /// `impl Into<GuestPath>`
    GuestPath,
    /// `Secret`
    Secret,
    /// `impl Into<String>`
    Str,
    /// `impl IntoIterator<Item: …>`
    List(Box<Want>),
    /// `impl IntoIterator<Item = (impl Into<String>, …)>`
    Map(Box<Want>),
}

impl Want {
    /// Several of one.
    pub fn list(item: Want) -> Self {
        Self::List(Box::new(item))
    }

    /// Names to one.
    pub fn map(value: Want) -> Self {
        Self::Map(Box::new(value))
    }
}

/// An expression of Rust.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// As it is written; binds as tightly as an argument of a call needs.
    pub text: String,
    /// It is an `Option` of what was wanted: without a value the setting is not set.
    pub optional: bool,
    /// It is written out: nothing of it is known only when it runs.
    pub literal: bool,
}

impl Code {
    /// An expression that always has a value.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            optional: false,
            literal: false,
        }
    }

    /// A value as written.
    pub fn literal(text: impl Into<String>) -> Self {
        Self {
            literal: true,
            ..Self::new(text)
        }
    }
}
