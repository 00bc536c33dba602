//! The settings of `amazon-instance`.

use super::super::shared::{AmiMachine, started_from_ami};
use super::super::{AmiFilter, AmiId, AmiName, Amis, Region};
use crate::{
    describe::{Component, Info},
    field::Places,
    groups::Communication,
    plan::Diagnostics,
    source::unwritten_source,
    value::{GuestPath, HostPath, Template, Text},
};
use imagebake_macros::Config;

/// An AMI that lives in S3 and starts on the host's own disks.
///
/// ```
/// use imagebake::{prelude::*, sources::amazon::{AmiId, AmiName, Bundle, Instance, InstanceStore, Region}};
///
/// fn web() -> Image {
///     let bundle = Bundle::new("123456789012", "images").signed_with("keys/cert.pem", "keys/key.pem");
///     let machine = InstanceStore::from_ami(AmiId::new("ami-0123456789abcdef0"), Region::US_EAST_1, AmiName::new("web"), bundle)
///         .instance(Instance::of_type("m3.medium"))
///         .ssh(Ssh::user("admin"));
///     Image::new().source(machine)
/// }
/// # web();
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(
    from_ami(source_ami, region, ami_name, bundle),
    from_filter(source_ami_filter, region, ami_name, bundle)
))]
pub struct InstanceStore {
    /// The AMI it starts from.
    #[field(private, rename = "with_ami", template = "source_ami")]
    source_ami: Option<AmiId>,
    /// A filter that finds the AMI it starts from.
    #[field(rename = "or_filter", template = "source_ami_filter")]
    source_ami_filter: Option<AmiFilter>,
    /// The region it is built in.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// The bundle that the AMI is made of.
    #[field(private, rename = "with_bundle", group)]
    bundle: Option<Bundle>,
    /// The name of the AMI: 3 to 128 letters, digits and `()[] ./-'@_`.
    #[field(private, rename = "with_ami_name", template = "ami_name")]
    ami_name: Option<AmiName>,
    #[field(flatten)]
    machine: AmiMachine,
    /// `v2.0` where machines of it have a TPM.
    #[field(template = "tpm_support")]
    tpm_support: Option<Text>,
    #[field(flatten)]
    communication: Communication,
    at: Places,
}

/// The bundle that an AMI on the host's own disks is made of.
#[derive(Clone, Debug, Config)]
#[config(
    constructors(new(account_id, s3_bucket)),
    methods(signed_with(x509_cert_path, x509_key_path))
)]
pub struct Bundle {
    /// The account that signs.
    #[field(private, rename = "with_account", template = "account_id")]
    account_id: Option<Text>,
    /// The bucket, with a folder where that is wanted.
    #[field(private, rename = "with_bucket", template = "s3_bucket")]
    s3_bucket: Option<Template>,
    /// The certificate that it is signed with.
    #[field(private, rename = "with_cert", path, template = "x509_cert_path")]
    x509_cert_path: Option<HostPath>,
    /// That one's private key.
    #[field(private, rename = "with_key", path, template = "x509_key_path")]
    x509_key_path: Option<HostPath>,
    /// The folder in the machine for both; `/tmp` without.
    #[field(template = "x509_upload_path")]
    x509_upload_path: Option<GuestPath>,
    /// The folder in the machine that the bundle is made in; `/tmp` without.
    #[field(template = "bundle_destination")]
    bundle_destination: Option<GuestPath>,
    /// What its files begin with; `image-` and the time without.
    #[field(template = "bundle_prefix")]
    bundle_prefix: Option<Template>,
    /// The command that makes it.
    #[field(
        template = "bundle_vol_command",
        facts(
            "account_id",
            "architecture",
            "cert_path",
            "destination",
            "key_path",
            "prefix",
            "private_path"
        )
    )]
    bundle_vol_command: Option<Template>,
    /// The command that uploads it.
    #[field(
        template = "bundle_upload_command",
        facts(
            "access_key",
            "bucket_name",
            "bundle_directory",
            "manifest_path",
            "region",
            "secret_key",
            "token"
        )
    )]
    bundle_upload_command: Option<Template>,
    at: Places,
}

impl Bundle {
    /// A bundle of the account `account` in the bucket `bucket`.
    #[track_caller]
    pub fn new(account: impl Into<Text>, bucket: impl Into<Template>) -> Self {
        Self::defaults().with_account(account).with_bucket(bucket)
    }

    /// The certificate and the private key that it is signed with.
    #[track_caller]
    #[must_use]
    pub fn signed_with(self, certificate: impl Into<HostPath>, key: impl Into<HostPath>) -> Self {
        self.with_cert(certificate).with_key(key)
    }

    fn check_all(&self, problems: &mut Diagnostics) {
        for (field, set) in [
            (
                "account_id",
                self.account_id.as_ref().is_some_and(|account| !account.is_empty()),
            ),
            (
                "s3_bucket",
                self.s3_bucket.as_ref().is_some_and(|bucket| !bucket.is_empty()),
            ),
            ("x509_cert_path", self.x509_cert_path.is_some()),
            ("x509_key_path", self.x509_key_path.is_some()),
        ] {
            if !set {
                problems.error(field, "missing", format!("a bundle needs `{field}`"));
            }
        }
    }
}

started_from_ami!(InstanceStore(name: AmiName => with_ami_name, bundle: Bundle => with_bundle), "; the new AMI is called `name`");

impl Component for InstanceStore {
    const KIND: &'static str = "amazon-instance";

    fn check(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        self.machine.check_all(
            (self.source_ami.as_ref(), self.source_ami_filter.as_ref()),
            self.ami_name.as_ref(),
            problems,
        );
        self.machine.check_launched(problems);
        if let Some(bundle) = &self.bundle {
            bundle.check_all(problems);
        }
    }
}

unwritten_source!(InstanceStore => Amis, |source| Info::new(source.communication.guest()));
