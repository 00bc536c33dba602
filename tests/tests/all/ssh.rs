//! Machines over SSH: real servers, OpenSSH and dropbear.

use imagebake_tests::{
    TestContext, requires,
    sshd::{Kind, Server, free_port},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A project whose machine is `server`, where its user logs in with the key.
pub(crate) fn project(server: &Server) -> TestContext {
    without_login(server)
        .env("TARGET_USER", &server.user)
        .env("TARGET_KEY", &server.key())
        .env("TARGET_HOST_KEY", &server.host_key())
}

pub(crate) fn without_login(server: &Server) -> TestContext {
    let project = TestContext::new(env!("CARGO_BIN_EXE_ssh-images"));
    // Whoever runs the tests has host keys of their own.
    let home = project.path().display().to_string();
    project
        .env("HOME", &home)
        .env("TARGET_PORT", &server.port.to_string())
        .env("CONTRACT_FOLDER", &format!("/tmp/contract-{}", server.user))
}

#[track_caller]
pub(crate) fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

/// The contract looks at the process list, which the servers of these tests share.
static ALONE: Mutex<()> = Mutex::new(());

#[track_caller]
fn contract_holds(server: &Server, project: &TestContext) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let output = project.run(&["build", "contract"]);
    assert_eq!(output.code, 0, "{}\n{}", output.text(), server.log());
}

#[test]
fn the_contract_holds_for_openssh() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    contract_holds(&server, &project(&server));
    // Root may do more, and has another shell.
    contract_holds(&server, &project(&server).env("TARGET_USER", "root"));
}

#[test]
fn the_contract_holds_for_dropbear() {
    requires!("root", "dropbear");
    let server = Server::start(Kind::Dropbear, "");
    contract_holds(&server, &project(&server));
}

#[test]
fn the_contract_holds_with_sftp() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    contract_holds(&server, &project(&server).env("TARGET_TRANSFER", "sftp"));
}

fn sha256(bytes: &[u8]) -> String {
    let kind = imagebake::io::DigestKind::Sha256;
    let digests = imagebake::io::digest_bytes(bytes, [kind]);
    digests.get(kind).expect("computed").to_owned()
}

#[test]
fn large_files_and_trees_go_every_way() {
    requires!("root", "sshd", "scp");
    let server = Server::start(Kind::OpenSsh, "");
    for way in ["stream", "sftp", "scp"] {
        let project = project(&server).env("TARGET_TRANSFER", way);
        let large: Vec<u8> = (0..48_u32 << 20)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect();
        fs::write(project.path().join("large.bin"), &large).expect("written");
        project.write("tree/sub/program", "#!/bin/sh\n");
        project.write("tree/word", "a word\n");
        let path = |name: &str| project.path().join(name);
        fs::set_permissions(path("tree/sub/program"), fs::Permissions::from_mode(0o750)).expect("set");
        std::os::unix::fs::symlink("word", path("tree/link")).expect("linked");
        fs::write(path("tree/sub/larger"), &large[..300 << 10]).expect("written");
        fs::hard_link(path("tree/word"), path("tree/another name")).expect("linked");
        let text = project.run(&["build", "files"]).ok().text();
        let digest = sha256(&large);
        let shown = project.run(&["show", "last", "--output", "json"]).ok().json();
        let recorded = shown["origin"]["files"].as_array().expect("files").iter().map(|file| {
            let path = file["path"].as_str().expect("a path");
            let sha256 = file["sha256"].as_str().expect("a digest");
            (path.rsplit('/').next().unwrap_or_default(), sha256.to_owned())
        });
        let expected = [
            ("large.bin", digest.clone()),
            ("another name", sha256(b"a word\n")),
            ("larger", sha256(&large[..300 << 10])),
            ("program", sha256(b"#!/bin/sh\n")),
            ("word", sha256(b"a word\n")),
        ];
        assert_eq!(recorded.collect::<Vec<_>>(), expected, "{way}");
        says(&text, &[&digest, "640 large.bin", "750 tree/sub/program", "a word"]);
        assert!(
            fs::read(path("back.bin")).expect("read") == large,
            "{way}: other bytes came back"
        );
        assert_eq!(project.read("back/link"), "a word\n");
        let mode = fs::metadata(path("back/sub/program"))
            .expect("read")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o750, "{way}");
    }
}

