//! The way into a machine before anything listens in it: media, boot commands, files by HTTP.

use crate::machines::{TYPEWRITER, medium, project_of, requires_medium, write_program};
use imagebake::guest_media::{Tree, floppy, write_cd};
use imagebake_tests::{TestContext, example, requires};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn tool(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
    output.stdout
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names long and short, deep folders, an empty file and one over many sectors.
fn tree() -> Tree {
    let mut tree = Tree::new();
    let large: Vec<u8> = (0..100_000_u32).flat_map(|i| i.to_le_bytes()).collect();
    for (path, bytes) in [
        ("user-data", b"#cloud-config\n".to_vec()),
        ("meta-data", Vec::new()),
        ("Autounattend.xml", b"<unattend/>".to_vec()),
        ("Autounattend.xml.old", b"<old/>".to_vec()),
        ("drivers/net/virtio-net long name.inf", b"driver".to_vec()),
        ("drivers/Grüße.txt", "Grüße".as_bytes().to_vec()),
        ("a/b/c/d/e/f/g/h/i/deep.txt", b"deep".to_vec()),
        ("large.bin", large),
    ] {
        tree.add_bytes(path, bytes).expect("added");
    }
    for number in 0..120 {
        let path = format!("many/a file with a long name, number {number}.txt");
        tree.add_bytes(&path, number.to_string()).expect("added");
    }
    tree
}

#[test]
fn a_cd_is_read_by_others() {
    requires!("xorriso", "isoinfo");
    let folder = tempfile::tempdir().expect("a folder");
    let (disc, out) = (folder.path().join("seed.iso"), folder.path().join("out"));
    let mut bytes = Vec::new();
    write_cd(&tree(), "cidata", Some(1_700_000_000), &mut bytes).expect("made");
    fs::write(&disc, &bytes).expect("written");
    let (disc, at) = (disc.display().to_string(), out.display().to_string());

    // Rock Ridge, by libisofs, which also says what it does not like.
    tool(
        "xorriso",
        &[
            "-abort_on",
            "WARNING",
            "-osirrox",
            "on",
            "-indev",
            &disc,
            "-extract",
            "/",
            &at,
        ],
    );
    let read = |name: &str| fs::read(out.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(read("user-data"), b"#cloud-config\n");
    assert_eq!(read("meta-data"), b"");
    assert_eq!(read("drivers/net/virtio-net long name.inf"), b"driver");
    assert_eq!(read("drivers/Grüße.txt"), "Grüße".as_bytes());
    assert_eq!(read("a/b/c/d/e/f/g/h/i/deep.txt"), b"deep");
    assert_eq!(read("large.bin").len(), 400_000);
    assert_eq!(read("many/a file with a long name, number 77.txt"), b"77");

    // Joliet, by cdrkit, and the label.
    let listed = text(tool("isoinfo", &["-J", "-f", "-i", &disc]));
    assert!(listed.contains("/drivers/net/virtio-net long name.inf"), "{listed}");
    assert!(listed.contains("/Autounattend.xml\n"), "{listed}");
    assert_eq!(listed.matches("/many/").count(), 120, "{listed}");
    let ridge = text(tool("isoinfo", &["-R", "-l", "-i", &disc]));
    assert!(ridge.contains("-r-xr-xr-x"), "{ridge}");
    assert!(
        ridge.contains("Nov 14 2023"),
        "the moment is the one that was given: {ridge}"
    );
    let label = text(tool("isoinfo", &["-d", "-i", &disc]));
    assert!(label.contains("Volume id: cidata\n"), "{label}");
    assert!(label.contains("Rock Ridge") && label.contains("Joliet"), "{label}");
    // How cloud-init looks for it.
    assert_eq!(
        text(tool("blkid", &["-p", "-s", "LABEL", "-o", "value", &disc])).trim(),
        "cidata"
    );
}

#[test]
fn a_floppy_disk_is_read_by_others() {
    requires!("mtype", "fsck.fat");
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("floppy.img");
    fs::write(&disk, floppy(&tree(), "packer", None).expect("made")).expect("written");
    let disk = disk.display().to_string();
    // It ends with an error for whatever it would mend.
    tool("fsck.fat", &["-n", &disk]);
    let read = |name: &str| tool("mtype", &["-i", &disk, &format!("::{name}")]);
    assert_eq!(read("Autounattend.xml"), b"<unattend/>");
    assert_eq!(read("AUTOUN~1.XML"), b"<unattend/>");
    assert_eq!(read("drivers/net/virtio-net long name.inf"), b"driver");
    assert_eq!(read("a/b/c/d/e/f/g/h/i/deep.txt"), b"deep");
    assert_eq!(read("large.bin").len(), 400_000);
    assert_eq!(read("many/a file with a long name, number 119.txt"), b"119");
    let listed = text(tool("mdir", &["-i", &disk, "::"]));
    assert!(listed.contains("PACKER"), "{listed}");
    assert_eq!(
        text(tool("blkid", &["-p", "-s", "LABEL", "-o", "value", &disk])).trim(),
        "PACKER"
    );
}

/// The file called `name`, somewhere below `folder`.
fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let here = files
        .into_iter()
        .find(|path| path.file_name().is_some_and(|found| found == name));
    here.or_else(|| folders.iter().find_map(|folder| found(folder, name)))
}

/// A project whose machines start from the medium.
fn project() -> TestContext {
    project_of(env!("CARGO_BIN_EXE_iso-images")).env("ISO", &medium().display().to_string())
}

/// A project whose machine shows what is typed.
fn typewriter() -> TestContext {
    let project = TestContext::new(env!("CARGO_BIN_EXE_iso-images"));
    write_program(&project.path().join("typewriter.img"), &TYPEWRITER, 1);
    project
}

#[track_caller]
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing:\n{text}");
    }
}

