//! Layers there and back.

use super::*;
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

fn packing(flavor: Option<Flavor>) -> Packing {
    Packing {
        flavor,
        latest: Some(1_000_000_000),
        owner: None,
    }
}

fn packed(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    pack(folder, packing(None), &mut bytes).expect("packed");
    bytes
}

fn entry(name: &str, kind: tar::EntryType, link: Option<&str>, bytes: &[u8], archive: &mut tar::Builder<Vec<u8>>) {
    let mut header = tar::Header::new_gnu();
    // By hand: the crate itself refuses names that climb out.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    if let Some(link) = link {
        header.set_link_name(link).expect("a link");
    }
    header.set_mode(0o644);
    header.set_uid(rustix::process::geteuid().as_raw().into());
    header.set_gid(rustix::process::getegid().as_raw().into());
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    archive.append(&header, bytes).expect("appended");
}

fn unpacked(bytes: &[u8], folder: &Path) -> crate::error::Result<u64> {
    let how = Unpacking {
        flavor: None,
        owners: true,
    };
    unpack(bytes, "the test", folder, &[], how)
}

#[test]
fn a_tree_comes_back_as_it_was_and_packs_to_the_same_bytes() {
    let (from, to) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    let root = from.path();
    let long = "n".repeat(180);
    fs::create_dir_all(root.join(&long)).expect("made");
    fs::write(root.join(&long).join("file ä\n"), vec![7; 100_001]).expect("written");
    let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"odd-\xff-name");
    fs::write(root.join(odd), "odd").expect("written");
    fs::set_permissions(root.join(odd), fs::Permissions::from_mode(0o4711)).expect("set");
    fs::hard_link(root.join(odd), root.join("second")).expect("linked");
    symlink("/absolute/".to_owned() + &long, root.join("link")).expect("linked");
    let has_xattrs = xattr::set(root.join("second"), "user.note", b"a\0\nb").is_ok();

    let first = packed(root);
    unpacked(&first, to.path()).expect("unpacked");
    assert_eq!(packed(to.path()), first);
    let (a, b) = (
        fs::metadata(to.path().join(odd)),
        fs::metadata(to.path().join("second")),
    );
    let (a, b) = (a.expect("there"), b.expect("there"));
    assert_eq!(
        (a.ino(), a.mode() & 0o7777, a.mtime()),
        (b.ino(), 0o4711, 1_000_000_000)
    );
    if has_xattrs {
        assert_eq!(
            xattr::get(to.path().join(odd), "user.note").expect("read").as_deref(),
            Some(&b"a\0\nb"[..])
        );
    }
}

#[test]
fn nothing_leaves_the_folder() {
    let parent = tempfile::tempdir().expect("a folder");
    let folder = parent.path().join("in");
    let outside = parent.path().join("outside");
    fs::create_dir_all(&outside).expect("made");
    fs::create_dir_all(&folder).expect("made");
    let mut archive = tar::Builder::new(Vec::new());
    entry("way", tar::EntryType::Symlink, Some("../outside"), b"", &mut archive);
    entry("way/file", tar::EntryType::Regular, None, b"x", &mut archive);
    let bytes = archive.into_inner().expect("finished");
    let _ = unpacked(&bytes, &folder);
    assert_eq!(fs::read_dir(&outside).expect("there").count(), 0);

    let mut archive = tar::Builder::new(Vec::new());
    entry("../outside/file", tar::EntryType::Regular, None, b"x", &mut archive);
    let bytes = archive.into_inner().expect("finished");
    let error = unpacked(&bytes, &folder).expect_err("it climbs out");
    assert_eq!(error.kind(), crate::error::ErrorKind::Integrity);
    assert_eq!(fs::read_dir(&outside).expect("there").count(), 0);
}

#[test]
fn a_damaged_archive_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("f"), vec![1; 5000]).expect("written");
    let bytes = packed(folder.path());
    let target = tempfile::tempdir().expect("a folder");
    let error = unpacked(&bytes[..3000], target.path()).expect_err("cut");
    assert_eq!(error.kind(), crate::error::ErrorKind::Integrity, "{}", error.full());
}

#[test]
fn an_empty_folder_is_no_layer() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(packed(folder.path()).is_empty());
}

#[test]
fn a_folder_that_comes_again_as_a_file_is_replaced_inside_and_not_behind_a_link() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(outside.path().join("victim")).expect("made");
    fs::write(outside.path().join("victim/kept"), "kept").expect("written");
    let (inside, to) = (
        outside.path().to_str().expect("UTF-8"),
        tempfile::tempdir().expect("a folder"),
    );
    let mut archive = tar::Builder::new(Vec::new());
    let below = inside.trim_start_matches('/');
    entry(
        &format!("{below}/victim/"),
        tar::EntryType::Directory,
        None,
        b"",
        &mut archive,
    );
    entry("a", tar::EntryType::Symlink, Some(inside), b"", &mut archive);
    entry("a/victim", tar::EntryType::Regular, None, b"new", &mut archive);
    unpacked(&archive.into_inner().expect("finished"), to.path()).expect("unpacked");
    assert_eq!(
        fs::read_to_string(outside.path().join("victim/kept")).expect("still there"),
        "kept"
    );
    assert_eq!(
        fs::read_to_string(to.path().join(below).join("victim")).expect("replaced"),
        "new"
    );
}