#[test]
fn what_a_login_shell_says_and_does_by_itself_is_told_from_commands() {
    requires!("root", "sshd", "bash");
    let mut server = Server::start(Kind::OpenSsh, "");
    let changed = Command::new("usermod").args(["-s", "/bin/bash", &server.user]).status();
    assert!(changed.expect("usermod runs").success());
    let file = server.home().join(".bashrc");
    let rc = |text: &str| fs::write(&file, text).expect("written");
    rc("echo welcome; echo look out >&2; sleep 0.05; printf 'no end of a line'\n");
    contract_holds(&server, &project(&server));
    rc("case $- in *i*) ;; *) echo not for you; exit 0;; esac\n");
    let refused = project(&server).run(&["build", "hello"]).fails(1);
    says(
        &refused.text(),
        &[
            "the login shell of",
            "ended with exit code 0 and did not run",
            "it said: not for you",
            "`.bashrc`",
        ],
    );
    // A server of its own for SFTP is a program that this shell starts.
    server.set("Subsystem sftp /usr/lib/openssh/sftp-server");
    rc("echo hi\n");
    let by_sftp = project(&server).env("TARGET_TRANSFER", "sftp");
    let began = Instant::now();
    let refused = by_sftp.run(&["build", "hello"]).fails(1);
    says(
        &refused.text(),
        &[
            "the server's SFTP cannot be used: the login shell prints `hi` before it",
            "print nothing where there is no terminal",
        ],
    );
    assert!(began.elapsed() < Duration::from_secs(20), "{}", refused.text());
    rc("echo aside >&2\n");
    by_sftp.run(&["build", "hello"]).ok();
}

#[test]
fn more_commands_at_once_than_a_connection_may_have_wait_for_each_other() {
    requires!("root", "sshd");
    // OpenSSH's own number, and fewer.
    for settings in ["", "MaxSessions 3"] {
        let server = Server::start(Kind::OpenSsh, settings);
        project(&server).run(&["build", "many"]).ok();
        let logins = server.log().matches("Accepted publickey").count();
        assert_eq!(logins, 1, "one connection is enough: {}", server.log());
    }
}

#[test]
fn ten_megabytes_of_output_arrive() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    let line = "i=0; while [ $i -lt 10000 ]; do printf '%01023d\\n' $i; i=$((i+1)); done";
    let project = project(&server).env("SCRIPT", line);
    let text = project.run(&["build", "hello"]).ok().text();
    let lines: Vec<&str> = text.lines().filter(|line| line.len() > 1000).collect();
    assert_eq!(lines.len(), 10_000);
    let ends = |line: &&str, number: usize| line.ends_with(&format!("{number:08}"));
    assert!(lines.iter().enumerate().all(|(number, line)| ends(line, number)));
}

#[test]
fn commands_get_a_terminal_where_they_need_one() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    let project = project(&server)
        .env("TARGET_PTY", "1")
        .env("SCRIPT", "test -t 1 && echo on $(tty); echo \"name $IMAGEBAKE_IMAGE\"");
    let text = project.run(&["build", "hello"]).ok().text();
    says(&text, &["on /dev/pts/", "name hello"]);
}

#[test]
fn a_key_of_the_agent_logs_in_and_the_agent_is_forwarded() {
    requires!("root", "sshd", "ssh-agent", "ssh-add");
    let server = Server::start(Kind::OpenSsh, "");
    let agent = Agent::start(&server);
    let project = without_login(&server)
        .env("TARGET_USER", &server.user)
        .env("TARGET_HOST_KEY", &server.host_key())
        .env("TARGET_AGENT", "1");
    let output = project.run(&["build", "hello"]).fails(2);
    says(&output.text(), &["SSH_AUTH_SOCK"]);
    let project = project.env("SSH_AUTH_SOCK", &agent.socket);
    let output = project.run(&["build", "hello"]).fails(1);
    says(&output.text(), &["the agent, which has no key"]);
    agent.add(&server.key());
    let project = project.env("SCRIPT", "ssh-add -l; echo hello");
    let output = project.run(&["build", "hello"]).ok();
    says(&output.text(), &["ED25519", "hello"]);
}

