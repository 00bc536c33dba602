//! A fresh minimal system of the Debian family as a base. What is installed is a matter of the mirror at the time; it is made once and kept
//! until the store is emptied.

use super::{Base, once, rootfs};
use crate::{
    communicator::OutputSink,
    engine::Cx,
    error::{Error, ErrorKind, Result},
    event::Stream,
    io::off_the_async_threads,
    sources::oci::{config::Compression, image::Platform, runtime, store::Store},
};

/// What is to be installed.
pub(super) struct Wanted {
    pub(super) release: String,
    pub(super) mirror: Option<String>,
    pub(super) packages: Vec<String>,
}

impl Wanted {
    fn key(&self, platform: &Platform, compression: Compression) -> String {
        let mirror = self.mirror.as_deref().unwrap_or("");
        let packages = self.packages.join(",");
        format!(
            "debian 1 {} {mirror} {packages} {platform} {}",
            self.release,
            compression.name()
        )
    }

    /// The program that is installed, with its arguments; the archive goes to `archive`, or the tree to a folder of its own.
    fn command(&self, platform: &Platform, target: &str, rootless: bool) -> Option<Vec<String>> {
        let architecture = match platform.architecture.as_str() {
            "386" => "i386",
            "arm" => "armhf",
            "ppc64le" => "ppc64el",
            other => other,
        };
        let mirror = || self.mirror.clone().into_iter();
        let text = |text: &str| text.to_owned();
        if let Some(program) = runtime::program("mmdebstrap") {
            let mode = if rootless { "--mode=unshare" } else { "--mode=root" };
            let mut command = vec![program, text("--variant=minbase"), text(mode), text("--format=tar")];
            command.push(format!("--architectures={architecture}"));
            if !self.packages.is_empty() {
                command.push(format!("--include={}", self.packages.join(",")));
            }
            command.extend([text("--"), self.release.clone(), format!("{target}.tar")]);
            command.extend(mirror());
            return Some(command);
        }
        // It makes devices, so it wants the system's root.
        let program = runtime::program("debootstrap").filter(|_| !rootless)?;
        let mut command = vec![program, text("--variant=minbase"), format!("--arch={architecture}")];
        if !self.packages.is_empty() {
            command.push(format!("--include={}", self.packages.join(",")));
        }
        command.extend([self.release.clone(), target.to_owned()]);
        command.extend(mirror());
        Some(command)
    }
}

pub(super) async fn import(
    cx: &Cx,
    store: &Store,
    wanted: Wanted,
    platform: &Platform,
    compression: Compression,
) -> Result<Base> {
    let plain = |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(char::is_whitespace);
    if !plain(&wanted.release) || wanted.packages.iter().any(|name| !plain(name)) {
        return Err(
            Error::new(ErrorKind::Config, "a release or package has an impossible name")
                .hint("releases are named as `bookworm`, packages as `ca-certificates`"),
        );
    }
    let key = wanted.key(platform, compression);
    let record = blake3::hash(key.as_bytes()).to_hex().to_string();
    if let Some(base) = store
        .load::<Base>("base", &record)
        .filter(|base| store.has_chain(&base.chain))
    {
        return Ok(base);
    }
    let folder = store.temporary_folder()?;
    let target = folder.path().join("root");
    let rootless = store.flavor().is_rootless();
    let command = wanted.command(platform, &target.to_string_lossy(), rootless);
    let command = command.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, format!("cannot install {}: the builder has no mmdebstrap", wanted.release))
            .hint("install the package `mmdebstrap`, or `debootstrap` when building as root; or start from a registry's image")
    })?;
    cx.say(format!("installing {} into a new root file system", wanted.release));
    let (sink, mut printed) = OutputSink::channel();
    let mut streams = cx.output_streams();
    let log = async {
        while let Some((stream, bytes)) = printed.recv().await {
            let stream = if stream == Stream::Stdout {
                Stream::Stderr
            } else {
                stream
            };
            streams.write(stream, &bytes).await;
        }
        streams.finish().await;
    };
    let installing = cx.until_cancelled(runtime::install(command.clone(), sink));
    let (installed, ()) = tokio::join!(installing, log);
    installed.map_err(|error| {
        error
            .context("release", &wanted.release)
            .hint("its output is in the log; check the release, the packages, the mirror and the network")
    })?;
    let (store, platform) = (store.clone(), platform.clone());
    let base = off_the_async_threads(move || {
        once(&store, &key, || {
            let archive = target.with_extension("tar");
            let layer = match archive.is_file() {
                true => rootfs::of_archive(&store, &archive, compression)?,
                false => rootfs::of_folder(&store, &target, compression, None)?,
            };
            let made_by = format!("a fresh system: {}", wanted.release);
            Ok(rootfs::of_layer(layer, &platform, made_by))
        })
    })
    .await?;
    drop(folder);
    Ok(base)
}
