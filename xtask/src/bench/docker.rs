//! The cases on a Docker engine, which is started where none answers.

use super::{
    Bench,
    cases::{CASE, Case, debian, image_1gib, ours, packer, small_files, template},
    forget_removed_files,
    measure::Figures,
};
use crate::setup::{on_path, start_engine};
use anyhow::{Context, Result};
use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

fn unavailable(_: &Bench) -> Option<String> {
    start_engine();
    let answers = std::os::unix::net::UnixStream::connect("/var/run/docker.sock").is_ok();
    let tools = ["docker", "busybox", "mmdebstrap"]
        .into_iter()
        .find(|tool| !on_path(tool));
    match (answers, tools) {
        (false, _) => Some("no Docker engine answers".to_owned()),
        (true, Some(tool)) => Some(format!("`{tool}` makes its base")),
        (true, None) => None,
    }
}

pub(super) fn ten_steps() -> Case {
    Case {
        name: "docker-ten-steps",
        target: "ten shell steps on a 200 MB Debian base, committed: at most half of the peer's time and CPU",
        unavailable,
        prepare: |bench| {
            let archive = bench.data.join("debian.tar");
            debian(&archive)?;
            import(&archive, "imagebake-bench/debian:12")?;
            template(bench, "docker-ten-steps", &steps_template())
        },
        ours: |bench| Ok(ours(bench, &["build", "docker-ten-steps"])),
        peer: Some(|bench, peer| build(bench, peer, "docker-ten-steps")),
        met: |ours, peer| peer.map(|peer| ours.median_s * 2.0 <= peer.median_s && ours.cpu_s * 2.0 <= peer.cpu_s),
        ..CASE
    }
}

pub(super) fn chain() -> Case {
    Case {
        name: "docker-chain",
        target: "shell, file, tag, save, compress, checksum, manifest on a 2 MB base: at most a third of the peer's time",
        unavailable,
        prepare: |bench| {
            busybox(bench)?;
            fs::write(bench.data.join("hello.txt"), "hello\n").context("cannot write the input")?;
            let hello = bench.data.join("hello.txt");
            template(bench, "docker-chain", &CHAIN.replace("HELLO", &hello.to_string_lossy()))
        },
        ours: |bench| Ok(ours(bench, &["build", "docker-chain"])),
        peer: Some(|bench, peer| build(bench, peer, "docker-chain")),
        // The peer compresses nothing here: only ours has the image in it.
        output: |bench| {
            fs::metadata(bench.scratch.join("chain.tar.gz"))
                .ok()
                .map(|about| about.len())
        },
        met: |ours, peer| third(ours, peer).map(|met| met && ours.output_bytes > Some(500_000)),
        ..CASE
    }
}

pub(super) fn upload() -> Case {
    Case {
        name: "docker-upload",
        target: "10,000 small files and one of 1 GiB into a container: at least three times as fast as the peer",
        unavailable,
        prepare: |bench| {
            busybox(bench)?;
            image_1gib(&bench.data.join("image.raw"))?;
            small_files(&bench.data.join("small"))?;
            let data = bench.data.to_string_lossy();
            template(bench, "docker-upload", &UPLOAD.replace("DATA", &data))
        },
        before: forget_removed_files,
        ours: |bench| Ok(ours(bench, &["build", "docker-upload"])),
        peer: Some(|bench, peer| build(bench, peer, "docker-upload")),
        met: third,
        ..CASE
    }
}

fn third(ours: &Figures, peer: Option<&Figures>) -> Option<bool> {
    peer.map(|peer| ours.median_s * 3.0 <= peer.median_s)
}

fn build(bench: &Bench, peer: &Path, name: &str) -> Result<Command> {
    let template = bench.data.join(format!("{name}.json"));
    Ok(packer(peer, &["build", &template.to_string_lossy()]))
}

fn import(archive: &Path, name: &str) -> Result<()> {
    let known = Command::new("docker").args(["image", "inspect", name]).output();
    if known.is_ok_and(|known| known.status.success()) {
        return Ok(());
    }
    crate::check(Command::new("docker").arg("import").arg(archive).arg(name))
}

/// A base of 2 MB: busybox with links for its applets.
fn busybox(bench: &Bench) -> Result<()> {
    let archive = bench.data.join("busybox.tar");
    if !archive.is_file() {
        let root = tempfile::tempdir().context("cannot make a folder")?;
        let folder = root.path().join("bin");
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(root.path().join("tmp"))?;
        fs::create_dir_all(root.path().join("etc"))?;
        // The peer looks up the user's name, and waits for ever where it does not find it.
        fs::write(root.path().join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n")?;
        fs::write(root.path().join("etc/group"), "root:x:0:\n")?;
        let found = Command::new("sh").args(["-c", "command -v busybox"]).output()?;
        let program = String::from_utf8_lossy(&found.stdout).trim().to_owned();
        fs::copy(&program, folder.join("busybox")).context("cannot copy busybox")?;
        let applets = Command::new(&program).arg("--list").output()?;
        let applets = String::from_utf8_lossy(&applets.stdout).into_owned();
        for applet in applets.lines().filter(|name| *name != "busybox") {
            symlink("busybox", folder.join(applet))?;
        }
        crate::check(
            Command::new("tar")
                .arg("-cf")
                .arg(&archive)
                .arg("-C")
                .arg(root.path())
                .arg("."),
        )?;
    }
    import(&archive, "imagebake-bench/busybox:1")
}

fn steps_template() -> String {
    let steps: Vec<String> = (0..10)
        .map(|i| format!(r#"{{"type": "shell", "inline": ["echo {i} > /step-{i}"]}}"#))
        .collect();
    format!(
        r#"{{"builders": [{{"type": "docker", "image": "imagebake-bench/debian:12", "pull": false, "commit": true}}], "provisioners": [{}]}}"#,
        steps.join(", ")
    )
}

const CHAIN: &str = r#"{
  "builders": [{"type": "docker", "image": "imagebake-bench/busybox:1", "pull": false, "commit": true}],
  "provisioners": [
    {"type": "shell", "inline": ["echo hello > /hello"]},
    {"type": "file", "source": "HELLO", "destination": "/hello.txt"}
  ],
  "post-processors": [[
    {"type": "docker-tag", "repository": "imagebake-bench/chain", "tags": ["1"]},
    {"type": "docker-save", "path": "chain.tar"},
    {"type": "compress", "output": "chain.tar.gz"},
    {"type": "checksum", "checksum_types": ["sha256"], "output": "chain.sha256"},
    {"type": "manifest", "output": "manifest.json"}
  ]]
}"#;

const UPLOAD: &str = r#"{
  "builders": [{"type": "docker", "image": "imagebake-bench/busybox:1", "pull": false, "discard": true}],
  "provisioners": [
    {"type": "file", "source": "DATA/small/", "destination": "/small"},
    {"type": "file", "source": "DATA/image.raw", "destination": "/large"}
  ]
}"#;
