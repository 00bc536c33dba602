//! What each setting of an SSH connection does, seen at real servers: keys, logins, what is on the way, time.

use super::ssh::{Agent, Proxy, project, says, without_login};
use imagebake_tests::{
    TestContext, requires,
    sshd::{Kind, Server, free_port},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

fn keygen(arguments: &[&str]) {
    let status = Command::new("ssh-keygen").arg("-q").args(arguments).status();
    assert!(status.expect("it runs").success(), "{arguments:?}");
}

/// A key beside the server's, and its path.
fn key(server: &Server, name: &str, passphrase: &str) -> String {
    let path = server.path(name).display().to_string();
    keygen(&["-t", "ed25519", "-N", passphrase, "-f", &path]);
    path
}

/// Lets whoever has the key in as the server's user.
fn authorize(server: &Server, key: &str) {
    let file = server.home().join(".ssh/authorized_keys");
    let known = fs::read_to_string(&file).expect("there");
    let public = fs::read_to_string(format!("{key}.pub")).expect("there");
    fs::write(&file, format!("{known}{public}")).expect("written");
}

/// With each of these settings beside the others.
fn with(project: &TestContext, settings: &[(&str, &str)], arguments: &[&str]) -> imagebake_tests::Output {
    imagebake_tests::finish(project.command(arguments).envs(settings.iter().copied()))
}

#[test]
fn keys_are_opened_and_what_is_wrong_with_them_is_told_by_validate() {
    requires!("root", "sshd", "ssh-keygen");
    let server = Server::start(Kind::OpenSsh, "");
    let locked = key(&server, "locked", "open sesame");
    authorize(&server, &locked);
    let project = project(&server).env("TARGET_KEY", &locked);
    with(&project, &[("TARGET_PASSPHRASE", "open sesame")], &["build", "hello"]).ok();
    let binary = server.path("binary").display().to_string();
    fs::write(&binary, [0xff, 0xfe, 0x00]).expect("written");
    let other = key(&server, "other", "");
    let public = format!("{other}.pub");
    for (settings, words) in [
        (
            vec![("TARGET_PASSPHRASE", "wrong")],
            [
                "cannot be opened",
                "is `private_key_passphrase` the right one?",
                "ssh_private_key_file",
            ],
        ),
        (vec![], ["is encrypted", "give its passphrase", "ssh_private_key_file"]),
        (
            vec![("TARGET_KEY", "nowhere")],
            [
                "cannot read the private key",
                "relative paths start at",
                "ssh_private_key_file",
            ],
        ),
        (
            vec![("TARGET_KEY", &*binary)],
            [
                "is no private key: it is no text",
                "OpenSSH's form",
                "ssh_private_key_file",
            ],
        ),
        (
            vec![("TARGET_KEY", &*other), ("TARGET_CERTIFICATE", "nowhere")],
            [
                "cannot read the certificate",
                "relative paths start at",
                "ssh_certificate_file",
            ],
        ),
        (
            vec![("TARGET_KEY", &*other), ("TARGET_CERTIFICATE", &*public)],
            [
                "is no OpenSSH certificate",
                "`ssh-keygen -s` writes",
                "ssh_certificate_file",
            ],
        ),
        (
            vec![("TARGET_KEY", ""), ("TARGET_AGENT", "1"), ("SSH_AUTH_SOCK", "")],
            ["`SSH_AUTH_SOCK` names none", "ssh-add", "ssh_agent_auth"],
        ),
    ] {
        let told = with(&project, &settings, &["validate", "hello"]).fails(2).text();
        says(&told, &words);
        says(&told, &["image hello · source null", "ssh-images.rs:"]);
        // The setting's own line, and not that of the source.
        let program = include_str!("../../src/bin/ssh-images.rs").lines();
        for (number, _) in program.enumerate().filter(|(_, line)| line.contains("Null::ssh")) {
            assert!(!told.contains(&format!("ssh-images.rs:{}\n", number + 1)), "{told}");
        }
    }
}

#[test]
fn a_refused_login_is_told_at_the_first_try() {
    requires!("root", "sshd", "ssh-keygen");
    let server = Server::start(
        Kind::OpenSsh,
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no",
    );
    let stranger = key(&server, "stranger", "");
    let project = without_login(&server)
        .env("TARGET_USER", &server.user)
        .env("TARGET_HOST_KEY", &server.host_key())
        .env("TARGET_ATTEMPTS", "2");
    for (setting, value, method) in [
        ("TARGET_PASSWORD", "not-the-password", "tried: password"),
        ("TARGET_KEY", &*stranger, "tried: publickey "),
    ] {
        let began = Instant::now();
        let mut command = project.command(&["build", "hello"]);
        let mut child = command
            .env(setting, value)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let told = lines
            .by_ref()
            .map(|line| line.expect("text"))
            .find(|line| line.contains("does not let"))
            .expect("the first try is told");
        let first = began.elapsed();
        let user = format!("does not let the user `{}` in", server.user);
        says(
            &told,
            &[
                &user,
                method,
                "ssh-images.rs:",
                "it is asked once more",
                "is it the right user, and does the server know the key or password?",
            ],
        );
        let rest: Vec<String> = lines.map(|line| line.expect("text")).collect();
        assert_eq!(child.wait().expect("it ends").code(), Some(1));
        let rest = rest.join("\n");
        says(
            &rest,
            &[&user, method, "the server takes: ", "field: ssh_user", "ssh-images.rs:"],
        );
        assert!(!format!("{told}{rest}").contains("not-the-password"), "{told}\n{rest}");
        // A pause of two seconds stands between two tries.
        assert!(first < Duration::from_secs(10), "{first:?}");
        let after = began.elapsed() - first;
        assert!(
            after > Duration::from_millis(1500),
            "it was told at the last try only: {after:?}"
        );
    }
    let refused = server.log().matches("Failed password").count();
    assert_eq!(refused, 2, "as often as `handshake_attempts` says: {}", server.log());
}

#[test]
fn the_agent_stays_outside_where_it_is_not_to_be_forwarded() {
    requires!("root", "sshd", "ssh-agent");
    let server = Server::start(Kind::OpenSsh, "");
    let agent = Agent::start(&server);
    let project = project(&server)
        .env("SSH_AUTH_SOCK", &agent.socket)
        .env("SCRIPT", "echo the agent: ${SSH_AUTH_SOCK:-none}");
    says(&project.run(&["build", "hello"]).ok().text(), &["the agent: /tmp/"]);
    let kept = with(&project, &[("TARGET_NO_FORWARDING", "1")], &["build", "hello"]).ok();
    says(&kept.text(), &["the agent: none"]);
}

#[test]
fn key_exchanges_are_those_that_are_named() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "KexAlgorithms ecdh-sha2-nistp384");
    let project = project(&server);
    with(&project, &[("TARGET_KEX", "ecdh-sha2-nistp384")], &["build", "hello"]).ok();
    let failed = with(&project, &[("TARGET_KEX", "curve25519-sha256")], &["build", "hello"]).fails(1);
    says(
        &failed.text(),
        &[
            "no key exchange in common",
            "ecdh-sha2-nistp384",
            "curve25519-sha256",
            "look at `key_exchange_algorithms`",
        ],
    );
    for (setting, word, near) in [
        (
            "TARGET_KEX",
            "ecdh-sha2-nistp38",
            "did you mean `ecdh-sha2-nistp384`? there are mlkem768x25519-sha256, ",
        ),
        ("TARGET_CIPHER", "blowfish", "there are aes256-gcm@openssh.com, "),
    ] {
        let told = with(&project, &[(setting, word)], &["plan", "hello"]).fails(2).text();
        says(&told, &[&format!("`{word}` is no "), near, "ssh-images.rs:"]);
    }
}

