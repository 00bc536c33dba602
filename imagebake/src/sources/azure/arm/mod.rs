//! `azure-arm`: an image made of a machine.

mod config;

pub use config::{Arm, GalleryDestination, GallerySource, Plan, Spot, TargetRegion};
