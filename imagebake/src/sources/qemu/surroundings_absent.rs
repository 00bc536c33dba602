//! What `surroundings.rs` is in a program without the cargo feature `machines`: planning has refused what it would have to do.

use super::{config::Machine, start::Running, steps::Place};
use crate::{engine::Cx, error::Result, value::Vars};
use std::path::{Path, PathBuf};

/// Nothing.
#[derive(Default)]
pub(super) struct Surroundings {
    pub(super) facts: Vars,
    pub(super) floppy: Option<PathBuf>,
    pub(super) cd: Option<PathBuf>,
}

impl Machine {
    pub(super) async fn check_surroundings(&self, _: &Cx) -> Result<()> {
        Ok(())
    }

    pub(super) async fn surround(&self, _: &Cx, _: &Path, _: &str, facts: Vars) -> Result<Surroundings> {
        Ok(Surroundings {
            facts,
            ..Surroundings::default()
        })
    }

    pub(super) async fn type_boot_command(&self, _: &Cx, _: &Running, _: &Place, _: &Vars) -> Result<()> {
        Ok(())
    }
}
