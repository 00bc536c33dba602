//! Who asks Amazon's API, and where.

use crate::{
    field::Places,
    plan::Diagnostics,
    value::{HostPath, Secret, Text},
};
use imagebake_macros::Config;

/// Who asks Amazon's API. Without anything the usual places are looked at: environment, shared configuration, role of the machine.
#[derive(Clone, Debug, Config)]
#[config(constructors(new, keys(access_key, secret_key), of_profile(profile)))]
pub struct Access {
    /// The access key.
    #[field(private, rename = "with_access_key", template = "access_key")]
    access_key: Option<Text>,
    /// Its secret.
    #[field(private, rename = "with_secret_key", template = "secret_key")]
    secret_key: Option<Secret>,
    /// The session token of temporary keys.
    #[field(template = "token")]
    token: Option<Secret>,
    /// The profile of the shared configuration.
    #[field(template = "profile")]
    profile: Option<Text>,
    /// The shared file of credentials; `~/.aws/credentials` without.
    #[field(path, template = "shared_credentials_file")]
    shared_credentials_file: Option<HostPath>,
    /// The one-time code of a second factor.
    #[field(template = "mfa_code", secret)]
    mfa_code: Option<Text>,
    /// A role to take first.
    #[field(template = "assume_role")]
    assume_role: Option<AssumeRole>,
    /// A Vault server that makes the keys.
    #[field(template = "vault_aws_engine")]
    vault_aws_engine: Option<VaultEngine>,
    /// Another address of the service.
    #[field(template = "custom_endpoint_ec2")]
    custom_endpoint_ec2: Option<Text>,
    /// Trusts whoever answers at that address.
    #[field(template = "insecure_skip_tls_verify")]
    insecure_skip_tls_verify: bool,
    /// How often a request is tried again; 10 times without.
    #[field(template = "max_retries")]
    max_retries: Option<u32>,
    /// How often and how long things on their way are asked for.
    #[field(template = "aws_polling")]
    aws_polling: Option<Polling>,
    /// Whether refusals are decoded, which needs a permission of its own.
    #[field(template = "decode_authorization_messages")]
    decode_authorization_messages: bool,
    /// Leaves out asking who one is.
    #[field(template = "skip_credential_validation")]
    skip_credential_validation: bool,
    /// Leaves out looking for the machine's own role.
    #[field(template = "skip_metadata_api_check")]
    skip_metadata_api_check: bool,
    at: Places,
}

/// A role that is taken before anything is asked for.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(role_arn)))]
pub struct AssumeRole {
    /// The role.
    #[field(private, rename = "with_role_arn", template = "role_arn")]
    role_arn: Option<Text>,
    /// How long it is taken for, in seconds.
    #[field(template = "duration_seconds")]
    duration_seconds: Option<u32>,
    /// The word that the role's owner asks for.
    #[field(template = "external_id", secret)]
    external_id: Option<Text>,
    /// A policy, as JSON, that takes rights away.
    #[field(template = "policy")]
    policy: Option<Text>,
    /// Policies that take rights away.
    #[field(template = "policy_arns")]
    policy_arns: Vec<Text>,
    /// What the session is called.
    #[field(template = "session_name")]
    session_name: Option<Text>,
    /// Tags of the session.
    #[field(each = "tag", template = "tags")]
    tags: Vec<(String, Text)>,
    /// Tags that roles taken from this one keep.
    #[field(template = "transitive_tag_keys")]
    transitive_tag_keys: Vec<Text>,
    at: Places,
}

/// A Vault server that makes access keys. Its address and token are in the environment.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(name)))]
pub struct VaultEngine {
    /// The role in Vault.
    #[field(private, rename = "with_name", template = "name")]
    name: Option<Text>,
    /// The engine's path; `aws` without.
    #[field(template = "engine_name")]
    engine_name: Option<Text>,
    /// The role of Amazon, where Vault's role has several.
    #[field(template = "role_arn")]
    role_arn: Option<Text>,
    /// How long the keys are good for.
    #[field(template = "ttl")]
    ttl: Option<Text>,
    at: Places,
}

/// How things on their way are asked for.
#[derive(Clone, Debug, Config)]
#[config(constructors(new(delay_seconds, max_attempts), attempts(max_attempts), every(delay_seconds)))]
pub struct Polling {
    /// Seconds from one question to the next.
    #[field(template = "delay_seconds")]
    delay_seconds: Option<u32>,
    /// How often it is asked.
    #[field(template = "max_attempts")]
    max_attempts: Option<u32>,
    at: Places,
}

impl Access {
    /// The usual places.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// An access key and its secret.
    #[track_caller]
    pub fn keys(access_key: impl Into<Text>, secret_key: impl Into<Secret>) -> Self {
        Self::defaults().with_access_key(access_key).with_secret_key(secret_key)
    }

    /// A profile of the shared configuration.
    #[track_caller]
    pub fn of_profile(profile: impl Into<Text>) -> Self {
        Self::defaults().profile(profile)
    }

    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        problems.check_together(
            "access_key",
            self.access_key.is_some(),
            "secret_key",
            self.secret_key.is_some(),
        );
        problems.check_exclusive(&[
            ("access_key", self.access_key.is_some()),
            ("profile", self.profile.is_some()),
        ]);
        problems.check_exclusive(&[
            ("vault_aws_engine", self.vault_aws_engine.is_some()),
            ("access_key", self.access_key.is_some()),
        ]);
    }
}

impl AssumeRole {
    /// The role `arn`.
    #[track_caller]
    pub fn new(arn: impl Into<Text>) -> Self {
        Self::defaults().with_role_arn(arn)
    }
}

impl VaultEngine {
    /// The role that Vault calls `name`.
    #[track_caller]
    pub fn new(name: impl Into<Text>) -> Self {
        Self::defaults().with_name(name)
    }
}

impl Polling {
    /// Questions that are `delay_seconds` apart.
    #[track_caller]
    pub fn every(delay_seconds: u32) -> Self {
        Self::defaults().delay_seconds(delay_seconds)
    }

    /// `attempts` questions.
    #[track_caller]
    pub fn attempts(attempts: u32) -> Self {
        Self::defaults().max_attempts(attempts)
    }

    /// `attempts` questions, `delay_seconds` apart.
    #[track_caller]
    pub fn new(delay_seconds: u32, attempts: u32) -> Self {
        Self::defaults().delay_seconds(delay_seconds).max_attempts(attempts)
    }
}
