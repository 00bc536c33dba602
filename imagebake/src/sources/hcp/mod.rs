//! The HCP Packer registry, as far as templates ask it: described and planned; what asks is not written yet.

mod lookup;

pub use lookup::{
    FindArtifact, FindImage, FindIteration, FindVersion, FoundArtifact, FoundImage, FoundIteration, FoundVersion,
};
