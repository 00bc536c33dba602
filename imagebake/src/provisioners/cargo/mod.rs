//! `cargo`: a program of the user's own workspace, built on the builder and put into the image.

mod config;
mod run;

pub use config::Cargo;
