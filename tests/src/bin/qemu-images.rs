//! A user's program for the tests on real machines of QEMU. The disk and the case are in the environment, put there by the tests.

use imagebake::{
    communicator::{ssh::KeyType, winrm::WinRm},
    groups::{CloudInit, HostPorts, Iso, Shutdown},
    io::DigestKind,
    prelude::*,
    sources::qemu::{ImgArguments, Machine},
    value,
};
use std::{process::ExitCode, time::Duration};

fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn seconds(name: &str, otherwise: u64) -> Duration {
    Duration::from_secs(told(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise))
}

/// The machine, as the environment describes it.
fn machine() -> Machine {
    let disk = told("DISK").unwrap_or_else(|| "disk.qcow2".to_owned());
    let checksum = told("DISK_CHECKSUM").map_or_else(value::Checksum::none, value::Checksum::parse);
    let mut ssh = Ssh::user("root")
        .timeout(seconds("SSH_TIMEOUT", 300))
        .handshake_attempts(2);
    ssh = match told("CLOUD_INIT") {
        None => ssh.password(Secret::literal(told("PASSWORD").unwrap_or_else(|| "packer".to_owned()))),
        Some(_) => ssh
            .temporary_key_pair_type(KeyType::Ecdsa)
            .temporary_key_pair_bits(384)
            .temporary_key_pair_name("of-this-build")
            .clear_authorized_keys(true),
    };
    if let Some(key) = told("HOST_KEY") {
        ssh = ssh.host_key(key);
    }
    let places: Vec<String> = disk.split('|').map(str::to_owned).collect();
    let disk = match places.as_slice() {
        [disk] => Iso::new(disk.clone(), checksum),
        _ => Iso::mirrors(places, checksum),
    };
    let machine = adjusted(Machine::from_disk(disk))
        .memory(told("MEMORY").and_then(|text| text.parse().ok()).unwrap_or(1024))
        .cpus(2)
        .output_directory(told("OUT").unwrap_or_else(|| "out".to_owned()))
        .vm_name("web")
        .cd(Cd::new()
            .label("notes")
            .content([("Some Folder/note.txt", "on a CD\n")]))
        .shutdown(Shutdown::command("poweroff").timeout(Duration::from_secs(120)))
        .ssh(ssh);
    match told("CLOUD_INIT") {
        Some(_) => machine.cloud_init(
            CloudInit::new()
                .hostname("seeded")
                .user_data("#cloud-config\nwrite_files: [{path: /root/by-user-data, content: told}]\n"),
        ),
        None => machine,
    }
}

/// A setting by its name, for those that one test asks for: `SETTINGS` has one in each line.
fn set(machine: Machine, name: &str, value: &str) -> Machine {
    let number = || value.parse().expect("a number");
    let words = || value.split(' ').map(str::to_owned);
    match name {
        "use_pflash" => machine.use_pflash(true),
        "efi_drop_efivars" => machine.efi_drop_efivars(true),
        "skip_compaction" => machine.skip_compaction(true),
        "skip_resize_disk" => machine.skip_resize_disk(true),
        "disk_compression" => machine.disk_compression(true),
        "img_create" => machine.qemu_img_args(ImgArguments::new().create(words())),
        "img_resize" => machine.qemu_img_args(ImgArguments::new().resize(words())),
        "img_convert" => machine.qemu_img_args(ImgArguments::new().convert(words())),
        "qmp_socket_path" => machine.qmp_enable(true).qmp_socket_path(value.to_owned()),
        "vnc" => machine.vnc_use_password(true).vnc(
            Vnc::new()
                .bind_address("127.0.0.2")
                .port_min(number())
                .port_max(number()),
        ),
        "vnc_password" => machine.vnc_use_password(true).vnc_password(Secret::literal(value)),
        "boot_steps" => machine
            .boot(Boot::after(Duration::from_secs(1)))
            .boot_key_interval(Duration::from_millis(20))
            .boot_step([value.to_owned(), "what ends it".to_owned()]),
        "winrm" => machine.winrm(WinRm::user("Administrator")),
        "net_device" => machine.net_device(value.to_owned()),
        "cpu_model" => machine.cpu_model(value.to_owned()),
        "http_directory" => machine.http(Http::directory(value)),
        "floppy_files" => machine.floppy(Floppy::new().files([value])),
        "cd_files" => machine.cd(Cd::new().files([value])),
        other => panic!("no test needs {other}"),
    }
}

