//! Values that must not be seen.

use crate::error::{Error, ErrorKind, Result};
use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, OnceLock},
};
use zeroize::Zeroizing;

/// Where a secret's value comes from; what plan, journal and step keys know of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SecretRef {
    /// An environment variable of the builder: `env:NAME`.
    Env(String),
    /// A file on the builder, without its last line break: `file:PATH`.
    File(PathBuf),
}

impl SecretRef {
    fn read(&self) -> Result<String> {
        match self {
            Self::Env(name) => std::env::var(name).map_err(|_| {
                Error::new(
                    ErrorKind::Config,
                    format!("the environment variable {name} of a secret is not set"),
                )
                .hint(format!("set {name} and run the same command again"))
            }),
            Self::File(path) => {
                let mut text =
                    std::fs::read_to_string(path).map_err(|error| Error::io("read the secret in", path, error))?;
                let kept = text.trim_end_matches(['\n', '\r']).len();
                text.truncate(kept);
                Ok(text)
            }
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
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
    value: OnceLock<Zeroizing<String>>,
}

impl Secret {
    fn of(name: String, origin: Option<SecretRef>, value: OnceLock<Zeroizing<String>>) -> Self {
        Self(Arc::new(Inner { name, origin, value }))
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

    /// The contents of a file on the builder, without the last line break.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self::of(name, Some(SecretRef::File(path)), OnceLock::new())
    }

    /// Reads what a user types: `env:NAME` and `file:PATH` are references, all else is the value.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some(("env", name)) => Self::env(name),
            Some(("file", path)) => Self::file(path),
            _ => Self::literal(text),
        }
    }

    /// The same secret under the name that messages show.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self::of(name.into(), self.0.origin.clone(), self.0.value.clone())
    }

    /// The name that stands for it in messages; may be empty.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the value comes from; `None` for a value given directly.
    pub fn reference(&self) -> Option<&SecretRef> {
        self.0.origin.as_ref()
    }

    /// The value, read on first use and kept; blocking for a file.
    ///
    /// # Errors
    /// When the reference does not lead to a value.
    pub fn expose(&self) -> Result<&str> {
        if let (None, Some(origin)) = (self.0.value.get(), &self.0.origin) {
            let _ = self.0.value.set(Zeroizing::new(origin.read()?));
        }
        Ok(self
            .0
            .value
            .get()
            .expect("a secret has a reference or a value")
            .as_str())
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::parse(text))
    }
}
