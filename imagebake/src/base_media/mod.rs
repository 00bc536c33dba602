//! Media and disks that machines are made from: fetched once, checked, kept for later builds.
//!
//! ```text
//! a file on the builder ── used where it is ──────────────────────────┐
//! http(s), the first place that has it                                ├─ checked ─ Medium
//!   └─ NAME.partial, continued where it was cut off ── renamed to NAME ┘
//! ```
//!
//! Places are tried in their order; what one sends that is not what it should be is thrown away, and the next is asked. Processes take turns by
//! a lock beside the file. What was checked once is not read again until it changes. This module knows no platform.

mod checksum;
#[cfg(feature = "http")]
mod driver;
mod place;
mod shape;

pub(crate) use shape::{Shape, check};

use crate::{
    engine::{Backoff, Cx, wait_until},
    error::{Context, Error, ErrorKind, Result},
    groups::Iso,
    io::{Control, DigestKind, FileRef},
    value::{HostPath, Template},
};
use checksum::Expected;
use place::Place;
use std::{
    collections::BTreeSet,
    fs::{File, TryLockError},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// How long another process may take to fetch the same medium.
const TURN: Duration = Duration::from_secs(6 * 3600);

/// A medium on the builder.
#[derive(Clone, Debug)]
pub(crate) struct Medium {
    pub(crate) path: PathBuf,
    /// What changes whenever its bytes do.
    pub(crate) identity: String,
}

/// Fetches a medium, or finds it where it was kept.
///
/// # Errors
/// When no place has it, or what they have is not what it should be.
pub(crate) async fn fetch(cx: &Cx, iso: &Iso) -> Result<Medium> {
    let places = places(cx, iso)?;
    let mut failed: Vec<(String, Error)> = Vec::new();
    for place in &places {
        match from(cx, iso, place).await {
            Ok(medium) => return Ok(medium),
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                if failed.len() + 1 < places.len() {
                    cx.warn(format!("{}: {}; the next place is asked", place.shown(), error.full()));
                }
                failed.push((place.shown(), error));
            }
        }
    }
    let mut failed = failed.into_iter();
    let Some((_, first)) = failed.next() else {
        return Err(Error::new(ErrorKind::Config, "no place of the medium is named").hint("name one"));
    };
    // The first place is the one that was meant; of the others it is said that they did not help.
    Err(failed.fold(first, |error, (shown, other)| {
        error.context("also tried", format!("{shown}: {}", other.full()))
    }))
}

/// Looks, without fetching anything, whether it could be there; gives what is worth a warning.
///
/// # Errors
/// When the only place is a file that cannot be read, or is not a whole medium.
pub(crate) async fn look(cx: &Cx, iso: &Iso, shape: Shape) -> Result<Option<String>> {
    match places(cx, iso)?.as_slice() {
        [Place::Here(path)] => {
            readable(path)?;
            check(path, shape)
        }
        places => {
            let wrong = places.iter().find_map(|place| place.supported().err());
            wrong.map_or(Ok(None), Err)
        }
    }
}

fn readable(path: &Path) -> Result<()> {
    let about = std::fs::metadata(path).path("read", path)?;
    match about.is_file() {
        true => File::open(path).map(drop).path("read", path),
        false => {
            Err(Error::new(ErrorKind::Config, format!("{} is no file", path.display())).hint("name the medium itself"))
        }
    }
}

fn places(cx: &Cx, iso: &Iso) -> Result<Vec<Place>> {
    let all = iso.url.iter().chain(&iso.urls).filter(|url| !url.is_empty());
    all.map(|url| {
        let url = cx.render(url)?;
        Ok(Place::parse(&url, |path| cx.input_path(&HostPath::from(path))))
    })
    .collect()
}

async fn from(cx: &Cx, iso: &Iso, place: &Place) -> Result<Medium> {
    place.supported()?;
    let expected = Expected::read(cx, &iso.checksum, place).await?;
    match place {
        Place::Here(path) => {
            readable(path)?;
            let medium = checked(cx, path, &expected).await?;
            match target(cx, iso)? {
                Some(target) => linked(&medium, target),
                None => Ok(medium),
            }
        }
        Place::Web(url) => {
            let path = match target(cx, iso)? {
                Some(path) => path,
                None => {
                    let kept = expected.shown().unwrap_or_else(|| url.clone());
                    let name = blake3::hash(kept.as_bytes()).to_hex();
                    let extension = iso.target_extension.as_ref().map(ToString::to_string);
                    let name = format!("{}.{}", &name[..32], extension.as_deref().unwrap_or("iso"));
                    cx.state_dir().join("media").join(name)
                }
            };
            let folder = path.parent().unwrap_or(Path::new("."));
            tokio::fs::create_dir_all(folder)
                .await
                .path("make the folder", folder)?;
            let _turn = turn(cx, &path).await?;
            fetched(cx, url, place, &path, &expected).await
        }
    }
}

fn target(cx: &Cx, iso: &Iso) -> Result<Option<PathBuf>> {
    let render = |path: &Template| Ok(cx.output_path(&HostPath::from(cx.render(path)?.to_string())));
    iso.target_path.as_ref().map(render).transpose()
}

