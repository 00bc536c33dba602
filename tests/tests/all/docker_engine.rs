//! What an engine does to a build that runs on it: an engine of the test's own dies, and has no room left.

use super::docker::{BASE, docker, make_base, make_tree};
use imagebake_tests::{
    TestContext, requires,
    sshd::{Kind, Server},
};
use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// An engine with 60 MB of room. It has a network of its own, or it would take the bridge of the one that others use.
struct OwnEngine {
    folder: tempfile::TempDir,
    daemon: Option<Child>,
}

impl OwnEngine {
    fn new() -> Self {
        make_base();
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("made");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=60m", "tmpfs"])
            .arg(&data)
            .status();
        assert!(mount.expect("mount runs").success());
        let mut engine = Self { folder, daemon: None };
        engine.start();
        let mut save = Command::new("docker")
            .args(["save", BASE])
            .stdout(Stdio::piped())
            .spawn()
            .expect("docker runs");
        let load = engine
            .docker()
            .arg("load")
            .stdin(save.stdout.take().expect("it is piped"))
            .output();
        assert!(load.expect("docker runs").status.success());
        save.wait().expect("it ended");
        engine
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn docker(&self) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host());
        command
    }

    fn containers(&self) -> String {
        let listed = self.docker().args(["ps", "-aq"]).output().expect("docker runs");
        assert!(listed.status.success());
        String::from_utf8_lossy(&listed.stdout).into_owned()
    }

    fn start(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let log = fs::File::create(path("log")).expect("made");
        let daemon = Command::new("unshare")
            .args(["--net", "dockerd", "--bridge", "none", "--iptables=false", "--host"])
            .arg(self.host())
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .stdout(log.try_clone().expect("cloned"))
            .stderr(log)
            .process_group(0)
            .spawn()
            .expect("dockerd runs");
        self.daemon = Some(daemon);
        let began = Instant::now();
        while !self
            .docker()
            .arg("version")
            .output()
            .expect("docker runs")
            .status
            .success()
        {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "{}",
                fs::read_to_string(path("log")).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// As a machine that loses its power does: no process of the engine's says anything any more.
    fn die(&mut self) {
        let Some(mut daemon) = self.daemon.take() else { return };
        let all = format!("-{}", daemon.id());
        let _ = Command::new("kill").args(["-9", "--", &all]).status();
        daemon.wait().expect("it ended");
        // What holds the containers has groups of its own.
        let folder = self.folder.path().to_string_lossy().into_owned();
        let _ = Command::new("pkill").args(["-9", "-f", &folder]).status();
        for name in ["pid", "exec/containerd"] {
            let path = self.folder.path().join(name);
            let _ = fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path));
        }
    }

    fn project(&self) -> TestContext {
        TestContext::new(env!("CARGO_BIN_EXE_docker-images"))
            .env("BASE", BASE)
            .env("SUFFIX", "own")
            .env("DOCKER_HOST", &self.host())
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        self.die();
        // What containers had mounted goes first.
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let below = self.folder.path().to_string_lossy().into_owned();
        let mut ours: Vec<&str> = mounts
            .lines()
            .filter_map(|line| line.split(' ').nth(1))
            .filter(|at| at.starts_with(&below))
            .collect();
        ours.sort_by_key(|at| std::cmp::Reverse(at.len()));
        for at in ours {
            let _ = Command::new("umount").args(["--lazy", at]).status();
        }
    }
}

#[test]
fn an_engine_that_dies_is_told_and_what_it_has_is_removed_when_it_is_back() {
    requires!("dockerd", "docker", "busybox", "unshare");
    let mut engine = OwnEngine::new();
    let project = engine.project();
    let mut build = project.command(&["build", "slow"]);
    let child = build.stderr(Stdio::piped()).spawn().expect("it runs");
    let began = Instant::now();
    while !project.path().join("started").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "the step does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    let socket = engine.socket().display().to_string();
    engine.die();
    let ended = child.wait_with_output().expect("it ended");
    let text = String::from_utf8_lossy(&ended.stderr).into_owned();
    // The container could not be removed: that is not forgotten.
    assert_eq!(ended.status.code(), Some(3), "{text}");
    assert!(
        text.contains(&socket) && text.contains("is the engine running?"),
        "{text}"
    );
    let text = project.run(&["cleanup"]).fails(3).text();
    assert!(text.contains("kept imagebake/docker-container"), "{text}");

    engine.start();
    assert_ne!(engine.containers(), "");
    project.run(&["cleanup"]).ok();
    assert_eq!(engine.containers(), "");
}

#[test]
fn an_engine_without_room_is_told_with_what_helps() {
    requires!("dockerd", "docker", "busybox", "unshare");
    let engine = OwnEngine::new();
    let project = engine.project();
    make_tree(&project);
    // The first does not fit at all; the second fits once, and not a second time as an image.
    for (megabytes, doing) in [(80, "write /data/big.bin"), (35, "cannot commit the container")] {
        let file = fs::File::create(project.path().join("big.bin")).expect("made");
        let mut noise = std::io::Read::take(fs::File::open("/dev/urandom").expect("opened"), megabytes << 20);
        std::io::copy(&mut noise, &mut &file).expect("written");
        let text = project.run(&["build", "web"]).fails(1).text();
        assert!(text.contains(doing) && text.contains("o space left"), "{text}");
        assert!(text.contains("docker system prune"), "{text}");
        assert_eq!(engine.containers(), "");
    }
    let images = engine.docker().args(["images", "-q"]).output().expect("docker runs");
    assert_eq!(String::from_utf8_lossy(&images.stdout).lines().count(), 1);
    // The engine that everybody uses has nothing of it.
    assert_eq!(docker(&["images", "-q", "imagebake-tests/web-own"]), "");
}

#[test]
fn an_engine_is_reached_over_ssh_and_told_where_a_file_ends() {
    requires!("dockerd", "docker", "busybox", "sshd", "ssh");
    make_base();
    let server = Server::start(Kind::OpenSsh, "");
    // The driver calls `ssh` as the user has set it up: here with a key and a known host of the test's own.
    let (key, known, bin) = (server.key(), server.path("known"), server.path("bin"));
    fs::write(&known, format!("[127.0.0.1]:{} {}", server.port, server.host_key())).expect("written");
    fs::create_dir(&bin).expect("made");
    let ssh = format!(
        "#!/bin/sh\nexec /usr/bin/ssh -i {key} -o UserKnownHostsFile={} \"$@\"\n",
        known.display()
    );
    fs::write(bin.join("ssh"), ssh).expect("written");
    fs::set_permissions(bin.join("ssh"), fs::Permissions::from_mode(0o755)).expect("set");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let project = TestContext::new(env!("CARGO_BIN_EXE_docker-images"))
        .env("BASE", BASE)
        .env("SUFFIX", "over-ssh")
        .env("PATH", &path)
        .env("DOCKER_HOST", &format!("ssh://root@127.0.0.1:{}", server.port));
    make_tree(&project);
    // The large file of `user` travels as the input of a program, which ends with it.
    project.run(&["build", "user"]).ok();
}
