//! The one representation of a described value.
//!
//! Each config struct has one row per setting ([`FieldMeta`]) and hands out its values as [`Field`]s. Plan display, JSON, the
//! templates' form, comparison, step keys, redaction, schema and documentation read these and nothing else.

use crate::value::{GuestPath, HostPath, Secret, Template, Text};
pub use imagebake_macros::Config;
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt, panic::Location, time::Duration};

/// A line of the user's own files: of Rust, or of a values file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The file, as the compiler or the command line named it.
    pub file: Cow<'static, str>,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl Place {
    /// Where the caller of a `#[track_caller]` function stands.
    #[track_caller]
    pub fn here() -> Self {
        Location::caller().into()
    }

    /// A line of a file that is not Rust.
    pub fn in_file(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self {
            file: Cow::Owned(file.into()),
            line,
            column,
        }
    }
}

impl From<&'static Location<'static>> for Place {
    fn from(location: &'static Location<'static>) -> Self {
        Self {
            file: Cow::Borrowed(location.file()),
            line: location.line(),
            column: location.column(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Which settings of a config were set, and where. Every `#[derive(Config)]` struct has one field of this type.
#[derive(Clone, Debug, Default)]
pub struct Places(Vec<(&'static str, &'static Location<'static>)>);

impl Places {
    /// Remembers that `field` was set at `location`; the last one counts.
    pub fn set(&mut self, field: &'static str, location: &'static Location<'static>) {
        match self.0.iter_mut().find(|(name, _)| *name == field) {
            Some(entry) => entry.1 = location,
            None => self.0.push((field, location)),
        }
    }

    /// Where `field` was set; `None` where its default stands.
    pub fn get(&self, field: &str) -> Option<Place> {
        self.0
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, location)| (*location).into())
    }
}

/// What a setting is called in Packer's templates.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum TemplateName {
    /// It has none: imagebake's own.
    None,
    /// One attribute.
    Is(&'static str),
    /// One setting that is several attributes there. Asked with `Value::Null` it names them all.
    Parts(fn(&Value) -> Vec<(&'static str, Value)>),
    /// An attribute that imagebake does not need.
    Superseded {
        /// Its name in templates.
        name: &'static str,
        /// Why it is not needed.
        reason: &'static str,
    },
    /// A group of attributes that imagebake does not need, and why.
    SupersededGroup(&'static str),
}

/// The type of a setting, for schema and documentation.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum FieldType {
    /// `true` or `false`.
    Bool,
    /// A whole number, of the type with this name.
    Integer(&'static str),
    /// A number.
    Float,
    /// Text that is never rendered.
    Text,
    /// Text rendered with facts.
    Template,
    /// A length of time.
    Duration,
    /// A path on the builder.
    HostPath,
    /// A path in the guest.
    GuestPath,
    /// A secret.
    Secret,
    /// Several of one type.
    List(&'static FieldType),
    /// Names to values of one type.
    Map(&'static FieldType),
    /// A type of its own whose values read as text.
    Named(&'static Named),
    /// A struct of settings: a group, whose rows belong to the owner under the templates' flat names, or a block.
    Group(&'static Shape),
}

/// A type of its own whose values read as text.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Named {
    /// Its name.
    pub name: &'static str,
    /// The module that exports it; empty where none is told.
    pub module: &'static str,
    /// The function that makes one, and what that takes.
    pub function: Option<(&'static str, &'static FieldType)>,
    /// What stands for certain texts: variants, constants, calls.
    pub words: &'static [(&'static str, &'static str)],
    /// Functions for texts that begin so; they take the rest.
    pub prefixes: &'static [(&'static str, &'static str)],
}

impl Named {
    /// One of which only the name is known.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            module: "",
            function: None,
            words: &[],
            prefixes: &[],
        }
    }

    /// Exported by `module`.
    pub const fn of(mut self, module: &'static str) -> Self {
        self.module = module;
        self
    }

    /// Made by `function`, which takes one argument.
    pub const fn by(mut self, function: &'static str, takes: &'static FieldType) -> Self {
        self.function = Some((function, takes));
        self
    }

    /// What stands for certain texts.
    pub const fn words(mut self, words: &'static [(&'static str, &'static str)]) -> Self {
        self.words = words;
        self
    }

    /// Functions for texts that begin so; they take the rest.
    pub const fn prefixes(mut self, prefixes: &'static [(&'static str, &'static str)]) -> Self {
        self.prefixes = prefixes;
        self
    }
}

/// How a struct of settings is written in Rust; made by `#[derive(Config)]`.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// The module that it is declared in.
    pub module: &'static str,
    /// The module that exports it, where that is not the parent of the one it is declared in.
    pub exported_by: Option<&'static str>,
    /// Its settings.
    pub rows: &'static [FieldMeta],
    /// Constructors, the usual one first.
    pub constructors: &'static [Maker],
    /// Methods that set several settings.
    pub methods: &'static [Maker],
}

impl Shape {
    /// Used by `#[derive(Config)]`.
    #[doc(hidden)]
    pub const fn new(
        (name, module, exported_by): (&'static str, &'static str, Option<&'static str>),
        rows: &'static [FieldMeta],
        constructors: &'static [Maker],
        methods: &'static [Maker],
    ) -> Self {
        Self {
            name,
            module,
            exported_by,
            rows,
            constructors,
            methods,
        }
    }
}

/// A function that sets several settings.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Maker {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, in their order.
    pub takes: &'static [Taken],
    /// The rows that it sets by itself, and what to.
    pub sets: &'static [(usize, &'static str)],
}

impl Maker {
    /// Used by `#[derive(Config)]`.
    #[doc(hidden)]
    pub const fn new(name: &'static str, takes: &'static [Taken], sets: &'static [(usize, &'static str)]) -> Self {
        Self { name, takes, sets }
    }
}

/// An argument of a [`Maker`].
#[derive(Clone, Copy)]
pub enum Taken {
    /// The setting of the row at this index.
    Row(usize),
    /// A newtype around it: `NodeName::new(…)`.
    Wrapped(&'static str, usize),
    /// A struct of several: `MarketplaceImage { publisher: …, … }`.
    Struct(&'static str, &'static [(&'static str, usize)]),
}

/// One row of a config: what a setting is.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct FieldMeta {
    /// The setter's name; the field's where the setter is private.
    pub name: &'static str,
    /// Its type.
    pub ty: FieldType,
    /// Whether a constructor asks for it.
    pub required: bool,
    /// The default as documentation shows it.
    pub default: Option<&'static str>,
    /// The setter's documentation.
    pub doc: &'static str,
    /// Never shown in clear.
    pub secret: bool,
    /// Does not change what is built (titles, messages): not in step keys.
    pub cosmetic: bool,
    /// No step finds it in the machine: it is about the builder, or about what becomes of the machine in the end. Not in step keys.
    pub unkeyed: bool,
    /// Names files on the builder whose contents matter.
    pub reads_path: bool,
    /// Facts, beyond those that every template may use, that its template may use.
    pub facts: &'static [&'static str],
    /// What templates call it.
    pub template: TemplateName,
    /// The public setter of the whole, if it has one.
    pub setter: Option<&'static str>,
    /// The public setter that adds one item or entry, if it has one.
    pub each: Option<&'static str>,
}

impl FieldMeta {
    /// Whether step keys depend on it.
    pub(crate) const fn is_keyed(&self) -> bool {
        !self.cosmetic && !self.unkeyed
    }

    /// A row with nothing set but name, type and documentation; used by `#[derive(Config)]`.
    pub const fn new(name: &'static str, ty: FieldType, doc: &'static str) -> Self {
        Self {
            name,
            ty,
            required: false,
            default: None,
            doc,
            secret: false,
            cosmetic: false,
            unkeyed: false,
            reads_path: false,
            facts: &[],
            template: TemplateName::None,
            setter: None,
            each: None,
        }
    }

    /// The row of a required setting.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The row of a setting whose default documentation shows.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// The row of a setting that is never shown in clear.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// The row of a setting that does not change what is built.
    pub const fn cosmetic(mut self) -> Self {
        self.cosmetic = true;
        self
    }

    /// The row of a setting that no step finds in the machine.
    pub const fn unkeyed(mut self) -> Self {
        self.unkeyed = true;
        self
    }

    /// The row of a setting that names files on the builder.
    pub const fn reads_path(mut self) -> Self {
        self.reads_path = true;
        self
    }

    /// The row of a template that may use more facts.
    pub const fn facts(mut self, facts: &'static [&'static str]) -> Self {
        self.facts = facts;
        self
    }

    /// The row of a setting with a public setter.
    pub const fn setter(mut self, name: &'static str) -> Self {
        self.setter = Some(name);
        self
    }

    /// The row of a setting with a public setter for one item or entry.
    pub const fn each(mut self, name: &'static str) -> Self {
        self.each = Some(name);
        self
    }

    /// The row under its name in templates.
    pub const fn template(mut self, template: TemplateName) -> Self {
        self.template = template;
        self
    }
}

/// The rows of several tables in one; used by `#[derive(Config)]`, which counts them.
#[doc(hidden)]
pub const fn joined<const N: usize>(tables: &[&[FieldMeta]]) -> [FieldMeta; N] {
    let mut all = [FieldMeta::new("", FieldType::Bool, ""); N];
    let (mut table, mut filled) = (0, 0);
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            all[filled] = tables[table][row];
            row += 1;
            filled += 1;
        }
        table += 1;
    }
    assert!(filled == N, "the rows were counted");
    all
}

/// A described value.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Value {
    /// Not set, and no default.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// Text.
    Text(Text),
    /// A template.
    Template(Template),
    /// A length of time.
    Duration(Duration),
    /// A path on the builder.
    HostPath(HostPath),
    /// Several values.
    List(Vec<Value>),
    /// Named values, in order.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// A config as one value of another: its settings by the templates' names where they have one, those without a value left out.
    pub fn of_fields(fields: Vec<Field>) -> Self {
        let mut entries = Vec::with_capacity(fields.len());
        for Field { meta, value, .. } in fields {
            match meta.template {
                _ if matches!(value, Value::Null) => {}
                TemplateName::Is(name) => entries.push((name.to_owned(), value)),
                TemplateName::Parts(parts) => {
                    let parts = parts(&value).into_iter();
                    let given = parts.filter(|(_, value)| !matches!(value, Value::Null));
                    entries.extend(given.map(|(name, value)| (name.to_owned(), value)));
                }
                _ => entries.push((meta.name.to_owned(), value)),
            }
        }
        Self::Map(entries)
    }

    /// Whether it is absent, empty, false or zero.
    pub fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(flag) => !flag,
            Self::Integer(number) => *number == 0,
            Self::Float(number) => *number == 0.0,
            Self::Text(text) => text.is_empty(),
            Self::Template(template) => template.is_empty(),
            Self::Duration(duration) => duration.is_zero(),
            Self::HostPath(path) => path.as_path().as_os_str().is_empty(),
            Self::List(items) => items.is_empty(),
            Self::Map(items) => items.is_empty(),
        }
    }

    /// The value as JSON; secrets by name unless `reveal`, and then only those that are at hand.
    pub fn to_json(&self, reveal: bool) -> serde_json::Value {
        serde_json::to_value(self.shown(reveal)).expect("texts and numbers are JSON")
    }

    /// The value as serde writes it; secrets by name unless `reveal`, and then only those that are at hand.
    pub(crate) fn shown(&self, reveal: bool) -> Shown<'_> {
        Shown { value: self, reveal }
    }

    /// What a list or a map holds; nothing of anything else.
    fn parts(&self) -> impl Iterator<Item = &Self> {
        let (list, map) = match self {
            Self::List(items) => (Some(items), None),
            Self::Map(items) => (None, Some(items)),
            _ => (None, None),
        };
        let values = map.into_iter().flatten().map(|(_, value)| value);
        list.into_iter().flatten().chain(values)
    }

    /// Every secret in it.
    pub fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Text(text) => text.secrets().cloned().collect(),
            Self::Template(template) => template.secrets().cloned().collect(),
            _ => self.parts().flat_map(Value::secrets).collect(),
        }
    }

    /// Every template in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Template(template) => vec![template],
            _ => self.parts().flat_map(Value::templates).collect(),
        }
    }

    /// Every host path in it.
    pub(crate) fn host_paths(&self) -> Vec<&HostPath> {
        match self {
            Self::HostPath(path) => vec![path],
            _ => self.parts().flat_map(Value::host_paths).collect(),
        }
    }

    /// Feeds the value into a step key, unambiguously: a tag and a length before each piece.
    pub(crate) fn feed(&self, key: &mut blake3::Hasher) {
        let mut piece = |tag: &[u8], bytes: &[u8]| {
            key.update(tag)
                .update(&(bytes.len() as u64).to_le_bytes())
                .update(bytes);
        };
        match self {
            Self::Null => piece(b"n", b""),
            Self::Bool(flag) => piece(b"b", &[u8::from(*flag)]),
            Self::Integer(number) => piece(b"i", &number.to_le_bytes()),
            Self::Float(number) => piece(b"f", &number.to_le_bytes()),
            Self::Text(text) => piece(b"t", text.key().as_bytes()),
            Self::Template(template) => piece(b"m", template.key().as_bytes()),
            Self::Duration(duration) => piece(b"d", &duration.as_nanos().to_le_bytes()),
            Self::HostPath(path) => piece(b"p", path.as_path().as_os_str().as_encoded_bytes()),
            Self::List(items) => {
                piece(b"l", &(items.len() as u64).to_le_bytes());
                items.iter().for_each(|item| item.feed(key));
            }
            Self::Map(items) => {
                piece(b"o", &(items.len() as u64).to_le_bytes());
                for (name, value) in items {
                    Self::Text(name.clone().into()).feed(key);
                    value.feed(key);
                }
            }
        }
    }
}