/// A name for a file that is here already: nothing is copied.
fn linked(medium: &Medium, target: PathBuf) -> Result<Medium> {
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder).path("make the folder", folder)?;
    }
    let is = |path: &Path| path.canonicalize().ok();
    if is(&target).is_none() || is(&target) != is(&medium.path) {
        if target.is_symlink() {
            std::fs::remove_file(&target).path("remove", &target)?;
        }
        let path = is(&medium.path).unwrap_or_else(|| medium.path.clone());
        std::os::unix::fs::symlink(path, &target).path("make the link", &target)?;
    }
    Ok(Medium {
        path: target,
        identity: medium.identity.clone(),
    })
}

/// Waits until no other process fetches to `path`.
async fn turn(cx: &Cx, path: &Path) -> Result<File> {
    let lock = with_suffix(path, "lock");
    let file = File::create(&lock).path("write", &lock)?;
    let mut said = false;
    let pauses = Backoff::new(Duration::from_millis(50), Duration::from_secs(2));
    wait_until(cx, "another process that fetches the same medium", TURN, pauses, || {
        let taken = match file.try_lock() {
            Ok(()) => Ok(Some(())),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &lock, error)),
        };
        if matches!(taken, Ok(None)) && !std::mem::replace(&mut said, true) {
            cx.say(format!(
                "another process is fetching {}: waiting for it",
                path.display()
            ));
        }
        std::future::ready(taken)
    })
    .await?;
    Ok(file)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

#[cfg(feature = "http")]
async fn fetched(cx: &Cx, url: &str, place: &Place, path: &Path, expected: &Expected) -> Result<Medium> {
    if path.is_file() {
        let current = match expected {
            Expected::Nothing => driver::unchanged(url, path).await,
            Expected::Digest(..) => true,
        };
        if current {
            match checked(cx, path, expected).await {
                // What was kept is not that medium: another has been described since, or it was damaged.
                Err(error) if error.kind() == ErrorKind::Integrity => {}
                result => return result,
            }
        }
    }
    let partial = with_suffix(path, "partial");
    let name = place.name();
    cx.retry(4, || driver::download(cx, url, &name, &partial)).await?;
    match checked(cx, &partial, expected).await {
        Ok(medium) => {
            std::fs::rename(&partial, path).path("rename to", path)?;
            driver::keep_mark(&partial, path);
            Ok(match expected {
                Expected::Digest(..) => Medium {
                    path: path.to_owned(),
                    ..medium
                },
                Expected::Nothing => Medium {
                    path: path.to_owned(),
                    identity: identity(path)?,
                },
            })
        }
        Err(error) => {
            driver::forget(&partial);
            Err(error)
        }
    }
}

#[cfg(not(feature = "http"))]
async fn fetched(_: &Cx, _: &str, _: &Place, _: &Path, _: &Expected) -> Result<Medium> {
    Err(
        Error::new(ErrorKind::Unsupported, "this program was built without HTTP")
            .hint("add the cargo feature \"http\" to the dependency `imagebake`, or name a file on the builder"),
    )
}

/// What stands for the bytes of a file without reading them.
fn identity(path: &Path) -> Result<String> {
    let about = std::fs::metadata(path).path("read", path)?;
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Ok(format!(
        "{} {} {}.{:09} {}",
        path.display(),
        about.len(),
        about.mtime(),
        about.mtime_nsec(),
        about.ino()
    ))
}

/// The medium at `path`, once it is sure that it is what it should be.
async fn checked(cx: &Cx, path: &Path, expected: &Expected) -> Result<Medium> {
    let identity = identity(path)?;
    let Expected::Digest(kind, wanted, told_by) = expected else {
        return Ok(Medium {
            path: path.to_owned(),
            identity,
        });
    };
    let note = cx.state_dir().join("media/checked");
    let key = blake3::hash(format!("{kind} {identity}").as_bytes()).to_hex();
    let note = note.join(&key[..32]);
    let known = std::fs::read_to_string(&note)
        .ok()
        .filter(|found| found.len() == wanted.len());
    let found = match known {
        Some(found) => found,
        None => {
            let found = digest(cx, path, *kind).await?;
            if let Some(folder) = note.parent() {
                // A note that cannot be kept only costs another reading.
                let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&note, &found));
            }
            found
        }
    };
    match found == *wanted {
        true => Ok(Medium {
            path: path.to_owned(),
            identity: format!("{kind}:{found}"),
        }),
        false => Err(wrong(*kind, &found, wanted, told_by)),
    }
}

fn wrong(kind: DigestKind, found: &str, wanted: &str, told_by: &str) -> Error {
    Error::new(
        ErrorKind::Integrity,
        format!("the medium is not the one that was described: its {kind} is {found}, and {told_by} says {wanted}"),
    )
    .hint("find out why before you correct the checksum: the address may have another release, or somebody changed the file")
}

async fn digest(cx: &Cx, path: &Path, kind: DigestKind) -> Result<String> {
    let file = FileRef::open(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bar = cx.progress(&format!("check {name}"), Some(file.size()));
    let control = Control::new().on_progress(move |progress| bar.set(progress.done));
    let file = file.digest_async(BTreeSet::from([kind]), control).await?;
    Ok(file.digests().get(kind).unwrap_or_default().to_owned())
}
