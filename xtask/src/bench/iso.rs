//! A machine of QEMU that is installed from a medium by what is typed at its boot loader.

use super::cases::{CASE, Case, ours, packer, template};
use crate::setup::on_path;
use anyhow::{Context, Result};
use std::{fs, process::Command};

const TOOLS: [&str; 6] = [
    "qemu-system-x86_64",
    "grub-mkrescue",
    "xorriso",
    "cpio",
    "busybox",
    "dropbear",
];

pub(super) fn installed() -> Case {
    Case {
        name: "qemu-iso",
        target: "an ISO with a typed boot command under TCG: at most the peer's time at 10 ms per key, where that works",
        unavailable: |_| {
            let missing = TOOLS.into_iter().find(|tool| !on_path(tool));
            missing.map(|tool| format!("`{tool}` is not installed"))
        },
        prepare: |bench| {
            let medium = bench.data.join("install.iso");
            crate::check(Command::new(bench.ours.with_file_name("install-iso")).arg(&medium))?;
            let http = bench.data.join("iso-http");
            fs::create_dir_all(&http).context("cannot make the served folder")?;
            fs::write(http.join("cfg.sh"), "mkdir -p /root; echo installed > /root/marker\n")
                .context("cannot write what is served")?;
            let text = TEMPLATE
                .replace("ISO", &medium.to_string_lossy())
                .replace("HTTP_DIR", &http.to_string_lossy());
            template(bench, "qemu-iso", &text)
        },
        ours: |bench| Ok(ours(bench, &["build", "qemu-iso"])),
        peer: Some(|bench, peer| -> Result<Command> {
            let template = bench.data.join("qemu-iso.json");
            Ok(packer(peer, &["build", &template.to_string_lossy()]))
        }),
        met: |ours, peer| peer.map(|peer| ours.median_s <= peer.median_s),
        ..CASE
    }
}

/// The pauses are those at which the peer works on a machine that does nothing else.
const TEMPLATE: &str = r#"{
  "builders": [{
    "type": "qemu", "iso_url": "ISO", "iso_checksum": "none", "accelerator": "tcg", "headless": true, "format": "qcow2", "disk_size": "64M",
    "disk_cache": "unsafe", "disk_interface": "virtio", "net_device": "virtio-net", "memory": 256, "cpus": 1, "machine_type": "pc",
    "boot_wait": "4s", "boot_key_interval": "10ms", "http_directory": "HTTP_DIR", "output_directory": "out", "vm_name": "o.qcow2",
    "ssh_username": "root", "ssh_password": "packer", "ssh_timeout": "60s", "ssh_file_transfer_method": "sftp", "shutdown_command": "sync; poweroff -f",
    "boot_command": [
      "c<wait1>",
      "linux /vmlinuz console=tty0 console=ttyS0 cfg=http://{{.HTTPIP}}:{{.HTTPPort}}/cfg.sh<enter>",
      "<wait1>initrd /initrd.gz<enter><wait1>",
      "boot<enter>"
    ]
  }],
  "provisioners": [{
    "type": "shell", "inline": ["cat /root/marker", "uname -r"],
    "execute_command": "chmod +x {{.Path}}; {{.Vars}} {{.Path}}"
  }]
}"#;
