//! Who asks Google's API.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Secret, Text},
};
use imagebake_macros::Config;

/// Who asks Google's API. Without anything the default credentials are used: of the environment, of `gcloud`, of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(new))]
pub struct Access {
    /// A token that somebody else made.
    #[field(template = "access_token")]
    access_token: Option<Secret>,
    /// A file of credentials.
    #[field(path, template = "credentials_file")]
    credentials_file: Option<HostPath>,
    /// Credentials as JSON text.
    #[field(template = "credentials_json")]
    credentials_json: Option<Secret>,
    /// The older name of `credentials_file`.
    #[field(path, template = "account_file")]
    account_file: Option<HostPath>,
    /// The service account that is acted for.
    #[field(template = "impersonate_service_account")]
    impersonate_service_account: Option<Text>,
    /// A Vault engine that makes tokens: `gcp/token/images`.
    #[field(template = "vault_gcp_oauth_engine")]
    vault_gcp_oauth_engine: Option<Text>,
    at: Places,
}

/// The key that a disk or an image is encrypted with.
#[derive(Clone, Debug, Config)]
#[config(constructors(kms(kms_key_name), raw(raw_key)))]
pub struct EncryptionKey {
    /// The name of a key that Google keeps.
    #[field(template = "kmsKeyName")]
    kms_key_name: Option<Text>,
    /// A key of your own, in base64.
    #[field(template = "rawKey")]
    raw_key: Option<Secret>,
    at: Places,
}

impl Access {
    /// The default credentials.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_exclusive(&[
            ("access_token", self.access_token.is_some()),
            ("credentials_file", self.credentials_file.is_some()),
            ("credentials_json", self.credentials_json.is_some()),
            ("vault_gcp_oauth_engine", self.vault_gcp_oauth_engine.is_some()),
        ]);
        problems.check_exclusive(&[
            (
                "impersonate_service_account",
                self.impersonate_service_account.is_some(),
            ),
            ("vault_gcp_oauth_engine", self.vault_gcp_oauth_engine.is_some()),
        ]);
    }
}

impl EncryptionKey {
    /// A key that Google keeps, by its name.
    #[track_caller]
    pub fn kms(name: impl Into<Text>) -> Self {
        Self::defaults().kms_key_name(name)
    }

    /// A key of your own, in base64.
    #[track_caller]
    pub fn raw(key: impl Into<Secret>) -> Self {
        Self::defaults().raw_key(key)
    }
}
