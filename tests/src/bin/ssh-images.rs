//! A user's program for the tests over SSH. The server is in the environment, put there by the tests.

use imagebake::{
    communicator::{Command, contract::CommunicatorContract, ssh::FileTransfer},
    prelude::*,
};
use std::{process::ExitCode, time::Duration};

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn number(name: &str) -> Option<u32> {
    told(name).and_then(|number| number.parse().ok())
}

/// So many seconds.
fn seconds(name: &str) -> Option<Duration> {
    number(name).map(|number| Duration::from_secs(number.into()))
}

/// Settings that few tests ask for.
fn adjusted(mut ssh: Ssh) -> Ssh {
    if let Some(passphrase) = told("TARGET_PASSPHRASE") {
        ssh = ssh.private_key_passphrase(Secret::literal(passphrase).named("passphrase"));
    }
    if told("TARGET_NO_FORWARDING").is_some() {
        ssh = ssh.disable_agent_forwarding(true);
    }
    if let Some(attempts) = number("TARGET_ATTEMPTS") {
        ssh = ssh.handshake_attempts(attempts);
    }
    if let Some(name) = told("TARGET_KEX") {
        ssh = ssh.key_exchange_algorithms([name]);
    }
    if let Some(pause) = seconds("TARGET_PAUSE") {
        ssh = ssh.pause_before_connecting(pause);
    }
    if let Some(silence) = seconds("TARGET_SILENCE") {
        ssh = ssh.read_write_timeout(silence);
    }
    match seconds("TARGET_WAIT_TIMEOUT") {
        Some(time) => ssh.wait_timeout(time),
        None => ssh,
    }
}

/// The machine, as the environment describes it.
fn machine() -> Ssh {
    let mut ssh = Ssh::user(told("TARGET_USER").unwrap_or_else(|| "root".to_owned()))
        .host(told("TARGET_HOST").unwrap_or_else(|| "127.0.0.1".to_owned()))
        .timeout(Duration::from_secs(20));
    if let Some(port) = told("TARGET_PORT").and_then(|port| port.parse().ok()) {
        ssh = ssh.port(port);
    }
    if let Some(key) = told("TARGET_KEY") {
        ssh = ssh.private_key_file(key);
    }
    if let Some(certificate) = told("TARGET_CERTIFICATE") {
        ssh = ssh.certificate_file(certificate);
    }
    if told("TARGET_AGENT").is_some() {
        ssh = ssh.agent_auth(true);
    }
    if let Some(password) = told("TARGET_PASSWORD") {
        ssh = ssh.password(Secret::literal(password).named("password"));
    }
    if let Some(key) = told("TARGET_HOST_KEY") {
        ssh = ssh.host_key(key);
    }
    if told("TARGET_PTY").is_some() {
        ssh = ssh.pty(true);
    }
    match told("TARGET_TRANSFER").as_deref() {
        Some("sftp") => ssh = ssh.file_transfer_method(FileTransfer::Sftp),
        Some("scp") => ssh = ssh.file_transfer_method(FileTransfer::Scp),
        _ => {}
    }
    if let Some(time) = seconds("TARGET_TIMEOUT") {
        ssh = ssh.timeout(time);
    }
    if let Some(interval) = seconds("TARGET_KEEP_ALIVE") {
        ssh = ssh.keep_alive_interval(interval);
    }
    if let Some(cipher) = told("TARGET_CIPHER") {
        ssh = ssh.ciphers([cipher]);
    }
    if let Some(tunnel) = told("TARGET_LOCAL_TUNNEL") {
        ssh = ssh.local_tunnel(tunnel);
    }
    if let Some(tunnel) = told("TARGET_REMOTE_TUNNEL") {
        ssh = ssh.remote_tunnel(tunnel);
    }
    if let (Some(user), Some(port)) = (
        told("BASTION_USER"),
        told("BASTION_PORT").and_then(|port| port.parse().ok()),
    ) {
        let mut bastion = Bastion::host("127.0.0.1", user).bastion_port(port);
        if let Some(key) = told("BASTION_KEY") {
            bastion = bastion.bastion_private_key_file(key);
        }
        if let Some(certificate) = told("BASTION_CERTIFICATE") {
            bastion = bastion.bastion_certificate_file(certificate);
        }
        if told("BASTION_AGENT").is_some() {
            bastion = bastion.bastion_agent_auth(true);
        }
        if let Some(password) = told("BASTION_PASSWORD") {
            bastion = bastion.bastion_password(Secret::literal(password));
        }
        if let Some(key) = told("BASTION_HOST_KEY") {
            bastion = bastion.bastion_host_key(key);
        }
        ssh = ssh.bastion(bastion);
    }
    if let Some((kind, port)) = told("PROXY").and_then(|proxy| {
        let (kind, port) = proxy.split_once(':')?;
        Some((kind.to_owned(), port.parse().ok()?))
    }) {
        let mut proxy = match kind.as_str() {
            "http" => Proxy::http("127.0.0.1", port),
            _ => Proxy::socks5("127.0.0.1", port),
        };
        if let Some(password) = told("PROXY_PASSWORD") {
            proxy = proxy.proxy_user("proxy-user").proxy_password(Secret::literal(password));
        }
        ssh = ssh.proxy(proxy);
    }
    adjusted(ssh)
}

