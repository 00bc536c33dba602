//! The settings of `virtualbox-ovf`.

use super::super::machine::Common;
use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    plan::Diagnostics,
    source::unwritten_source,
    value::{Checksum, Template, Text},
};
use imagebake_macros::Config;

/// A VirtualBox machine, imported from an archive that an earlier build exported.
///
/// ```
/// use imagebake::{prelude::*, groups::Shutdown, sources::virtualbox, value::Checksum};
///
/// fn web() -> Image {
///     let machine = virtualbox::ovf::Machine::from_ovf("base/base.ova", Checksum::none())
///         .shutdown(Shutdown::command("sudo poweroff"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_ovf(source_path, checksum)))]
pub struct Machine {
    /// The archive: a path or an address, ending in `.ovf` or `.ova`.
    #[field(private, rename = "with_source", template = "source_path")]
    source_path: Option<Template>,
    /// What it must be.
    #[field(private, rename = "with_checksum", template = "checksum")]
    checksum: Checksum,
    /// Where a fetched archive is kept on the builder.
    #[field(template = "target_path")]
    target_path: Option<Template>,
    /// More arguments of `VBoxManage import`.
    #[field(template = "import_flags")]
    import_flags: Vec<Template>,
    /// What import does with addresses: `keepallmacs`, `keepnatmacs`, `importtovdi`.
    #[field(template = "import_opts")]
    import_opts: Option<Text>,
    /// The machine's name; `packer-` and the source's name without.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    #[field(flatten)]
    common: Common,
    at: Places,
}

impl Machine {
    /// The machine in the archive at `path`, which must be what `checksum` says.
    #[track_caller]
    pub fn from_ovf(path: impl Into<Template>, checksum: Checksum) -> Self {
        Self::defaults().with_source(path).with_checksum(checksum)
    }
}

impl Component for Machine {
    const KIND: &'static str = "virtualbox-ovf";

    fn check(&self, problems: &mut Diagnostics) {
        self.common.check_all(problems);
        if self.source_path.as_ref().is_none_or(Template::is_empty) {
            problems.error("source_path", "empty", "the archive needs a path");
        }
        if let Some(problem) = self.checksum.problem() {
            problems.error("checksum", "checksum", problem);
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.common.guest()).with_files());
