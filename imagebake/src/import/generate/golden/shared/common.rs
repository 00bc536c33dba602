//! What several images have in common.

use imagebake::{prelude::*, value};
use std::time::Duration;

// The machine that all of them begin with.
pub(crate) fn base(memory: u32) -> qemu::Machine {
    qemu::Machine::from_iso(Iso::new(
        "https://images.example.org/debian-12.iso",
        value::Checksum::none(),
    ))
    .memory(memory)
    .disk_size("8G")
    .ssh(Ssh::user("debian").timeout(Duration::from_secs(20 * 60)))
    .shutdown(Shutdown::command("sudo poweroff"))
}

pub(crate) const MOTD: &str =
    "This machine is managed: what is changed by hand is lost when it is built anew, without a warning.";

// Typed into the installer's boot prompt.
pub(crate) const BOOT: [&str; 3] = [
    "<esc><wait>",
    "auto url=http://{{ http_ip }}:{{ http_port }}/preseed.cfg<enter>",
    "<wait10s>",
];
