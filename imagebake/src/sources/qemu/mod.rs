//! Source `qemu`: machines of QEMU, installed from a medium or started from a disk.
//!
//! ```text
//! medium ── fetched once, checked ──┐
//! .imagebake-TOKEN/                 │         beside the image's place, gone in the end
//!   image/NAME        the disk: empty, or an overlay on the medium; of machines that are stored between steps, it is in `states.rs`
//!   serial.log  qemu.log  tpm/
//!   done/NAME         one pass over the disk: flat, its holes kept ── renamed to the image's place
//! ```
//!
//! A machine is a process that goes on when the builder dies, and is on record, so that `cleanup` ends it. It is talked to over a pair of
//! sockets (QMP), which is no path and no port. Ports that lead into it are opened by QEMU itself, so that nobody can take them in between.
//!
//! It deliberately does not resolve what accelerates it by looking for `/dev/kvm`: it tries (`accelerator.rs`).

mod accelerator;
mod arguments;
#[cfg_attr(
    not(all(feature = "machines", feature = "ssh")),
    expect(dead_code, reason = "only who serves files or logs in asks for addresses")
)]
mod bridge;
mod capture;
mod check;
mod command_line;
mod config;
mod disks;
mod driver;
mod evidence;
mod firmware;
#[cfg(feature = "machines")]
mod keyboard;
#[cfg_attr(not(feature = "ssh"), path = "layers_absent.rs")]
mod layers;
#[cfg(feature = "ssh")]
mod login;
mod ports;
mod qmp;
mod resources;
#[cfg(feature = "ssh")]
mod seed;
mod source;
mod start;
#[cfg(feature = "ssh")]
mod states;
mod steps;
#[cfg_attr(not(feature = "machines"), path = "surroundings_absent.rs")]
mod surroundings;
mod words;

pub use config::{ImgArguments, Machine};
