//! The settings of `vagrant`.

use crate::{
    artifact::Files,
    describe::{Component, Info},
    field::Places,
    groups::{Communication, Console, Floppy, Iso},
    plan::Diagnostics,
    source::unwritten_source,
    value::{Checksum, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// A machine of a Vagrant box, started by Vagrant and packed as a box again.
///
/// ```
/// use imagebake::{prelude::*, sources::vagrant};
///
/// fn web() -> Image {
///     let machine = vagrant::Machine::from_box("hashicorp/bionic64").provider("virtualbox").add_force(true);
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_box(source_path), from_global_id(global_id)))]
pub struct Machine {
    /// The box: its name, a path or an address.
    #[field(private, rename = "with_source", template = "source_path")]
    source_path: Option<Template>,
    /// A machine that Vagrant has, by its id.
    #[field(private, rename = "with_global_id", template = "global_id")]
    global_id: Option<Text>,
    /// What a fetched box must be.
    #[field(template = "checksum")]
    checksum: Option<Checksum>,
    /// A medium that templates name.
    #[field(group)]
    iso: Option<Iso>,
    /// What Vagrant calls the box here.
    #[field(template = "box_name")]
    box_name: Option<Template>,
    /// The box's version; the newest without.
    #[field(template = "box_version")]
    box_version: Option<Text>,
    /// What runs it: `virtualbox`, `vmware_desktop`, `libvirt`, `hyperv`.
    #[field(template = "provider")]
    provider: Option<Text>,
    /// The folder for what is made, relative to the current folder; `output-` and the source's name without.
    #[field(template = "output_dir")]
    output_dir: Option<Template>,
    /// A template of the Vagrantfile that the machine is started with.
    #[field(path, template = "template")]
    template: Option<HostPath>,
    /// The Vagrantfile that the new box has.
    #[field(path, template = "output_vagrantfile")]
    output_vagrantfile: Option<HostPath>,
    /// A folder of the builder that the machine sees.
    #[field(path, template = "synced_folder")]
    synced_folder: Option<HostPath>,
    /// Whether Vagrant gives the machine a key of its own.
    #[field(template = "insert_key")]
    insert_key: bool,
    /// The box is there already.
    #[field(template = "skip_add")]
    skip_add: bool,
    /// The certificate of who vouches for the box's server.
    #[field(path, template = "add_cacert")]
    add_cacert: Option<HostPath>,
    /// A folder of such certificates.
    #[field(path, template = "add_capath")]
    add_capath: Option<HostPath>,
    /// The builder's certificate for that server.
    #[field(path, template = "add_cert")]
    add_cert: Option<HostPath>,
    /// Whether what was fetched before is fetched again.
    #[field(template = "add_clean")]
    add_clean: bool,
    /// Whether a box of that name is replaced.
    #[field(template = "add_force")]
    add_force: bool,
    /// Whether that server is trusted whoever it is.
    #[field(template = "add_insecure")]
    add_insecure: bool,
    /// Nothing is packed.
    #[field(template = "skip_package")]
    skip_package: bool,
    /// More files that the new box has.
    #[field(path, template = "package_include")]
    package_include: Vec<HostPath>,
    /// What becomes of the machine: `halt`, `suspend` or `destroy`; `halt` without.
    #[field(template = "teardown_method")]
    teardown_method: Option<Text>,
    #[field(flatten)]
    console: Console,
    /// A floppy disk made for the build.
    #[field(group)]
    floppy: Option<Floppy>,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

impl Machine {
    /// A machine of the box `name`: a name as `hashicorp/bionic64`, a path or an address.
    #[track_caller]
    pub fn from_box(name: impl Into<Template>) -> Self {
        Self::defaults().with_source(name)
    }

    /// The machine that Vagrant has under the id `id`.
    #[track_caller]
    pub fn from_global_id(id: impl Into<Text>) -> Self {
        Self::defaults().with_global_id(id)
    }
}

impl Component for Machine {
    const KIND: &'static str = "vagrant";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        self.console.check_all(problems);
        problems.check_word(
            "teardown_method",
            self.teardown_method.as_ref(),
            &["halt", "suspend", "destroy"],
        );
        if self.global_id.is_some() && self.synced_folder.is_some() {
            problems.warning(
                "synced_folder",
                "no-effect",
                "a machine that runs already keeps its folders",
            );
        }
        if let Some(problem) = self.checksum.as_ref().and_then(Checksum::problem) {
            problems.error("checksum", "checksum", problem);
        }
    }
}

unwritten_source!(Machine => Files, |source| Info::new(source.communication.guest()).with_files());
