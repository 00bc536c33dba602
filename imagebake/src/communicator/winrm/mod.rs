//! WinRM: Windows machines without an SSH server. Its settings; the connection itself is not written yet.

mod config;

pub use config::WinRm;