/// What the steps of an installed machine printed, and what is on its disk.
#[track_caller]
fn is_installed(project: &TestContext, built: &imagebake_tests::Output, builder: &str) {
    let marker = format!("of installed from {builder}");
    says(&built.text(), &[&marker, "and more"]);
    let disk = fs::read(project.path().join("out/installed")).expect("the disk");
    assert!(disk.starts_with(format!("{marker}\nand more\n").as_bytes()));
    assert_eq!(disk.len(), 64 << 20);
}

#[test]
fn a_machine_is_installed_by_what_its_serial_console_shows() {
    requires_medium!();
    // Files that are served at one address of the builder are fetched from there, and not from where machines find it otherwise.
    let asked = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    let address = asked.expect("the builder has an address").ip().to_string();
    let project = project().env("HTTP_BIND", &address).env("BUILDER", &address);
    let built = project.run(&["build", "serial"]).ok();
    is_installed(&project, &built, &address);
    says(
        &built.text(),
        &[
            "the machine's screen is at vnc://127.0.0.1:",
            "files are served on port",
            "typing the boot command",
        ],
    );
    let log = fs::read_to_string(found(project.path(), "serial.qemu.log").expect("the unit's log")).expect("read");
    says(
        &log,
        &[
            &format!("HTTP: {address} asked GET /cfg.sh: 200"),
            "asked GET /more%20data: 200, 9 bytes",
        ],
    );
    assert!(
        !built.text().contains("GET /cfg.sh"),
        "requests are for the log: {}",
        built.text()
    );
}

#[test]
fn a_medium_that_is_cut_off_is_told_before_a_machine_starts() {
    requires_medium!();
    let whole = fs::read(medium()).expect("the medium");
    let project = project();
    let short = project.path().join("short.iso");
    fs::write(&short, &whole[..whole.len() / 2]).expect("written");
    let project = project.env("ISO", &short.display().to_string());
    says(
        &project.run(&["validate", "serial"]).fails(2).text(),
        &[
            "short.iso is cut off",
            &format!("and {} are there", whole.len() / 2),
            "fetch it again",
            "iso-images.rs:",
        ],
    );
}

/// The part of a picture that begins at `x` and `y`.
fn cut(picture: &Path, [x, y, width, height]: [usize; 4], to: &Path) {
    let file = std::io::BufReader::new(fs::File::open(picture).expect("there"));
    let mut reader = png::Decoder::new(file).read_info().expect("a PNG");
    let mut pixels = vec![0; reader.output_buffer_size().expect("it fits")];
    let about = reader.next_frame(&mut pixels).expect("read");
    let (line, of_pixel) = (about.line_size, about.line_size / about.width as usize);
    let rows = (y..y + height).flat_map(|y| &pixels[y * line + x * of_pixel..][..width * of_pixel]);
    let part: Vec<u8> = rows.copied().collect();
    let mut out = png::Encoder::new(fs::File::create(to).expect("made"), width as u32, height as u32);
    out.set_color(about.color_type);
    out.set_depth(about.bit_depth);
    let mut out = out.write_header().expect("written");
    out.write_image_data(&part).expect("written");
}

