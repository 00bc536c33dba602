//! Two templates of a folder, and what they have in common.

mod common;
mod one;
mod two;
