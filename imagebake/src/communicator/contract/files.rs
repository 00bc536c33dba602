//! What the transfer of files can count on.

use super::{Tried, breach, bytes, note, same};
use crate::{communicator::FileAttrs, engine::Cx, error::Result, value::GuestPath};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    time::{Duration, SystemTime},
};

pub(super) async fn check(on: &Tried<'_>, cx: &Cx, keeps_owners: bool, breaches: &mut Vec<String>) {
    let scratch = match tempfile::tempdir_in(cx.state_dir()) {
        Ok(scratch) => scratch,
        Err(error) => return breaches.push(format!("- the builder has no room: {error}")),
    };
    note(breaches, "a file goes there and back", there_and_back(on).await);
    note(breaches, "a file is replaced", replaced(on).await);
    note(breaches, "a mode is set", modes(on).await);
    note(breaches, "names may be strange", names(on).await);
    note(breaches, "what cannot be written or read is told", refused(on).await);
    let tree = tree_goes_there(on, scratch.path(), keeps_owners).await;
    note(breaches, "a tree arrives as it is", tree);
    note(
        breaches,
        "a folder of nothing arrives",
        nothing_goes_there(on, scratch.path()).await,
    );
    let back = tree_comes_back(on, scratch.path()).await;
    note(breaches, "a tree comes back as it was", back);
    note(breaches, "a tree joins what is there", joins(on, scratch.path()).await);
}

async fn read(on: &Tried<'_>, from: &GuestPath) -> Result<Vec<u8>> {
    let mut back = Vec::new();
    on.guest.download(from, &mut back).await?;
    Ok(back)
}

async fn there_and_back(on: &Tried<'_>) -> Result<()> {
    for count in [0, 1, 512, 5 << 20] {
        let (file, sent) = (on.path("sent.bin"), bytes(count));
        on.guest.write(&file, sent.clone(), &FileAttrs::default()).await?;
        let size = on.sh(&format!("wc -c < {}", on.quoted(&file))).await?;
        same(String::from_utf8_lossy(&size).trim().to_owned(), count.to_string())?;
        if read(on, &file).await? != sent {
            return Err(breach(format!("{count} bytes came back as others")));
        }
    }
    Ok(())
}

async fn replaced(on: &Tried<'_>) -> Result<()> {
    let file = on.path("replaced");
    for text in ["a long text that is there first", "short"] {
        on.guest.write(&file, text, &FileAttrs::default()).await?;
    }
    same(String::from_utf8_lossy(&read(on, &file).await?).as_ref(), "short")
}

async fn modes(on: &Tried<'_>) -> Result<()> {
    for (mode, shown) in [(0o600, "600"), (0o755, "755"), (0o640, "640")] {
        let file = on.path("mode");
        on.guest.write(&file, "x", &FileAttrs::mode(mode)).await?;
        let found = on.sh(&format!("stat -c %a {}", on.quoted(&file))).await?;
        same(String::from_utf8_lossy(&found).trim(), shown)?;
    }
    Ok(())
}

async fn names(on: &Tried<'_>) -> Result<()> {
    for name in [
        "with space",
        "it's \"quoted\"",
        "$HOME `id`",
        "two\nlines",
        "é ✓",
        "-rf",
    ] {
        let file = on.path(name);
        on.guest.write(&file, name.to_owned(), &FileAttrs::default()).await?;
        same(String::from_utf8_lossy(&read(on, &file).await?).as_ref(), name)?;
        on.sh(&format!("test -f {}", on.quoted(&file))).await?;
    }
    Ok(())
}

async fn refused(on: &Tried<'_>) -> Result<()> {
    let nowhere = on.path("no/such/folder/file");
    match on.guest.write(&nowhere, "x", &FileAttrs::default()).await {
        Ok(()) => return Err(breach("a file was written below a folder that is not there")),
        Err(error) if !error.full().contains("no/such") => {
            return Err(breach(format!("the error names no path: {}", error.full())));
        }
        Err(_) => {}
    }
    match read(on, &on.path("missing")).await {
        Ok(_) => return Err(breach("a file that is not there was read")),
        Err(error) if !error.full().contains("missing") => {
            return Err(breach(format!("the error names no path: {}", error.full())));
        }
        Err(_) => {}
    }
    on.sh("true").await.map(drop)
}

/// When the tree's files were changed: long ago, on a full second.
fn long_ago() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000)
}

