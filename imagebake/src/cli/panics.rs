//! What is said when imagebake, or the user's code in it, panics.
//!
//! A formatted message may hold anything, secrets too; so only messages that are literals in the source are printed.

use crate::{field::Place, plan::note_panic};
use std::{cell::Cell, panic};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Says what happened, where, and how to report it.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|at| Place::in_file(at.file(), at.line(), at.column()));
        if QUIET.get() {
            note_panic(place);
            return;
        }
        let place = place
            .map(|place| place.to_string())
            .unwrap_or_else(|| "an unknown place".to_owned());
        let message = match info.payload().downcast_ref::<&'static str>() {
            Some(literal) => format!(": {literal}"),
            None => " (its message is hidden, because it could hold a secret)".to_owned(),
        };
        super::print_error(&format!(
            "imagebake panicked at {place}{message}\n\
             This is a mistake in imagebake or in a component. Please report it with the line above, the version ({}) and what you\n\
             ran: {}/issues\nNothing that was made outside is lost: the command `cleanup` removes it.\n",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_REPOSITORY"),
        ));
    }));
}

/// Runs `work`, which plans: panics in it are caught and told there.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> T {
    QUIET.set(true);
    let done = work();
    QUIET.set(false);
    done
}
