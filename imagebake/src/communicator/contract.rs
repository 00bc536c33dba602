//! What every communicator must do, as a step that tries it on a real machine (feature `testing`).
//!
//! ```
//! use imagebake::{communicator::contract::CommunicatorContract, prelude::*};
//!
//! fn contract() -> Image {
//!     Image::new().source(Null::local()).provision(CommunicatorContract::in_folder("/tmp/contract of mine"))
//! }
//! # contract();
//! ```
//!
//! Provisioners are written against what is tried here, and our own communicators pass all of it. A source of a third party takes the same
//! step. All breaches are told at once. The guest needs a POSIX shell and the usual small programs, no more than busybox has.

mod commands;
mod files;

use crate::{
    communicator::{Captured, Command, Remote},
    describe::Component,
    engine::Cx,
    error::{Error, ErrorKind, Result},
    field::Places,
    provisioner::Provisioner,
    value::GuestPath,
};
use imagebake_macros::Config;

/// Tries a machine's communicator.
#[derive(Clone, Debug, Config)]
#[config(constructors(in_folder(folder)))]
pub struct CommunicatorContract {
    /// A folder of the guest that does not exist yet; it is removed in the end.
    #[field(required)]
    folder: GuestPath,
    /// Whether uploaded files keep the numeric owner that they have on the builder, as root of a whole machine can promise.
    keeps_owners: bool,
    at: Places,
}

impl CommunicatorContract {
    /// Works in `folder`.
    #[track_caller]
    pub fn in_folder(folder: impl Into<GuestPath>) -> Self {
        Self::defaults().folder(folder)
    }
}

impl Component for CommunicatorContract {
    const KIND: &'static str = "communicator-contract";
}

impl Provisioner for CommunicatorContract {
    fn cacheable(&self) -> bool {
        false
    }

    async fn provision(&self, cx: &Cx, guest: &Remote) -> Result<()> {
        let on = Tried {
            guest,
            folder: &self.folder,
        };
        on.sh(&format!("mkdir -p {}", on.quoted(&self.folder))).await?;
        let mut breaches = Vec::new();
        commands::check(&on, cx, &mut breaches).await;
        files::check(&on, cx, self.keeps_owners, &mut breaches).await;
        let removed = on.sh(&format!("rm -rf {}", on.quoted(&self.folder))).await;
        note(&mut breaches, "what was uploaded can be removed", removed.map(drop));
        match breaches.is_empty() {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::Integrity,
                format!(
                    "the communicator `{}` breaks its contract {} times:\n{}",
                    guest.kind(),
                    breaches.len(),
                    breaches.join("\n")
                ),
            )),
        }
    }
}

/// The machine that is tried, and where.
struct Tried<'a> {
    guest: &'a Remote,
    folder: &'a GuestPath,
}

impl Tried<'_> {
    fn quoted(&self, path: &GuestPath) -> String {
        self.guest.quote(path.as_str())
    }

    fn path(&self, name: &str) -> GuestPath {
        self.folder.join(name)
    }

    /// What a shell line prints, which must succeed.
    async fn sh(&self, line: &str) -> Result<Vec<u8>> {
        let ended = self.run(Command::shell(line)).await?;
        match ended.exit.success() {
            true => Ok(ended.stdout),
            false => Err(breach(format!(
                "`{line}` ended with {:?}: {}",
                ended.exit,
                String::from_utf8_lossy(&ended.stderr)
            ))),
        }
    }

    async fn run(&self, command: Command) -> Result<Captured> {
        self.guest.capture(command).await
    }

    /// Whether a program with `word` in its command line runs in the guest.
    async fn runs(&self, word: &str) -> Result<bool> {
        let all = self
            .sh("for p in /proc/[0-9]*/cmdline; do cat $p 2>/dev/null | tr '\\000' ' '; echo; done; true")
            .await?;
        Ok(String::from_utf8_lossy(&all).lines().any(|line| line.contains(word)))
    }
}

fn breach(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Integrity, what.into())
}

/// Notes what `tried` found wrong.
fn note(breaches: &mut Vec<String>, what: &str, tried: Result<()>) {
    if let Err(error) = tried {
        breaches.push(format!("- {what}: {}", error.full()));
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<()> {
    match found == expected {
        true => Ok(()),
        false => Err(breach(format!("{found:?} instead of {expected:?}"))),
    }
}

/// Bytes of every value, of no period that a buffer has.
fn bytes(count: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..count)
        .map(|i| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8 ^ i as u8
        })
        .collect()
}
