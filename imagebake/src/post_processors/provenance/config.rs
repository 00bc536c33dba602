//! The settings of `provenance`.

use crate::{
    artifact::AnyArtifact,
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{HostPath, Template, Text},
};
use imagebake_macros::Config;

/// Writes where the artifact comes from: a statement of provenance in SLSA's form, and a bill of materials; signed, where that is asked
/// for.
///
/// ```
/// use imagebake::prelude::*;
///
/// let origin = Provenance::new().output_dir("out/attestations").sbom(true).signing_mode("key").key("keys/cosign.key");
/// let image = Image::new().source(Null::none()).post(origin);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Provenance {
    /// Whether a statement of provenance is written: it is, without.
    #[field(template = "provenance")]
    provenance: Option<bool>,
    /// The statement's kind of build, as a URI; `https://packer.io/buildtypes/hcl2/v1` without.
    #[field(template = "build_type")]
    build_type: Option<Text>,
    /// The folder to write to, relative to the current folder.
    #[field(template = "output_dir")]
    output_dir: Option<Template>,
    /// The description that the statement names as what was built from.
    #[field(path, template = "template")]
    template: Option<HostPath>,
    /// Only for the units of these names.
    #[field(template = "only_builds")]
    only_builds: Vec<Text>,
    /// Variables that the statement names. They are for all to read: no secrets.
    #[field(each = "user_variable", template = "user_variables")]
    user_variables: Vec<(String, Text)>,
    /// Where the description is kept: `git+https://example.org/images@main`.
    #[field(template = "source_uri")]
    source_uri: Option<Template>,
    /// Whether a bill of materials is written.
    #[field(template = "sbom")]
    sbom: bool,
    /// Its form: `cyclonedx` without.
    #[field(template = "sbom_format")]
    sbom_format: Option<Text>,
    /// The folder that is searched for it.
    #[field(path, template = "sbom_scan_path")]
    sbom_scan_path: Option<HostPath>,
    /// Which layers count: `squashed` without.
    #[field(template = "sbom_scope")]
    sbom_scope: Option<Text>,
    /// Patterns of paths that are left out.
    #[field(template = "sbom_exclude")]
    sbom_exclude: Vec<Text>,
    /// How the statements are signed: `none` without.
    #[field(template = "signing_mode")]
    signing_mode: Option<Text>,
    /// The program that signs.
    #[field(template = "signer")]
    signer: Option<Text>,
    /// The key that signs, or a reference to it.
    #[field(template = "key")]
    key: Option<Template>,
    /// What checks the signature.
    #[field(template = "verifier")]
    verifier: Option<Text>,
    /// The authority of keyless signatures; `https://fulcio.sigstore.dev` without.
    #[field(template = "fulcio_url")]
    fulcio_url: Option<Text>,
    /// The log of signatures; `https://rekor.sigstore.dev` without.
    #[field(template = "rekor_url")]
    rekor_url: Option<Text>,
    /// Whether the signature enters the log.
    #[field(template = "upload_tlog")]
    upload_tlog: bool,
    /// The roots that a signature is checked against.
    #[field(path, template = "trusted_root_path")]
    trusted_root_path: Option<HostPath>,
    /// Who has to have signed.
    #[field(template = "keyless_identity")]
    keyless_identity: Option<Text>,
    /// Who has to have vouched for the signer.
    #[field(template = "keyless_oidc_issuer")]
    keyless_oidc_issuer: Option<Text>,
    at: Places,
}

impl Provenance {
    /// A statement of provenance beside the artifact, unsigned.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }
}

impl Component for Provenance {
    const KIND: &'static str = "provenance";

    fn check(&self, problems: &mut Diagnostics) {
        if self.provenance == Some(false) && !self.sbom {
            problems.error(
                "provenance",
                "no-result",
                "nothing would be written: neither provenance nor a bill of materials",
            );
        }
        if self.user_variables.iter().any(|(_, value)| value.is_secret()) {
            problems.error(
                "user_variables",
                "secret",
                "a secret would be in the statement for all to read",
            );
        }
    }
}

unwritten_post_processor!(Provenance => AnyArtifact, needs_files = false);
