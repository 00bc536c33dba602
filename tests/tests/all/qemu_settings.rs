//! What settings of `qemu` do that no command line shows: in images, on screens, at sockets. The machines run programs of one sector, and are through in
//! a second.

use crate::{
    machines::{HALT, TYPEWRITER, sh, with, with_program},
    qemu::{format_of, left, off, told},
};
use imagebake_tests::{TestContext, requires};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::net::UnixStream,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

fn about(image: &Path) -> serde_json::Value {
    let told = sh(&format!("qemu-img info --output=json '{}'", image.display()));
    serde_json::from_str(&told).expect("JSON")
}

/// How many clusters of an image have something in them, and how many of those are compressed.
fn clusters(image: &Path) -> (u64, u64) {
    let told = sh(&format!("qemu-img check --output=json '{}'", image.display()));
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let of = |name: &str| told[name].as_u64().unwrap_or(0);
    (of("allocated-clusters"), of("compressed-clusters"))
}

#[test]
fn what_is_said_of_disks_is_seen_in_the_image() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = off();
    let image = project.path().join("out/off");
    let built = |settings: &[(&str, &str)]| {
        with(&project, &["build", "off"], settings).ok();
        about(&image)
    };
    let megabyte = 1 << 20;
    assert_eq!(built(&[])["virtual-size"], megabyte);
    assert_eq!(built(&[("DISK_SIZE", "3M")])["virtual-size"], 3 * megabyte);
    // Zero is the usual size in templates: here the disk's own.
    assert_eq!(built(&[("DISK_SIZE", "0")])["virtual-size"], megabyte);
    let kept = built(&[("DISK_SIZE", "3M"), ("SETTINGS", "skip_resize_disk")]);
    assert_eq!(kept["virtual-size"], megabyte, "it stays as it is");

    let plain = clusters(&image);
    assert!(plain.0 > 0 && plain.1 == 0, "{plain:?}");
    built(&[("SETTINGS", "disk_compression")]);
    let compressed = clusters(&image);
    assert!(compressed.1 > 0, "{compressed:?}");

    let converted = built(&[("SETTINGS", "img_convert=-o cluster_size=1M")]);
    assert_eq!(converted["cluster-size"], megabyte);
    // What the machine wrote to is the image itself where it is not made smaller.
    let kept = "skip_compaction\nimg_create=-o cluster_size=4k";
    let made = built(&[("BACKING", "1"), ("SETTINGS", kept)]);
    assert_eq!(
        (&made["cluster-size"], made["backing-filename"].is_string()),
        (&4096.into(), true)
    );
    // `qemu-img resize` is asked where it is told more.
    let refused = with(
        &project,
        &["build", "off"],
        &[("DISK_SIZE", "3M"), ("SETTINGS", "img_resize=--nonsense")],
    );
    told(&refused.fails(1), &["`qemu-img resize` failed", "nonsense"]);
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn firmware_of_the_users_starts_the_machine() {
    requires!("qemu-system-x86_64", "qemu-img", "seabios");
    let project = off();
    let out = project.path().join("out");
    let names = || {
        let entries = fs::read_dir(&out).expect("there").flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let bios = "/usr/share/seabios/bios-256k.bin";
    for settings in [
        &[("FIRMWARE", bios)][..],
        &[("FIRMWARE", bios), ("SETTINGS", "use_pflash")],
    ] {
        with(&project, &["build", "off"], settings).ok();
        assert_eq!(names(), ["off"]);
    }
    // Code is code to the machine, whether UEFI or not, and what goes with it is the image's.
    fs::write(project.path().join("variables"), vec![7; 64 << 10]).expect("written");
    let flash = [("EFI_CODE", bios), ("EFI_VARS", "variables")];
    with(&project, &["build", "off"], &flash).ok();
    assert_eq!(names(), ["efivars.fd", "off"]);
    assert_eq!(fs::read(out.join("efivars.fd")).expect("there"), vec![7; 64 << 10]);
    with(
        &project,
        &["build", "off"],
        &[&flash[..], &[("SETTINGS", "efi_drop_efivars")]].concat(),
    )
    .ok();
    assert_eq!(names(), ["off"]);
    // One without the other: nothing says what goes with it.
    let alone = with(&project, &["validate", "off"], &flash[..1]).fails(2);
    told(
        &alone,
        &[
            "which variables go with the firmware",
            "field efi_firmware_code",
            "`efi_firmware_vars`",
            "qemu-images.rs:",
        ],
    );
    assert_eq!(format_of(&out.join("off")), "qcow2");
}

#[test]
fn steps_of_a_boot_command_are_typed_and_told() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = with_program(&TYPEWRITER, 1);
    let settings = |keys| [("SETTINGS", keys), ("OFF_TIMEOUT", "4")];
    let built = with(
        &project,
        &["build", "off"],
        &settings("boot_steps=of {{ name }}<enter><wait1><esc>"),
    )
    .ok();
    told(&built, &["typing the boot command", "what ends it"]);
    // Without the last key it goes on until its time is over, and shows what was typed.
    let failed = with(
        &project,
        &["build", "off"],
        &settings("boot_steps=of {{ name }}<enter>"),
    )
    .fails(1);
    told(&failed, &["did not turn off within 4s", "of off"]);
}

