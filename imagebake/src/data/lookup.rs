//! What a question is: the trait that built-in look-ups, platforms and third parties implement.

use super::Lookups;
use crate::{
    engine::Clock,
    error::Result,
    io::off_the_async_threads,
    project::{self, resolve},
    value::{HostPath, Secret},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    future::Future,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

/// A question to the outside. Its value is the question; the answer is a plain struct.
///
/// ```
/// use imagebake::prelude::*;
/// use serde::{Deserialize, Serialize};
///
/// /// The newest release of a product, as the team's own service knows it.
/// struct NewestRelease {
///     product: String,
/// }
///
/// #[derive(Serialize, Deserialize)]
/// struct Release {
///     version: String,
/// }
///
/// impl Lookup for NewestRelease {
///     const KIND: &'static str = "acme/newest-release";
///     type Answer = Release;
///
///     fn question(&self) -> String {
///         self.product.clone()
///     }
///
///     async fn look_up(&self, _: &LookupCx<'_>) -> Result<Release> {
///         Ok(Release { version: format!("{} 1.2.3", self.product) })
///     }
/// }
///
/// #[image]
/// async fn web(data: &Data) -> Result<Image> {
///     let release = data.look_up(NewestRelease { product: "shop".into() }).await?;
///     Ok(Image::new().source(Null::none()).description(release.version))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a question that `data.look_up(…)` can ask",
    note = "implement `imagebake::data::Lookup` for it"
)]
pub trait Lookup: Send + Sync {
    /// The kind of question: `http`; of a third party `crate/kind`.
    const KIND: &'static str;
    /// The answer, as `imagebake.lock` keeps it: a struct whose fields are plain values, lists or structs. Nothing secret.
    type Answer: Serialize + DeserializeOwned + Send;

    /// The question in one line, with everything that decides the answer. Names the answer in the lock file and in the plan, so secrets
    /// are in it by name alone, which is how a [`Secret`] displays itself.
    fn question(&self) -> String;

    /// Whether this computer and this project can answer: then it is asked each time, never pinned, and `--offline` allows it.
    fn is_local(&self) -> bool {
        false
    }

    /// How long it may take, unless [`Ask::deadline`](super::Ask::deadline) says otherwise.
    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    /// The secrets that the question uses: an answer in which one is found is refused.
    fn secrets(&self) -> Vec<&Secret> {
        Vec::new()
    }

    /// The answer in one line, for the plan.
    fn shown(&self, answer: &Self::Answer) -> String {
        shown(&serde_json::to_value(answer).unwrap_or_default())
    }

    /// Asks.
    ///
    /// # Errors
    /// When there is no answer; the message says what was asked of whom, the hint what to do.
    fn look_up(&self, cx: &LookupCx<'_>) -> impl Future<Output = Result<Self::Answer>> + Send;

    /// Brings what belongs to a pinned answer but is not in the lock file, such as the bytes behind a digest.
    ///
    /// # Errors
    /// When it cannot be had, or is not what was pinned.
    fn complete(&self, answer: &mut Self::Answer, cx: &LookupCx<'_>) -> impl Future<Output = Result<()>> + Send {
        let _ = (answer, cx);
        async { Ok(()) }
    }
}

/// The only value of a struct, or `name: value, …`.
fn shown(answer: &serde_json::Value) -> String {
    let plain = |value: &serde_json::Value| match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    };
    let Some(fields) = answer.as_object() else {
        return plain(answer);
    };
    let set: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
    match &set[..] {
        [(_, value)] => plain(value),
        several => {
            let fields = several.iter().map(|(name, value)| format!("{name}: {}", plain(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The bytes of a regular file that is not too large.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::metadata(path)?;
    if file.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // A device or a pipe may never end.
    if !file.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path)?;
    file.take(super::http::MOST + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > super::http::MOST {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {} MiB", super::http::MOST >> 20),
        )),
        false => Ok(bytes),
    }
}

/// What a question may need to ask.
#[derive(Clone, Copy)]
pub struct LookupCx<'a> {
    pub(super) run: &'a Lookups,
    pub(super) base: &'a Path,
    pub(super) folder: &'a str,
}

impl LookupCx<'_> {
    /// Where an input of the image is: relative paths start at the folder of its crate.
    pub fn input_path(&self, path: &HostPath) -> PathBuf {
        resolve(self.base, path)
    }

    /// Whether the user forbids to ask the outside; only questions that say they are local need to look.
    pub fn is_offline(&self) -> bool {
        self.run.is_offline()
    }

    /// The moment of the run.
    pub fn clock(&self) -> Clock {
        self.run.clock()
    }

    /// The bytes of an input of the image.
    pub(super) async fn read(&self, path: &HostPath) -> Result<Vec<u8>> {
        let resolved = self.input_path(path);
        let path_of_thread = resolved.clone();
        // One trip to another thread for all that is done with the file.
        let read = off_the_async_threads(move || read_file(&path_of_thread)).await;
        read.map_err(|error| project::unreadable(path, &resolved, self.base, error))
    }

    pub(super) fn folder(&self) -> &str {
        self.folder
    }
}
