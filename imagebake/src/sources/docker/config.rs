//! The settings of `docker`.

use super::{
    artifact::{DockerArchive, DockerImage},
    capture::{Discarded, Exported},
    dockerfile::Dockerfile,
    login::Login,
    run_command::RunCommand,
};
use crate::{
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::{Component, Describe, HasGuest, Info, feature},
    field::{FieldType, Named, Places, ToValue, Value},
    plan::Diagnostics,
    source::Runtime,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// When the base image is fetched from its registry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pull {
    /// Every time; layers that the engine has are not fetched again.
    Always,
    /// When the engine does not have it.
    #[default]
    Missing,
    /// Never: an image that the engine does not have is an error.
    Never,
}

impl From<bool> for Pull {
    fn from(always: bool) -> Self {
        if always { Self::Always } else { Self::Never }
    }
}

impl ToValue for Pull {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("Pull")
            .of("sources::docker")
            .by("from", &FieldType::Bool)
            .words(&[("true", "Always"), ("false", "Never")]),
    );
    fn to_value(&self) -> Value {
        Value::Text(
            match self {
                Self::Always => "always",
                Self::Missing => "missing",
                Self::Never => "never",
            }
            .into(),
        )
    }
}

/// Templates know yes and no.
pub(super) fn pull_parts(value: &Value) -> Vec<(&'static str, Value)> {
    let told = match value {
        Value::Text(text) if text.to_string() == "always" => Value::Bool(true),
        Value::Text(text) if text.to_string() == "never" => Value::Bool(false),
        _ => Value::Null,
    };
    vec![("pull", told)]
}