#[test]
fn a_bastion_lets_in_whom_its_settings_name() {
    requires!("root", "sshd", "ssh-keygen", "ssh-agent", "ssh-add");
    let (server, mut bastion) = (Server::start(Kind::OpenSsh, ""), Server::start(Kind::OpenSsh, ""));
    let (signed, authority) = (key(&bastion, "signed", ""), key(&bastion, "authority", ""));
    keygen(&[
        "-s",
        &authority,
        "-I",
        "me",
        "-n",
        &bastion.user,
        &format!("{signed}.pub"),
    ]);
    let certificate = format!("{signed}-cert.pub");
    let project = project(&server)
        .env("BASTION_USER", &bastion.user)
        .env("BASTION_PORT", &bastion.port.to_string())
        .env("BASTION_HOST_KEY", &bastion.host_key());
    let agent = Agent::start(&bastion);
    agent.add(&bastion.key());
    let by_agent = [("BASTION_AGENT", "1"), ("SSH_AUTH_SOCK", agent.socket.as_str())];
    with(&project, &by_agent, &["build", "hello"]).ok();

    // The machine's key is tried where there is none for the bastion.
    let refused = with(&project, &[], &["build", "hello"]).fails(1);
    says(
        &refused.text(),
        &[
            "the bastion",
            "tried: publickey ",
            "field: bastion_user",
            "ssh-images.rs:",
        ],
    );
    authorize(&bastion, &server.key());
    with(&project, &[], &["build", "hello"]).ok();

    bastion.set(&format!("TrustedUserCAKeys {authority}.pub"));
    let by_certificate = [
        ("BASTION_KEY", signed.as_str()),
        ("BASTION_CERTIFICATE", certificate.as_str()),
    ];
    with(&project, &by_certificate, &["build", "hello"]).ok();
    says(&bastion.log(), &["ED25519-CERT"]);

    bastion.set("PasswordAuthentication no\nPubkeyAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes");
    let password = bastion.password.clone();
    with(&project, &[("BASTION_PASSWORD", &password)], &["build", "hello"]).ok();
    says(&bastion.log(), &["Accepted keyboard-interactive"]);
    for (name, words) in [
        (
            "BASTION_KEY",
            ["cannot read the private key", "field bastion_private_key_file"],
        ),
        (
            "BASTION_CERTIFICATE",
            ["cannot read the certificate", "field bastion_certificate_file"],
        ),
    ] {
        let wrong = [by_certificate[0], (name, "nowhere")];
        let told = with(&project, &wrong, &["validate", "hello"]).fails(2).text();
        says(&told, &words);
    }
}

