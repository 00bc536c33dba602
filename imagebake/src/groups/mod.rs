//! Groups of settings that sources of several platforms have, one struct and one setter each: `.boot(Boot::keys([…]))`,
//! `.shutdown(Shutdown::command(…))`.
//!
//! Their rows join the owner's under the templates' flat names. A group knows no platform.

mod boot;
mod cloud_init;
mod host_ports;
mod http;
mod iso;
mod media;
mod shutdown;
mod vnc;

pub use boot::Boot;
pub use cloud_init::CloudInit;
pub use host_ports::HostPorts;
pub use http::Http;
pub use iso::Iso;
pub use media::{Cd, Floppy};
pub use shutdown::Shutdown;
pub use vnc::Vnc;

use crate::{
    communicator::{ssh::Ssh, winrm::WinRm},
    describe::HasGuest,
    field::Value,
    plan::{Diagnostic, Diagnostics},
    value::Text,
};

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

/// Finds what is wrong with what every machine has. Sources call it from their own check.
pub(crate) fn check_machine(
    communicator: Option<&Text>,
    ssh: Option<&Ssh>,
    winrm: Option<&WinRm>,
    http: Option<&Http>,
    problems: &mut Diagnostics,
) {
    problems.check_word("communicator", communicator, &["ssh", "winrm", "none"]);
    let said = communicator.map(Text::to_string);
    let said = said.as_deref();
    if winrm.is_some_and(WinRm::is_chosen) && said.is_some_and(|said| said != "winrm") {
        problems.error(
            "communicator",
            "contradiction",
            "WinRM is set up, and another communicator is named",
        );
    }
    if said == Some("winrm") && winrm.is_none() {
        let problem = Diagnostic::error("missing", "WinRM needs to know who logs in").field("communicator");
        problems.push(problem.help("say `.winrm(WinRm::user(\"Administrator\"))`"));
    }
    if let (Some(ssh), None | Some("ssh")) = (ssh, said) {
        ssh.check_all(problems);
    }
    if let Some(winrm) = winrm {
        winrm.check_all(problems);
    }
    if let Some(http) = http {
        http.check_all(problems);
    }
}

/// Whether a machine has a guest for steps: not where nothing connects to it.
pub(crate) fn guest_of(communicator: Option<&Text>) -> HasGuest {
    match communicator.map(Text::to_string).as_deref() {
        Some("none") => HasGuest::Never,
        _ => HasGuest::Always,
    }
}
