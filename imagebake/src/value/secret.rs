//! Values that must not be seen.

use crate::error::{Error, ErrorKind, Result};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use zeroize::Zeroizing;

/// Where a secret's value comes from; what plan, journal and step keys know of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretRef {
    /// An environment variable of the builder: `env:NAME`.
    Env(String),
    /// A file on the builder, without its last line break: `file:PATH`.
    File(PathBuf),
    /// What a program on the builder prints, without its last line break: `cmd:["op", "read", "op://vault/item/field"]`.
    Cmd(Vec<String>),
}

impl SecretRef {
    /// Reads what a user types; `None` for what is no reference, but the value itself.
    ///
    /// # Errors
    /// What is wrong with a reference, without what was typed: it may be a secret after all.
    pub fn parse(text: &str) -> Result<Option<Self>, &'static str> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => Ok(Some(Self::Env(name.into()))),
            Some(("env", _)) => Err("`env:` is followed by the name of an environment variable"),
            Some(("file", path)) if !path.is_empty() => Ok(Some(Self::File(path.into()))),
            Some(("file", _)) => Err("`file:` is followed by a path"),
            Some(("cmd", words)) => match serde_json::from_str::<Vec<String>>(words) {
                Ok(words) if words.first().is_some_and(|program| !program.is_empty()) => Ok(Some(Self::Cmd(words))),
                _ => Err(
                    "`cmd:` is followed by a program and its arguments as a JSON list, `cmd:[\"op\", \"read\", \"…\"]`",
                ),
            },
            _ => Ok(None),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Cmd(words) => write!(f, "cmd:{}", serde_json::json!(words)),
        }
    }
}

/// A value that cannot print, serialise or reach a log.
///
/// It is given as a value ([`Secret::literal`]) or as a reference that is resolved once per run, after planning and before the
/// first resource. `Display` and `Debug` show its name alone. It has no `Serialize`, on purpose:
///
/// ```compile_fail
/// let token = imagebake::value::Secret::literal("hunter2");
/// serde_json::to_string(&token).unwrap();
/// ```
#[derive(Clone)]
pub struct Secret(Arc<Inner>);

struct Inner {
    name: String,
    origin: Option<SecretRef>,
    /// Whether a relative path starts at the current folder, not at the image's.
    of_current_folder: bool,
    /// One for all that were made of one another.
    value: Arc<OnceLock<Zeroizing<String>>>,
}

impl Secret {
    fn of(name: String, origin: Option<SecretRef>, value: OnceLock<Zeroizing<String>>) -> Self {
        Self(Arc::new(Inner {
            name,
            origin,
            of_current_folder: false,
            value: Arc::new(value),
        }))
    }

    /// A secret whose value is at hand.
    pub fn literal(value: impl Into<String>) -> Self {
        Self::of(String::new(), None, OnceLock::from(Zeroizing::new(value.into())))
    }

    /// The value of the builder's environment variable `name`.
    pub fn env(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::of(name.clone(), Some(SecretRef::Env(name)), OnceLock::new())
    }

    /// The contents of a file on the builder, without the last line break. A relative path starts at the image's folder.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = file_name(&path);
        Self::of(name, Some(SecretRef::File(path)), OnceLock::new())
    }

    /// What a program on the builder prints, without the last line break: `Secret::command(["op", "read", "op://vault/item/field"])`.
    /// It runs once per run, in the current folder, without anything to read.
    pub fn command<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Self {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let name = words.first().map(|program| file_name(Path::new(program)));
        Self::of(name.unwrap_or_default(), Some(SecretRef::Cmd(words)), OnceLock::new())
    }

    /// Reads what a user types: `env:NAME`, `file:PATH` and `cmd:["program", "argument"]` are references, all else is the value.
    ///
    /// # Errors
    /// What is wrong with a reference, without what was typed.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        Ok(match SecretRef::parse(text)? {
            Some(SecretRef::Env(name)) => Self::env(name),
            Some(SecretRef::File(path)) => Self::file(path),
            Some(SecretRef::Cmd(words)) => Self::command(words),
            None => Self::literal(text),
        })
    }

    /// The same secret under the name that messages show.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            name: name.into(),
            origin: self.0.origin.clone(),
            of_current_folder: self.0.of_current_folder,
            value: self.0.value.clone(),
        }))
    }

    /// The same secret with a relative path that starts at the current folder, as those do that are typed.
    pub(crate) fn of_current_folder(self) -> Self {
        Self(Arc::new(Inner {
            name: self.0.name.clone(),
            origin: self.0.origin.clone(),
            of_current_folder: true,
            value: self.0.value.clone(),
        }))
    }

    /// The name that stands for it in messages; may be empty.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the value comes from; `None` for a value given directly.
    pub fn reference(&self) -> Option<&SecretRef> {
        self.0.origin.as_ref()
    }

    /// Whether a relative path starts at the current folder.
    pub(crate) fn is_of_current_folder(&self) -> bool {
        self.0.of_current_folder
    }

    /// Whether the value is known: given, or read already.
    pub fn is_at_hand(&self) -> bool {
        self.0.value.get().is_some()
    }

    /// Keeps what its reference led to.
    pub(crate) fn resolved(&self, value: &str) {
        let _ = self.0.value.set(Zeroizing::new(value.to_owned()));
    }

    /// The value. A reference is followed once per run, when the plan stands and before anything is made.
    ///
    /// # Errors
    /// When it has a reference that was not followed: while planning, or for a secret that no setting shows.
    pub fn expose(&self) -> Result<&str> {
        match (self.0.value.get(), &self.0.origin) {
            (Some(value), _) => Ok(value),
            (None, origin) => {
                let origin = origin.as_ref().map(ToString::to_string).unwrap_or_default();
                let message = format!("the value of the secret {origin} is not known yet");
                Err(Error::new(ErrorKind::Config, message).hint(
                    "references are followed when a build begins, for the secrets in the settings of sources, steps and \
                     post-processors: put it into one of these",
                ))
            }
        }
    }

    /// What enters a step key instead of the value: the reference, or a keyed hash of a direct value.
    pub(crate) fn key(&self) -> String {
        match (&self.0.origin, self.0.value.get()) {
            (Some(origin), _) => origin.to_string(),
            (None, Some(value)) => {
                let hash = blake3::derive_key("imagebake secret in a step key v1", value.as_bytes());
                blake3::Hash::from(hash).to_hex()[..32].to_owned()
            }
            (None, None) => String::new(),
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.origin.as_ref(), self.0.name.as_str()) {
            (Some(origin), _) => write!(f, "<secret {origin}>"),
            (None, "") => f.write_str("<secret>"),
            (None, name) => write!(f, "<secret {name}>"),
        }
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Self {
        secret.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

impl std::str::FromStr for Secret {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}
