//! The settings of `oci`.

use super::artifact::OciImage;
use crate::{
    describe::{Component, Describe, HasGuest, Info, feature},
    field::{FieldType, Named, Places, ToValue, Value},
    plan::Diagnostics,
    source::Runtime,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;
use serde::{Deserialize, Serialize};

/// How a layer's blob is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Compression {
    /// Not at all: fastest to build.
    None,
    /// What every registry and engine takes.
    #[default]
    Gzip,
    /// Smaller and faster than gzip; engines since about 2021 take it.
    Zstd,
}

impl Compression {
    /// `none`, `gzip`, `zstd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

impl ToValue for Compression {
    const TYPE: FieldType = FieldType::Named(&Named::new("Compression").of("sources::oci").words(&[
        ("none", "None"),
        ("gzip", "Gzip"),
        ("zstd", "Zstd"),
    ]));
    fn to_value(&self) -> Value {
        Value::Text(self.name().into())
    }
}

/// A container image, built in place without a daemon: each step that runs in the guest becomes a layer.
///
/// As root, files have their owners. Without root, the helpers `newuidmap` and `newgidmap` (package `uidmap`) and ranges of ids in
/// `/etc/subuid` and `/etc/subgid` give the same; without those, everything belongs to one user and a `chown` fails. Linux only.
///
/// ```
/// use imagebake::prelude::*;
///
/// fn web() -> Image {
///     let base = Oci::from_registry("debian:12").cmd(["web-server"]).expose(["8080"]).oci_archive("web.tar");
///     Image::new().source(base.tag("acme/web:1"))
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_registry(registry),
    from_layout(base_layout),
    from_archive(base_archive),
    from_rootfs(base_rootfs),
    from_debian(debian),
    host_userland(programs)
))]
pub struct Oci {
    /// An image of a registry.
    #[field(private, rename = "with_registry", template = "image")]
    pub(super) registry: Option<Text>,
    /// The folder of an OCI layout.
    #[field(private, rename = "with_layout")]
    pub(super) base_layout: Option<HostPath>,
    /// An OCI archive or docker-archive.
    #[field(private, rename = "with_archive")]
    pub(super) base_archive: Option<HostPath>,
    /// A folder or tar archive with a root file system.
    #[field(private, rename = "with_rootfs")]
    pub(super) base_rootfs: Option<HostPath>,
    /// A release of a Debian-family system to install.
    #[field(private, rename = "with_debian")]
    pub(super) debian: Option<Text>,
    /// Programs of the builder.
    #[field(private, rename = "with_programs")]
    pub(super) programs: Vec<Text>,
    /// The mirror that a Debian-family system is installed from; the release's own without.
    pub(super) mirror: Option<Text>,
    /// More packages for a Debian-family system.
    pub(super) packages: Vec<Text>,
    /// Which image of an OCI layout or archive with several: its `org.opencontainers.image.ref.name`, or its tag in a docker-archive.
    pub(super) reference: Option<Text>,
    /// What the image runs on, as `linux/arm64`; the builder's own without.
    pub(super) platform: Option<Text>,
    /// The program that the image runs, or the default arguments of its entry point.
    #[field(template = "cmd", unkeyed)]
    pub(super) cmd: Option<Vec<Template>>,
    /// The program that the image runs, before `cmd`.
    #[field(template = "entrypoint", unkeyed)]
    pub(super) entrypoint: Option<Vec<Template>>,
    /// Variables of the image's programs and of the steps. They are stored in the image for all to read: no secrets.
    #[field(each = "env", template = "env")]
    pub(super) envs: Vec<(String, Template)>,
    /// The user that the image's programs run as; steps run as `exec_user`.
    #[field(template = "user", unkeyed)]
    pub(super) user: Option<Template>,
    /// The folder that the image's programs start in.
    #[field(template = "workdir", unkeyed)]
    pub(super) workdir: Option<Template>,
    /// Ports: `8080`, `53/udp`.
    #[field(template = "expose", unkeyed)]
    pub(super) expose: Vec<Template>,
    /// Labels.
    #[field(each = "label", template = "labels", unkeyed)]
    pub(super) labels: Vec<(String, Template)>,
    /// Folders that hold data of their own when the image runs.
    #[field(template = "volumes", unkeyed)]
    pub(super) volumes: Vec<Template>,
    /// The signal that ends the image's program, as `SIGTERM`.
    #[field(unkeyed)]
    pub(super) stop_signal: Option<Text>,
    /// Who made it.
    #[field(template = "author", unkeyed)]
    pub(super) author: Option<Template>,
    /// The image's name and tag.
    #[field(template = "tag", unkeyed)]
    pub(super) tag: Option<Template>,
    /// The user, of the guest, that steps run as: `name`, `uid` or `user:group`.
    #[field(default = "root", template = "exec_user")]
    pub(super) exec_user: Text,
    /// The folder of an OCI layout to write. Without any output the image stays in the local store.
    #[field(template = "layout", unkeyed)]
    pub(super) layout: Option<Template>,
    /// The OCI archive to write: a tar archive with an OCI layout.
    #[field(template = "oci_archive", unkeyed)]
    pub(super) oci_archive: Option<Template>,
    /// The archive to write for `docker load` and `podman load`.
    #[field(template = "docker_archive", unkeyed)]
    pub(super) docker_archive: Option<Template>,
    /// How new layers are compressed; those of the base stay as they are.
    #[field(default = Compression::Gzip)]
    pub(super) layer_compression: Compression,
    pub(super) at: Places,
}

