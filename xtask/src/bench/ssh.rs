//! The cases over SSH, to a server of OpenSSH on the loopback that is started for them and ends with the benchmarks.

use super::{
    Bench,
    cases::{Beside, CASE, Case, image_1gib, ours, packer, small_files, template},
    forget_removed_files,
};
use crate::setup::on_path;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

fn unavailable(_: &Bench) -> Option<String> {
    let root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n");
    let tools = ["sshd", "scp", "sftp", "ssh-keygen"]
        .into_iter()
        .find(|tool| !on_path(tool));
    match (root, tools) {
        (false, _) => Some("the server needs root".to_owned()),
        (true, Some(tool)) => Some(format!("`{tool}` is not installed")),
        (true, None) => None,
    }
}

pub(super) fn upload() -> Case {
    Case {
        name: "ssh-upload",
        target: "a file of 1 GiB over SSH: 90 % of OpenSSH's throughput at least, and at least twice the peer's",
        unavailable,
        prepare: |bench| {
            image_1gib(&bench.data.join("image.raw"))?;
            server(bench)?;
            template(bench, "ssh-upload", &file_template(bench, "image.raw", "image.raw"))
        },
        before: empty,
        ours: |bench| over_ssh(bench, "ssh-upload"),
        peer: Some(|bench, peer| build(bench, peer, "ssh-upload")),
        beside: Some(Beside {
            name: "scp",
            command: |bench| {
                let mut command = Command::new("scp");
                command.args(options(bench)?).arg(bench.data.join("image.raw"));
                command.arg(format!("root@127.0.0.1:{}/", there(bench).display()));
                Ok(command)
            },
            met: |ours, scp| ours.median_s * 0.9 <= scp.median_s,
            beyond: None,
        }),
        output: |bench| size(&there(bench).join("image.raw")),
        met: |ours, peer| peer.map(|peer| ours.median_s * 2.0 <= peer.median_s),
        ..CASE
    }
}

pub(super) fn small() -> Case {
    Case {
        name: "ssh-small-files",
        target: "10,000 small files over SSH: at least five times as fast as the peer",
        unavailable,
        prepare: |bench| {
            small_files(&bench.data.join("small"))?;
            server(bench)?;
            template(bench, "ssh-small-files", &file_template(bench, "small/", ""))
        },
        before: |bench| {
            empty(bench)?;
            forget_removed_files(bench)
        },
        ours: |bench| over_ssh(bench, "ssh-small-files"),
        peer: Some(|bench, peer| build(bench, peer, "ssh-small-files")),
        beside: Some(Beside {
            name: "scp -r",
            command: |bench| {
                let mut command = Command::new("scp");
                command.arg("-rpq").args(options(bench)?).arg(bench.data.join("small"));
                command.arg(format!("root@127.0.0.1:{}/", there(bench).display()));
                Ok(command)
            },
            met: |ours, scp| ours.median_s <= scp.median_s,
            beyond: None,
        }),
        met: |ours, peer| peer.map(|peer| ours.median_s * 5.0 <= peer.median_s),
        ..CASE
    }
}

pub(super) fn commands() -> Case {
    Case {
        name: "ssh-100-commands",
        target: "a hundred commands, one after the other, on one connection: under a second",
        unavailable,
        prepare: |bench| server(bench).map(drop),
        ours: |bench| over_ssh(bench, "ssh-100-commands"),
        met: |ours, _| Some(ours.median_s < 1.0),
        ..CASE
    }
}

/// In memory where there is such a place: a disk's own speed is no part of the work.
fn there(bench: &Bench) -> std::path::PathBuf {
    match Path::new("/dev/shm").is_dir() {
        true => "/dev/shm/imagebake-bench".into(),
        false => bench.scratch.join("there"),
    }
}

fn empty(bench: &Bench) -> Result<()> {
    let _ = fs::remove_dir_all(there(bench));
    fs::create_dir_all(there(bench)).context("cannot make the target folder")
}

fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|about| about.len())
}

fn build(bench: &Bench, peer: &Path, name: &str) -> Result<Command> {
    let template = bench.data.join(format!("{name}.json"));
    Ok(packer(peer, &["build", &template.to_string_lossy()]))
}

fn over_ssh(bench: &Bench, image: &str) -> Result<Command> {
    let mut command = ours(bench, &["build", image]);
    command
        .env("BENCH_SSH_PORT", server(bench)?.to_string())
        .env("BENCH_SSH_KEY", folder(bench).join("id"))
        .env(
            "BENCH_SSH_HOST_KEY",
            fs::read_to_string(folder(bench).join("host.pub"))?,
        )
        .env("BENCH_SSH_TO", there(bench));
    Ok(command)
}

fn options(bench: &Bench) -> Result<Vec<String>> {
    let mut options = vec!["-i".to_owned(), folder(bench).join("id").display().to_string()];
    options.extend(["-P".to_owned(), server(bench)?.to_string()]);
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
    ] {
        options.extend(["-o".to_owned(), option.to_owned()]);
    }
    Ok(options)
}

fn file_template(bench: &Bench, from: &str, to: &str) -> String {
    let port = server(bench).unwrap_or_default();
    let (key, from) = (folder(bench).join("id"), bench.data.join(from));
    format!(
        r#"{{
  "builders": [{{"type": "null", "ssh_host": "127.0.0.1", "ssh_port": {port}, "ssh_username": "root", "ssh_private_key_file": "{}"}}],
  "provisioners": [{{"type": "file", "source": "{}", "destination": "{}"}}]
}}"#,
        key.display(),
        from.display(),
        there(bench).join(to).display()
    )
}

fn folder(bench: &Bench) -> std::path::PathBuf {
    bench.data.join("sshd")
}

/// The port of the server, which runs as long as this program: its standard input is the server's life.
fn server(bench: &Bench) -> Result<u16> {
    static PORT: OnceLock<u16> = OnceLock::new();
    static RUNNING: Mutex<Option<Child>> = Mutex::new(None);
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    let port = *PORT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        listener.map_or(2222, |address| address.port())
    });
    if running.is_some() {
        return Ok(port);
    }
    let folder = folder(bench);
    fs::create_dir_all(&folder)?;
    fs::create_dir_all("/run/sshd")?;
    for name in ["id", "host"] {
        if !folder.join(name).is_file() {
            let mut keygen = Command::new("ssh-keygen");
            keygen.args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"]);
            crate::check(keygen.arg(folder.join(name)))?;
        }
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPermitRootLogin yes\nSubsystem sftp internal-sftp\nSetEnv HOME={}\n",
        path("host"),
        path("id.pub"),
        // What the shell of whoever runs this does at its start is no part of the work.
        folder.display(),
    );
    fs::write(folder.join("config"), config)?;
    let script = "/usr/sbin/sshd -D -f \"$1\" & server=$!; cat > /dev/null; kill $server";
    let child = Command::new("sh")
        .args(["-c", script, "sh", &path("config")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start a server")?;
    *running = Some(child);
    let began = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if began.elapsed() > Duration::from_secs(20) {
            bail!("the server does not start");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(port)
}
