//! What templates see of the world: files below the folder they are started in, the environment, the time.

use super::sources::Sources;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The world around one template. Not to be printed: the environment may hold secrets.
#[derive(Clone)]
pub struct Context {
    /// Every file that was read.
    pub sources: Sources,
    /// The folder in which packer is started; relative paths of the command line start there.
    pub cwd: PathBuf,
    /// What `path.root` says: `.` where packer is started in the folder of the template.
    pub root: String,
    /// How `cwd` is spelt in values.
    pub cwd_text: String,
    /// The folder of the template; `file()` and its like start there.
    pub basedir: PathBuf,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Seconds since 1970: the time that all functions of the clock answer.
    pub clock: i64,
    /// The version of packer that templates are told.
    pub version: String,
}

/// The version of packer whose language this is.
pub const PACKER_VERSION: &str = "1.16.0";

impl Context {
    /// A template in `basedir`, started in `cwd`.
    pub fn new(cwd: impl Into<PathBuf>, basedir: impl Into<PathBuf>) -> Self {
        let (cwd, basedir) = (cwd.into(), basedir.into());
        Self {
            sources: Sources::default(),
            root: basedir.strip_prefix(&cwd).map_or_else(|_| slashes(&basedir), dotted),
            cwd_text: slashes(&cwd),
            cwd,
            basedir,
            env: BTreeMap::new(),
            clock: 0,
            version: PACKER_VERSION.to_owned(),
        }
    }

    /// A path of a function, which starts at the template's folder. `~` is the home of the environment.
    pub fn path(&self, text: &str) -> PathBuf {
        // What `path.cwd` and `abspath` say is where they say it, however it is spelt.
        match text.strip_prefix(self.cwd_text.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => self.cwd.join(rest.trim_start_matches('/')),
            _ => self.basedir.join(self.expand_home(text)),
        }
    }

    /// `~` put in.
    pub fn expand_home(&self, text: &str) -> String {
        match self.env.get("HOME") {
            Some(home) => crate::functions::expand_home(home, text),
            None => text.to_owned(),
        }
    }
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn dotted(path: &Path) -> String {
    if path.as_os_str().is_empty() {
        ".".to_owned()
    } else {
        slashes(path)
    }
}
