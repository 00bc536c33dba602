//! The way into a machine before anything listens in it: media, boot commands, files by HTTP.

use imagebake::media::{Tree, floppy, write_cd};
use imagebake_tests::requires;
use std::{
    fs,
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