/// A container of a Docker engine: started from an image or a Dockerfile, provisioned, and committed as an image.
///
/// The engine is found as the Docker command line finds it: `DOCKER_HOST` (`unix://`, `tcp://`, `ssh://`), `DOCKER_CONTEXT`, the context
/// in use, the local socket. The image keeps the base's entry point, command and environment; `change` edits them. Commands run over one
/// connection that stays open, and files are streamed: nothing is mounted into the container.
///
/// ```
/// use imagebake::prelude::*;
///
/// fn web() -> Image {
///     let container = docker::Container::from_image("debian:12").change(r#"CMD ["nginx", "-g", "daemon off;"]"#);
///     Image::new()
///         .source(container.post(DockerTag::new("acme/web").tag("1.4")))
///         .provision(Shell::inline(["apt-get update", "apt-get install -y nginx"]))
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(
    constructors(from_image(image), from_build(build)),
    methods(export_path(export_path), discard(discard))
)]
pub struct Container {
    /// The base image: `debian:12`, `ghcr.io/acme/base@sha256:…`, or the id of one that the engine has.
    #[field(private, rename = "with_image", template = "image")]
    pub(super) image: Option<Text>,
    /// A Dockerfile that makes the base image.
    #[field(private, rename = "with_build", parts = super::dockerfile::parts)]
    pub(super) build: Option<Dockerfile>,
    /// When the base image is fetched. Templates say `true` for always and `false` for never.
    #[field(default = Pull::Missing, parts = pull_parts)]
    pub(super) pull: Pull,
    /// What the container is for: `linux/arm64`; the engine's own platform without.
    #[field(template = "platform")]
    pub(super) platform: Option<Text>,
    /// Credentials for the registry of the base image. Without, those of `docker login` are used.
    #[field(group)]
    pub(super) login: Option<Login>,
    /// Instructions applied to the image that is committed: `ENV A=b`, `CMD ["nginx"]`, `EXPOSE 80`, `USER www`, `LABEL a=b`, `WORKDIR /srv`,
    /// `ENTRYPOINT [...]`, `VOLUME`, `ONBUILD`, `STOPSIGNAL`.
    #[field(each = "change", template = "changes")]
    pub(super) changes: Vec<Template>,
    /// Who made the image.
    #[field(template = "author")]
    pub(super) author: Option<Template>,
    /// What the image's history says of the commit.
    #[field(template = "message")]
    pub(super) message: Option<Template>,
    /// The user, of the container, that steps run as: `name`, `uid` or `user:group`; the image's user without.
    #[field(template = "exec_user")]
    pub(super) exec_user: Option<Text>,
    /// Whether steps get a terminal: some programs need one. Standard error then cannot be told from standard output.
    #[field(template = "pty")]
    pub(super) pty: bool,
    /// Whether uploaded files belong to the user that steps run as; otherwise they keep the owners that they have on the builder.
    #[field(default = true, template = "fix_upload_owner")]
    pub(super) fix_upload_owner: bool,
    /// Arguments of `docker run` to start the container with, when the settings here do not say it. `{{.Image}}` stands for the base; what
    /// follows it is the container's command, which must not end before the steps do.
    #[field(template = "run_command")]
    pub(super) run_command: Vec<Text>,
    /// Whether the container may do what the host may.
    #[field(template = "privileged")]
    pub(super) privileged: bool,
    /// Capabilities to add: `NET_ADMIN`.
    #[field(template = "cap_add")]
    pub(super) cap_add: Vec<Text>,
    /// Capabilities to drop.
    #[field(template = "cap_drop")]
    pub(super) cap_drop: Vec<Text>,
    /// Devices of the engine's host: `/dev/fuse`, `/dev/sda:/dev/xvda:rwm`.
    #[field(each = "device", template = "device")]
    pub(super) devices: Vec<Text>,
    /// Folders of the engine's host, or named volumes, to the folders they are mounted on: `/cache` to `/var/cache/apt`. Their contents are not
    /// part of the image.
    #[field(each = "volume", template = "volumes")]
    pub(super) volumes: Vec<(String, Text)>,
    /// Folders in memory, with options behind a colon: `/run:size=64m`. Their contents are not part of the image.
    #[field(template = "tmpfs")]
    pub(super) tmpfs: Vec<Text>,
    /// The network: `bridge`, `host`, `none`, or the name of one.
    pub(super) network: Option<Text>,
    /// The engine's container runtime: `runsc`, `kata`.
    #[field(template = "runtime")]
    pub(super) runtime: Option<Text>,
    /// Whether it is a Windows container: steps then run in PowerShell.
    #[field(template = "windows_container")]
    pub(super) windows_container: bool,
    /// Where templates had files mounted for their transfer.
    #[field(
        private,
        superseded = "files are streamed, nothing is mounted",
        template = "container_dir"
    )]
    container_dir: Option<Text>,
    /// The docker program of templates.
    #[field(
        private,
        superseded = "the engine's API is used, no program",
        template = "docker_path"
    )]
    docker_path: Option<Text>,
    /// What templates say of a connection.
    #[field(
        private,
        group,
        superseded = "commands and files reach a container by the engine's API, not by SSH"
    )]
    ssh: Option<Ssh>,
    /// What templates say of a connection to Windows.
    #[field(
        private,
        group,
        superseded = "commands and files reach a container by the engine's API, not by WinRM"
    )]
    winrm: Option<WinRm>,
    /// Whether the container is committed as an image: so it is, unless `export_path` or `discard` say otherwise.
    #[field(template = "commit")]
    pub(super) commit: Option<bool>,
    /// Whether nothing is kept.
    #[field(private, rename = "with_discard", template = "discard")]
    pub(super) discard: Option<bool>,
    /// The tar archive to write the container's file system to.
    #[field(private, rename = "with_export_path", template = "export_path")]
    pub(super) export_path: Option<Template>,
    pub(super) at: Places,
}

impl Container {
    /// A container started from an image.
    #[track_caller]
    pub fn from_image(image: impl Into<Text>) -> Self {
        Self::defaults().with_image(image)
    }

    /// A container started from what a Dockerfile makes.
    #[track_caller]
    pub fn from_build(dockerfile: Dockerfile) -> Self {
        Self::defaults().with_build(dockerfile)
    }

    /// Writes the container's file system to a tar archive instead of committing it: the last setting, since what comes of it is a file.
    #[track_caller]
    pub fn export_path(self, path: impl Into<Template>) -> Exported {
        Exported(self.with_export_path(path))
    }

