//! Look-ups at Azure: a secret of a key vault. Described and planned; what asks is not written yet.

use super::Access;
use crate::{
    data::{SENSITIVE, planned::planned_lookup},
    field::Places,
    value::Text,
};
use imagebake_macros::Config;
use serde::{Deserialize, Serialize};

/// A secret of a key vault. The answer is secret: ask with `.sensitive()`.
#[derive(Clone, Debug, Config)]
#[config(constructors(named(vault_name, secret_name)))]
pub struct VaultSecret {
    /// The vault.
    #[field(private, rename = "with_vault", template = "vault_name")]
    vault_name: Text,
    /// The secret's name.
    #[field(private, rename = "with_secret_name", template = "secret_name")]
    secret_name: Text,
    /// Which version; the newest without.
    #[field(template = "version")]
    version: Option<Text>,
    /// Who asks Azure's API.
    #[field(group)]
    access: Option<Access>,
    at: Places,
}

/// A secret that was found.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FoundVaultSecret {
    /// Its value.
    pub value: String,
    /// All that the vault answered, as JSON.
    pub response: String,
}

impl VaultSecret {
    /// The secret `name` of `vault`.
    #[track_caller]
    pub fn named(vault: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self::defaults().with_vault(vault).with_secret_name(name)
    }
}

planned_lookup!(VaultSecret, "azure-keyvaultsecret" at "azure", |_: FoundVaultSecret| SENSITIVE.to_owned());
