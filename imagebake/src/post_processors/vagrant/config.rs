//! The settings of `vagrant`.

use crate::{
    artifact::Files,
    describe::Component,
    field::Places,
    plan::{Diagnostic, Diagnostics},
    post_processor::unwritten_post_processor,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Packs the machine as a Vagrant box, for the provider that its source belongs to.
///
/// ```
/// use imagebake::prelude::*;
///
/// let vagrant = Vagrant::new().output(format!("boxes/{IMAGE}.box")).compression_level(9).keep_input_artifact(true);
/// let image = Image::new().source(Null::none()).post(vagrant);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Vagrant {
    /// The box to write, relative to the current folder, with `{{ provider }}` and `{{ architecture }}`: `packer_{{ source }}_{{ provider
    /// }}_{{ architecture }}.box` without.
    #[field(template = "output", facts("provider", "architecture"))]
    output: Option<Template>,
    /// How hard to compress, from 0 (not at all) to 9; 6 without.
    #[field(template = "compression_level")]
    compression_level: Option<u32>,
    /// More files that the box has.
    #[field(path, template = "include")]
    include: Vec<HostPath>,
    /// A template of the box's Vagrantfile.
    #[field(path, template = "vagrantfile_template")]
    vagrantfile_template: Option<HostPath>,
    /// The template is made during the build: it is not looked for beforehand.
    #[field(template = "vagrantfile_template_generated")]
    vagrantfile_template_generated: bool,
    /// The provider to pack for, where the artifact does not say it.
    #[field(template = "provider_override")]
    provider_override: Option<Text>,
    /// The machine's architecture as Vagrant names it; the builder's without.
    #[field(template = "architecture")]
    architecture: Option<Text>,
    /// What differs for a provider: `virtualbox`, `vmware`, `libvirt`, `hyperv`.
    #[field(each = "override_for", template = "override")]
    overrides: Vec<(String, VagrantOverride)>,
    at: Places,
}

/// What differs for the boxes of one provider.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct VagrantOverride {
    /// The box to write.
    #[field(template = "output", facts("provider", "architecture"))]
    output: Option<Template>,
    /// How hard to compress, from 0 to 9.
    #[field(template = "compression_level")]
    compression_level: Option<u32>,
    /// More files that the box has.
    #[field(path, template = "include")]
    include: Option<Vec<HostPath>>,
    /// A template of the box's Vagrantfile.
    #[field(path, template = "vagrantfile_template")]
    vagrantfile_template: Option<HostPath>,
    /// The template is made during the build.
    #[field(template = "vagrantfile_template_generated")]
    vagrantfile_template_generated: Option<bool>,
    /// Whether the input stays.
    #[field(template = "keep_input_artifact")]
    keep_input_artifact: Option<bool>,
    at: Places,
}

impl Vagrant {
    /// A box with the usual name.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl VagrantOverride {
    /// Nothing differs yet.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

const PROVIDERS: &[&str] = &[
    "aws",
    "azure",
    "digitalocean",
    "docker",
    "google",
    "hyperv",
    "libvirt",
    "lxc",
    "parallels",
    "scaleway",
    "virtualbox",
    "vmware",
    "vmware_desktop",
    "id",
    "asg",
];

impl Component for Vagrant {
    const KIND: &'static str = "vagrant";

    fn check(&self, problems: &mut Diagnostics) {
        let levels = self.overrides.iter().map(|(_, changed)| changed.compression_level);
        if levels.chain([self.compression_level]).flatten().any(|level| level > 9) {
            problems.error("compression_level", "out-of-range", "the level is from 0 to 9");
        }
        if self.output.as_ref().is_some_and(Template::is_secret) {
            problems.error("output", "secret", "the name of a file cannot be a secret");
        }
        for (provider, _) in &self.overrides {
            if !PROVIDERS.contains(&provider.as_str()) {
                let problem = Diagnostic::warning(
                    "unknown-value",
                    format!("`{provider}` is no provider that boxes are packed for"),
                );
                let near = crate::plan::nearest(provider, PROVIDERS.iter().copied());
                let help = near.map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
                problems.push(problem.field("overrides").help(help));
            }
        }
    }
}

unwritten_post_processor!(Vagrant => Files, needs_files = false);
