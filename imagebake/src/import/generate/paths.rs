//! Where the names of components are found: by the prelude, or by a `use`.

use crate::field::Shape;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

/// What the prelude exports, full path by name.
static PRELUDE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| exports(include_str!("../../prelude.rs")));

fn exports(source: &str) -> BTreeMap<String, String> {
    let code: String = source.lines().filter(|line| !line.starts_with("//")).collect();
    let tree = code.split("pub use crate::").nth(1).unwrap_or_default();
    let mut found = BTreeMap::new();
    let mut stack: Vec<String> = vec![String::new()];
    let mut path = String::new();
    for c in tree.chars() {
        match c {
            '{' => {
                let parent = format!("{}{path}", stack.last().map_or("", String::as_str));
                stack.push(parent);
                path.clear();
            }
            ',' | '}' | ';' => {
                if let Some(name) = path.rsplit("::").next().filter(|name| !name.is_empty()) {
                    let parent = stack.last().map_or("", String::as_str);
                    found.insert(name.to_owned(), format!("{parent}{path}"));
                }
                path.clear();
                if c == '}' {
                    stack.pop();
                }
            }
            c if c.is_whitespace() => {}
            c => path.push(c),
        }
    }
    found
}

/// The module that exports a struct of settings.
fn home(shape: &Shape) -> String {
    if let Some(module) = shape.exported_by {
        return module.to_owned();
    }
    let module = shape.module.split_once("::").map_or("", |(_, module)| module);
    let parts: Vec<&str> = module.split("::").collect();
    let parent = &parts[..parts.len().saturating_sub(1)];
    match parent {
        // All of a platform is exported by it, apart from machines, which each of its sources has.
        ["sources", platform, ..] if shape.name != "Machine" => format!("sources::{platform}"),
        // A component without a file of its own.
        ["provisioners" | "post_processors"] => module.to_owned(),
        _ => parent.join("::"),
    }
}

/// How a struct of settings is called where the prelude is used.
pub(super) fn of_shape(shape: &Shape, uses: &mut BTreeSet<String>) -> String {
    named(&home(shape), shape.name, uses)
}

/// How what stands beside a struct of settings is called: `NodeName::new` beside `proxmox::Connection`.
pub(super) fn beside(shape: &Shape, path: &str, uses: &mut BTreeSet<String>) -> String {
    let (name, rest) = path.split_once("::").map_or((path, ""), |(name, rest)| (name, rest));
    let module = home(shape);
    // Names of a platform are beside its components, wherever those are.
    let module = match module.split("::").collect::<Vec<_>>()[..] {
        ["sources", platform, ..] => format!("sources::{platform}"),
        _ => module,
    };
    let name = named(&module, name, uses);
    match rest {
        "" => name,
        rest => format!("{name}::{rest}"),
    }
}

/// How `name` of `module` is called where the prelude is used; adds the `use` that it needs.
pub(super) fn named(module: &str, name: &str, uses: &mut BTreeSet<String>) -> String {
    let full = format!("{module}::{name}");
    if PRELUDE.get(name) == Some(&full) {
        return name.to_owned();
    }
    // The longest module that the prelude exports, and the path below it.
    let mut parent = module;
    let mut below = String::new();
    loop {
        let (above, last) = parent.rsplit_once("::").unwrap_or(("", parent));
        if PRELUDE.get(last).map(String::as_str) == Some(parent) {
            return format!("{last}::{below}{name}");
        }
        if above.is_empty() {
            break;
        }
        below = format!("{last}::{below}");
        parent = above;
    }
    // A name that the prelude has already is told apart by its module.
    let last = module.rsplit("::").next().unwrap_or(module);
    if PRELUDE.contains_key(name) {
        uses.insert(format!("imagebake::{module}"));
        return format!("{last}::{name}");
    }
    uses.insert(format!("imagebake::{full}"));
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preludes_names_are_known() {
        for (name, path) in [
            ("Shell", "provisioners::shell::Shell"),
            ("amazon", "sources::amazon"),
            ("Null", "sources::null::Null"),
            ("Ssh", "communicator::ssh::Ssh"),
            ("TIMESTAMP", "value::TIMESTAMP"),
            ("Image", "image::Image"),
        ] {
            assert_eq!(PRELUDE.get(name).map(String::as_str), Some(path), "{name}");
        }
    }
}