#[test]
fn what_never_comes_is_told_with_a_screenshot_of_which_the_next_build_knows_what_to_wait_for() {
    requires!("qemu-system-x86_64", "qemu-img");
    let project = typewriter();
    let failed = project.run(&["build", "never"]).fails(1);
    says(
        &failed.text(),
        &[
            "waited 4s for `login:` on the serial console",
            "its last lines:",
            "ask>",
        ],
    );
    let serial = found(project.path(), "never.qemu.serial.log").expect("the serial log is kept");
    says(&fs::read_to_string(serial).expect("read"), &["ready", "ask>"]);
    let picture = found(project.path(), "never.qemu.png").expect("a screenshot is kept");

    // The prompt on it, without the cursor behind it.
    cut(&picture, [0, 32, 36, 16], &project.path().join("prompt.png"));
    let project = project.env("PICTURE", "prompt.png");
    let built = project.command(&["build", "screen"]).env("NO_VNC", "1").output();
    let built = built.expect("it runs");
    let text = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success() && !text.contains("vnc://"), "{text}");

    // What is there at first is not it.
    let failed = project.run(&["build", "never", "--force"]).fails(1);
    says(
        &failed.text(),
        &["waited 4s for the screen to show prompt.png", "screenshot: "],
    );
}

#[test]
fn a_machine_on_a_bridge_is_found_where_it_is_and_missed_where_it_does_not_come_back() {
    requires_medium!();
    requires!("root", "namespaces", "ip");
    let project = project().env("BRIDGE", "br0");
    says(
        &project.run(&["validate", "lost"]).fails(2).text(),
        &[
            "`br0` is no bridge of this builder",
            "field net_bridge",
            "iso-images.rs:",
        ],
    );
    let failed = on_a_bridge(&project.env("BUILDER", "10.77.0.1"), "lost").fails(1);
    says(
        &failed.text(),
        &[
            "the machine's address on `br0` is 10.77.0.5",
            "of installed from 10.77.0.1",
            // Nothing of it was closed: QEMU says so.
            "the connection ended as expected (the machine was reset)",
            "did not come back within 8s",
            "waited 8s for SSH at 10.77.0.5",
            "step 2 of 3 shell",
            "iso-images.rs:",
            "screenshot: ",
            "serial log: ",
        ],
    );
}

#[test]
fn files_are_asked_for_where_an_interface_says_and_not_on_the_bridge() {
    requires!("qemu-system-x86_64", "qemu-img", "busybox", "root", "namespaces", "ip");
    let project = typewriter().env("BRIDGE", "br0").env("HTTP_INTERFACE", "web0");
    on_a_bridge(&project, "elsewhere").ok();
    assert_eq!(project.read("fetched"), "and more\n");
}

/// Builds an image in a network and with settings of its own, gone with the process: the bridge `br0`, and beside it `web0`.
fn on_a_bridge(project: &TestContext, image: &str) -> imagebake_tests::Output {
    let script = r#"
set -eu
mkdir etc etc.work
mount -t overlay -o "lowerdir=/etc,upperdir=$PWD/etc,workdir=$PWD/etc.work" overlay /etc
mkdir -p /etc/qemu
echo allow br0 > /etc/qemu/bridge.conf
mount -t sysfs sysfs /sys
ip link set lo up
ip link add br0 type bridge
ip address add 10.77.0.1/24 dev br0
ip link set br0 up
ip link add web0 type bridge
ip address add 10.78.0.1/24 dev web0
ip link set web0 up
printf 'start 10.77.0.50\nend 10.77.0.59\ninterface br0\nlease_file leases\npidfile pid\noption router 10.77.0.1\noption subnet 255.255.255.0\n' > dhcp.conf
touch leases
busybox udhcpd -f dhcp.conf 2>dhcp.log &
dhcp=$!
# What is served on a port of its own is asked for from outside of the machine.
while ! busybox wget -q -O fetched 'http://10.78.0.1:8123/more%20data' 2>wget.log; do sleep 0.05; done &
trap 'kill $dhcp; kill $! 2>/dev/null || true' EXIT
"$@"
"#;
    let build = project.command(&["build", image]);
    let mut command = Command::new("unshare");
    command
        .args(["--net", "--mount", "sh", "-c", script, "sh"])
        .arg(build.get_program())
        .args(build.get_args())
        .env_clear()
        .current_dir(project.path());
    let set = build.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.envs(set);
    imagebake_tests::finish(&mut command)
}

