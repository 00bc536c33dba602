//! The settings of `amazon-import`.

use crate::sources::amazon::{Access, Amis, Region};
use crate::{
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Makes an AMI of a machine's files: they are uploaded to a bucket and imported from there.
///
/// ```
/// use imagebake::{post_processors::amazon_import::AmazonImport, prelude::*, sources::amazon::Region};
///
/// let import = AmazonImport::new(Region::EU_CENTRAL_1, "image-imports").ami_name("web").format("ova");
/// let image = Image::new().source(Null::none());
/// # let _ = (import, image);
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(region, s3_bucket_name)))]
pub struct AmazonImport {
    /// The region.
    #[field(private, rename = "with_region", template = "region")]
    region: Region,
    /// The bucket that files are uploaded to.
    #[field(private, rename = "with_bucket", template = "s3_bucket_name")]
    s3_bucket_name: Option<Template>,
    /// Who asks Amazon's API.
    #[field(group)]
    access: Option<Access>,
    /// The file's name in the bucket; `packer-import-` and the time without.
    #[field(template = "s3_key_name")]
    s3_key_name: Option<Template>,
    /// How it is encrypted there: `AES256` or `aws:kms`.
    #[field(template = "s3_encryption")]
    s3_encryption: Option<Text>,
    /// The key, for `aws:kms`.
    #[field(template = "s3_encryption_key")]
    s3_encryption_key: Option<Text>,
    /// Whether the uploaded file stays.
    #[field(template = "skip_clean")]
    skip_clean: bool,
    /// The files' form: `ova`, `raw`, `vmdk`, `vhd` or `vhdx`; `ova` without.
    #[field(template = "format")]
    format: Option<Text>,
    /// The AMI's name; the import's id without.
    #[field(template = "ami_name")]
    ami_name: Option<Template>,
    /// What it is for.
    #[field(template = "ami_description")]
    ami_description: Option<Template>,
    /// Accounts that may use it.
    #[field(template = "ami_users")]
    ami_users: Vec<Text>,
    /// Groups that may use it: `all` for everybody.
    #[field(template = "ami_groups")]
    ami_groups: Vec<Text>,
    /// Organisations that may use it.
    #[field(template = "ami_org_arns")]
    ami_org_arns: Vec<Text>,
    /// Parts of organisations that may use it.
    #[field(template = "ami_ou_arns")]
    ami_ou_arns: Vec<Text>,
    /// Whether its disks are encrypted.
    #[field(template = "ami_encrypt")]
    ami_encrypt: bool,
    /// The key they are encrypted with.
    #[field(template = "ami_kms_key")]
    ami_kms_key: Option<Text>,
    /// `v2.0` where machines of it answer only to the newer metadata service.
    #[field(template = "imds_support")]
    imds_support: Option<Text>,
    /// Whose licence: `AWS` or `BYOL`.
    #[field(template = "license_type")]
    license_type: Option<Text>,
    /// The role of the import; `vmimport` without.
    #[field(template = "role_name")]
    role_name: Option<Text>,
    /// What it runs on: `x86_64`, `arm64`, `i386`; `x86_64` without.
    #[field(template = "architecture")]
    architecture: Option<Text>,
    /// How it starts: `legacy-bios` or `uefi`.
    #[field(template = "boot_mode")]
    boot_mode: Option<Text>,
    /// Its system: `linux` or `windows`.
    #[field(template = "platform")]
    platform: Option<Text>,
    /// Tags of the AMI and its snapshots.
    #[field(each = "tag", template = "tags")]
    tags: Vec<(String, Template)>,
    at: Places,
}

impl AmazonImport {
    /// Imports in `region`, by the bucket `bucket`.
    #[track_caller]
    pub fn new(region: Region, bucket: impl Into<Template>) -> Self {
        Self::defaults().with_region(region).with_bucket(bucket)
    }
}

impl Component for AmazonImport {
    const KIND: &'static str = "amazon-import";

    fn check(&self, problems: &mut Diagnostics) {
        if self.s3_bucket_name.as_ref().is_none_or(Template::is_empty) {
            problems.error("s3_bucket_name", "empty", "the bucket needs a name");
        }
        if let Some(access) = &self.access {
            access.check_all(problems);
        }
        problems.check_word("format", self.format.as_ref(), &["ova", "raw", "vmdk", "vhd", "vhdx"]);
        problems.check_word("s3_encryption", self.s3_encryption.as_ref(), &["AES256", "aws:kms", ""]);
        problems.check_word("boot_mode", self.boot_mode.as_ref(), &["legacy-bios", "uefi"]);
        problems.check_word("imds_support", self.imds_support.as_ref(), &["v2.0", ""]);
        if self.s3_encryption_key.is_some()
            && self
                .s3_encryption
                .as_ref()
                .is_none_or(|kind| kind.to_string() != "aws:kms")
        {
            problems.warning(
                "s3_encryption_key",
                "no-effect",
                "the key is used with `s3_encryption` as `aws:kms` only",
            );
        }
        if self.ami_kms_key.is_some() && !self.ami_encrypt {
            problems.error(
                "ami_kms_key",
                "contradiction",
                "the key encrypts nothing: add `.ami_encrypt(true)`",
            );
        }
    }
}

unwritten_post_processor!(AmazonImport => Amis, needs_files = true);
