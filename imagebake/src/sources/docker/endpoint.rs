//! Where the engine is, found as the Docker command line finds it: `DOCKER_HOST`, `DOCKER_CONTEXT`, the context in use, the local socket.
//!
//! Only files and the environment are looked at; nothing is connected to.

use crate::error::{Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The socket of an engine on the same machine.
#[cfg(not(windows))]
const LOCAL: &str = "unix:///var/run/docker.sock";
#[cfg(windows)]
const LOCAL: &str = "npipe:////./pipe/docker_engine";

/// An engine's address. Certificates are named by their folder, so that this may be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    /// `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`.
    pub(crate) host: String,
    /// The folder with `ca.pem`, `cert.pem` and `key.pem`, where the engine is spoken to over TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificates: Option<PathBuf>,
}

impl Endpoint {
    /// What the environment says.
    ///
    /// # Errors
    /// When a context is named that does not exist or cannot be read.
    pub(crate) fn discover() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self::from_environment(variable, docker_folder().as_deref())
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>, folder: Option<&Path>) -> Result<Self> {
        if let Some(host) = variable("DOCKER_HOST") {
            let tls = variable("DOCKER_TLS_VERIFY").is_some() || variable("DOCKER_TLS").is_some();
            let certificates = tls.then(|| variable("DOCKER_CERT_PATH").map(PathBuf::from));
            let certificates = certificates.map(|told| told.or_else(|| folder.map(Path::to_owned)));
            return Ok(Self {
                host,
                certificates: certificates.flatten(),
            });
        }
        let local = || Self {
            host: LOCAL.to_owned(),
            certificates: None,
        };
        let Some(folder) = folder else { return Ok(local()) };
        let name = match variable("DOCKER_CONTEXT") {
            Some(name) => Some(name),
            None => docker_config(folder)?
                .get("currentContext")
                .and_then(|name| name.as_str())
                .map(str::to_owned),
        };
        match name.filter(|name| !name.is_empty() && name != "default") {
            None => Ok(local()),
            Some(name) => Self::of_context(&name, folder),
        }
    }

    fn of_context(name: &str, folder: &Path) -> Result<Self> {
        let id: String = Sha256::digest(name.as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = folder.join("contexts/meta").join(&id).join("meta.json");
        let text = std::fs::read(&path).map_err(|error| {
            Error::new(ErrorKind::Config, format!("the Docker context `{name}` cannot be read"))
                .because(Error::io("read", &path, error))
                .hint("`docker context ls` names those that there are; DOCKER_CONTEXT or DOCKER_HOST choose another")
        })?;
        let host = serde_json::from_slice::<serde_json::Value>(&text)
            .ok()
            .and_then(|meta| meta["Endpoints"]["docker"]["Host"].as_str().map(str::to_owned));
        let Some(host) = host else {
            return Err(
                Error::new(ErrorKind::Config, format!("the Docker context `{name}` has no address"))
                    .context("file", path.display())
                    .hint("make it again with `docker context create`"),
            );
        };
        let certificates = folder.join("contexts/tls").join(&id).join("docker");
        Ok(Self {
            host,
            certificates: certificates.is_dir().then_some(certificates),
        })
    }
}

/// `~/.docker`, or where `DOCKER_CONFIG` says it is.
pub(super) fn docker_folder() -> Option<PathBuf> {
    let told = std::env::var_os("DOCKER_CONFIG").filter(|told| !told.is_empty());
    told.map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".docker")))
}

/// The Docker command line's settings; empty where there are none.
pub(super) fn docker_config(folder: &Path) -> Result<serde_json::Value> {
    let path = folder.join("config.json");
    match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(serde_json::Value::Null),
        Err(error) => Err(Error::io("read", &path, error)),
        Ok(text) => serde_json::from_slice(&text).map_err(|error| {
            Error::new(ErrorKind::Config, format!("{} is not JSON", path.display()))
                .because(error)
                .hint("repair it, or remove it and log in again")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)], folder: &Path) -> Result<Endpoint> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Endpoint::from_environment(variable, Some(folder))
    }

    #[test]
    fn the_engine_is_found_as_the_docker_program_finds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        assert_eq!(found(&[], folder).expect("the default").host, LOCAL);
        let told = found(&[("DOCKER_HOST", "tcp://a:2376"), ("DOCKER_TLS_VERIFY", "1")], folder).expect("told");
        assert_eq!(
            (told.host.as_str(), told.certificates.as_deref()),
            ("tcp://a:2376", Some(folder))
        );

        // The name's digest, as `docker context create far` made the folder.
        let id: String = Sha256::digest(b"far")
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let meta = folder.join("contexts/meta").join(&id);
        std::fs::create_dir_all(&meta).expect("made");
        let text =
            r#"{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"ssh://me@far","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).expect("written");
        std::fs::write(folder.join("config.json"), r#"{"currentContext":"far"}"#).expect("written");
        assert_eq!(found(&[], folder).expect("in use").host, "ssh://me@far");
        assert_eq!(
            found(&[("DOCKER_CONTEXT", "default")], folder).expect("told").host,
            LOCAL
        );
        let error = found(&[("DOCKER_CONTEXT", "nowhere")], folder).expect_err("not there");
        assert!(error.message().contains("nowhere") && !error.hints().is_empty());
    }
}