#[test]
fn a_certificate_logs_in() {
    requires!("root", "sshd", "ssh-keygen");
    let mut server = Server::start(Kind::OpenSsh, "");
    let keygen = |arguments: &[&str]| {
        let status = Command::new("ssh-keygen").arg("-q").args(arguments).status();
        assert!(status.expect("it runs").success());
    };
    let path = |name: &str| server.path(name).display().to_string();
    keygen(&["-t", "ed25519", "-N", "", "-f", &path("authority")]);
    keygen(&["-t", "ed25519", "-N", "", "-f", &path("signed")]);
    keygen(&[
        "-s",
        &path("authority"),
        "-I",
        "me",
        "-n",
        &server.user,
        &path("signed.pub"),
    ]);
    let project = project(&server).env("TARGET_KEY", &path("signed"));
    let output = project.run(&["build", "hello"]).fails(1);
    says(&output.text(), &["publickey", "signed"]);
    server.set(&format!("TrustedUserCAKeys {}", server.path("authority.pub").display()));
    let certificate = server.path("signed-cert.pub").display().to_string();
    let project = project.env("TARGET_CERTIFICATE", &certificate);
    project.run(&["build", "hello"]).ok();
    says(&server.log(), &["ED25519-CERT"]);
    // One of another key is told before anything is connected to.
    let output = project.env("TARGET_KEY", &server.key()).run(&["validate", "hello"]);
    assert_ne!(output.code, 0);
    says(&output.text(), &["is not a certificate of the key"]);
}

#[test]
fn keyboard_interactive_is_answered_with_the_password() {
    requires!("root", "sshd");
    let mut server = Server::start(Kind::OpenSsh, "");
    server.set("PasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes");
    let project = without_login(&server)
        .env("TARGET_USER", &server.user)
        .env("TARGET_HOST_KEY", &server.host_key())
        .env("TARGET_PASSWORD", &server.password);
    project.run(&["build", "hello"]).ok();
    says(&server.log(), &["Accepted keyboard-interactive"]);
    let output = project
        .env("TARGET_PASSWORD", "wrong")
        .run(&["build", "hello"])
        .fails(1);
    says(&output.text(), &["keyboard-interactive with the password"]);
}

#[test]
fn a_bastion_is_on_the_way() {
    requires!("root", "sshd");
    let (server, bastion) = (Server::start(Kind::OpenSsh, ""), Server::start(Kind::OpenSsh, ""));
    let project = project(&server)
        .env("BASTION_USER", &bastion.user)
        .env("BASTION_PORT", &bastion.port.to_string())
        .env("BASTION_KEY", &bastion.key())
        .env("BASTION_HOST_KEY", &bastion.host_key());
    contract_holds(&server, &project);
    says(&bastion.log(), &[&format!("Accepted publickey for {}", bastion.user)]);
    // Its host key is looked at as well, and what it refuses is told as its refusal.
    let output = project
        .env("BASTION_HOST_KEY", &server.host_key())
        .run(&["build", "hello"])
        .fails(1);
    says(&output.text(), &["the host key of", &bastion.port.to_string()]);
    let project = self::project(&server)
        .env("BASTION_USER", &bastion.user)
        .env("BASTION_PORT", &bastion.port.to_string())
        .env("BASTION_HOST_KEY", &bastion.host_key())
        .env("BASTION_PASSWORD", "wrong");
    let output = project.run(&["build", "hello"]).fails(1);
    says(&output.text(), &["the bastion", &bastion.user, "tried"]);
}

