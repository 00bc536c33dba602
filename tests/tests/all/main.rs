//! The integration tests, in one program: command line, builds, crashes, end to end.

mod boot;
mod build;
#[rustfmt::skip]
mod calls;
mod ci;
mod cli;
mod crash;
mod data;
mod docker;
mod docker_engine;
mod examples;
mod import;
mod imported;
mod inputs;
mod machines;
mod medium;
mod oci;
mod pages;
mod paths;
mod project;
mod qemu;
mod qemu_settings;
mod shapes;
mod ssh;
mod ssh_settings;
mod stored;

use imagebake_tests::TestContext;

/// A project for the fixture program.
fn fixture() -> TestContext {
    TestContext::new(env!("CARGO_BIN_EXE_fixture"))
}
