//! The disks of a machine: empty ones, overlays on what it starts from, and how large they are.

use super::{
    arguments::Drive,
    config::{Machine, size_of},
    driver::Img,
};
use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    value::Text,
};
use std::{
    ffi::OsString,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// As large as templates make a disk for which no size is given.
const USUAL_SIZE: u64 = 40_960 << 20;

/// The machine's disks, the first being the one it is started from.
pub(super) struct Disks {
    pub(super) drives: Vec<Drive>,
    /// What the first is an overlay on.
    pub(super) base: Option<PathBuf>,
    /// Whether there are layers of stored machines between: then they are below the state folder, and no image by themselves.
    pub(super) layered: bool,
    /// Whether the machine is started from them, and not from a medium.
    pub(super) started: bool,
}

/// What a disk's file is called in the image.
pub(super) fn file_name(machine: &str, disk: usize) -> String {
    match disk {
        0 => machine.to_owned(),
        more => format!("{machine}-{more}"),
    }
}

/// The words of a list of settings.
pub(super) fn words(texts: &[Text]) -> Result<Vec<OsString>> {
    let reveal = |text: &Text| text.reveal().map(|text| OsString::from(text.as_str()));
    texts.iter().map(reveal).collect()
}

impl Machine {
    /// The disk's form while the machine runs.
    pub(super) fn disk_format(&self) -> String {
        self.format.as_ref().map_or_else(|| "qcow2".to_owned(), Text::to_string)
    }

    /// Makes the disks in `folder`; `medium` is what the machine starts from, where that is a disk.
    pub(super) async fn make_disks(
        &self,
        cx: &Cx,
        img: &Img,
        folder: &Path,
        name: &str,
        medium: Option<&Path>,
    ) -> Result<Disks> {
        let paths: Vec<PathBuf> = (0..=self.disk_additional_size.len())
            .map(|disk| folder.join(file_name(name, disk)))
            .collect();
        let drives = self.make_disks_at(cx, img, &paths, medium, &self.disk_format()).await?;
        let overlay = drives.first().is_some_and(|first| first.format == "qcow2");
        Ok(Disks {
            drives,
            base: medium.filter(|_| overlay).map(Path::to_owned),
            layered: false,
            started: self.disk_image,
        })
    }

    /// Makes the disks as these files, empty ones in the form `format`.
    pub(super) async fn make_disks_at(
        &self,
        cx: &Cx,
        img: &Img,
        paths: &[PathBuf],
        medium: Option<&Path>,
        format: &str,
    ) -> Result<Vec<Drive>> {
        let more = self.qemu_img_args.as_ref();
        let create = words(more.map_or(&[][..], |more| &more.create))?;
        let mut drives = Vec::new();
        for (i, path) in paths.iter().enumerate() {
            let size = match (i, medium) {
                (0, Some(base)) => {
                    drives.push(self.start_from_disk(cx, img, &create, base, path.clone()).await?);
                    continue;
                }
                (0, None) => Some(self.disk_bytes().unwrap_or(USUAL_SIZE)),
                (more, _) => self.disk_additional_size.get(more - 1).and_then(size_of),
            };
            self.create(img, &create, format, None, path, size).await?;
            drives.push(Drive {
                path: path.clone(),
                format: format.to_owned(),
            });
        }
        Ok(drives)
    }

    async fn create(
        &self,
        img: &Img,
        more: &[OsString],
        format: &str,
        base: Option<(&Path, &str)>,
        path: &Path,
        size: Option<u64>,
    ) -> Result<()> {
        let mut words: Vec<OsString> = ["create", "-q", "-f", format].map(OsString::from).to_vec();
        words.extend_from_slice(more);
        if let Some((base, format)) = base {
            words.extend(["-b".into(), base.into(), "-F".into(), format.into()]);
        }
        words.push(path.into());
        words.extend(size.map(|size| size.to_string().into()));
        img.run(&words)
            .await
            .map_err(|error| error.context("disk", path.display()))
    }

    /// An overlay, so that what it starts from is neither copied nor changed; a copy only where the user's own `-drive` reads it raw.
    async fn start_from_disk(
        &self,
        cx: &Cx,
        img: &Img,
        more: &[OsString],
        base: &Path,
        path: PathBuf,
    ) -> Result<Drive> {
        let about = img.info(base).await?;
        if about.format == "qcow2" {
            img.check(base).await?;
        }
        let size = self.size_on(base, about.size)?;
        room_for(base, &path)?;
        let own_drive = self.qemuargs.iter().any(|words| {
            words
                .as_slice()
                .first()
                .is_some_and(|word| word.to_string().ends_with("-drive"))
        });
        if own_drive && self.disk_format() == "raw" {
            let convert = ["convert", "-f", &about.format, "-O", "raw"].map(OsString::from);
            let mut words = convert.to_vec();
            let more = self.qemu_img_args.as_ref();
            words.extend(super::disks::words(more.map_or(&[][..], |more| &more.convert))?);
            words.extend([base.into(), path.clone().into()]);
            img.convert(cx, &words, "copy the disk", about.size, &path).await?;
            self.resize(img, &path, "raw", size.filter(|size| *size != about.size))
                .await?;
            return Ok(Drive {
                path,
                format: "raw".to_owned(),
            });
        }
        self.create(img, more, "qcow2", Some((base, &about.format)), &path, size)
            .await?;
        let resize = self.qemu_img_args.as_ref().is_some_and(|more| !more.resize.is_empty());
        if resize {
            self.resize(img, &path, "qcow2", size).await?;
        }
        Ok(Drive {
            path,
            format: "qcow2".to_owned(),
        })
    }

    async fn resize(&self, img: &Img, path: &Path, format: &str, size: Option<u64>) -> Result<()> {
        let Some(size) = size else { return Ok(()) };
        let more = self.qemu_img_args.as_ref();
        let mut words: Vec<OsString> = ["resize", "-q", "-f", format].map(OsString::from).to_vec();
        words.extend(super::disks::words(more.map_or(&[][..], |more| &more.resize))?);
        words.extend([path.into(), size.to_string().into()]);
        img.run(&words).await
    }

    /// How large a disk becomes that has `there` bytes; `None` where it stays as it is.
    fn size_on(&self, base: &Path, there: u64) -> Result<Option<u64>> {
        match self.disk_bytes().filter(|_| !self.skip_resize_disk) {
            Some(size) if size < there => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "`disk_size` is {} MB, and the disk {} that the machine starts from has {} MB: what is at its end would be lost",
                    size >> 20,
                    base.display(),
                    there.div_ceil(1 << 20)
                ),
            )
            .hint("give a larger `disk_size`, or leave it out to keep the disk's own")),
            size => Ok(size),
        }
    }
}

/// Whether what stands in `base` fits once more beside `path`: the image has it all.
pub(super) fn room_for(base: &Path, path: &Path) -> Result<()> {
    let about = std::fs::metadata(base).path("read", base)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let room = rustix::fs::statvfs(folder).map_err(std::io::Error::from);
    let room = room.path("look at the disk of", folder)?;
    let (needed, free) = (about.blocks() * 512, room.f_bavail.saturating_mul(room.f_frsize));
    if needed > free {
        return Err(Error::new(
            ErrorKind::NoSpace,
            format!(
                "the disk has {} MB, and {} has room for {} MB",
                needed >> 20,
                folder.display(),
                free >> 20
            ),
        )
        .hint("make room, or choose an `output_directory` on another disk"));
    }
    Ok(())
}
