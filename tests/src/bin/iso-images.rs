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

/// What the machine fetches.
fn served() -> Http {
    let http = match told("HTTP_INTERFACE") {
        Some(interface) => Http::new().interface(interface).port_min(8123).port_max(8123),
        None => Http::new(),
    };
    let http = match told("HTTP_BIND") {
        Some(address) => http.bind_address(address),
        None => http,
    };
    http
        .template(
            "/cfg.sh",
            "mkdir -p /root\necho 'of {{ name }} from {{ http_ip }}' > /root/marker\n\
             wget -q -O - http://{{ http_ip }}:{{ http_port }}/more%20data >> /root/marker || echo nothing >> /root/marker\n\
             mkdir -m 700 -p /root/.ssh; chmod 700 /root; wget -q -O /root/.ssh/authorized_keys http://{{ http_ip }}:{{ http_port }}/key\n\
             dd if=/root/marker of=/dev/vda conv=sync\n",
        )
        .template("/more data", "and more\n")
}

/// With the accelerator that was found to work here.
fn adjusted(machine: Machine) -> Machine {
    match told("ACCELERATOR") {
        Some(name) => machine.accelerator(name),
        None => machine,
    }
}

/// The machine, installed by what `boot` types.
fn machine(boot: Boot) -> Machine {
    let medium = told("ISO").unwrap_or_else(|| "install.iso".to_owned());
    adjusted(Machine::from_iso(Iso::new(medium, value::Checksum::none())))
        .memory(256)
        .disk_size("64M")
        .format("raw")
        .output_directory("out")
        .vm_name("installed")
        .headless(true)
        .http(served())
        .boot(boot)
        .shutdown(Shutdown::command("sync; poweroff -f").timeout(Duration::from_secs(60)))
        .ssh(root().password(Secret::literal("packer").named("password")))
}

/// Who logs in: with what the medium's system has for a password.
fn root() -> Ssh {
    Ssh::user("root").timeout(Duration::from_secs(90))
}

/// On the bridge, where there is one.
fn on_bridge(machine: Machine) -> Machine {
    match told("BRIDGE") {
        Some(bridge) => machine.net_bridge(bridge),
        None => machine,
    }
}

fn image(machine: Machine) -> Image {
    let builder = told("BUILDER").unwrap_or_else(|| "10.0.2.2".to_owned());
    Image::new().source(on_bridge(machine)).provision(Shell::inline([
        "cat /root/marker".to_owned(),
        format!("test \"$PACKER_HTTP_IP\" = {builder}"),
    ]))
}

/// Types what starts the system with `linux`, at a prompt that is there, as the serial console shows that it was taken.
fn started(prompt: Boot, linux: impl Into<value::Template>) -> Boot {
    prompt
        .then(linux)
        .wait_for_serial("grub>")
        .then("initrd /initrd.gz<enter>")
        .wait_for_serial("grub>")
        .then("boot<enter>")
}

/// Each line is typed when the one before has been answered on the serial console; GRUB itself reads the floppy disk. Nobody has a password: the
/// key made for the build is typed, and served.
#[image]
fn serial() -> Image {
    let linux = LINUX.replace("<enter>", " key={{ ssh_public_key | urlencode }}<enter>");
    let prompt = Boot::when_serial("idle")
        .then("c")
        .wait_for_serial("grub>")
        .then("cat (fd0)/note.txt<enter>")
        .wait_for_serial(r"on a floppy disk[\s\S]*grub>");
    let boot = started(prompt, linux);
    let cd = Cd::new()
        .label("notes")
        .content([("Some Folder/note.txt", "on a CD\n")]);
    let floppy = Floppy::new().content([("note.txt", "on a floppy disk\n")]);
    let machine = machine(boot).cd(cd).floppy(floppy).vnc_use_password(true);
    // Its server reads what is served under this name, and no password is known.
    let machine = machine
        .ssh(root())
        .http(served().template("/key", "{{ ssh_public_key }}\n"));
    image(machine).provision(Shell::inline([
        "key=$(tr -d '\\n' < /root/.ssh/authorized_keys | sed 's/+/%2B/g; s,/,%2F,g; s/=/%3D/g; s/ /+/')",
        "grep -qF \" key=$key\" /proc/cmdline",
    ]))
}

/// A machine that shows what is typed, and in which nobody is. The disk is the test's.
fn typewriter(boot: Boot) -> Image {
    let disk = Iso::new("typewriter.img", value::Checksum::none());
    let machine = Machine::from_disk(disk)
        .accelerator("tcg")
        .headless(true)
        .output_directory("out")
        .vm_name("typed")
        .http(served())
        .boot(boot)
        .communicator("none")
        .shutdown(Shutdown::by_platform().timeout(Duration::from_secs(30)));
    Image::new().source(on_bridge(machine).vnc(Vnc::new().disable(told("NO_VNC").is_some())))
}

/// By the screen alone, and no word about time; over the control connection. What came of it is on the serial console.
#[image]
fn screen() -> Image {
    let picture = told("PICTURE").unwrap_or_else(|| "prompt.png".to_owned());
    let boot = Boot::when_still(Duration::from_secs(1))
        .then("c<enter>")
        .wait_for_picture(picture)
        .then(LINUX)
        .wait_for_serial(r"linux /vmlinuz console=tty0 console=ttyS0 cfg=http://10\.0\.2\.2:\d+/cfg\.sh\r")
        .then("<esc>");
    typewriter(boot)
}