#[test]
fn proxies_are_on_the_way() {
    requires!("root", "sshd", "python3");
    let server = Server::start(Kind::OpenSsh, "");
    for kind in ["socks5", "http"] {
        let proxy = Proxy::start(kind, None);
        let log = project(&server)
            .env("PROXY", &format!("{kind}:{}", proxy.port))
            .run(&["build", "hello"])
            .ok();
        says(&log.text(), &["hello from"]);
        assert!(proxy.used(), "{kind} was not used");
        let proxy = Proxy::start(kind, Some("the-proxy-pw"));
        let told = format!("{kind}:{}", proxy.port);
        let project = project(&server).env("PROXY", &told).env("PROXY_PASSWORD", "wrong-pw");
        let output = project.run(&["build", "hello"]).fails(1);
        says(&output.text(), &["the proxy", "refuses the login"]);
        assert!(!output.text().contains("wrong-pw"), "{}", output.text());
        project
            .env("PROXY_PASSWORD", "the-proxy-pw")
            .run(&["build", "hello"])
            .ok();
    }
}

#[test]
fn tunnels_lead_to_both_sides() {
    requires!("root", "sshd", "python3");
    let server = Server::start(Kind::OpenSsh, "");
    let web = free_port();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("word"), "through the tunnel\n").expect("written");
    let mut child = Command::new("python3")
        .args([
            "-m",
            "http.server",
            &web.to_string(),
            "--bind",
            "127.0.0.1",
            "--directory",
        ])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    wait(|| std::net::TcpStream::connect(("127.0.0.1", web)).is_ok());
    let (there, here) = (free_port(), free_port());
    // The guest asks at its own port, whose way leads over the builder; the builder's own port leads back over the guest.
    let fetch = |port: u16| {
        format!(
            "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/word').read().decode())\""
        )
    };
    let output = project(&server)
        .env("TARGET_REMOTE_TUNNEL", &format!("{there}:127.0.0.1:{web}"))
        .env("TARGET_LOCAL_TUNNEL", &format!("{here}:127.0.0.1:{web}"))
        .env("SCRIPT", &format!("{}; {}", fetch(there), fetch(here)))
        .run(&["build", "hello"]);
    let _ = child.kill();
    let _ = child.wait();
    let text = output.ok().text();
    assert_eq!(text.matches("through the tunnel").count(), 2, "{text}");
}

#[test]
fn algorithms_in_common_are_needed_and_told() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "Ciphers aes128-ctr");
    project(&server).run(&["build", "hello"]).ok();
    let output = project(&server)
        .env("TARGET_CIPHER", "chacha20-poly1305@openssh.com")
        .run(&["build", "hello"])
        .fails(1);
    says(
        &output.text(),
        &["no cipher in common", "aes128-ctr", "chacha20-poly1305@openssh.com"],
    );
}

/// An agent without keys; gone with its value.
pub(crate) struct Agent {
    pub(crate) socket: String,
    child: std::process::Child,
}

impl Agent {
    pub(crate) fn start(server: &Server) -> Self {
        let socket = server.path("agent.sock").display().to_string();
        let child = Command::new("ssh-agent")
            .args(["-D", "-a", &socket])
            .stdout(Stdio::null())
            .spawn();
        let agent = Self {
            child: child.expect("it starts"),
            socket,
        };
        wait(|| fs::metadata(&agent.socket).is_ok());
        agent
    }

