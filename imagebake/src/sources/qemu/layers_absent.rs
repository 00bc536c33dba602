//! What `layers.rs` is in a program without the cargo feature `ssh`: nobody is in a machine, and so none is stored.

use super::{arguments::Drive, config::Machine, disks::Disks, driver::Img, steps::Place};
use crate::{engine::Cx, error::Result, guest::Guest};
use std::path::Path;

/// There are none.
#[derive(Clone)]
pub(super) enum Layers {}

impl Machine {
    pub(super) async fn layers(&self, _: &Cx, _: &Guest, _: Option<&Path>) -> Result<Option<Layers>> {
        Ok(None)
    }

    pub(super) async fn make_layers(&self, _: &Cx, _: &Img, layers: &Layers, _: &Place) -> Result<Disks> {
        match *layers {}
    }
}

impl Layers {
    pub(super) fn restored(&self) -> bool {
        match *self {}
    }

    pub(super) fn drives(&self) -> Vec<Drive> {
        match *self {}
    }

    pub(super) async fn end(&self, _: &Cx) {
        match *self {}
    }

    pub(super) async fn leave(&self, _: &Cx) -> Result<()> {
        match *self {}
    }
}
