//! Programs of QEMU on the builder: which there are, what `qemu-img` says, and processes that go on after the builder.

use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
};
use serde::Deserialize;
use std::{
    ffi::{OsStr, OsString},
    fs::File,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};

/// The variable in which a process has its token, so that it is found again whoever started it.
pub(super) const TOKEN: &str = "IMAGEBAKE_PROCESS";

/// Which package has a program.
fn package(program: &str) -> &'static str {
    match program {
        "qemu-img" => "`qemu-utils` on Debian, `qemu-img` on Fedora",
        "swtpm" => "`swtpm`",
        _ => "`qemu-system-x86` on Debian, `qemu-kvm` on Fedora, `qemu` elsewhere",
    }
}

/// Where `program` is: a path as it is, a name on PATH.
pub(super) fn find(program: &str) -> Result<PathBuf> {
    let missing = |what: String| {
        Error::new(ErrorKind::NotFound, what).hint(format!("install it: the package is {}", package(program)))
    };
    if program.contains('/') {
        let path = PathBuf::from(program);
        return match path.is_file() {
            true => Ok(path),
            false => Err(missing(format!("there is no program {program}"))),
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/libexec", "/usr/sbin"].map(PathBuf::from))
        .map(|folder| folder.join(program))
        .find(|path| path.is_file());
    found.ok_or_else(|| missing(format!("`{program}` is not installed")))
}

/// How many lines of what a program says are in its error.
const LINES: usize = 3;

/// Runs a program to its end; gives what it printed.
pub(super) async fn output<S: AsRef<OsStr>>(program: &Path, arguments: &[S]) -> Result<String> {
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let ended = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .env("LC_ALL", "C")
        .process_group(0)
        .kill_on_drop(true)
        .output()
        .await
        .path("start", program)?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&ended.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    // A damaged disk has a line for each of thousands of places.
    let lines: Vec<&str> = said.trim().lines().collect();
    let mut said = lines[..lines.len().min(LINES)].join("; ");
    if lines.len() > LINES {
        said.push_str(&format!("; and {} lines more", lines.len() - LINES));
    }
    let verb = arguments
        .first()
        .map(|verb| verb.as_ref().to_string_lossy().into_owned());
    let message = format!("`{name} {}` failed: {said}", verb.unwrap_or_default());
    let error = Error::new(kind_of(&said), message);
    Err(match error.kind() {
        ErrorKind::NoSpace => error.hint("make room, or choose an `output_directory` on another disk"),
        _ => error,
    })
}

/// `qemu-img` has one exit code for everything; a full disk is worth telling apart.
fn kind_of(said: &str) -> ErrorKind {
    match said.contains("No space left on device") {
        true => ErrorKind::NoSpace,
        false => ErrorKind::CommandFailed,
    }
}

/// What is known of a disk image.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DiskInfo {
    pub(super) format: String,
    #[serde(rename = "virtual-size")]
    pub(super) size: u64,
}

/// The program `qemu-img`.
#[derive(Clone, Debug)]
pub(super) struct Img(PathBuf);

impl Img {
    pub(super) fn find() -> Result<Self> {
        find("qemu-img").map(Self)
    }

    /// Looks at a disk image, also at one that a machine uses.
    pub(super) async fn info(&self, disk: &Path) -> Result<DiskInfo> {
        let told = output(
            &self.0,
            &[
                OsStr::new("info"),
                "--output=json".as_ref(),
                "-U".as_ref(),
                disk.as_os_str(),
            ],
        )
        .await
        .map_err(|error| match error.kind() {
            ErrorKind::CommandFailed => Error::new(
                ErrorKind::Integrity,
                format!("{} cannot be read as a disk", disk.display()),
            )
            .because(error)
            .hint("fetch or make it again: it may be damaged, cut off, or no disk image"),
            _ => error,
        })?;
        serde_json::from_str(&told).map_err(|error| {
            Error::new(ErrorKind::Internal, "`qemu-img info` did not answer as expected").because(error)
        })
    }

    /// Looks whether the tables of a disk image are whole: one that was cut off is refused here, before anything starts from it.
    pub(super) async fn check(&self, disk: &Path) -> Result<()> {
        let checked = output(
            &self.0,
            &[OsStr::new("check"), "-q".as_ref(), "-U".as_ref(), disk.as_os_str()],
        )
        .await;
        checked.map(drop).map_err(|error| {
            Error::new(ErrorKind::Integrity, format!("the disk {} is damaged", disk.display()))
                .because(error)
                .hint("fetch or make it again: it may be cut off")
        })
    }

    /// Makes a disk an overlay on `base`, which is below it already, and on nothing between.
    pub(super) async fn move_to(&self, disk: &Path, base: &Path) -> Result<()> {
        let format = self.info(base).await?.format;
        let words = ["rebase", "-q", "-f", "qcow2", "-F", &format, "-b"].map(OsString::from);
        self.run(&[&words[..], &[base.into(), disk.into()]].concat()).await
    }

    /// Runs `qemu-img` with these arguments.
    pub(super) async fn run(&self, arguments: &[OsString]) -> Result<()> {
        output(&self.0, arguments).await.map(drop)
    }

    /// As [`Img::run`], with the progress shown.
    pub(super) async fn convert(
        &self,
        cx: &Cx,
        arguments: &[OsString],
        what: &str,
        total: u64,
        to: &Path,
    ) -> Result<()> {
        let bar = cx.progress(what, Some(total));
        let run = self.run(arguments);
        tokio::pin!(run);
        loop {
            tokio::select! {
                ended = &mut run => {
                    bar.set(total);
                    return ended;
                }
                // What stands in the file so far; holes do not count.
                paused = cx.pause(Duration::from_millis(500)) => {
                    paused?;
                    if let Ok(about) = tokio::fs::metadata(to).await {
                        use std::os::unix::fs::MetadataExt;
                        bar.set((about.blocks() * 512).min(total));
                    }
                }
            }
        }
    }
}

/// A process that is to outlive the builder, should that die: in a group of its own, and found again by its token.
pub(super) struct Start {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// What it has as descriptors 3, 4, …
    pub(super) sockets: Vec<OwnedFd>,
    /// Where it says what went wrong.
    pub(super) log: PathBuf,
    pub(super) folder: PathBuf,
}

/// Descriptors after the standard ones come by way of a shell, which moves them there and becomes the program.
const WRAPPERS: [&str; 3] = [
    r#"exec "$@" </dev/null >>"$LOG""#,
    r#"exec "$@" 3<&0 </dev/null >>"$LOG""#,
    r#"exec "$@" 3<&0 4<&1 </dev/null >>"$LOG""#,
];

impl Start {
    pub(super) fn spawn(mut self, token: &str) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .path("write", &self.log)?;
        let wrapper = WRAPPERS[self.sockets.len()];
        let mut command = Command::new("/bin/sh");
        command
            .args([OsStr::new("-c"), wrapper.as_ref(), "sh".as_ref()])
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env(TOKEN, token)
            .env("LOG", &self.log)
            .stderr(Stdio::from(log))
            .process_group(0);
        let mut sockets = self.sockets.drain(..);
        command.stdin(sockets.next().map_or_else(Stdio::null, Stdio::from));
        command.stdout(sockets.next().map_or_else(Stdio::null, Stdio::from));
        command.spawn().path("start", &self.program)
    }
}

/// How a program that is only tried ends: its exit code, or `None` when it had not ended in time or a signal ended it; and its last words.
pub(super) async fn attempt(program: &Path, arguments: &[OsString], within: Duration) -> Result<(Option<i32>, String)> {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .path("start", program)?;
    match tokio::time::timeout(within, child.wait_with_output()).await {
        Ok(ended) => {
            let ended = ended.path("wait for", program)?;
            let said = String::from_utf8_lossy(&ended.stderr);
            let last = said.lines().rev().find(|line| !line.trim().is_empty());
            Ok((ended.status.code(), last.unwrap_or_default().trim().to_owned()))
        }
        Err(_) => Ok((
            None,
            format!("nothing ran within {}", humantime::format_duration(within)),
        )),
    }
}
