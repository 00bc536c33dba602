//! Sources `azure-*`: images of Azure. Described and planned; what builds them is not written yet.

mod access;
pub mod arm;
mod artifact;
mod lookup;
mod names;

pub use access::Access;
pub use arm::{Arm, GalleryDestination, GallerySource, Plan, Spot, TargetRegion};
pub use artifact::AzureImage;
pub use lookup::{FoundVaultSecret, VaultSecret};
pub use names::{Gallery, ManagedImage, MarketplaceImage, OsType};
