//! `breakpoint`: stops a build so that somebody can look at the machine.

use crate::{
    communicator::Remote, describe::Component, engine::Cx, error::Result, field::Places, provisioner::Provisioner,
    value::Text,
};
use imagebake_macros::Config;

/// Stops the build until the user says how to go on. Without a terminal the build goes on by itself.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Breakpoint {
    /// What the user should know.
    #[field(cosmetic, template = "note")]
    note: Option<Text>,
    /// Leaves the breakpoint out.
    #[field(cosmetic, template = "disable")]
    disable: bool,
    at: Places,
}

impl Breakpoint {
    /// A stop.
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Component for Breakpoint {
    const KIND: &'static str = "breakpoint";
}

impl Provisioner for Breakpoint {
    const NEEDS_GUEST: bool = false;

    async fn provision(&self, cx: &Cx, _: &Remote) -> Result<()> {
        match self.disable {
            true => Ok(()),
            false => cx.breakpoint(self.note.as_ref().map(Text::to_string)).await,
        }
    }
}
