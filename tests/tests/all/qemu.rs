//! Machines of QEMU, for real: started from a disk, provisioned over SSH, captured, killed, and refused where they cannot be.
//!
//! A boot of Debian under emulation takes a quarter of a minute, so that each test asks as much as it can of one, and what needs no system
//! starts a program of one sector.

use crate::machines::{FILL, HALT, OFF, disk, project_of, requires_debian, sh, turn, with, with_program};
use imagebake_tests::{Output, TestContext, example, requires};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

fn project() -> TestContext {
    project_of(env!("CARGO_BIN_EXE_qemu-images")).env("DISK", &disk().display().to_string())
}

/// The running `program`s that name the project's folder: their numbers and command lines.
fn processes(project: &TestContext, program: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir("/proc").expect("processes").flatten();
    let all = entries.map(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let number = entry.file_name().to_string_lossy().into_owned();
        (number, String::from_utf8_lossy(&line).replace('\0', " "))
    });
    let folder = project.path().display().to_string();
    all.filter(|(_, line)| line.contains(program) && line.contains(&folder))
        .collect()
}

/// What a build left: processes that name the project's folder, and folders beside the image.
pub(crate) fn left(project: &TestContext) -> Vec<String> {
    let programs = ["qemu-system", "swtpm socket"];
    let of = programs.into_iter().flat_map(|program| processes(project, program));
    let mut left: Vec<String> = of.map(|(_, line)| line).collect();
    let entries = fs::read_dir(project.path()).expect("a folder").flatten();
    left.extend(
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(".imagebake-")),
    );
    left
}

