//! A machine image of Debian with a web server, and its test: `cargo run -p example-debian-vm -- build web` starts a machine of QEMU from a disk,
//! installs nginx and puts a page there; `… build check` starts a machine from the image and asks it for the page.
//!
//! The disk is any cloud image of the Debian family. `--var password=…` is for one without cloud-init, such as the one that
//! `cargo run -p imagebake-tests --bin debian-disk -- debian.qcow2` makes.

use imagebake::{
    groups::{CloudInit, Iso, Shutdown},
    prelude::*,
    value::Checksum,
};
use std::{process::ExitCode, time::Duration};

/// Inputs of both images.
#[derive(Variables)]
struct Web {
    /// The disk that the machine starts from: a path, or an address.
    #[var(default = "debian.qcow2")]
    disk: String,
    /// What the disk must be: `sha256:…`, `file:…/SHA512SUMS`, or `none`.
    #[var(default = "none")]
    disk_checksum: String,
    /// Who logs in.
    #[var(default = "root")]
    user: String,
    /// That user's password, for a disk that does not listen to cloud-init.
    password: Option<Secret>,
    /// The heading of the page.
    #[var(default = "Baked in Rust")]
    title: String,
}

/// The machine's settings that both images share.
fn machine(disk: Iso, user: &str, password: Option<Secret>) -> qemu::Machine {
    let ssh = Ssh::user(user.to_owned()).timeout(Duration::from_secs(600));
    let machine = qemu::Machine::from_disk(disk)
        .cpus(2)
        .memory(1024)
        .headless(true)
        .shutdown(Shutdown::command("sudo -n poweroff || poweroff"));
    match password {
        Some(password) => machine.ssh(ssh.password(password)),
        // A key and host keys made for the build, handed in on a CD.
        None => machine
            .ssh(ssh.clear_authorized_keys(true))
            .cloud_init(CloudInit::new()),
    }
}

/// nginx with a page of its own, in `output/web.qcow2`.
#[image]
fn web(vars: Web) -> Image {
    let disk = Iso::new(vars.disk, Checksum::parse(vars.disk_checksum));
    let as_root = "chmod +x {{ path }}; if [ $(id -u) = 0 ]; then {{ vars }} {{ path }}; else sudo -n env {{ vars }} {{ path }}; fi";
    let install = Shell::inline([
        "apt-get update -qq",
        "apt-get install -qq -y --no-install-recommends nginx-light",
        "install -m 644 /tmp/index.html /var/www/html/index.html",
        "apt-get clean",
    ])
    .env("DEBIAN_FRONTEND", "noninteractive")
    .execute_command(as_root);
    Image::new()
        .source(
            machine(disk, &vars.user, vars.password)
                .output_directory("output")
                .vm_name("web.qcow2"),
        )
        .provision(File::content(format!("<h1>{}</h1>\n", vars.title), "/tmp/index.html"))
        .provision(install)
        .post(Manifest::to("manifest.json"))
}

/// A machine started from what `web` made, which answers as it should. Its own disk is an overlay, of no further use.
#[image]
fn check(vars: Web) -> Image {
    let disk = Iso::new("output/web.qcow2", Checksum::none());
    let page = format!("<h1>{}</h1>", vars.title);
    let ask = Shell::inline([
        "exec 3<>/dev/tcp/127.0.0.1/80",
        r"printf 'GET / HTTP/1.0\r\n\r\n' >&3",
        r#"grep -F "$PAGE" <&3"#,
    ])
    .inline_shebang("/bin/bash -e")
    .env("PAGE", page);
    Image::new()
        .source(
            machine(disk, &vars.user, vars.password)
                .use_backing_file(true)
                .output_directory("checked"),
        )
        .provision(ask)
}

fn main() -> ExitCode {
    imagebake::main()
}