/// A value as it is shown to programs.
pub(crate) struct Shown<'a> {
    value: &'a Value,
    reveal: bool,
}

impl Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let &Self { value, reveal } = self;
        match value {
            Value::Null => out.serialize_unit(),
            Value::Bool(flag) => out.serialize_bool(*flag),
            Value::Integer(number) => out.serialize_i64(*number),
            Value::Float(number) => out.serialize_f64(*number),
            Value::Text(text) if reveal => match text.reveal() {
                Ok(text) => out.serialize_str(&text),
                Err(_) => out.collect_str(text),
            },
            Value::Text(text) => out.collect_str(text),
            Value::Template(template) if reveal && template.is_secret() => match template.render(&Default::default()) {
                Ok(text) => out.serialize_str(&text),
                Err(_) => out.collect_str(template),
            },
            Value::Template(template) => out.collect_str(template),
            Value::Duration(duration) => {
                let words = humantime::format_duration(*duration).to_string();
                out.serialize_str(&words.replace(' ', ""))
            }
            Value::HostPath(path) => out.collect_str(path),
            Value::List(items) => out.collect_seq(items.iter().map(|item| item.shown(reveal))),
            Value::Map(items) => out.collect_map(items.iter().map(|(name, value)| (name, value.shown(reveal)))),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("(not set)"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Template(template) => write!(f, "{template:?}"),
            Self::Duration(duration) => write!(f, "{}", humantime::format_duration(*duration)),
            Self::HostPath(path) => write!(f, "{:?}", path.to_string()),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(items) => {
                f.write_str("{")?;
                for (i, (name, value)) in items.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
            other => write!(f, "{}", other.to_json(false)),
        }
    }
}

