//! The image: made of the machine's disk in one pass over it, or by a rename, and put in its place at once.

use super::{
    arguments::Drive,
    config::Machine,
    disks::{Disks, file_name, words},
    driver::Img,
    steps::Place,
};
use crate::{
    artifact::Files,
    engine::Cx,
    error::{Context, Error, Result},
    io::{DigestKind, FileRef, off_the_async_threads},
    value::Text,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What templates call the maker of such images.
const BUILDER: &str = "transcend.qemu";

/// What `qemu-img` calls a form, and what its files' names end in.
fn form(word: &str) -> (&str, &str) {
    match word {
        "vhd" => ("vpc", "vhd"),
        other => (other, other),
    }
}

impl Machine {
    /// Makes the image of the machine's disks and puts it in its place.
    pub(super) async fn capture(&self, cx: &Cx, img: &Img, disks: &Disks, place: Place) -> Result<Files> {
        let done = place.folder.join("done");
        for (i, drive) in disks.drives.iter().enumerate() {
            let base = disks.base.as_deref().filter(|_| i == 0);
            let name = file_name(&place.name, i);
            if let (Some(base), true, true) = (base, self.use_backing_file, disks.layered) {
                img.move_to(&drive.path, base).await?;
            }
            self.finish(cx, img, (drive, &name), (base, disks.layered), &done)
                .await?;
        }
        let efivars = place.folder.join("image/efivars.fd");
        if efivars.is_file() && !self.efi_drop_efivars {
            rename(&efivars, &done.join("efivars.fd"))?;
        }
        // The disk writes while the processor reads.
        let of = done.clone();
        let written = off_the_async_threads(move || write_through(&of));
        let (files, ()) = tokio::try_join!(self.described(cx, &done), written)?;
        let path = place.output.path().to_owned();
        off_the_async_threads(move || put(&done, &path)).await?;
        let moved = |file: FileRef| {
            let name = file.path().file_name().unwrap_or_default().to_owned();
            file.moved_to(place.output.path().join(name))
        };
        let files = files.into_iter().map(moved).collect();
        place.output.done()?;
        // What was in the image's place before goes with the folder.
        cx.scope().delete(place.held).await?;
        Ok(Files::new(files, BUILDER))
    }

    async fn finish(
        &self,
        cx: &Cx,
        img: &Img,
        (drive, name): (&Drive, &str),
        (base, layered): (Option<&Path>, bool),
        done: &Path,
    ) -> Result<()> {
        let wanted = self.image_format.as_ref().map(Text::to_string);
        let format = wanted.clone().unwrap_or_else(|| self.disk_format());
        let (format, extension) = form(&format);
        let mut to = done.join(name);
        if wanted.is_some() && to.extension().is_none_or(|given| given != extension) {
            to = done.join(format!("{name}.{extension}"));
        }
        let same = format == drive.format;
        // An overlay on what the machine started from is an image by itself only where the user wants it so.
        let flat = base.is_none() || self.use_backing_file;
        let stays = self.skip_compaction || (base.is_some() && self.use_backing_file);
        if same && flat && stays && !self.disk_compression && !layered {
            return rename(&drive.path, &to);
        }
        let about = img.info(&drive.path).await?;
        let mut arguments: Vec<OsString> = ["convert", "-q", "-m", "8", "-W"].map(OsString::from).to_vec();
        if self.disk_compression && format == "qcow2" {
            arguments.push("-c".into());
        }
        if let (Some(base), true) = (base, self.use_backing_file) {
            let of = img.info(base).await?.format;
            arguments.extend(["-B".into(), base.into(), "-F".into(), of.into()]);
        }
        let more = self.qemu_img_args.as_ref();
        arguments.extend(words(more.map_or(&[][..], |more| &more.convert))?);
        arguments.extend(["-f".into(), drive.format.clone().into(), "-O".into(), format.into()]);
        arguments.extend([drive.path.clone().into(), to.clone().into()]);
        img.convert(cx, &arguments, "write the image", about.size, &to).await?;
        // Room for the next disk; what is kept for others goes with the folder.
        let _ = fs::remove_file(&drive.path);
        Ok(())
    }

    /// The files with their digests, read once for all who want one.
    async fn described(&self, cx: &Cx, folder: &Path) -> Result<Vec<FileRef>> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .path("read the folder", folder)?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        let mut kinds = BTreeSet::from([DigestKind::Sha256]);
        kinds.extend(cx.wanted_digests());
        let mut files = Vec::new();
        for path in paths {
            files.push(cx.digested(FileRef::open(&path)?, &kinds).await?);
        }
        Ok(files)
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).path("rename to", to)
}

/// Has the files of a folder written to the disk, not only kept in memory.
fn write_through(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).path("read the folder", folder)?.flatten() {
        let file = fs::File::open(entry.path()).and_then(|file| file.sync_all());
        file.path("write", entry.path())?;
    }
    Ok(())
}

/// Gives the finished folder its final name, in one step: whoever looks finds the old image or the new one. What stood there is left in
/// `done`, for its remover.
fn put(done: &Path, place: &Path) -> Result<()> {
    match renameat_with(CWD, done, CWD, place, RenameFlags::EXCHANGE) {
        Ok(()) => return Ok(()),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {}
        Err(error) => return Err(Error::io("put the image to", place, error.into())),
    }
    // Not there yet, or a file system that cannot exchange.
    let old = place.symlink_metadata().ok();
    let removed = match old {
        None => Ok(()),
        Some(about) if about.is_dir() => fs::remove_dir_all(place),
        Some(_) => fs::remove_file(place),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", place, error)),
        _ => {}
    }
    rename(done, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_takes_the_place_of_whatever_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (done, place) = (folder.path().join("done"), folder.path().join("out"));
        for round in ["one", "two"] {
            let _ = fs::remove_dir_all(&done);
            fs::create_dir(&done).expect("made");
            fs::write(done.join(round), round).expect("written");
            put(&done, &place).expect("put");
            let names: Vec<_> = fs::read_dir(&place)
                .expect("there")
                .flatten()
                .map(|entry| entry.file_name())
                .collect();
            assert_eq!(names, [round]);
        }
        assert!(done.join("one").exists(), "the old image is left for its remover");
    }
}
