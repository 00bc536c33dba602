//! Who asks Azure's API.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Secret, Text},
};
use imagebake_macros::Config;

/// Who asks Azure's API. Without anything the machine's own identity is used.
#[derive(Clone, Debug, Config)]
#[config(constructors(
    new,
    application(client_id, client_secret),
    application_id(client_id),
    azure_cli(use_azure_cli_auth = true)
))]
pub struct Access {
    /// The subscription.
    #[field(template = "subscription_id")]
    subscription_id: Option<Text>,
    /// The tenant; the subscription's without.
    #[field(template = "tenant_id")]
    tenant_id: Option<Text>,
    /// The application.
    #[field(private, rename = "with_client_id", template = "client_id")]
    client_id: Option<Text>,
    /// Its secret.
    #[field(private, rename = "with_client_secret", template = "client_secret")]
    client_secret: Option<Secret>,
    /// Its certificate, instead of a secret.
    #[field(path, template = "client_cert_path")]
    client_cert_path: Option<HostPath>,
    /// What that certificate is opened with.
    #[field(template = "client_cert_password")]
    client_cert_password: Option<Secret>,
    /// A signed statement, instead of a secret.
    #[field(template = "client_jwt")]
    client_jwt: Option<Secret>,
    /// The application's object, for keys of Windows machines.
    #[field(template = "object_id")]
    object_id: Option<Text>,
    /// What a CI system's identity is asked for with.
    #[field(template = "oidc_request_token")]
    oidc_request_token: Option<Secret>,
    /// Where it is asked for.
    #[field(template = "oidc_request_url")]
    oidc_request_url: Option<Text>,
    /// Whether the login of the `az` program is used.
    #[field(template = "use_azure_cli_auth")]
    use_azure_cli_auth: bool,
    /// Which Azure: `Public`, `USGovernment`, `China`; `Public` without.
    #[field(template = "cloud_environment_name")]
    cloud_environment_name: Option<Text>,
    /// Where another Azure describes itself.
    #[field(template = "metadata_host")]
    metadata_host: Option<Text>,
    at: Places,
}

impl Access {
    /// The machine's own identity.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// An application and its secret.
    #[track_caller]
    pub fn application(id: impl Into<Text>, secret: impl Into<Secret>) -> Self {
        Self::defaults().with_client_id(id).with_client_secret(secret)
    }

    /// An application that proves itself otherwise.
    #[track_caller]
    pub fn application_id(id: impl Into<Text>) -> Self {
        Self::defaults().with_client_id(id)
    }

    /// The login of the `az` program.
    #[track_caller]
    pub fn azure_cli() -> Self {
        Self::defaults().use_azure_cli_auth(true)
    }

    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_exclusive(&[
            ("client_secret", self.client_secret.is_some()),
            ("client_cert_path", self.client_cert_path.is_some()),
            ("client_jwt", self.client_jwt.is_some()),
        ]);
        problems.check_together(
            "oidc_request_token",
            self.oidc_request_token.is_some(),
            "oidc_request_url",
            self.oidc_request_url.is_some(),
        );
    }
}