/// One setting with its value.
#[derive(Clone)]
#[non_exhaustive]
pub struct Field {
    /// The row it belongs to.
    pub meta: &'static FieldMeta,
    /// Its value, the default included.
    pub value: Value,
    /// Where it was set; `None` where the default stands.
    pub set_at: Option<Place>,
}

impl Field {
    /// A field; used by `#[derive(Config)]`.
    pub fn new(meta: &'static FieldMeta, value: Value, set_at: Option<Place>) -> Self {
        Self { meta, value, set_at }
    }

    /// Whether the user set it.
    pub fn is_set(&self) -> bool {
        self.set_at.is_some()
    }
}

/// Collects the fields of one config; used by `#[derive(Config)]`.
#[doc(hidden)]
pub struct Rows<'a> {
    metas: &'static [FieldMeta],
    places: &'a Places,
    fields: Vec<Field>,
}

impl<'a> Rows<'a> {
    pub fn new(metas: &'static [FieldMeta], places: &'a Places) -> Self {
        Self {
            metas,
            places,
            fields: Vec::with_capacity(metas.len()),
        }
    }

    /// The value of the setting whose row is at `index`.
    pub fn row(&mut self, index: usize, value: Value) {
        let meta = &self.metas[index];
        self.fields.push(Field::new(meta, value, self.places.get(meta.name)));
    }