/// Waits for the process of a machine.
#[track_caller]
fn starts(project: &TestContext) {
    let began = Instant::now();
    while processes(project, "qemu-system").is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "the machine does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A file of the root's file system in an image, read without starting it.
fn in_image(image: &Path, path: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = folder.path().join("disk.raw");
    sh(&format!(
        "qemu-img convert -O raw '{}' '{}'",
        image.display(),
        raw.display()
    ));
    sh(&format!(
        "PATH=$PATH:/sbin debugfs -R 'cat {path}' '{}?offset=1048576' 2>/dev/null",
        raw.display()
    ))
}

#[track_caller]
pub(crate) fn told(output: &Output, words: &[&str]) {
    let text = output.text();
    for word in words {
        assert!(text.contains(word), "`{word}` is not said:\n{text}");
    }
}

#[test]
fn a_disk_becomes_an_image() {
    requires_debian!();
    let _turn = turn();
    let project = project().env("CLOUD_INIT", "1").env("STORED", "1");
    let before = fs::metadata(disk()).expect("there").modified().expect("a time");
    let failed = with(&project, &["build", "web"], &[("LAST", "exit 1")]).fails(1);
    told(&failed, &["on a CD"]);
    // It goes on where that failed. To cloud-init the machine is a new one, with other keys, and it is told nothing else again.
    let last = "cat /root/.ssh/authorized_keys; test \"$(grep -c of-this-build /root/.ssh/authorized_keys)\" = 1";
    let built = with(&project, &["build", "web"], &[("LAST", last)]).ok();
    told(&built, &["step 2 of 3 file is taken from a snapshot"]);
    // The host key was known: none was learnt from the machine.
    let text = built.text();
    assert!(!text.contains("as the machine showed it first"), "{text}");
    // The key made for the build, of the sort and with the name that are asked for, is gone from the image.
    told(&built, &["ecdsa-sha2-nistp384 ", " of-this-build"]);
    let image = project.path().join("out/web");
    let keys = in_image(&image, "/root/.ssh/authorized_keys");
    assert!(!keys.contains("ecdsa-sha2-nistp384"), "{keys}");
    assert_eq!(in_image(&image, "/root/was"), "told");
    assert_eq!(in_image(&image, "/root/by-user-data"), "changed");
    assert_eq!(in_image(&image, "/etc/hostname"), "seeded");
    assert_eq!(in_image(&image, "/root/by-shell"), "shell");
    assert_eq!(in_image(&image, "/root/by-file"), "uploaded");
    let about = sh(&format!("qemu-img info '{}'", image.display()));
    assert!(
        about.contains("file format: qcow2") && !about.contains("backing file"),
        "{about}"
    );
    let digest = sh(&format!("sha256sum '{}' | cut -d' ' -f1", image.display()));
    assert!(project.read("web.sha256").contains(&digest));
    assert_eq!(
        fs::metadata(disk()).expect("there").modified().expect("a time"),
        before,
        "the disk is only read"
    );
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn a_killed_build_leaves_nothing_after_cleanup() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = with_program(&HALT, 1);
    let mut child = project.spawn(&["build", "off"]);
    starts(&project);
    child.kill().expect("SIGKILL");
    child.wait().expect("it ended");
    assert_eq!(
        left(&project).len(),
        2,
        "the machine and its folder outlive the builder"
    );
    let cleaned = project.run(&["cleanup"]).ok();
    told(&cleaned, &["imagebake/qemu-process", "imagebake/qemu-folder"]);
    assert_eq!(left(&project), Vec::<String>::new());
    assert!(
        !project.path().join("out").exists(),
        "nothing half-made is in the image's place"
    );
}

/// A project whose machine turns itself off.
pub(crate) fn off() -> TestContext {
    with_program(&OFF, 1)
}

/// A small file system of its own, while this lives.
struct Small(PathBuf);

impl Small {
    fn at(folder: PathBuf, size: &str) -> Self {
        fs::create_dir(&folder).expect("made");
        sh(&format!("mount -t tmpfs -o size={size} small '{}'", folder.display()));
        Self(folder)
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

pub(crate) fn format_of(path: &Path) -> String {
    let about = sh(&format!("qemu-img info --output=json '{}'", path.display()));
    let about: serde_json::Value = serde_json::from_str(&about).expect("JSON");
    about["format"].as_str().expect("a form").to_owned()
}

#[test]
fn a_crash_at_any_boundary_is_cleaned_up() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = off();
    for boundary in 1.. {
        let ended = project
            .command(&["build", "off"])
            .env("IMAGEBAKE_CRASH_AT", boundary.to_string())
            .output()
            .expect("it runs");
        project.run(&["cleanup"]).ok();
        assert_eq!(left(&project), Vec::<String>::new(), "boundary {boundary}");
        if ended.status.success() {
            assert!(boundary > 12, "only {boundary} boundaries were crossed");
            break;
        }
        let text = String::from_utf8_lossy(&ended.stderr);
        // An image that was put in its place before it was on record is somebody else's to the next build.
        if text.contains("exists already") {
            fs::remove_dir_all(project.path().join("out")).expect("removed");
            continue;
        }
        assert_eq!(ended.status.code(), None, "boundary {boundary}: {text}");
    }
    assert_eq!(format_of(&project.path().join("out/off")), "qcow2");
}

#[test]
fn an_image_has_the_form_that_is_asked_for() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = off();
    let out = |name: &str| project.path().join("out").join(name);
    for (asked, name, is) in [
        ("raw", "off.raw", "raw"),
        ("vmdk", "off.vmdk", "vmdk"),
        ("vdi", "off.vdi", "vdi"),
        ("vhd", "off.vhd", "vpc"),
        ("vhdx", "off.vhdx", "vhdx"),
    ] {
        with(&project, &["build", "off"], &[("IMAGE_FORMAT", asked)]).ok();
        assert_eq!(format_of(&out(name)), is);
        // What the build before made was its own to replace, all of it.
        assert_eq!(fs::read_dir(project.path().join("out")).expect("there").count(), 1);
    }
    with(
        &project,
        &["build", "off"],
        &[("SECOND_DISK", "5M"), ("FORMAT", "raw"), ("DISK_SIZE", "3M")],
    )
    .ok();
    assert_eq!(fs::metadata(out("off")).expect("there").len(), 3 << 20);
    assert_eq!(fs::metadata(out("off-1")).expect("there").len(), 5 << 20);
    with(&project, &["build", "off"], &[("BACKING", "1")]).ok();
    let about = sh(&format!("qemu-img info '{}'", out("off").display()));
    assert!(
        about.contains("sector.img (actual path") || about.contains("backing file: "),
        "{about}"
    );
    assert_eq!(left(&project), Vec::<String>::new());

    // A folder that no build of this image made stays, unless it is forced away.
    fs::remove_dir_all(project.path().join("out")).expect("removed");
    project.run(&["cleanup"]).ok();
    fs::remove_file(project.path().join(".imagebake/outputs.json")).expect("removed");
    project.write("out/precious", "kept");
    told(&project.run(&["build", "off"]).fails(2), &["exists already"]);
    assert_eq!(project.read("out/precious"), "kept");
    project.run(&["build", "off", "--force"]).ok();
    assert!(!project.path().join("out/precious").exists());
}

#[test]
fn every_way_to_attach_disks_firmware_and_a_tpm_starts() {
    requires!("qemu-system-x86_64", "qemu-img", "ovmf", "swtpm");
    let project = off();
    for interface in ["virtio", "virtio-scsi", "ide", "scsi", "nvme", "sata"] {
        with(
            &project,
            &["build", "off"],
            &[("DISK_INTERFACE", interface), ("SECOND_DISK", "1M")],
        )
        .ok();
    }
    with(&project, &["build", "off"], &[("TPM", "1"), ("MACHINE_TYPE", "q35")]).ok();
    // UEFI finds nothing to start in that sector: the machine is ended by its deadline.
    let efi = [
        ("EFI", "1"),
        ("MACHINE_TYPE", "q35"),
        ("OFF_TIMEOUT", "1s"),
        ("OFF_TIMEOUT", "1"),
    ];
    told(
        &with(&project, &["build", "off"], &efi).fails(1),
        &["did not turn off within 1s"],
    );
    // The user's own arguments stand in the place of ours.
    let failed = with(&project, &["build", "off"], &[("QEMUARG", "-machine nonsense")]).fails(1);
    told(&failed, &["QEMU did not start", "unsupported machine type"]);
    with(
        &project,
        &["build", "off"],
        &[("QEMUARG", "-drive file={{ output_dir }}/{{ name }},if=ide,format=qcow2")],
    )
    .ok();
    with(
        &project,
        &["build", "off"],
        &[(
            "QEMUARG",
            "-netdev user,id=user.0,hostfwd=tcp:127.0.0.1:{{ ssh_host_port }}-:22",
        )],
    )
    .ok();
    with(&project, &["build", "off"], &[("QEMUARG", "-nographic")]).ok();
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn a_disk_that_is_full_is_told_whoever_fills_it() {
    requires!("root", "qemu-system-x86_64", "qemu-img");
    let out = [("OUT", "small/out")];
    let on_small = |project: &TestContext, more: &[(&str, &str)]| {
        let _small = Small::at(project.path().join("small"), "3m");
        let output = with(project, &["build", "off"], &[&out[..], more].concat()).fails(1);
        let left = fs::read_dir(project.path().join("small")).expect("there");
        let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
        assert!(left.is_empty(), "{left:?}");
        output
    };
    // Before the machine starts, while it runs, and when the image is written.
    let filled = |kilobytes: usize| {
        let project = off();
        let path = project.path().join("sector.img");
        let mut disk = fs::read(&path).expect("there");
        disk.truncate(512);
        disk.resize(kilobytes << 10, 1);
        fs::write(&path, disk).expect("written");
        project
    };
    told(
        &on_small(&filled(8 << 10), &[]),
        &[
            "the disk has 8 MB",
            "has room for",
            "choose an `output_directory`",
            "off.qemu failed",
        ],
    );
    told(
        &on_small(&with_program(&FILL, 8), &[]),
        &["one of its disks could not be written", "make room", "off.qemu failed"],
    );
    told(
        &on_small(&filled(2900), &[]),
        &["`qemu-img convert` failed", "No space left on device", "make room"],
    );
}

#[test]
fn a_tpm_that_is_gone_ends_the_machine_and_cleanup_ends_both() {
    requires!("qemu-system-x86_64", "qemu-img", "ovmf", "swtpm");
    let project = off();
    // There is nothing for this firmware to start, so that the machine goes on.
    let settings = [
        ("EFI", "1"),
        ("TPM", "1"),
        ("MACHINE_TYPE", "q35"),
        ("OFF_TIMEOUT", "120"),
    ];
    let start = || {
        let mut command = project.command(&["build", "off"]);
        let child = command
            .envs(settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        starts(&project);
        child.expect("it starts")
    };
    let child = start();
    std::thread::sleep(Duration::from_secs(1));
    for (number, _) in processes(&project, "swtpm socket") {
        sh(&format!("kill -9 {number}"));
    }
    let ended = child.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{said}");
    for word in ["the machine's TPM is gone: `swtpm` ended (signal: 9", "QEMU's log"] {
        assert!(said.contains(word), "`{word}` is not said:\n{said}");
    }
    assert_eq!(left(&project), Vec::<String>::new());

    let mut child = start();
    child.kill().expect("SIGKILL");
    child.wait().expect("it ended");
    assert_eq!(processes(&project, "swtpm socket").len(), 1, "it outlives the builder");
    project.run(&["cleanup"]).ok();
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn the_example_serves_its_page_from_the_image_it_made() {
    requires_debian!();
    let _turn = turn();
    let project = TestContext::new(example("debian-vm"));
    let disk = format!("disk={}", disk().display());
    project.run(&["build", "web", "--var", &disk]).ok();
    let checked = project.run(&["build", "check", "--var", &disk]).ok();
    told(&checked, &["<h1>Baked in Rust</h1>"]);
    assert!(project.read("manifest.json").contains("web.qcow2"));
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn a_machine_that_never_lets_anybody_in_is_ended_with_its_evidence() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = with_program(&HALT, 1).env("ACCELERATOR", "tcg");
    let project = project.env("DISK", "sector.img").env("SSH_TIMEOUT", "4");
    let failed = project.run(&["build", "web"]).fails(1);
    told(
        &failed,
        &["waited 4s for SSH at 127.0.0.1", "screenshot: ", "QEMU's log: "],
    );
    let logs = fs::read_dir(project.path().join(".imagebake/logs"))
        .expect("logs")
        .flatten();
    let folder = logs.map(|entry| entry.path()).next().expect("a run");
    let picture = fs::read(folder.join("web.qemu.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG"));
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn what_cannot_be_is_told_before_a_machine_starts() {
    requires_debian!();
    let project = project();
    let validate = |name: &str, value: &str| {
        let mut command = project.command(&["validate", "web"]);
        let output = imagebake_tests::finish(command.env(name, value));
        output.fails(2)
    };
    told(
        &validate("QEMU", "qemu-system-nonsense"),
        &["`qemu-system-nonsense` is not installed", "install"],
    );
    told(&validate("DISK", "nowhere.qcow2"), &["cannot read", "nowhere.qcow2"]);
    fs::write(project.path().join("empty.img"), "").expect("written");
    told(&validate("DISK", "empty.img"), &["empty.img is empty", "again"]);
    told(
        &validate("ACCELERATOR", "xen"),
        &["xen does not work here", "leave `accelerator` out"],
    );
    told(&validate("MEMORY", "9000000"), &["wants 9000000 MB of memory"]);
    told(
        &validate("FIRMWARE", "nowhere.fd"),
        &[
            "cannot read the firmware",
            "nowhere.fd",
            "field firmware",
            "qemu-images.rs:",
        ],
    );
    let mut command = project.command(&["validate", "web"]);
    let vars = command.env("EFI_CODE", "no-code.fd").env("EFI_VARS", "no-vars.fd");
    told(
        &imagebake_tests::finish(vars).fails(2),
        &[
            "cannot read the firmware",
            "no-code.fd",
            "field efi_firmware_code",
            "qemu-images.rs:",
        ],
    );

    told(
        &validate("UNMAPPED", "1"),
        &["nothing says where it is", "on the builder itself"],
    );

    let build = |name: &str, value: &str| {
        let mut command = project.command(&["build", "web"]);
        let output = imagebake_tests::finish(command.env(name, value));
        assert_eq!(left(&project), Vec::<String>::new());
        output.fails(1)
    };
    let wrong = "0".repeat(64);
    let digest = sh(&format!("sha256sum '{}' | cut -d' ' -f1", disk().display()));
    told(
        &build("DISK_CHECKSUM", &format!("sha256:{wrong}")),
        &[&digest, &wrong, "find out why"],
    );
    let short = project.path().join("short.qcow2");
    sh(&format!(
        "head -c 3000000 '{}' > '{}'",
        disk().display(),
        short.display()
    ));
    told(
        &build("DISK", &short.display().to_string()),
        &["is damaged", "cut off", " lines more"],
    );
    told(&build("DISK_SIZE", "10M"), &["`disk_size` is 10 MB", "would be lost"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let mut command = project.command(&["build", "web"]);
    let output = imagebake_tests::finish(command.env("PORT_FIRST", &port).env("PORT_LAST", &port)).fails(1);
    told(&output, &["no port from", &port, "widen the range"]);
    assert_eq!(left(&project), Vec::<String>::new());
}
