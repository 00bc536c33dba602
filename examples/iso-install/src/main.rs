//! An installation that nobody attends: `cargo run -p example-iso-install -- build appliance` starts a machine from a medium, types one line at its boot
//! loader, serves the script that the line names, and logs in when that has installed the system.
//!
//! The medium is a small one, so that the whole takes seconds: `cargo run -p imagebake-tests --bin install-iso -- install.iso` makes it. An installer of a
//! distribution is the same with another line; that of Debian, with `preseed.cfg` in `http/`:
//!
//! ```text
//! Boot::when_still(Duration::from_secs(2)).then("<esc>auto url=http://{{ http_ip }}:{{ http_port }}/preseed.cfg<enter>")
//! ```

use imagebake::{
    groups::{Iso, Shutdown},
    prelude::*,
    value,
};
use std::{process::ExitCode, time::Duration};

/// Inputs of `appliance`: `cargo run -p example-iso-install -- build appliance --var iso=FILE`.
#[derive(Variables)]
struct Appliance {
    /// The medium: a path, or an address with `checksum` beside it.
    #[var(default = "install.iso")]
    iso: String,
    /// Its checksum, `sha256:…`, or `none`.
    #[var(default = "none")]
    checksum: String,
    /// Who may log in.
    #[var(default = Secret::literal("packer"))]
    password: Secret,
}

/// A disk with what the script in `http/` puts on it.
#[image]
fn appliance(vars: Appliance) -> Image {
    // Each line waits for the prompt that the one before leads to, however slow the builder is.
    let boot = Boot::when_serial("idle")
        .then("c")
        .wait_for_serial("grub>")
        .then("linux /vmlinuz console=tty0 console=ttyS0 cfg=http://{{ http_ip }}:{{ http_port }}/install.sh<enter>")
        .wait_for_serial("grub>")
        .then("initrd /initrd.gz<enter>")
        .wait_for_serial("grub>")
        .then("boot<enter>");
    let machine = qemu::Machine::from_iso(Iso::new(vars.iso, value::Checksum::parse(vars.checksum)))
        .memory(256)
        .disk_size("64M")
        .vm_name("appliance.qcow2")
        .output_directory("appliance")
        .headless(true)
        .http(Http::directory("http"))
        .boot(boot)
        .ssh(
            Ssh::user("root")
                .password(vars.password)
                .timeout(Duration::from_secs(90)),
        )
        .shutdown(Shutdown::command("sync; poweroff -f"));
    Image::new()
        .source(machine)
        .provision(Shell::inline([
            "cat /mnt/etc/motd",
            "echo provisioned >> /mnt/etc/motd",
            "sync; umount /mnt",
        ]))
        .post(Manifest::to("manifest.json"))
}

fn main() -> ExitCode {
    imagebake::main()
}
