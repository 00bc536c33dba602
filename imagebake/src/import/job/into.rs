//! A package that modules are added to: what its root and its manifest have to say for them.

use crate::error::{Context, Result};
use std::{fs, path::Path};

/// The root of a package's program, else of its library, as seen from its folder.
const ROOTS: [&str; 2] = ["src/main.rs", "src/lib.rs"];

/// Declares the modules in the package's root: its path and its new text, nothing where all are declared already.
///
/// # Errors
/// When there is no root, or it cannot be read.
pub(super) fn declared(folder: &Path, modules: &[&str]) -> Result<Option<(&'static str, String)>> {
    let root = ROOTS
        .into_iter()
        .find(|root| folder.join(root).is_file())
        .unwrap_or(ROOTS[0]);
    let path = folder.join(root);
    let before = fs::read_to_string(&path).path("read", &path)?;
    let mut text = before.clone();
    for module in modules {
        text = with_module(&text, module);
    }
    Ok((text != before).then_some((root, text)))
}

/// The module that a line declares: `mod web;`, `pub(crate) mod web;`.
fn module(line: &str) -> Option<&str> {
    let words = line.strip_suffix(';')?;
    let (before, name) = words.rsplit_once("mod ")?;
    let visible = before.is_empty() || before.starts_with("pub") && before.ends_with(' ');
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (visible && is_name).then_some(name)
}

/// The text of a root with `mod NAME;` in it: among the others in their order, else before the first item.
fn with_module(text: &str, name: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    if lines.iter().any(|line| module(line.trim()) == Some(name)) {
        return text.to_owned();
    }
    let declared = || {
        lines
            .iter()
            .enumerate()
            .filter_map(|(at, line)| Some((at, module(line)?)))
    };
    let after = declared()
        .filter(|(_, other)| *other < name)
        .map(|(at, _)| at + 1)
        .max();
    let (at, gap) = match after.or_else(|| declared().next().map(|(at, _)| at)) {
        Some(at) => (at, false),
        None => (first_item(&lines), true),
    };
    let mut out: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    out.insert(at, format!("mod {name};"));
    if gap && at < lines.len() {
        out.insert(at + 1, String::new());
    }
    out.join("\n") + "\n"
}

/// Behind the documentation and the attributes of the file itself.
fn first_item(lines: &[&str]) -> usize {
    let mut open = false;
    for (at, line) in lines.iter().map(|line| line.trim()).enumerate() {
        let starts = line.starts_with("#![");
        if !(open || starts || line.is_empty() || line.starts_with("//!")) {
            return at;
        }
        open = (open || starts) && !line.ends_with(']');
    }
    lines.len()
}

/// What the manifest lacks: what to write in it.
///
/// # Errors
/// When it cannot be read.
pub(super) fn lacking(folder: &Path, features: &[&str]) -> Result<Option<String>> {
    let path = folder.join("Cargo.toml");
    let text = fs::read_to_string(&path).path("read", &path)?;
    // Cargo tells what is wrong with it.
    let Ok(manifest) = text.parse::<toml::Table>() else {
        return Ok(None);
    };
    let Some(dependency) = manifest.get("dependencies").and_then(|all| all.get("imagebake")) else {
        return Ok(Some("[dependencies] needs imagebake".to_owned()));
    };
    // Of a workspace, or with the features that every program has without asking.
    if dependency.get("default-features").and_then(toml::Value::as_bool) != Some(false) {
        return Ok(None);
    }
    let has = |feature: &str| {
        let listed = dependency.get("features").and_then(toml::Value::as_array);
        listed.is_some_and(|listed| listed.iter().any(|one| one.as_str() == Some(feature)))
    };
    let missing: Vec<String> = features
        .iter()
        .filter(|feature| !has(feature))
        .map(|feature| format!("\"{feature}\""))
        .collect();
    Ok((!missing.is_empty()).then(|| format!("imagebake needs the features {}", missing.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_declared_once_and_in_order() {
        let root = "//! Images.\n#![expect(\n    dead_code,\n    reason = \"x\"\n)]\n\nuse a::b;\n\nfn main() {}\n";
        let one = with_module(root, "web");
        assert_eq!(
            one,
            "//! Images.\n#![expect(\n    dead_code,\n    reason = \"x\"\n)]\n\nmod web;\n\nuse a::b;\n\nfn main() {}\n"
        );
        let two = with_module(&with_module(&one, "db"), "zoo");
        assert!(two.contains("\nmod db;\nmod web;\nmod zoo;\n\nuse"), "{two}");
        assert_eq!(with_module(&two, "web"), two);
        assert_eq!(with_module("pub(crate) mod web;\n", "web"), "pub(crate) mod web;\n");
        assert_eq!(with_module("", "web"), "mod web;\n");
        // A module with a body in it is no declaration, and neither is a word in a comment.
        assert_eq!(module("mod web {"), None);
        assert_eq!(module("// mod web;"), None);
    }

    #[test]
    fn what_a_manifest_lacks_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let lacks = |dependencies: &str| {
            fs::write(
                folder.path().join("Cargo.toml"),
                format!("[dependencies]\n{dependencies}\n"),
            )
            .expect("written");
            lacking(folder.path(), &["cli", "docker"]).expect("read")
        };
        assert_eq!(lacks("imagebake.workspace = true"), None);
        assert_eq!(lacks("imagebake = \"0.1\""), None);
        assert_eq!(
            lacks("imagebake = { version = \"0.1\", default-features = false, features = [\"cli\"] }").as_deref(),
            Some("imagebake needs the features \"docker\"")
        );
        assert_eq!(
            lacks("other = \"1\"").as_deref(),
            Some("[dependencies] needs imagebake")
        );
    }
}
