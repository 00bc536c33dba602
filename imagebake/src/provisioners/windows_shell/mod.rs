//! `windows-shell`: commands and batch scripts in a Windows machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::WindowsShell;