impl Oci {
    /// An image of a registry: `debian:12`, `ghcr.io/acme/base@sha256:…`. Credentials come from `~/.docker/config.json`.
    #[track_caller]
    pub fn from_registry(image: impl Into<Text>) -> Self {
        Self::defaults().with_registry(image)
    }

    /// An image of an OCI layout, which is a folder.
    #[track_caller]
    pub fn from_layout(folder: impl Into<HostPath>) -> Self {
        Self::defaults().with_layout(folder)
    }

    /// An image of an OCI archive, or of what `docker save` writes; compressed or not.
    #[track_caller]
    pub fn from_archive(file: impl Into<HostPath>) -> Self {
        Self::defaults().with_archive(file)
    }

    /// A root file system: a folder, or a tar archive, compressed or not.
    #[track_caller]
    pub fn from_rootfs(path: impl Into<HostPath>) -> Self {
        Self::defaults().with_rootfs(path)
    }

    /// A fresh minimal system of a Debian-family release (`bookworm`, `noble`), installed by mmdebstrap or debootstrap.
    #[track_caller]
    pub fn from_debian(release: impl Into<Text>) -> Self {
        Self::defaults().with_debian(release)
    }

    /// Programs of the builder, found on `PATH`, with the libraries they need: works offline on any Linux.
    #[track_caller]
    pub fn host_userland(programs: impl IntoIterator<Item: Into<Text>>) -> Self {
        Self::defaults().with_programs(programs)
    }

    fn bases(&self) -> usize {
        let named = [
            self.registry.is_some(),
            self.base_layout.is_some(),
            self.base_archive.is_some(),
            self.base_rootfs.is_some(),
            self.debian.is_some(),
            !self.programs.is_empty(),
        ];
        named.into_iter().filter(|named| *named).count()
    }
}

impl Component for Oci {
    const KIND: &'static str = "oci";

    fn check(&self, problems: &mut Diagnostics) {
        if self.bases() != 1 {
            let problem = problems.error("programs", "no-base", "the image starts from nothing");
            *problem = problem.clone().help("name at least one program, for example `sh`");
        }
        for (name, value) in &self.envs {
            if name.is_empty() || name.contains(['=', '\0']) {
                problems.error("envs", "name", format!("`{name}` cannot be the name of a variable"));
            }
            if value.is_secret() {
                let problem = problems.error("envs", "secret", format!("`{name}` would put a secret into the image"));
                *problem = problem
                    .clone()
                    .help("give it to the steps that need it, or to the image's user at run time");
            }
        }
        for (name, value) in &self.labels {
            if value.is_secret() {
                problems.error(
                    "labels",
                    "secret",
                    format!("`{name}` would put a secret into the image"),
                );
            }
        }
        if let Some(platform) = &self.platform
            && !platform.to_string().contains('/')
        {
            let problem = problems.error("platform", "form", format!("`{platform}` is not a platform"));
            *problem = problem.clone().help("write it as `linux/amd64` or `linux/arm64`");
        }
        for (name, output) in [
            ("layout", &self.layout),
            ("oci_archive", &self.oci_archive),
            ("docker_archive", &self.docker_archive),
        ] {
            if output.as_ref().is_some_and(|output| output.is_empty()) {
                problems.error(name, "empty", "the output needs a name");
            }
        }
    }
}

impl Describe for Oci {
    type Artifact = OciImage;
    type Feature = feature::oci;
    #[cfg(all(feature = "oci", target_os = "linux"))]
    const RUNTIME: Runtime<Self> = Runtime::of();
    #[cfg(not(all(feature = "oci", target_os = "linux")))]
    const RUNTIME: Runtime<Self> = Runtime::planned();

    fn info(&self) -> Info {
        let mut info = Info::new(HasGuest::Always);
        if self.oci_archive.is_some() || self.docker_archive.is_some() {
            info = info.with_files();
        }
        if !cfg!(target_os = "linux") {
            info = info
                .unsupported("container images are built in Linux namespaces: build on Linux, or in a Linux machine");
        }
        info
    }
}