#[test]
fn what_is_not_there_on_the_way_is_told_by_validate() {
    requires!("root", "sshd");
    let server = Server::start(Kind::OpenSsh, "");
    let nowhere = free_port().to_string();
    let proxy = format!("socks5:{nowhere}");
    for (settings, words) in [
        (
            vec![("BASTION_USER", "root"), ("BASTION_PORT", &*nowhere)],
            ["the bastion cannot be used", "field bastion_host"],
        ),
        (
            vec![("PROXY", &*proxy)],
            ["the proxy cannot be used", "field proxy_host"],
        ),
    ] {
        let began = Instant::now();
        let told = with(&project(&server), &settings, &["build", "hello"]).fails(2).text();
        says(&told, &words);
        says(
            &told,
            &[
                &format!("cannot connect to 127.0.0.1:{nowhere}"),
                "look whether the",
                "ssh-images.rs:",
            ],
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
}

#[test]
fn time_is_what_the_settings_say() {
    requires!("root", "sshd", "python3");
    let server = Server::start(Kind::OpenSsh, "");
    let project = project(&server);
    let lasted = |settings: &[(&str, &str)], code: i32| {
        let began = Instant::now();
        let output = with(&project, settings, &["build", "hello"]);
        assert_eq!(output.code, code, "{}", output.text());
        (output.text(), began.elapsed())
    };
    let (_, paused) = lasted(&[("TARGET_PAUSE", "2")], 0);
    assert!(paused >= Duration::from_secs(2), "{paused:?}");
    // Asking whether the server is there is an answer; where nobody asks, silence is the end.
    let quiet = |interval| {
        [
            ("TARGET_SILENCE", "3"),
            ("SCRIPT", "sleep 5"),
            ("TARGET_KEEP_ALIVE", interval),
        ]
    };
    lasted(&quiet("1"), 0);
    let (told, ended) = lasted(&quiet("0"), 1);
    says(&told, &["was lost"]);
    assert!(ended < Duration::from_secs(15), "{ended:?}");
    // The older name goes before the newer one.
    let nobody = free_port().to_string();
    let times = [
        ("TARGET_PORT", &*nobody),
        ("TARGET_TIMEOUT", "60"),
        ("TARGET_WAIT_TIMEOUT", "1"),
    ];
    let (told, _) = lasted(&times, 1);
    says(&told, &["waited 1s for SSH"]);
    // A port of a tunnel that somebody has.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let (told, _) = lasted(&[("TARGET_LOCAL_TUNNEL", &format!("{port}:localhost:1"))], 1);
    says(
        &told,
        &[
            &format!("cannot listen at localhost:{port} for a tunnel"),
            "choose another port",
        ],
    );
    // With its login a proxy is used, and it is not shown.
    let proxy = Proxy::start("http", Some("the-proxy-pw"));
    let told = format!("http:{}", proxy.port);
    let (said, _) = lasted(&[("PROXY", &told), ("PROXY_PASSWORD", "the-proxy-pw")], 0);
    assert!(proxy.used() && !said.contains("the-proxy-pw"), "{said}");
}
