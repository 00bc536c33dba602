//! Machine images described in Rust: planned, built on real machines, captured and cleaned up.

pub mod error;
pub mod field;
pub mod io;
pub mod resource;
pub mod value;

#[doc(hidden)]
pub use inventory;
