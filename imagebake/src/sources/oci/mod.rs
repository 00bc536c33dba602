//! Source `oci`: container images built in place, without a daemon, in Linux namespaces.
//!
//! A base is imported once into the local store, as layers that are unpacked side by side. The guest's root is an overlay of them;
//! each step's changes are packed as the next layer, so that what was there before is never read again. The image is written from the
//! store as an OCI layout or an archive. It deliberately does not push to registries and does not run images.

mod artifact;
mod config;
mod lookup;

#[cfg(all(feature = "oci", target_os = "linux"))]
mod base;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod image;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod layer;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod machine;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod output;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod resources;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod runtime;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod source;
#[cfg(all(feature = "oci", target_os = "linux"))]
mod store;

#[cfg(all(test, feature = "oci", target_os = "linux"))]
mod tests;

pub use artifact::OciImage;
pub use config::{Compression, Oci};
pub use lookup::{ImageDigest, RegistryData, RegistryDigest};
#[cfg(all(feature = "oci", target_os = "linux"))]
pub use runtime::enter_if_asked;

/// Becomes a process of a guest when this one was started as one; without the platform there are no guests.
#[cfg(not(all(feature = "oci", target_os = "linux")))]
pub fn enter_if_asked() {}

/// Whose overlays this process makes: the system's root has its own kind.
#[cfg(all(feature = "oci", target_os = "linux"))]
fn flavor() -> layer::Flavor {
    match rustix::process::geteuid().is_root() {
        true => layer::Flavor::Trusted,
        false if runtime::has_id_ranges() => layer::Flavor::User,
        false => layer::Flavor::Single,
    }
}
