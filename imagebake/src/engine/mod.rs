//! Runs a plan: units side by side, each from base to cleaned-up, whatever happens.
//!
//! Two actors that share nothing but messages. The *dispatcher* owns signals, places (`--parallel`, memory), questions to the user and
//! the thread of the reporters; the *executor* owns the units. A unit asks before it starts and before it decides anything
//! about a failure. What a unit does is read top to bottom in `unit.rs`.

mod consumption;
mod context;
mod digests;
mod dispatcher;
mod events;
mod outputs;
mod retry;
mod run;
mod secrets;
mod steps;
mod unit;
mod validate;

pub(crate) use consumption::Consumption;
pub(crate) use context::RunContext;
pub use context::{Clock, Cx};
pub(crate) use digests::WantedDigests;
pub use dispatcher::{Answer, Prompt, Question};
pub use events::ProgressBar;
pub use outputs::Output;
pub use retry::{Backoff, wait_until};
pub use run::{BuildOptions, Limit, OnError, run};
pub(crate) use secrets::follow as follow_secret;
pub(crate) use steps::StepRunner;
pub use validate::validate;

/// 12 letters and digits that nobody else has.
pub(crate) fn random_id() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0_u8; 12];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .expect("the kernel has random bytes");
    }
    bytes
        .iter()
        .map(|byte| LETTERS[usize::from(*byte) % LETTERS.len()] as char)
        .collect()
}
