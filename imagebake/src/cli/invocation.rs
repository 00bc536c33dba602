//! How the user started the program, so that what is to be typed next can be shown.

use super::Cli;
use crate::{communicator::remote_quote, registry::ImageEntry, reporter::Commands};
use std::{env, path::Path};

/// What to type before a command's own words.
pub(super) fn commands(cli: &Cli) -> Commands {
    let mut inputs = Vec::new();
    let mut flag = |name: &str, value: String| inputs.extend([name.to_owned(), quote(&value)]);
    if let Some(project) = &cli.project_flag {
        flag("--project", project.display().to_string());
    }
    if let Some(state) = &cli.state_flag {
        flag("--state-dir", state.display().to_string());
    }
    for file in &cli.values {
        flag("--values", file.display().to_string());
    }
    for (name, value) in &cli.given {
        let shown = if is_secret(&cli.entries, name) {
            "…"
        } else {
            value.as_str()
        };
        flag("--var", format!("{name}={shown}"));
    }
    Commands {
        program: program(),
        inputs,
    }
}

fn is_secret(entries: &[ImageEntry], name: &str) -> bool {
    entries
        .iter()
        .flat_map(|entry| (entry.variables)())
        .any(|variable| variable.name == name && variable.secret)
}

/// The program's file name, as a shell knows it.
pub(super) fn program_name() -> String {
    let executable = env::args_os().next().unwrap_or_default();
    let name = Path::new(&executable)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() { "imagebake".to_owned() } else { name }
}

/// `cargo run --` where cargo started it, else what was typed.
fn program() -> String {
    let executable = env::args_os().next().unwrap_or_default();
    let executable = Path::new(&executable);
    let by_cargo = env::var_os("CARGO").is_some() && executable.components().any(|part| part.as_os_str() == "target");
    let (true, Ok(package), Some(folder)) = (by_cargo, env::var("CARGO_PKG_NAME"), env::var_os("CARGO_MANIFEST_DIR"))
    else {
        return quote(&executable.display().to_string());
    };
    let here = env::current_dir().is_ok_and(|here| here == Path::new(&folder));
    let release = executable.components().any(|part| part.as_os_str() == "release");
    let mut words = vec!["cargo run"];
    let chosen = format!("-p {package}");
    if release {
        words.push("--release");
    }
    if !here {
        words.push(&chosen);
    }
    words.push("--");
    words.join(" ")
}

pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./=:,+@%…".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        remote_quote(word)
    }
}
