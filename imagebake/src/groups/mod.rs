//! Groups of settings that sources of several platforms have, one struct and one setter each: `.boot(Boot::keys([…]))`,
//! `.shutdown(Shutdown::command(…))`.
//!
//! Their rows join the owner's under the templates' flat names. A group knows no platform. `Communication`, `Console` and
//! `VirtualMachine` are flattened into their owners: they have no setter, theirs are the owners' own.

mod boot;
mod cloud_init;
mod communication;
mod host_ports;
mod http;
mod iso;
mod media;
mod shutdown;
mod virtual_machine;
mod vnc;

pub use boot::Boot;
pub use cloud_init::CloudInit;
pub use host_ports::HostPorts;
pub use http::Http;
pub use iso::Iso;
pub use media::{Cd, Floppy};
pub use shutdown::Shutdown;
pub use vnc::Vnc;

pub(crate) use communication::Communication;
pub(crate) use virtual_machine::{Console, VirtualMachine};

use crate::field::Value;

/// Entries by name as templates write them in blocks: `tag { key = "a"  value = "b" }`, with `key` for what the name is called there.
pub(crate) fn blocks(value: &Value, key: &str) -> Value {
    let Value::Map(entries) = value else { return Value::Null };
    let block = |(name, value): &(String, Value)| {
        Value::Map(vec![
            (key.to_owned(), Value::Text(name.into())),
            ("value".to_owned(), value.clone()),
        ])
    };
    match entries.is_empty() {
        true => Value::Null,
        false => Value::List(entries.iter().map(block).collect()),
    }
}

/// The `parts` function of a setting whose entries are blocks in templates: its name, the attribute, what the block calls the name.
macro_rules! entry_blocks {
    ($function:ident, $attribute:literal, $key:literal) => {
        fn $function(value: &$crate::field::Value) -> Vec<(&'static str, $crate::field::Value)> {
            vec![($attribute, $crate::groups::blocks(value, $key))]
        }
    };
}
pub(crate) use entry_blocks;