/// A disk with a loader that firmware from Microsoft's time trusts, and the medium's system behind it, which fetches from `port`; without one, the
/// kernel stands in the loader's place, and has the signature of others.
fn trusted_disk(folder: &Path, port: Option<u16>) -> String {
    let script = r#"
set -eu
cd "$1"
[ -d signed ] || {
  mkdir signed
  (cd signed; apt-get -qq download shim-signed grub-efi-amd64-signed 2>apt.log || { cat apt.log >&2; exit 1; }; for deb in *.deb; do dpkg-deb -x "$deb" .; done)
  xorriso -osirrox on -indev "$2" -extract /vmlinuz signed/vmlinuz -extract /initrd.gz signed/initrd.gz 2>iso.log || { cat iso.log >&2; exit 1; }
}
rm -f esp.img
truncate -s 40M esp.img
mformat -i esp.img ::
mmd -i esp.img ::/EFI ::/EFI/BOOT ::/EFI/debian
if [ -n "$3" ]; then
  mcopy -i esp.img signed/usr/lib/shim/shimx64.efi.signed ::/EFI/BOOT/BOOTX64.EFI
  mcopy -i esp.img signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed ::/EFI/BOOT/grubx64.efi
  echo "linux /vmlinuz console=ttyS0 cfg=http://10.0.2.2:$3/cfg.sh; initrd /initrd.gz; boot" > grub.cfg
  mcopy -i esp.img grub.cfg ::/EFI/debian/grub.cfg
  mcopy -i esp.img signed/vmlinuz signed/initrd.gz ::
else
  mcopy -i esp.img signed/vmlinuz ::/EFI/BOOT/BOOTX64.EFI
fi
"#;
    let port = port.map(|port| port.to_string()).unwrap_or_default();
    let folder = folder.display().to_string();
    let medium = medium().display().to_string();
    tool("sh", &["-c", script, "sh", &folder, &medium, &port]);
    format!("{folder}/esp.img")
}

#[test]
fn secure_boot_starts_what_is_signed_and_nothing_else() {
    requires_medium!();
    requires!("apt-get", "mformat", "ovmf", "swtpm");
    let project = project();
    let port = imagebake_tests::sshd::free_port();
    let disk = trusted_disk(project.path(), Some(port));
    let project = project.env("ESP", &disk).env("PORT", &port.to_string());
    let built = project.run(&["build", "trusted"]).ok();
    says(&built.text(), &["Secure boot enabled", "TPM 2"]);
    let files = fs::read_dir(project.path().join("out")).expect("there").count();
    assert_eq!(files, 2, "the disk and the firmware's variables");

    trusted_disk(project.path(), None);
    // The firmware said so, and went on to nothing.
    let failed = project.run(&["build", "refused", "--force"]).fails(1);
    says(&failed.text(), &["did not turn off within 1s", "Access Denied"]);
}

#[test]
fn a_misspelt_key_is_told_before_anything_is_made() {
    let planned = TestContext::new(env!("CARGO_BIN_EXE_iso-images"))
        .run(&["plan", "misspelt"])
        .fails(2);
    says(
        &planned.text(),
        &[
            "text 2, column 5: `<entr>` is no key",
            "did you mean `<enter>`?",
            "iso-images.rs:",
        ],
    );
}

#[test]
fn the_example_installs_a_system_that_nobody_attends() {
    requires_medium!();
    requires!("debugfs");
    let project = TestContext::new(example("iso-install"));
    // The example's files are looked for in the project.
    let http = project.path().join("http");
    fs::create_dir(&http).expect("made");
    let script = include_str!("../../../examples/iso-install/http/install.sh");
    fs::write(http.join("install.sh"), script).expect("written");
    let iso = format!("iso={}", medium().display());
    let built = project.run(&["build", "appliance", "--var", &iso]).ok();
    says(&built.text(), &["installed by nobody"]);
    let disk = project.path().join("appliance/appliance.qcow2").display().to_string();
    let raw = project.path().join("raw.img").display().to_string();
    tool("qemu-img", &["convert", "-O", "raw", &disk, &raw]);
    let motd = text(tool("debugfs", &["-R", "cat /etc/motd", &raw]));
    assert_eq!(motd, "installed by nobody\nprovisioned\n");
}
