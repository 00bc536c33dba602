//! Files and their paths.

use super::{Failure, Function, Kind, bad, function, p, text};
use crate::import::{
    context::Context,
    value::{Type, Value},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use globset::GlobBuilder;
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

pub(super) const TABLE: &[Function] = &[
    function("abspath", &[p("path", Kind::Text)], Kind::Text, |context, a| {
        Ok(crate::functions::absolute(&context.cwd_text, text(a, 0)).into())
    }),
    function("basename", &[p("path", Kind::Text)], Kind::Text, |_, a| {
        Ok(crate::functions::basename(text(a, 0)).into())
    }),
    function("dirname", &[p("path", Kind::Text)], Kind::Text, |_, a| {
        Ok(crate::functions::dirname(text(a, 0)).into())
    }),
    function("pathexpand", &[p("path", Kind::Text)], Kind::Text, |context, a| {
        Ok(context.expand_home(text(a, 0)).into())
    }),
    function("file", &[p("path", Kind::Text)], Kind::Text, |context, a| {
        let bytes = read(context, text(a, 0))?;
        String::from_utf8(bytes).map(Value::from).map_err(|_| {
            bad(
                0,
                format!("{:?} is not text in UTF-8; use filebase64 for it", text(a, 0)),
            )
        })
    }),
    function("filebase64", &[p("path", Kind::Text)], Kind::Text, |context, a| {
        Ok(STANDARD.encode(read(context, text(a, 0))?).into())
    }),
    function("fileexists", &[p("path", Kind::Text)], Kind::Bool, |context, a| {
        let path = context.path(text(a, 0));
        match fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(true.into()),
            Ok(_) => Err(bad(0, format!("{:?} is not a regular file", text(a, 0)))),
            Err(_) => Ok(false.into()),
        }
    }),
    function(
        "fileset",
        &[p("path", Kind::Text), p("pattern", Kind::Text)],
        Kind::Any,
        |context, a| fileset(&context.path(text(a, 0)), text(a, 1)),
    ),
];

fn read(context: &Context, name: &str) -> Result<Vec<u8>, Failure> {
    let path = context.path(name);
    fs::read(&path).map_err(|error| bad(0, format!("cannot read {}: {error}", path.display())))
}

/// The files below `folder` whose paths from there match.
fn fileset(folder: &Path, pattern: &str) -> super::Outcome {
    let glob = GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map_err(|error| bad(1, format!("this pattern cannot be read: {error}")))?
        .compile_matcher();
    let mut found = Vec::new();
    let deep = pattern.contains('/') || pattern.contains("**");
    let mut folders = vec![(folder.to_path_buf(), 0)];
    while let Some((at, depth)) = folders.pop() {
        let Ok(entries) = fs::read_dir(&at) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                if deep && depth < 64 {
                    folders.push((path, depth + 1));
                }
            } else if let Some(name) = relative(&path, folder).filter(|name| glob.is_match(name)) {
                found.push(Value::string(name));
            }
        }
    }
    Ok(Value::set(Type::String, found))
}

fn relative(path: &Path, folder: &Path) -> Option<String> {
    let inner: PathBuf = path.strip_prefix(folder).ok()?.to_path_buf();
    let parts: Vec<String> = inner
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy().into_owned()),
            _ => None,
        })
        .collect();
    Some(parts.join("/"))
}
