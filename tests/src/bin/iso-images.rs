//! A user's program for the tests of machines that are installed from a medium. The medium and the case are in the environment, put there by the tests.

use imagebake::{
    groups::{Iso, Shutdown},
    prelude::*,
    sources::qemu::Machine,
    value,
};
use std::{process::ExitCode, time::Duration};

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What starts the small system of the medium: the rest of its work is in the script that it fetches.
const LINUX: &str = "linux /vmlinuz console=tty0 console=ttyS0 cfg=http://{{ http_ip }}:{{ http_port }}/cfg.sh<enter>";

/// The machine, installed by what `boot` types.
fn machine(boot: Boot) -> Machine {
    let medium = told("ISO").unwrap_or_else(|| "install.iso".to_owned());
    Machine::from_iso(Iso::new(medium, value::Checksum::none()))
        .memory(256)
        .disk_size("64M")
        .format("raw")
        .output_directory("out")
        .vm_name("installed")
        .headless(true)
        .http(Http::new().template(
            "/cfg.sh",
            "mkdir -p /root\necho 'of {{ name }} from {{ http_ip }}' > /root/marker\n\
             wget -q -O - http://{{ http_ip }}:{{ http_port }}/more%20data >> /root/marker || echo nothing >> /root/marker\n\
             dd if=/root/marker of=/dev/vda conv=sync\n",
        ).template("/more data", "and more\n"))
        .boot(boot)
        .shutdown(Shutdown::command("sync; poweroff -f").timeout(Duration::from_secs(60)))
        .ssh(
            Ssh::user("root")
                .password(Secret::literal("packer").named("password"))
                .timeout(Duration::from_secs(90)),
        )
}

fn image(machine: Machine) -> Image {
    Image::new().source(machine).provision(Shell::inline([
        "cat /root/marker",
        "test \"$PACKER_HTTP_IP\" = 10.0.2.2",
    ]))
}

/// Each line is typed when the one before has been answered on the serial console; GRUB itself reads the floppy disk.
#[image]
fn serial() -> Image {
    let boot = Boot::when_serial("idle")
        .then("c")
        .wait_for_serial("grub>")
        .then("cat (fd0)/note.txt<enter>")
        .wait_for_serial(r"on a floppy disk[\s\S]*grub>")
        .then(LINUX)
        .wait_for_serial("grub>")
        .then("initrd /initrd.gz<enter>")
        .wait_for_serial("grub>")
        .then("boot<enter>");
    let cd = Cd::new()
        .label("notes")
        .content([("Some Folder/note.txt", "on a CD\n")]);
    let floppy = Floppy::new().content([("note.txt", "on a floppy disk\n")]);
    image(machine(boot).cd(cd).floppy(floppy))
}

/// By the screen alone, and no word about time; over the control connection where `TYPE_OVER` says so.
#[image]
fn screen() -> Image {
    let boot = Boot::when_still(Duration::from_secs(2))
        .then("c<wait>")
        .then(LINUX)
        .then("initrd /initrd.gz<enter>")
        .then("boot<enter>");
    let machine = machine(boot);
    image(match told("TYPE_OVER").as_deref() {
        Some("qmp") => machine.vnc(Vnc::new().disable(true)),
        _ => machine.vnc_use_password(true),
    })
}

/// Something that never comes.
#[image]
fn never() -> Image {
    let boot = Boot::when_serial("idle")
        .then("c")
        .wait_for_serial("login:")
        .then("boot<enter>")
        .timeout(Duration::from_secs(20));
    image(machine(boot))
}

/// A key that there is none.
#[image]
fn misspelt() -> Image {
    image(machine(Boot::keys(["c<wait1>", "boot<entr>"])))
}

fn main() -> ExitCode {
    imagebake::main()
}