/// Commands, files and trees as the contract wants them.
#[image]
fn contract() -> Image {
    let folder = told("CONTRACT_FOLDER").unwrap_or_else(|| "/tmp/imagebake contract".to_owned());
    Image::new()
        .source(Null::ssh(machine()))
        .provision(CommunicatorContract::in_folder(folder))
}

/// A large file and a tree, there and back.
#[image]
fn files() -> Image {
    let folder = told("CONTRACT_FOLDER").unwrap_or_else(|| "/tmp/imagebake-files".to_owned());
    let at = |name: &str| format!("{folder}/{name}");
    Image::new()
        .source(Null::ssh(machine()))
        .provision(Shell::inline([format!("mkdir -p '{folder}'")]))
        .provision(File::upload("large.bin", at("large.bin")).mode(0o640))
        .provision(File::upload("tree", at("")))
        .provision(Shell::inline([format!(
            "cd '{folder}' && sha256sum large.bin && stat -c '%a %n' large.bin tree/sub/program && cat tree/link"
        )]))
        .provision(File::download(at("large.bin"), "back.bin"))
        .provision(File::download(at("tree/"), "back"))
        .provision(Shell::inline([format!("rm -rf '{folder}'")]))
}

/// Many commands at once.
#[derive(Clone, Config)]
struct AtOnce {
    /// How many.
    #[field(required)]
    commands: u32,
    at: Places,
}

impl Component for AtOnce {
    const KIND: &'static str = "at-once";
}

impl Provisioner for AtOnce {
    async fn provision(&self, _: &Cx, guest: &Remote) -> Result<()> {
        let mut commands = tokio::task::JoinSet::new();
        for number in 0..self.commands {
            let guest = guest.clone();
            commands.spawn(async move {
                let line = format!("sleep 0.2; echo number {number}");
                let captured = guest.capture(Command::shell(line)).await?;
                Ok::<_, Error>(captured.stdout == format!("number {number}\n").into_bytes())
            });
        }
        while let Some(ended) = commands.join_next().await {
            if !ended.expect("it runs")? {
                return Err(Error::new(ErrorKind::CommandFailed, "a command printed something else"));
            }
        }
        Ok(())
    }
}

/// More commands at once than a server lets a connection have.
#[image]
fn many() -> Image {
    Image::new()
        .source(Null::ssh(machine()))
        .provision(AtOnce::defaults().commands(50_u32))
}

/// One command.
#[image]
fn hello() -> Image {
    Image::new().source(Null::ssh(machine())).provision(Shell::inline([
        told("SCRIPT").unwrap_or_else(|| "echo hello from $(id -un)".to_owned())
    ]))
}

/// Goes on after a reboot in the middle of a step.
#[image]
fn reboot() -> Image {
    Image::new()
        .source(Null::ssh(machine()))
        .provision(
            Shell::inline(["touch rebooting", "sleep 300"])
                .expect_disconnect(true)
                .start_retry_timeout(Duration::from_secs(20)),
        )
        .provision(Shell::inline(["echo back again"]))
}

/// Does not expect to be cut off.
#[image]
fn cut() -> Image {
    Image::new()
        .source(Null::ssh(machine()))
        .provision(Shell::inline(["touch rebooting", "sleep 300"]))
}

fn main() -> ExitCode {
    imagebake::main()
}