/// Something that never comes: on the screen where there is a `PICTURE` of it, else on the serial console.
#[image]
fn never() -> Image {
    let boot = Boot::when_serial("ready");
    let boot = match told("PICTURE") {
        Some(picture) => boot.wait_for_picture(picture),
        None => boot.then("c<enter>").wait_for_serial("login:"),
    };
    typewriter(boot.then("boot<enter>").timeout(Duration::from_secs(4)))
}

/// One whose files are served somewhere else than where it is, and asked for by the test while it waits.
#[image]
fn elsewhere() -> Image {
    let boot = Boot::when_serial("ready")
        .then("{{ http_ip }}:{{ http_port }}<enter>")
        .wait_for_serial(r"10\.78\.0\.1:8123\r")
        .then("<wait3s><esc>");
    typewriter(boot)
}

/// A machine that comes back from a reboot to where nobody types any more.
#[image]
fn lost() -> Image {
    let prompt = Boot::when_serial("idle").then("c").wait_for_serial("grub>");
    let reboot = Shell::inline(["reboot -f"]);
    image(machine(started(prompt, LINUX)))
        .provision(
            reboot
                .expect_disconnect(true)
                .start_retry_timeout(Duration::from_secs(8)),
        )
        .provision(Shell::inline(["echo never"]))
}

/// A machine whose firmware starts what it trusts and nothing else, and that has a TPM. The disk is the test's.
fn trusting(boot: Boot) -> Machine {
    let disk = Iso::new(
        told("ESP").unwrap_or_else(|| "esp.img".to_owned()),
        value::Checksum::none(),
    );
    let port = told("PORT").and_then(|port| port.parse().ok()).unwrap_or(8000_u16);
    adjusted(Machine::from_disk(disk))
        .machine_type("q35")
        .efi_firmware_code("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd")
        .efi_firmware_vars("/usr/share/OVMF/OVMF_VARS_4M.ms.fd")
        .vtpm(true)
        .memory(512)
        .output_directory("out")
        .vm_name("trusted")
        .http(served().port_min(port).port_max(port))
        .boot(boot.timeout(Duration::from_secs(180)))
        .ssh(root().password(Secret::literal("packer").named("password")))
}

/// Started by a loader and a kernel that are signed.
#[image]
fn trusted() -> Image {
    let machine = trusting(Boot::when_serial("Secure boot enabled"));
    Image::new()
        .source(machine.shutdown(Shutdown::command("poweroff -f")))
        .provision(Shell::inline([
            "dmesg | grep 'Secure boot enabled'",
            "test -c /dev/tpm0",
            "echo TPM $(cat /sys/class/tpm/tpm0/tpm_version_major)",
        ]))
}

/// One whose loader nobody has signed whom the firmware trusts.
#[image]
fn refused() -> Image {
    let machine = trusting(Boot::when_serial("Access Denied")).communicator("none");
    Image::new().source(machine.shutdown(Shutdown::by_platform().timeout(Duration::from_secs(1))))
}

/// A machine that is stored between its steps: a `SMALL` disk that starts by itself, or one that is installed from what is served. What it keeps is in
/// sectors of its disk.
#[image]
fn stepped() -> Image {
    let port = told("PORT").and_then(|port| port.parse().ok()).unwrap_or(8000_u16);
    let http = Http::directory("served")
        .template("/start.sh", "true\n")
        .template(
            "/cfg.sh",
            "wget -q -O - http://{{ http_ip }}:{{ http_port }}/small.img | dd of=/dev/vda bs=1M\nsync\nreboot -f\n",
        )
        .port_min(port)
        .port_max(port);
    let machine = match told("SMALL") {
        Some(disk) => Machine::from_disk(Iso::new(disk, value::Checksum::none())),
        None => {
            let medium = told("ISO").unwrap_or_else(|| "install.iso".to_owned());
            let prompt = Boot::when_serial("idle").then("c").wait_for_serial("grub>");
            Machine::from_iso(Iso::new(medium, value::Checksum::none()))
                .disk_size("64M")
                .boot(started(prompt, LINUX))
        }
    };
    let machine = adjusted(machine)
        .step_snapshots(true)
        .memory(told("MEMORY").and_then(|text| text.parse().ok()).unwrap_or(256))
        .use_backing_file(told("BACKING").is_some())
        .output_directory("out")
        .vm_name("stepped")
        .headless(true)
        .http(http)
        .shutdown(Shutdown::command("sync; poweroff -f"))
        .ssh(root().password(Secret::literal("packer").named("password")));
    let first = told("FIRST").unwrap_or_else(|| "one".to_owned());
    Image::new()
        .source(machine)
        .provision(Shell::inline([
            "touch /in-memory".to_owned(),
            format!("echo {first} $(cat /proc/sys/kernel/random/uuid) > /tmp/first"),
            "cat /tmp/first".to_owned(),
            "dd if=/tmp/first of=/dev/vda bs=512 seek=98304 conv=sync".to_owned(),
        ]))
        .provision(Shell::inline([
            "dd if=/dev/vda of=/dev/vda bs=512 skip=98304 seek=98305 count=1",
        ]))
        .provision(Shell::script("third.sh"))
}

/// A key that there is none.
#[image]
fn misspelt() -> Image {
    image(machine(Boot::keys(["c<wait1>", "boot<entr>"])))
}

fn main() -> ExitCode {
    imagebake::main()
}
