//! `windows-restart`: a restart of a Windows machine. Described and planned; what runs it is not written yet.

mod config;

pub use config::WindowsRestart;