/// Settings that a test asks for.
fn adjusted(mut machine: Machine) -> Machine {
    if told("STORED").is_some() {
        machine = machine.step_snapshots(true);
    }
    for line in told("SETTINGS").iter().flat_map(|all| all.lines()) {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        machine = set(machine, name, value);
    }
    if let Some(name) = told("ACCELERATOR") {
        machine = machine.accelerator(name);
    }
    if let Some(program) = told("QEMU") {
        machine = machine.qemu_binary(program);
    }
    if let Some(size) = told("DISK_SIZE") {
        machine = machine.disk_size(size);
    }
    if let Some(interface) = told("DISK_INTERFACE") {
        machine = machine.disk_interface(interface);
    }
    if let Some(kind) = told("MACHINE_TYPE") {
        machine = machine.machine_type(kind);
    }
    if let Some(format) = told("FORMAT") {
        machine = machine.format(format);
    }
    if let Some(format) = told("IMAGE_FORMAT") {
        machine = machine.image_format(format);
    }
    if told("UNMAPPED").is_some() {
        machine = machine.host_ports(HostPorts::unmapped());
    }
    if told("EFI").is_some() {
        machine = machine.efi_boot(true);
    }
    if let Some(path) = told("FIRMWARE") {
        machine = machine.firmware(path);
    }
    if let Some(code) = told("EFI_CODE") {
        machine = machine.efi_firmware_code(code);
    }
    if let Some(vars) = told("EFI_VARS") {
        machine = machine.efi_firmware_vars(vars);
    }
    if told("TPM").is_some() {
        machine = machine.vtpm(true);
    }
    if told("BACKING").is_some() {
        machine = machine.use_backing_file(true);
    }
    if let Some(size) = told("SECOND_DISK") {
        machine = machine.additional_disk(size);
    }
    if let Some(word) = told("QEMUARG") {
        let words: Vec<String> = word.splitn(2, ' ').map(str::to_owned).collect();
        machine = machine.qemuarg(words);
    }
    if let (Some(first), Some(last)) = (
        told("PORT_FIRST").and_then(|port| port.parse().ok()),
        told("PORT_LAST").and_then(|port| port.parse().ok()),
    ) {
        machine = machine.host_ports(HostPorts::range(first, last));
    }
    machine
}

/// A machine in which nobody logs in: its disk's first sector turns it off.
#[image]
fn off() -> Image {
    let disk = Iso::new("sector.img", value::Checksum::none());
    let machine = adjusted(Machine::from_disk(disk))
        .communicator("none")
        .accelerator("tcg")
        .output_directory(told("OUT").unwrap_or_else(|| "out".to_owned()))
        .vm_name("off")
        .shutdown(Shutdown::by_platform().timeout(seconds("OFF_TIMEOUT", 60)));
    Image::new().source(machine)
}

/// A machine with a file from the shell and one from the builder.
#[image]
fn web() -> Image {
    Image::new()
        .source(machine())
        .provision(Shell::inline([
            "uname -a",
            "cat ~/.ssh/authorized_keys || :",
            "echo shell > /root/by-shell",
            "if [ -e /root/by-user-data ]; then mv /root/by-user-data /root/was; echo changed > /root/by-user-data; fi",
            "mount -o ro /dev/disk/by-label/notes /mnt",
            "cat '/mnt/Some Folder/note.txt'",
            "umount /mnt",
        ]))
        .provision(File::content("uploaded\n", "/root/by-file"))
        .provision(Shell::inline([told("LAST").unwrap_or_else(|| "true".to_owned())]))
        .post(Checksum::of(DigestKind::Sha256).output("web.sha256"))
}

fn main() -> ExitCode {
    imagebake::main()
}
