//! `vagrant`: a machine packed as a Vagrant box. Described and planned; what packs it is not written yet.

mod config;

pub use config::{Vagrant, VagrantOverride};

use crate::{plan::Diagnostics, value::Template};

/// A box is named by its owner and its own name.
pub(crate) fn check_box(tag: Option<&Template>, problems: &mut Diagnostics) {
    let text = tag.map(Template::to_string).unwrap_or_default();
    let named = text
        .split_once('/')
        .is_some_and(|(owner, name)| !owner.is_empty() && !name.is_empty());
    if !named && !text.contains("{{") {
        let message = format!("`{text}` is no name of a box: write it as `owner/name`");
        problems.error("box_tag", "name", message);
    }
}
