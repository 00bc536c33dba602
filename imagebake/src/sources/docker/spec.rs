//! What is asked of the engine, and what it knows, as plain data.

use std::collections::HashMap;

/// What the engine knows of an image.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImageFacts {
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) size: u64,
    pub(crate) created: i64,
    pub(crate) platform: String,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) user: Option<String>,
    /// What it was made from, where a list of images says it.
    pub(crate) parent: String,
}

/// A container to make.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContainerSpec {
    pub(crate) image: String,
    /// The user's own name for it.
    pub(crate) name: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) tty: bool,
    pub(crate) network: Option<String>,
    pub(crate) binds: Vec<String>,
    pub(crate) tmpfs: Vec<String>,
    pub(crate) devices: Vec<String>,
    pub(crate) cap_add: Vec<String>,
    pub(crate) cap_drop: Vec<String>,
    pub(crate) security_opt: Vec<String>,
    pub(crate) extra_hosts: Vec<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) runtime: Option<String>,
    pub(crate) pid: Option<String>,
    pub(crate) ipc: Option<String>,
    pub(crate) cgroupns: Option<String>,
    pub(crate) shm_size: Option<i64>,
    pub(crate) memory: Option<i64>,
    pub(crate) privileged: bool,
    pub(crate) init: bool,
    /// Whether the engine keeps what the main program prints.
    pub(crate) logs: bool,
}

/// A container that there is.
#[derive(Clone, Debug)]
pub(crate) struct FoundContainer {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) labels: HashMap<String, String>,
    pub(crate) created: Option<i64>,
}

/// A container to make an image of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Commit {
    pub(crate) container: String,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) changes: Vec<String>,
    pub(crate) author: Option<String>,
    pub(crate) message: Option<String>,
}

/// A Dockerfile to build.
#[derive(Clone, Debug, Default)]
pub(crate) struct BuildSpec {
    pub(crate) dockerfile: String,
    pub(crate) arguments: Vec<(String, String)>,
    pub(crate) pull: bool,
    pub(crate) target: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) cache: bool,
}

/// An archive to make an image of.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportSpec {
    pub(crate) changes: Vec<String>,
    pub(crate) message: Option<String>,
    pub(crate) platform: Option<String>,
}