fn make_tree(tree: &Path) -> std::io::Result<()> {
    fs::create_dir_all(tree.join("sub/empty"))?;
    fs::write(tree.join("plain"), "plain\n")?;
    fs::write(tree.join("sub/program"), bytes(100_000))?;
    fs::write(tree.join(".hidden"), "hidden\n")?;
    fs::write(tree.join("with space"), "")?;
    fs::write(tree.join("l".repeat(120)), "a long name\n")?;
    symlink("../plain", tree.join("sub/link"))?;
    symlink("nowhere/at all", tree.join("dangling"))?;
    fs::set_permissions(tree.join("sub/program"), fs::Permissions::from_mode(0o750))?;
    fs::set_permissions(tree.join("plain"), fs::Permissions::from_mode(0o604))?;
    fs::set_permissions(tree.join("sub/empty"), fs::Permissions::from_mode(0o711))?;
    fs::File::options()
        .write(true)
        .open(tree.join("plain"))?
        .set_modified(long_ago())
}

async fn tree_goes_there(on: &Tried<'_>, scratch: &Path, keeps_owners: bool) -> Result<()> {
    let (tree, to) = (scratch.join("tree"), on.path("tree"));
    make_tree(&tree).map_err(|error| breach(error.to_string()))?;
    on.guest.upload_dir(&tree, &to).await?;
    let told = on
        .sh(&format!(
            "cd {} && stat -c %a plain sub/program sub/empty && readlink sub/link && readlink dangling && cat .hidden && stat -c %Y plain && ls -d l*",
            on.quoted(&to)
        ))
        .await?;
    let expected = format!(
        "604\n750\n711\n../plain\nnowhere/at all\nhidden\n1000000000\n{}\n",
        "l".repeat(120)
    );
    same(String::from_utf8_lossy(&told).into_owned(), expected)?;
    if read(on, &to.join("sub/program")).await? != bytes(100_000) {
        return Err(breach("a file in it has other bytes"));
    }
    if keeps_owners {
        let here = fs::metadata(tree.join("plain")).map_err(|error| breach(error.to_string()))?;
        let there = on.sh(&format!("stat -c %u:%g {}/plain", on.quoted(&to))).await?;
        same(
            String::from_utf8_lossy(&there).trim().to_owned(),
            format!("{}:{}", here.uid(), here.gid()),
        )?;
    }
    Ok(())
}

async fn nothing_goes_there(on: &Tried<'_>, scratch: &Path) -> Result<()> {
    let nothing = scratch.join("nothing");
    fs::create_dir(&nothing).map_err(|error| breach(error.to_string()))?;
    on.guest.upload_dir(&nothing, &on.path("nothing")).await?;
    on.sh(&format!("rmdir {}", on.quoted(&on.path("nothing"))))
        .await
        .map(drop)
}

async fn tree_comes_back(on: &Tried<'_>, scratch: &Path) -> Result<()> {
    let back = scratch.join("back");
    on.guest.download_dir(&on.path("tree"), &back).await?;
    let io = |error: std::io::Error| breach(error.to_string());
    let mode = |name: &str| fs::metadata(back.join(name)).map(|about| about.permissions().mode() & 0o7777);
    same(mode("plain").map_err(io)?, 0o604)?;
    same(mode("sub/program").map_err(io)?, 0o750)?;
    same(mode("sub/empty").map_err(io)?, 0o711)?;
    same(fs::read_link(back.join("sub/link")).map_err(io)?, "../plain".into())?;
    same(
        fs::read_link(back.join("dangling")).map_err(io)?,
        "nowhere/at all".into(),
    )?;
    same(fs::read(back.join("sub/program")).map_err(io)? == bytes(100_000), true)?;
    same(
        fs::metadata(back.join("plain"))
            .and_then(|about| about.modified())
            .map_err(io)?,
        long_ago(),
    )?;
    match on.guest.download_dir(&on.path("no-tree"), &scratch.join("none")).await {
        Ok(()) => Err(breach("a folder that is not there came back")),
        Err(_) => Ok(()),
    }
}

async fn joins(on: &Tried<'_>, scratch: &Path) -> Result<()> {
    let more = scratch.join("more");
    let made = fs::create_dir_all(more.join("sub")).and_then(|()| fs::write(more.join("sub/more"), "more\n"));
    made.map_err(|error| breach(error.to_string()))?;
    on.guest.upload_dir(&more, &on.path("tree")).await?;
    let told = on
        .sh(&format!("cd {} && cat sub/more plain", on.quoted(&on.path("tree"))))
        .await?;
    same(String::from_utf8_lossy(&told).as_ref(), "more\nplain\n")
}
