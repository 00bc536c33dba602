//! The settings of `virtualbox-vm`.

use super::super::machine::Common;
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    plan::Diagnostics,
    source::unwritten_source,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// A machine that VirtualBox has already, changed in place and put into a snapshot.
///
/// ```
/// use imagebake::{prelude::*, groups::Shutdown, sources::virtualbox};
///
/// fn web() -> Image {
///     let machine = virtualbox::vm::Machine::existing("base")
///         .attach_snapshot("installed")
///         .target_snapshot("web")
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(existing(vm_name)))]
pub struct Machine {
    /// The machine's name in VirtualBox.
    #[field(private, rename = "with_vm_name", template = "vm_name")]
    vm_name: Template,
    /// The snapshot to start from: `installed`, or a path of names; the machine as it is without.
    #[field(template = "attach_snapshot")]
    attach_snapshot: Option<Text>,
    /// The snapshot that is made.
    #[field(template = "target_snapshot")]
    target_snapshot: Option<Text>,
    /// Whether a snapshot of that name is replaced.
    #[field(template = "force_delete_snapshot")]
    force_delete_snapshot: bool,
    #[field(flatten)]
    common: Common,
    at: Places,
}

impl Machine {
    /// The machine that VirtualBox calls `name`.
    #[track_caller]
    pub fn existing(name: impl Into<Template>) -> Self {
        Self::defaults().with_vm_name(name)
    }
}

impl Component for Machine {
    const KIND: &'static str = "virtualbox-vm";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if self.vm_name.is_empty() {
            problems.error("vm_name", "empty", "the machine needs a name");
        }
        if self.force_delete_snapshot && self.target_snapshot.is_none() {
            problems.warning(
                "force_delete_snapshot",
                "no-effect",
                "no snapshot is made, so none is replaced",
            );
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.common.guest()).with_files());
