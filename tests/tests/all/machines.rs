//! What the tests with machines of QEMU share: media that are made once, the accelerator that is found out once, and programs of one sector, whose
//! machines are there within a second where no system has to be.

use imagebake_tests::{Output, TestContext, finish};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
};

/// What the disk of Debian is made with, and started.
macro_rules! requires_debian {
    () => {
        imagebake_tests::requires!(
            "root",
            "qemu-system-x86_64",
            "qemu-img",
            "mmdebstrap",
            "grub-mkimage",
            "grub-pc",
            "sfdisk",
            "mke2fs"
        )
    };
}

/// What the medium is made with, and started.
macro_rules! requires_medium {
    () => {
        imagebake_tests::requires!(
            "qemu-system-x86_64",
            "grub-mkrescue",
            "xorriso",
            "cpio",
            "dropbear",
            "busybox"
        )
    };
}

pub(crate) use {requires_debian, requires_medium};

/// A machine of Debian takes both processors: one at a time.
pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The disk of Debian, made once for all tests and runs.
pub(crate) fn disk() -> &'static Path {
    static DISK: OnceLock<PathBuf> = OnceLock::new();
    DISK.get_or_init(|| made(env!("CARGO_BIN_EXE_debian-disk"), "debian.qcow2"))
}

/// The installation medium, made once for all tests and runs.
pub(crate) fn medium() -> &'static Path {
    static MEDIUM: OnceLock<PathBuf> = OnceLock::new();
    MEDIUM.get_or_init(|| made(env!("CARGO_BIN_EXE_install-iso"), "install.iso"))
}

/// What `program` makes, beside what cargo builds.
fn made(program: &str, name: &str) -> PathBuf {
    let target = Path::new(program).ancestors().nth(2).expect("target/debug/program");
    let path = target.join("tests").join(name);
    // One without a word of its script is from before there were such: in a user's folder it would be the user's, here it is old.
    if !path.with_extension("made-by").exists() {
        let _ = fs::remove_file(&path);
    }
    let output = Command::new(program).arg(&path).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} could not be made: {said}");
    path
}

/// The accelerator that builds find for themselves here. A project keeps what it found out, and each test has a project of its own: where one
/// does not work, every build would try it for seconds.
pub(crate) fn accelerator() -> &'static str {
    static FOUND: OnceLock<&str> = OnceLock::new();
    FOUND.get_or_init(|| {
        let project = with_program(&HALT, 1).env("DISK", "sector.img");
        let told = project.run(&["validate", "web"]).ok().text();
        match told.contains("the machine is emulated (tcg): kvm does not work here: ") {
            true => "tcg",
            false => "",
        }
    })
}

/// A project for `program`, whose machines have [`accelerator`].
pub(crate) fn project_of(program: &str) -> TestContext {
    TestContext::new(program).env("ACCELERATOR", accelerator())
}

/// again: hlt; jmp again: a machine in which nobody is, and that costs nothing.
pub(crate) const HALT: [u8; 3] = [0xf4, 0xeb, 0xfd];
/// mov ax, 0x2000; mov dx, 0x604; out dx, ax; hlt: the power management of the machine.
pub(crate) const OFF: [u8; 8] = [0xb8, 0x00, 0x20, 0xba, 0x04, 0x06, 0xef, 0xf4];
/// xor ax, ax; mov ds, ax; again: mov si, packet; mov ax, 0x4300; mov dl, 0x80; int 0x13; add dword [packet + 8], 64; jmp again: the disk is
/// written 64 sectors at a time, as the packet behind it says, for ever.
pub(crate) const FILL: [u8; 48] = [
    0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x20, 0x7c, 0xb8, 0x00, 0x43, 0xb2, 0x80, 0xcd, 0x13, 0x66, 0x83, 0x06, 0x28, 0x7c,
    0x40, 0xeb, 0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x40, 0, 0, 0, 0, 0x10, 0x40, 0, 0, 0, 0, 0, 0, 0,
];
/// A typewriter: says `ready` on an empty screen and on the serial console, then whatever is typed, with `ask>` behind each line; escape turns it off
/// a second later, when the key is up again.
///
/// xor ax, ax; mov ds, ax; mov al, 3; int 0x10; mov si, ready;
/// say: lodsb; test al, al; jz key; call put; jmp say;
/// key: xor ah, ah; int 0x16; test al, al; jz key; cmp al, 27; je off; call put; cmp al, 13; jne key; mov si, ask; jmp say;
/// off: mov ah, 0x86; mov cx, 15; int 0x15; mov ax, 0x2000; mov dx, 0x604; out dx, ax; hlt;
/// put: push ax; mov ah, 0x0e; xor bx, bx; int 0x10; pop ax; mov dx, 0x3f8; out dx, al; ret; and the two texts.
pub(crate) const TYPEWRITER: [u8; 87] = [
    0x31, 0xc0, 0x8e, 0xd8, 0xb0, 0x03, 0xcd, 0x10, 0xbe, 0x49, 0x7c, 0xac, 0x84, 0xc0, 0x74, 0x05, 0xe8, 0x29, 0x00,
    0xeb, 0xf6, 0x30, 0xe4, 0xcd, 0x16, 0x84, 0xc0, 0x74, 0xf8, 0x3c, 0x1b, 0x74, 0x0c, 0xe8, 0x18, 0x00, 0x3c, 0x0d,
    0x75, 0xed, 0xbe, 0x51, 0x7c, 0xeb, 0xde, 0xb4, 0x86, 0xb9, 0x0f, 0x00, 0xcd, 0x15, 0xb8, 0x00, 0x20, 0xba, 0x04,
    0x06, 0xef, 0xf4, 0x50, 0xb4, 0x0e, 0x31, 0xdb, 0xcd, 0x10, 0x58, 0xba, 0xf8, 0x03, 0xee, 0xc3, b'r', b'e', b'a',
    b'd', b'y', b'\r', b'\n', 0, b'\n', b'a', b's', b'k', b'>', 0,
];

/// A disk of so many megabytes whose first sector has this program.
pub(crate) fn write_program(disk: &Path, program: &[u8], megabytes: u64) {
    let mut sector = [0_u8; 512];
    sector[..program.len()].copy_from_slice(program);
    sector[510..].copy_from_slice(&[0x55, 0xaa]);
    fs::write(disk, sector).expect("written");
    let file = fs::File::options().write(true).open(disk).expect("there");
    file.set_len(megabytes << 20).expect("sparse");
}

/// A project of `qemu-images` with such a disk, `sector.img`.
pub(crate) fn with_program(program: &[u8], megabytes: u64) -> TestContext {
    let project = TestContext::new(env!("CARGO_BIN_EXE_qemu-images"));
    write_program(&project.path().join("sector.img"), program, megabytes);
    project
}

/// Runs with more in its environment.
pub(crate) fn with(project: &TestContext, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    finish(project.command(arguments).envs(env.iter().copied()))
}

/// Runs a line of the shell, whose output is the answer.
pub(crate) fn sh(line: &str) -> String {
    let output = finish(Command::new("sh").args(["-c", line]));
    assert_eq!(output.code, 0, "{line}: {}", output.stderr);
    output.stdout.trim().to_owned()
}
