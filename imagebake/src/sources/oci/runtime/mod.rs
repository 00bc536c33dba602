//! Guests as Linux namespaces: the program starts itself again, and that process becomes the first one of a guest.
//!
//! The namespaces are made here, by system calls, because a container run-time library forks inside the caller, which has threads, and
//! wants a state folder and cgroups of its own.
//!
//! A guest is ended with everything in it by ending its first process, which happens when the builder closes its socket, and by the
//! kernel when the builder dies. It deliberately has no network namespace, no cgroup and no seccomp filter: it is as trusted as the
//! steps that the user wrote.

mod driver;
mod files;
mod init;
mod protocol;
mod setup;
mod tool;
mod users;

pub(super) use driver::{Running, has_id_ranges, install, program};
pub use init::enter_if_asked;
pub(super) use protocol::{Reply, Request, Spec};
pub(super) use setup::make_mount_points;
pub(super) use tool::{Work, remove, run};

/// This program, to be started as a process of a guest.
fn own_program() -> std::process::Command {
    #[cfg_attr(not(test), expect(unused_mut, reason = "tests add arguments"))]
    let mut program = std::process::Command::new("/proc/self/exe");
    // The test harness has its own `main`: this makes it run the one test that enters, on its first thread.
    #[cfg(test)]
    program.args([
        "--exact",
        "sources::oci::runtime::tests::enter",
        "--test-threads=1",
        "--nocapture",
    ]);
    program
}

/// Whether this process is one of a guest: it must not start guests itself.
fn is_guest() -> bool {
    std::env::var_os(protocol::MARKER).is_some()
}

#[cfg(test)]
mod tests {
    #[test]
    fn enter() {
        super::enter_if_asked();
    }
}