    /// Runs the steps and keeps nothing: the last setting, since nothing comes of it. `false` is an error: leave it out.
    #[track_caller]
    pub fn discard(self, discard: bool) -> Discarded {
        Discarded(self.with_discard(discard))
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        match (&self.image, &self.build) {
            (Some(image), _) if image.is_empty() => {
                problems.error("image", "empty", "the base image needs a name");
            }
            (_, Some(build)) => build.check("build", problems),
            _ => {}
        }
        if self.commit == Some(false) && self.discard.is_none() && self.export_path.is_none() {
            let problem = problems.error("commit", "no-result", "nothing would come of the build");
            *problem = problem
                .clone()
                .help("say `.discard(true)` when that is meant, or `.export_path(…)`");
        }
        if self.commit == Some(true) && self.discard == Some(true) {
            problems.error("discard", "two-results", "`commit` and `discard` exclude each other");
        }
        if self.commit == Some(true) && self.export_path.is_some() {
            problems.error(
                "export_path",
                "two-results",
                "`commit` and `export_path` exclude each other",
            );
        }
        if self.discard == Some(false) {
            let problem = problems.error("discard", "no-result", "`discard(false)` says nothing");
            *problem = problem.clone().help("leave it out: the container is then committed");
        }
        if self.export_path.as_ref().is_some_and(Template::is_empty) {
            problems.error("export_path", "empty", "the archive needs a name");
        }
        for (name, templates) in [
            ("changes", self.changes.iter().collect::<Vec<_>>()),
            ("author", self.author.iter().collect()),
            ("message", self.message.iter().collect()),
        ] {
            if templates.iter().any(|template| template.is_secret()) {
                let problem = problems.error(name, "secret", "a secret would be in the image for all to read");
                *problem = problem
                    .clone()
                    .help("give it to the steps that need it, or to the image's user at run time");
            }
        }
        for change in &self.changes {
            check_change(&change.to_string(), problems);
        }
        if let Err(error) = RunCommand::parse(self.run_command.iter().map(Text::to_string).collect()) {
            let problem = problems.error("run_command", "argument", error.message().to_owned());
            for hint in error.hints() {
                *problem = problem.clone().help(hint.clone());
            }
        }
        for (from, to) in &self.volumes {
            if from.is_empty() || to.is_empty() {
                problems.error(
                    "volumes",
                    "empty",
                    "a volume needs a place on the host and one in the container",
                );
            }
        }
        if let Some(login) = &self.login {
            login.check_all(problems);
        }
    }
}

/// What `changes` may say; the engine would refuse the rest after all steps have run.
const CHANGES: &[&str] = &[
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "LABEL",
    "ONBUILD",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

pub(crate) fn check_change(change: &str, problems: &mut Diagnostics) {
    let (word, rest) = change
        .trim()
        .split_once(char::is_whitespace)
        .unwrap_or((change.trim(), ""));
    if CHANGES.contains(&word.to_ascii_uppercase().as_str()) && !rest.trim().is_empty() {
        return;
    }
    let message = match rest.trim().is_empty() && CHANGES.contains(&word.to_ascii_uppercase().as_str()) {
        true => format!("`{change}` says nothing"),
        false => format!("`{word}` is no instruction that can be applied to an image"),
    };
    let problem = problems.error("changes", "instruction", message);
    *problem = problem.clone().help(format!("there are {}", CHANGES.join(", ")));
}

impl Component for Container {
    const KIND: &'static str = "docker";

    fn check(&self, problems: &mut Diagnostics) {
        self.check_all(problems);
    }
}

impl Describe for Container {
    type Artifact = DockerImage;
    type Feature = feature::docker;
    #[cfg(feature = "docker")]
    const RUNTIME: Runtime<Self> = Runtime::of();
    #[cfg(not(feature = "docker"))]
    const RUNTIME: Runtime<Self> = Runtime::planned();

    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}

impl Describe for Exported {
    type Artifact = DockerArchive;
    type Feature = feature::docker;
    #[cfg(feature = "docker")]
    const RUNTIME: Runtime<Self> = Runtime::of();
    #[cfg(not(feature = "docker"))]
    const RUNTIME: Runtime<Self> = Runtime::planned();

    fn info(&self) -> Info {
        Info::new(HasGuest::Always).with_files()
    }
}

impl Describe for Discarded {
    type Artifact = crate::sources::null::Nothing;
    type Feature = feature::docker;
    #[cfg(feature = "docker")]
    const RUNTIME: Runtime<Self> = Runtime::of();
    #[cfg(not(feature = "docker"))]
    const RUNTIME: Runtime<Self> = Runtime::planned();

    fn info(&self) -> Info {
        Info::new(HasGuest::Always)
    }
}