    pub(crate) fn add(&self, key: &str) {
        let status = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .status();
        assert!(status.expect("it runs").success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small proxy in Python; gone with its value.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    folder: tempfile::TempDir,
    child: std::process::Child,
}

impl Proxy {
    pub(crate) fn start(kind: &str, password: Option<&str>) -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a folder"));
        let script = folder.path().join("proxy.py");
        fs::write(&script, include_str!("proxy.py")).expect("written");
        let child = Command::new("python3")
            .arg(&script)
            .args([kind, &port.to_string()])
            .arg(folder.path().join("used"))
            .args(password)
            .spawn();
        let proxy = Self {
            port,
            folder,
            child: child.expect("it starts"),
        };
        wait(|| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        proxy
    }

    pub(crate) fn used(&self) -> bool {
        self.folder.path().join("used").exists()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_wrong_password_is_told_with_all_that_was_tried() {
    requires!("root", "sshd");
    let server = Server::start(
        Kind::OpenSsh,
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no",
    );
    let project = without_login(&server)
        .env("TARGET_USER", &server.user)
        .env("TARGET_HOST_KEY", &server.host_key())
        .env("TARGET_PASSWORD", "not-the-password");
    let began = Instant::now();
    let output = project.run(&["build", "hello"]).fails(1);
    let text = output.text();
    let place = format!("127.0.0.1:{}", server.port);
    says(&text, &[&place, &server.user, "tried", "password", "publickey"]);
    assert!(!text.contains("not-the-password"), "{text}");
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "it was asked more than once: {:?}",
        began.elapsed()
    );

    let password = server.password.clone();
    let output = project.env("TARGET_PASSWORD", &password).run(&["build", "hello"]).ok();
    says(&output.text(), &[&format!("hello from {}", server.user)]);
}

#[test]
fn another_host_key_is_refused_with_both_fingerprints() {
    requires!("root", "sshd");
    let (server, other) = (Server::start(Kind::OpenSsh, ""), Server::start(Kind::OpenSsh, ""));
    let print = |server: &Server| {
        let file = server.path("host.pub").display().to_string();
        let output = Command::new("ssh-keygen")
            .args(["-lf", &file])
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.split_whitespace().nth(1).expect("a fingerprint").to_owned()
    };
    let output = project(&server)
        .env("TARGET_HOST_KEY", &other.host_key())
        .run(&["build", "hello"])
        .fails(1);
    says(
        &output.text(),
        &["host key", &print(&server), &print(&other), "host_key"],
    );
    // A fingerprint does as well as the key.
    project(&server)
        .env("TARGET_HOST_KEY", &print(&server))
        .run(&["build", "hello"])
        .ok();
}

#[test]
fn the_first_host_key_is_recorded_and_binding() {
    requires!("root", "sshd");
    let mut server = Server::start(Kind::OpenSsh, "");
    let project = project(&server).env("TARGET_HOST_KEY", "");
    let output = project.run(&["plan", "hello"]).ok();
    says(
        &output.text(),
        &["no host key of 127.0.0.1 is given", "trusted and recorded"],
    );
    let output = project.run(&["build", "hello"]).ok();
    says(&output.text(), &["was not known", "SHA256:"]);
    let recorded = project.read(".imagebake/known_hosts");
    let key = server.host_key();
    let blob = key.split_whitespace().nth(1).expect("a key");
    assert!(
        recorded.starts_with(&format!("[127.0.0.1]:{} ssh-ed25519 {blob}", server.port)),
        "{recorded}"
    );
    let output = project.run(&["build", "hello"]).ok();
    assert!(!output.text().contains("was not known"), "{}", output.text());

    server.down();
    for file in ["host", "host.pub"] {
        fs::remove_file(server.path(file)).expect("removed");
    }
    let file = server.path("host").display().to_string();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", &file])
        .status();
    assert!(made.expect("it runs").success());
    server.up();
    let output = project.run(&["build", "hello"]).fails(1);
    says(&output.text(), &["host key", "known_hosts", "line 1"]);

    // What the user's own file knows counts as well.
    fs::remove_file(project.path().join(".imagebake/known_hosts")).expect("removed");
    let line = |server: &Server| format!("[127.0.0.1]:{} {}", server.port, server.host_key());
    project.write(".ssh/known_hosts", &line(&server));
    let output = project.run(&["build", "hello"]).ok();
    assert!(!output.text().contains("was not known"), "{}", output.text());
    assert!(!project.path().join(".imagebake/known_hosts").exists());
}

#[test]
fn a_step_that_is_cancelled_ends_in_the_machine() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    let script = "echo $$ > pid; sleep 300; echo never";
    let project = project(&server).env("SCRIPT", script);
    let mut child = project.spawn(&["build", "hello"]);
    let pid = server.home().join("pid");
    wait(|| fs::read_to_string(&pid).is_ok_and(|text| !text.is_empty()));
    let process = fs::read_to_string(&pid).expect("read").trim().to_owned();
    let alive = || fs::metadata(format!("/proc/{process}")).is_ok();
    assert!(alive());
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    wait(|| !alive());
}

#[test]
fn a_reboot_in_the_middle_of_a_step_is_survived_where_it_is_expected() {
    requires!("root", "sshd");
    let mut server = Server::start(Kind::OpenSsh, "");
    let project = project(&server);
    let mark = server.home().join("rebooting");
    let mut command = project.command(&["build", "reboot"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    wait(|| mark.exists());
    server.down();
    // The time that a machine takes.
    std::thread::sleep(Duration::from_millis(1500));
    server.up();
    let output = child.wait_with_output().expect("it ends");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    says(&text, &["the connection ended as expected", "back again"]);

    fs::remove_file(&mark).expect("removed");
    let mut command = project.command(&["build", "cut"]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    wait(|| mark.exists());
    server.down();
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    says(&text, &["was lost", "expect_disconnect"]);
}

#[test]
fn a_server_is_connected_to_as_soon_as_it_answers() {
    requires!("root", "sshd");
    let mut server = Server::start(Kind::OpenSsh, "");
    server.down();
    let project = project(&server);
    let mut command = project.command(&["build", "hello"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().expect("asked").is_none(), "it did not wait");
    server.up();
    let began = Instant::now();
    assert!(child.wait().expect("it ends").success());
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn a_server_that_says_nothing_is_told_after_its_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port().to_string();
    let project = TestContext::new(env!("CARGO_BIN_EXE_ssh-images"))
        .env("TARGET_PORT", &port)
        .env("TARGET_PASSWORD", "x")
        .env("TARGET_TIMEOUT", "3");
    let began = Instant::now();
    let output = project.run(&["build", "hello"]).fails(1);
    says(&output.text(), &["waited 3s", &format!("127.0.0.1:{port}")]);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop(silent);
    let output = project
        .env("TARGET_PORT", &free_port().to_string())
        .run(&["build", "hello"])
        .fails(1);
    says(&output.text(), &["waited 3s", "efused"]);
}

#[test]
fn a_server_that_stalls_is_noticed() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    let project = project(&server)
        .env("TARGET_KEEP_ALIVE", "1")
        .env("SCRIPT", "echo $$ > pid; sleep 300");
    let mut command = project.command(&["build", "hello"]);
    let child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let pid = server.home().join("pid");
    wait(|| pid.exists());
    server.freeze();
    let began = Instant::now();
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    says(&text, &["was lost"]);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn what_cannot_work_is_told_by_plan() {
    let project = TestContext::new(env!("CARGO_BIN_EXE_ssh-images"))
        .env("TARGET_KEY", "id")
        .env("TARGET_CIPHER", "aes256-gcm")
        .env("TARGET_HOST_KEY", "SHA256:abc")
        .env("TARGET_LOCAL_TUNNEL", "80:web");
    let output = project.run(&["plan", "hello"]).fails(2);
    says(
        &output.text(),
        &[
            "`aes256-gcm` is no cipher",
            "did you mean `aes256-gcm@openssh.com`?",
            "43 letters",
            "is no tunnel",
            "ssh-images.rs:",
        ],
    );
    let project = TestContext::new(env!("CARGO_BIN_EXE_ssh-images")).env("TARGET_KEY", "id");
    let output = project.run(&["validate", "hello"]).fails(2);
    says(&output.text(), &["cannot read the private key", "id"]);
    project.write("id", "no key at all");
    let output = TestContext::run(&project.env("TARGET_KEY", "id"), &["validate", "hello"]);
    assert_ne!(output.code, 0, "{}", output.text());
}

#[track_caller]
fn wait(until: impl Fn() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited too long");
        std::thread::sleep(Duration::from_millis(20));
    }
}
