//! Source `oci`: container images built in place, without a daemon, in Linux namespaces.

mod image;
mod layer;
mod runtime;
mod store;

pub use runtime::enter_if_asked;
pub use store::Compression;
