//! The functions of `{{ … }}`.

use super::engine::{Error, Functions, Item};
use crate::import::{
    context::Context,
    functions::{random_uuid, time::Moment},
};
use std::{cell::RefCell, collections::BTreeMap};

/// Where a template stands, which decides what its functions may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// In the default of a variable: `env` and the look-ups.
    Variable,
    /// In the configuration of a component.
    Component,
}

/// The functions, with what they need to know.
pub(super) struct Engine<'a> {
    pub(super) context: &'a Context,
    pub(super) user: &'a BTreeMap<String, String>,
    pub(super) at: At,
    /// User variables that were asked for and have no value.
    pub(super) unset: RefCell<Vec<String>>,
}

pub(super) const NAMES: [&str; 22] = [
    "build_name",
    "build_type",
    "env",
    "isotime",
    "strftime",
    "pwd",
    "split",
    "template_dir",
    "timestamp",
    "uuid",
    "user",
    "packer_version",
    "consul_key",
    "vault",
    "sed",
    "build",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "replace",
    "replace_all",
    "upper",
    "lower",
];

impl Functions for Engine<'_> {
    fn knows(&self, name: &str) -> bool {
        NAMES.contains(&name)
    }

    fn call(&self, name: &str, arguments: &[Item]) -> Result<Item, Error> {
        let count = |expected: std::ops::RangeInclusive<usize>| {
            if expected.contains(&arguments.len()) {
                Ok(())
            } else {
                Err(Error::run(format!(
                    "`{name}` cannot be given {} argument(s)",
                    arguments.len()
                )))
            }
        };
        let text = |at: usize| arguments[at].text();
        let now = || Moment::at(self.context.clock);
        let in_variable = |name: &str| {
            if self.at == At::Variable {
                Ok(())
            } else {
                Err(Error::run(format!(
                    "`{name}` can be used in the default of a variable only"
                )))
            }
        };
        let result = match name {
            "user" => {
                count(1..=1)?;
                let name = text(0)?;
                match self.user.get(name) {
                    Some(value) => value.clone(),
                    // Inside a component it is empty; whoever renders tells.
                    None if self.at == At::Component => {
                        self.unset.borrow_mut().push(name.to_owned());
                        String::new()
                    }
                    None => {
                        return Err(Error {
                            message: format!("the user variable `{name}` has no value"),
                            unset: Some(name.to_owned()),
                        });
                    }
                }
            }
            "env" => {
                count(1..=1)?;
                in_variable(name)?;
                self.context.env.get(text(0)?).cloned().unwrap_or_default()
            }
            "timestamp" => {
                count(0..=0)?;
                self.context.clock.to_string()
            }
            "isotime" => {
                count(0..=1)?;
                match arguments.len() {
                    0 => now().rfc3339(),
                    _ => now().layout(text(0)?),
                }
            }
            "strftime" => {
                count(1..=1)?;
                now().strftime(text(0)?).map_err(Error::run)?
            }
            "pwd" => {
                count(0..=0)?;
                self.context.cwd_text.clone()
            }
            "template_dir" if self.at == At::Variable => {
                count(0..=0)?;
                match self.context.root.as_str() {
                    "." => self.context.cwd_text.clone(),
                    root => format!("{}/{root}", self.context.cwd_text),
                }
            }
            "packer_version" if self.at == At::Variable => {
                count(0..=0)?;
                self.context.version.clone()
            }
            "uuid" => {
                count(0..=0)?;
                random_uuid().map_err(Error::run)?
            }
            "split" => {
                count(3..=3)?;
                let at = whole(name, "TEXT, SEPARATOR, INDEX", &arguments[2])?;
                let at = usize::try_from(at).map_err(|_| Error::run("`split`: the index is negative"))?;
                let piece = text(0)?.split(text(1)?).nth(at);
                piece
                    .ok_or_else(|| Error::run(format!("`split`: there is no piece number {at}")))?
                    .to_owned()
            }
            "replace" => {
                count(4..=4)?;
                match usize::try_from(whole(name, "OLD, NEW, COUNT, TEXT", &arguments[2])?) {
                    Ok(times) => text(3)?.replacen(text(0)?, text(1)?, times),
                    Err(_) => text(3)?.replace(text(0)?, text(1)?),
                }
            }
            "replace_all" => {
                count(3..=3)?;
                text(2)?.replace(text(0)?, text(1)?)
            }
            "upper" => {
                count(1..=1)?;
                text(0)?.to_uppercase()
            }
            "lower" => {
                count(1..=1)?;
                text(0)?.to_lowercase()
            }
            "sed" => return Err(Error::run("`sed` was removed from packer; use `replace_all`")),
            // What only a running build, or somebody outside, knows.
            other => return Err(Error::run(format!("`{other}` is known to a running build only"))),
        };
        Ok(Item::Text(result))
    }
}

/// The third argument of a function whose third is a number.
fn whole(name: &str, takes: &str, argument: &Item) -> Result<i64, Error> {
    argument
        .integer()
        .map_err(|problem| Error::run(format!("`{name}` takes {takes}, in this order: {}", problem.message)))
}