    /// The fields of a group, in place of its one row.
    pub fn group(&mut self, fields: Vec<Field>) {
        self.fields.extend(fields);
    }

    pub fn done(self) -> Vec<Field> {
        self.fields
    }
}

/// A struct of settings, written by `#[derive(Config)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no description of its settings",
    note = "write `#[derive(Config)]` on it"
)]
pub trait Config {
    /// One row per setting, in the order of declaration.
    const FIELDS: &'static [FieldMeta];
    /// How it is written.
    const SHAPE: Shape;
    /// The settings with their values; those of groups follow in place.
    fn fields(&self) -> Vec<Field>;
}

/// A type that a setting may have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a setting",
    note = "implement `imagebake::field::ToValue` for it, or mark the field `#[field(skip)]`"
)]
pub trait ToValue {
    /// What it is in schema and documentation.
    const TYPE: FieldType;
    /// The described value.
    fn to_value(&self) -> Value;
}

/// [`ToValue`] as `#[derive(Config)]` asks for it: without a list of all types that happen to have it in the compiler's message.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a setting",
    note = "implement `imagebake::field::ToValue` for it, or mark the field `#[field(skip)]`"
)]
pub trait Setting {
    const TYPE: FieldType;
    fn value(&self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: ToValue> Setting for T {
    const TYPE: FieldType = <T as ToValue>::TYPE;
    fn value(&self) -> Value {
        self.to_value()
    }
}

macro_rules! to_value {
    ($($ty:ty, $field:expr, |$value:ident| $make:expr;)+) => {
        $(impl ToValue for $ty {
            const TYPE: FieldType = $field;
            fn to_value(&self) -> Value {
                let $value = self;
                $make
            }
        })+
    };
}

to_value! {
    bool, FieldType::Bool, |flag| Value::Bool(*flag);
    u8, FieldType::Integer("u8"), |number| Value::Integer((*number).into());
    u16, FieldType::Integer("u16"), |number| Value::Integer((*number).into());
    u32, FieldType::Integer("u32"), |number| Value::Integer((*number).into());
    i32, FieldType::Integer("i32"), |number| Value::Integer((*number).into());
    i64, FieldType::Integer("i64"), |number| Value::Integer(*number);
    f64, FieldType::Float, |number| Value::Float(*number);
    String, FieldType::Text, |text| Value::Text(text.into());
    Text, FieldType::Text, |text| Value::Text(text.clone());
    Template, FieldType::Template, |template| Value::Template(template.clone());
    Secret, FieldType::Secret, |secret| Value::Text(secret.into());
    Duration, FieldType::Duration, |duration| Value::Duration(*duration);
    HostPath, FieldType::HostPath, |path| Value::HostPath(path.clone());
    GuestPath, FieldType::GuestPath, |path| Value::Text(path.to_string().into());
}

impl ToValue for u64 {
    const TYPE: FieldType = FieldType::Integer("u64");
    fn to_value(&self) -> Value {
        i64::try_from(*self).map_or(Value::Float(*self as f64), Value::Integer)
    }
}

impl ToValue for usize {
    const TYPE: FieldType = FieldType::Integer("usize");
    fn to_value(&self) -> Value {
        (*self as u64).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    const TYPE: FieldType = T::TYPE;
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    const TYPE: FieldType = FieldType::List(&T::TYPE);
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(T::to_value).collect())
    }
}

impl<T: ToValue> ToValue for BTreeMap<String, T> {
    const TYPE: FieldType = FieldType::Map(&T::TYPE);
    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(name, value)| (name.clone(), value.to_value()))
                .collect(),
        )
    }
}

impl<T: ToValue> ToValue for Vec<(String, T)> {
    const TYPE: FieldType = FieldType::Map(&T::TYPE);
    fn to_value(&self) -> Value {
        Value::Map(
            self.iter()
                .map(|(name, value)| (name.clone(), value.to_value()))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests;
