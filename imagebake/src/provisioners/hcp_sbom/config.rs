//! The settings of `hcp-sbom`.

use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    provisioner::unwritten_provisioner,
    provisioners::elevated::Elevated,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Takes a bill of materials out of the machine, made there before or made by a scanner that is brought in.
///
/// ```
/// use imagebake::prelude::*;
///
/// let bill = HcpSbom::from_file("/tmp/sbom.json").destination("sbom/").sbom_name("web");
/// let image = Image::new().source(Null::local()).provision(bill);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(from_file(source), from_scan(auto_generate = true)))]
pub struct HcpSbom {
    /// The bill of materials in the machine, in the JSON form of CycloneDX or SPDX.
    #[field(private, rename = "with_source", template = "source")]
    source: Option<Template>,
    /// Whether a scanner is brought into the machine to make one.
    #[field(private, rename = "with_auto_generate", template = "auto_generate")]
    auto_generate: bool,
    /// Where it goes on the builder; nowhere but to the registry of images without.
    #[field(template = "destination")]
    destination: Option<Template>,
    /// What the registry calls it: 3 to 36 letters, digits, `_` and `-`.
    #[field(template = "sbom_name")]
    sbom_name: Option<Text>,
    /// Arguments of the scanner.
    #[field(template = "scanner_args")]
    scanner_args: Vec<Template>,
    /// The scanner's address.
    #[field(template = "scanner_url")]
    scanner_url: Option<Text>,
    /// The scanner's digest.
    #[field(template = "scanner_checksum")]
    scanner_checksum: Option<Text>,
    /// What is scanned in the machine.
    #[field(default = "/", template = "scan_path")]
    scan_path: Text,
    /// What runs the scanner.
    #[field(template = "execute_command", facts("args", "output", "path"))]
    execute_command: Option<Template>,
    #[field(flatten)]
    elevated: Elevated,
    at: Places,
}

impl HcpSbom {
    /// The bill of materials at `path` in the machine.
    #[track_caller]
    pub fn from_file(path: impl Into<Template>) -> Self {
        Self::defaults().with_source(path)
    }

    /// One that a scanner makes in the machine.
    #[track_caller]
    pub fn from_scan() -> Self {
        Self::defaults().with_auto_generate(true)
    }
}

impl Component for HcpSbom {
    const KIND: &'static str = "hcp-sbom";

    fn check(&self, problems: &mut Diagnostics) {
        self.elevated.check_all(problems);
        let name = self.sbom_name.as_ref().map(ToString::to_string);
        let fits = |name: &String| {
            (3..=36).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        };
        if name.is_some_and(|name| !fits(&name)) {
            problems.error("sbom_name", "name", "a name has 3 to 36 letters, digits, `_` and `-`");
        }
    }
}

unwritten_provisioner!(HcpSbom);
