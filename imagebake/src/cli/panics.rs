//! What is said when imagebake, or the user's code in it, panics.
//!
//! A formatted message may hold anything, secrets too; so only messages that are literals in the source are printed.

use crate::field::Place;
use std::{cell::RefCell, panic};

thread_local! {
    static HEARD: RefCell<Option<Vec<Place>>> = const { RefCell::new(None) };
}

/// Says what happened, where, and how to report it.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|at| Place::in_file(at.file(), at.line(), at.column()));
        let heard = HEARD.with_borrow_mut(|heard| heard.as_mut().map(|heard| heard.extend(place.clone())).is_some());
        if heard {
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

/// Runs `work`, in which panics are caught and told by others; comes back with where they happened.
pub(super) fn quietly<T>(work: impl FnOnce() -> T) -> (T, Vec<Place>) {
    HEARD.set(Some(Vec::new()));
    let done = work();
    (done, HEARD.take().unwrap_or_default())
}
