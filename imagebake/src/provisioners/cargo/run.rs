//! How `cargo` builds and installs.

use super::config::Cargo;
use crate::{
    communicator::{Command, FileAttrs, Local, Remote},
    engine::Cx,
    error::{CommandFailure, Context, Error, ErrorKind, Result},
    provisioner::Provisioner,
    value::Text,
};
use std::{path::PathBuf, sync::Arc};

impl Provisioner for Cargo {
    /// Only cargo knows whether its sources have changed, so it is asked every time.
    fn cacheable(&self) -> bool {
        false
    }

    async fn provision(&self, cx: &Cx, guest: &Remote) -> Result<()> {
        let binary = self.build(cx).await?;
        let name = self.bin.to_string();
        let to = if self.install_to.names_folder() {
            self.install_to.join(&name)
        } else {
            self.install_to.clone()
        };
        let mut file = tokio::fs::File::open(&binary).await.path("read", &binary)?;
        cx.say(format!("installing {name} as {to}"));
        guest
            .upload(&mut file, &to, &FileAttrs::mode(self.mode))
            .await
            .map_err(|error| match error.kind() {
                ErrorKind::NotFound => error.hint(format!("does the folder of {to} exist in the guest?")),
                _ => error,
            })
    }
}

impl Cargo {
    /// Builds the binary and says where it is.
    async fn build(&self, cx: &Cx) -> Result<PathBuf> {
        let root = match &self.workspace {
            Some(folder) => cx.input_path(folder),
            None => cx.project().root.clone(),
        };
        let builder = Remote::new(Arc::new(Local), cx.clone());
        let folder = root.to_string_lossy().into_owned();
        cx.say(format!("cargo build --bin {} ({})", self.bin, self.profile));
        let built = builder.exec(self.command(&folder, &[])).await?;
        if !built.success() {
            let message = format!("cargo could not build `{}` (exit code {})", self.bin, built.code());
            let line = self.arguments(&folder).join(" ");
            return Err(Error::new(ErrorKind::CommandFailed, message)
                .command(CommandFailure::new(line, Some(built.code())))
                .hint("the compiler's messages are in the log"));
        }
        // Everything is fresh now: asking again costs nothing and says where cargo put it.
        let told = builder
            .capture(self.command(&folder, &["--message-format=json"]))
            .await?;
        let name = self.bin.to_string();
        let executable = String::from_utf8_lossy(&told.stdout).lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let wanted = message["target"]["name"] == name.as_str() && message["target"]["kind"][0] == "bin";
            wanted
                .then(|| message["executable"].as_str().map(PathBuf::from))
                .flatten()
        });
        executable.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("cargo built nothing called `{name}`"))
                .hint("name the package with `.package(…)`")
        })
    }

    /// The build with its flags: the same bytes wherever the workspace stands, whatever flags the user has elsewhere.
    fn command(&self, root: &str, more: &[&str]) -> Command {
        let mut flags = vec![format!("--remap-path-prefix={root}=.")];
        if self.static_linking {
            flags.push("-Ctarget-feature=+crt-static".to_owned());
        }
        let arguments = self
            .arguments(root)
            .into_iter()
            .chain(more.iter().map(|word| (*word).to_owned()));
        Command::program(arguments)
            .dir(root)
            .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
    }

    /// The target triple. Static linking names the builder's own, for only then are build scripts and macros linked as always.
    fn triple(&self) -> Option<String> {
        let libc = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
        let own = || format!("{}-unknown-linux-{libc}", std::env::consts::ARCH);
        let told = self.target.as_ref().map(Text::to_string);
        told.or_else(|| (self.static_linking && cfg!(target_os = "linux")).then(own))
    }

    fn arguments(&self, root: &str) -> Vec<String> {
        let mut arguments: Vec<String> = ["cargo", "build", "--color=never"].map(str::to_owned).to_vec();
        let mut add = |flag: &str, value: Option<String>| {
            arguments.extend(value.into_iter().flat_map(|value| [flag.to_owned(), value]));
        };
        add("--bin", Some(self.bin.to_string()));
        add("--package", self.package.as_ref().map(Text::to_string));
        add("--profile", Some(self.profile.to_string()));
        add("--target", self.triple());
        let features = self.features.iter().map(Text::to_string).collect::<Vec<_>>().join(",");
        add("--features", (!features.is_empty()).then_some(features));
        // Apart from the user's own builds, whose flags differ.
        let target = format!("{root}/target/imagebake");
        add("--target-dir", Some(target));
        if self.no_default_features {
            arguments.push("--no-default-features".into());
        }
        if self.locked {
            arguments.push("--locked".into());
        }
        arguments
    }
}
