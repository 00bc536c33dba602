//! Machines of QEMU, emulated: what a build costs beyond the machine's own boot and shutdown.

use super::{
    Bench,
    cases::{Beside, CASE, Case, ours, packer, template},
};
use crate::setup::on_path;
use std::{path::PathBuf, process::Command};

/// The same machine, with the arguments that ours has, started and turned off by hand; the overlay is thrown away. It has started when its
/// console asks for a login: systemd has reached its target then, SSH's server (which is part of it) answers, and what comes after is steps.
const BY_HAND: &str = r#"
set -eu
mkfifo monitor
qemu-system-x86_64 -machine type=pc,accel=tcg -smp cpus=2 -m 1024M -display none -snapshot -drive "file=$1,if=virtio,cache=unsafe" \
    -netdev user,id=n,hostfwd=tcp:127.0.0.1:2221-:22 -device virtio-net,netdev=n -device virtio-rng -vnc 127.0.0.1:50,to=100 \
    -serial file:serial -monitor stdio < monitor > /dev/null &
exec 3> monitor
until grep -q 'login:' serial 2> /dev/null; do sleep 0.02; done
echo system_powerdown >&3
wait
"#;

fn disk(bench: &Bench) -> PathBuf {
    bench.data.join("debian.qcow2")
}

fn unavailable(_: &Bench) -> Option<String> {
    let tools = [
        "qemu-system-x86_64",
        "qemu-img",
        "mmdebstrap",
        "grub-mkimage",
        "sfdisk",
        "mke2fs",
    ];
    let missing = tools.into_iter().find(|tool| !on_path(tool));
    missing.map(|tool| format!("`{tool}` is not installed"))
}

/// A disk image with a shell step, a file and a checksum. No side waits for the builder's disk while the machine runs.
pub(super) fn disk_image() -> Case {
    Case {
        name: "qemu-disk",
        target: "a disk image with shell, file and checksum, emulated: at most 2 s beyond the machine's own boot and shutdown",
        unavailable,
        prepare: |bench| {
            let maker = bench.ours.with_file_name("debian-disk");
            crate::check(Command::new(maker).arg(disk(bench)))?;
            let text = format!(
                r#"{{
  "builders": [{{"type": "qemu", "iso_url": "{}", "iso_checksum": "none", "disk_image": true, "skip_resize_disk": true, "accelerator": "tcg",
    "headless": true, "format": "qcow2", "disk_cache": "unsafe", "disk_interface": "virtio", "net_device": "virtio-net", "memory": 1024, "cpus": 2,
    "ssh_username": "root", "ssh_password": "packer", "ssh_timeout": "10m", "shutdown_command": "poweroff", "boot_wait": "1s",
    "output_directory": "out", "vm_name": "web", "machine_type": "pc"}}],
  "provisioners": [{{"type": "shell", "inline": ["uname -a"]}}, {{"type": "file", "source": "{}", "destination": "/root/template.json"}}],
  "post-processors": [{{"type": "checksum", "checksum_types": ["sha256"], "output": "web.sha256"}}]
}}"#,
                disk(bench).display(),
                bench.data.join("qemu-disk.json").display(),
            );
            template(bench, "qemu-disk", &text)
        },
        ours: |bench| {
            let mut command = ours(bench, &["build", "qemu-disk"]);
            command.env("BENCH_QEMU_DISK", disk(bench));
            Ok(command)
        },
        peer: Some(|bench, peer| {
            let template = bench.data.join("qemu-disk.json");
            Ok(packer(peer, &["build", &template.to_string_lossy()]))
        }),
        beside: Some(Beside {
            name: "by hand",
            command: |bench| {
                let mut command = Command::new("sh");
                command.args(["-c", BY_HAND, "sh"]).arg(disk(bench));
                Ok(command)
            },
            met: |ours, by_hand| ours.median_s <= by_hand.median_s + 2.0,
            beyond: Some("the machine's own boot and shutdown"),
        }),
        output: |bench| {
            std::fs::metadata(bench.scratch.join("out/web"))
                .ok()
                .map(|about| about.len())
        },
        ..CASE
    }
}
