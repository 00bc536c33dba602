//! Disks and media that tests, benchmarks and examples start machines from: made once by a script, and kept.

use anyhow::{Context, Result, bail};
use std::{fs::File, path::Path, process::Command};

/// Makes `to`, unless it is there and nobody knows that another script made it: `script` is run by `sh` with a folder of its own as its argument, in which it leaves `made`.
/// Whoever comes second waits, and finds it made.
///
/// # Errors
/// When the script fails, or `to` cannot be written.
pub fn make_once(to: &Path, script: &str, made: &str) -> Result<()> {
    let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let lock = File::create(to.with_extension("lock")).context("cannot make the lock")?;
    lock.lock().context("cannot lock")?;
    let made_by = to.with_extension("made-by");
    let same = std::fs::read_to_string(&made_by).map_or(true, |by| by == script);
    if to.is_file() && same {
        return Ok(());
    }
    let work = tempfile::Builder::new().prefix("medium-").tempdir_in(folder)?;
    let path = std::env::var("PATH").unwrap_or_default();
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(work.path())
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .status()
        .context("cannot start sh")?;
    if !status.success() {
        bail!("{} could not be made: {status}", to.display());
    }
    std::fs::rename(work.path().join(made), to).with_context(|| format!("cannot write {}", to.display()))?;
    std::fs::write(&made_by, script).with_context(|| format!("cannot write {}", made_by.display()))
}
