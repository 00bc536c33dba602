//! Machine images described in Rust.