/// Until something is there.
fn when<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_running_machine_is_reached_at_its_socket_and_its_screen_with_a_password() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = with_program(&HALT, 1);
    let port = imagebake_tests::sshd::free_port().max(5900);
    let mut child = project
        .command(&["build", "off"])
        .env("SETTINGS", format!("vnc={port}\nqmp_socket_path=control"))
        .env("OFF_TIMEOUT", "20")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let screen = lines
        .by_ref()
        .map(|line| line.expect("text"))
        .find(|line| line.contains("vnc://"))
        .expect("the screen is told");
    assert!(
        screen.contains(&format!("vnc://127.0.0.2:{port}, password ")),
        "{screen}"
    );

    let mut stream = TcpStream::connect(("127.0.0.2", port)).expect("the screen is there");
    let mut version = [0; 12];
    stream.read_exact(&mut version).expect("read");
    stream.write_all(&version).expect("written");
    let mut offered = [0; 2];
    stream.read_exact(&mut offered).expect("read");
    assert_eq!(offered, [1, 2], "one way in: by password");

    // Relative to where the build runs.
    let socket = project.path().join("control");
    let control = when("socket", || UnixStream::connect(&socket).ok());
    let mut answers = BufReader::new(control.try_clone().expect("cloned")).lines();
    let mut say = |line: &str| {
        (&control).write_all(line.as_bytes()).expect("written");
        answers.next().expect("an answer").expect("text")
    };
    assert!(say("").contains("\"QMP\""));
    assert!(say("{\"execute\":\"qmp_capabilities\"}\n").contains("return"));
    // Its end by this socket is an end by itself.
    say("{\"execute\":\"quit\"}\n");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(left(&project), Vec::<String>::new());
}

#[test]
fn what_a_new_user_gets_wrong_is_told_with_its_setting_and_its_line() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = off();
    let occupied = TestContext::new(env!("CARGO_BIN_EXE_qemu-images"));
    let taken = occupied.path().display().to_string();
    for (command, settings, field, words) in [
        (
            "plan",
            ("DISK_INTERFACE", "virto"),
            "disk_interface",
            ["is none of virtio, virtio-scsi", "did you mean `virtio`?"],
        ),
        (
            "validate",
            ("MACHINE_TYPE", "q36"),
            "machine_type",
            ["is no machine that this builder's QEMU knows", "did you mean `q35`?"],
        ),
        (
            "validate",
            ("SETTINGS", "net_device=virto-net"),
            "net_device",
            ["is no network adapter", "did you mean `virtio-net`?"],
        ),
        (
            "validate",
            ("SETTINGS", "cpu_model=hosd,+x2apic"),
            "cpu_model",
            ["`hosd` is no processor", "did you mean `host`?"],
        ),
        (
            "validate",
            ("SETTINGS", "http_directory=nowhere"),
            "http_directory",
            ["cannot serve the folder", "relative paths start at"],
        ),
        (
            "validate",
            ("SETTINGS", "floppy_files=nowhere/*"),
            "floppy_files",
            ["nothing matches", "check the name and the folder"],
        ),
        (
            "validate",
            ("SETTINGS", "cd_files=nowhere/*"),
            "cd_files",
            ["nothing matches", "check the name and the folder"],
        ),
        (
            "validate",
            ("SETTINGS", "vnc_password=much-too-long"),
            "vnc_password",
            ["has 13 letters", "give a shorter one"],
        ),
        (
            "validate",
            ("OUT", &*taken),
            "output_directory",
            ["exists already", "choose another path, or use --force"],
        ),
        (
            "validate",
            ("QEMU", "qemu-system-nonsense"),
            "qemu_binary",
            ["is not installed", "the package is"],
        ),
    ] {
        let output = with(&project, &[command, "off"], &[settings]).fails(2);
        told(&output, &words);
        told(
            &output,
            &["image off · source qemu", &format!("field {field}"), "qemu-images.rs:"],
        );
        assert!(!output.text().contains("much-too-long"), "{}", output.text());
    }
    let reversed = [("PORT_FIRST", "2300"), ("PORT_LAST", "2200")];
    told(
        &with(&project, &["plan", "off"], &reversed).fails(2),
        &[
            "there is no port from 2300 to 2200",
            "`host_port_max` has to be 2300 or more",
            "qemu-images.rs:",
        ],
    );
    let windows = with(&project, &["plan", "off"], &[("SETTINGS", "winrm")]);
    told(
        &windows,
        &[
            "steps cannot run over WinRM yet",
            "`validate` and `build` refuse it",
            "qemu-images.rs:",
        ],
    );
    // What is in the way of a build is none to one that is forced.
    fs::create_dir(project.path().join("mine")).expect("made");
    told(
        &with(&project, &["build", "off"], &[("OUT", "mine")]).fails(2),
        &["exists already"],
    );
    with(&project, &["build", "off", "--force"], &[("OUT", "mine")]).ok();
}
