//! Images of Azure and what they are called.

use crate::{
    field::{FieldType, Named, ToValue, Value},
    value::Text,
};

/// The system of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OsType {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl ToValue for OsType {
    const TYPE: FieldType = FieldType::Named(
        &Named::new("OsType")
            .of("sources::azure")
            .words(&[("Linux", "Linux"), ("Windows", "Windows")]),
    );
    fn to_value(&self) -> Value {
        let name = match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        };
        Value::Text(name.into())
    }
}

/// An image of the marketplace.
#[derive(Clone, Debug)]
pub struct MarketplaceImage {
    /// Who publishes it: `Debian`.
    pub publisher: Text,
    /// The offer: `debian-12`.
    pub offer: Text,
    /// The plan: `12-gen2`.
    pub sku: Text,
}

/// A managed image.
#[derive(Clone, Debug)]
pub struct ManagedImage {
    /// Its resource group.
    pub resource_group: Text,
    /// Its name.
    pub name: Text,
}

/// A gallery of images.
#[derive(Clone, Debug)]
pub struct Gallery {
    /// Its subscription; where the image is published, empty for the build's own.
    pub subscription: Text,
    /// Its resource group.
    pub resource_group: Text,
    /// Its name.
    pub name: Text,
}
