//! Lines for a POSIX shell in a guest, whatever carries them.

use super::{FileAttrs, remote::quote_posix};
use crate::{
    error::{Error, ErrorKind},
    value::GuestPath,
};

/// What a program said is kept up to here, for an error's message.
pub(super) const SAID: usize = 4 << 10;

/// The lines of a script that runs `line` with `variables` in `dir`.
pub(super) fn script(line: &str, env: &[(String, String)], dir: Option<&str>, mark: &str) -> String {
    let mut text = format!("export {MARK}={mark}\n");
    for (name, value) in env {
        text.push_str(&format!("export {name}={}\n", quote_posix(value)));
    }
    if let Some(dir) = dir {
        text.push_str(&format!("cd {} || exit 1\n", quote_posix(dir)));
    }
    text.push_str(line);
    text
}

/// The variable by which a command's processes are found when nobody waits for it any more.
pub(super) const MARK: &str = "IMAGEBAKE_COMMAND";

/// Ends every process that has the mark.
pub(super) fn killer(mark: &str) -> String {
    format!(
        "for e in /proc/[0-9]*/environ; do if grep -q {MARK}={mark} \"$e\" 2>/dev/null; then p=${{e%/environ}}; \
         kill -9 \"${{p#/proc/}}\" 2>/dev/null; fi; done; true"
    )
}

/// A path as a word that is no option.
pub(super) fn option_safe(path: &GuestPath) -> String {
    match path.as_str() {
        text if text.starts_with('-') => quote_posix(&format!("./{text}")),
        text => quote_posix(text),
    }
}

/// A shell line that writes what `content` prints to the file.
pub(super) fn write_line(content: &str, to: &GuestPath, attrs: &FileAttrs, owner: Option<String>) -> String {
    let path = option_safe(to);
    let mut line = String::new();
    if attrs.mode.is_some() {
        // Nobody else reads it before it has its mode.
        line.push_str("umask 077; ");
    }
    line.push_str(&format!("{content} > {path}"));
    if let Some(mode) = attrs.mode {
        line.push_str(&format!(" && chmod {mode:o} {path}"));
    }
    if let Some(owner) = attrs.owner.clone().or(owner) {
        line.push_str(&format!(" && chown {} {path}", quote_posix(&owner)));
    }
    line
}

/// Why the guest could not read or write a file, from what its program said.
pub(super) fn refused(doing: &str, path: &GuestPath, place: &str, said: &[u8]) -> Error {
    let said = String::from_utf8_lossy(said);
    let said = said.trim();
    let (kind, hint) = match said {
        said if ["o such file", "irectory nonexistent", "onexistent directory"]
            .iter()
            .any(|words| said.contains(words)) =>
        {
            (ErrorKind::NotFound, "look at the path")
        }
        said if said.contains("ermission denied") => (ErrorKind::PermissionDenied, "look at who may use the path"),
        said if said.contains("o space left") => (ErrorKind::NoSpace, "make room for it"),
        _ => (ErrorKind::Io, "look at the path, and at who may use it"),
    };
    Error::new(kind, format!("cannot {doing} {path} in the {place}: {said}")).hint(hint)
}
