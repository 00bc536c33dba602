//! Source `googlecompute`: images of Google's Compute Engine. Described and planned; what builds them is not written yet.

mod access;
mod artifact;
mod config;
mod names;

pub use access::{Access, EncryptionKey};
pub use artifact::GoogleImage;
pub use config::{Attachment, Instance, NodeAffinity, ReservationAffinity};
pub(crate) use names::name_problem;
pub use names::{ProjectId, Zone};
