//! The harness of the integration tests: programs in folders of their own, and what a test needs of the machine.

pub mod cloud;
mod context;
pub mod corpus;
pub mod expressions;
pub mod media;
pub mod mutate;
mod needs;
pub mod reference;
mod server;
pub mod sshd;

pub use context::{Output, TestContext, example, finish};
pub use needs::available;
pub use server::Server;

/// Ends the test as ignored when the machine lacks a tool; where `IMAGEBAKE_REQUIRE` names the tool its absence is a failure.
///
/// `namespaces` stands for the right to make Linux namespaces and overlay mounts.
#[macro_export]
macro_rules! requires {
    ($($tool:literal),+ $(,)?) => {
        $(if !$crate::available($tool) {
            return;
        })+
    };
}

/// The BLAKE3 of `bytes` in hexadecimal digits, as names of outside objects have it.
pub fn blake3_hex(bytes: &[u8]) -> String {
    imagebake::io::digest_bytes(bytes, [imagebake::io::DigestKind::Blake3])
        .iter()
        .map(|(_, digest)| digest.to_owned())
        .collect()
}
