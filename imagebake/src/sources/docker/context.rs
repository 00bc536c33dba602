//! The folder that a Dockerfile is built in, as the engine wants it: an archive without what `.dockerignore` names.

use crate::{
    communicator::container::{Keep, TarStream, pack_some},
    error::{Context, Error, ErrorKind, Result},
};
use globset::{GlobBuilder, GlobMatcher};
use std::path::Path;

/// The archive, and what the Dockerfile is called in it.
pub(super) async fn build_context(folder: &Path, dockerfile: &Path, compress: bool) -> Result<(TarStream, String)> {
    if !folder.is_dir() {
        return Err(
            Error::new(ErrorKind::NotFound, format!("{} is not a folder", folder.display()))
                .hint("`build_dir` names the folder that the Dockerfile copies from"),
        );
    }
    let text = tokio::fs::read(dockerfile).await.path("read", dockerfile)?;
    let own = dockerfile.with_file_name(format!(
        "{}.dockerignore",
        dockerfile.file_name().unwrap_or_default().to_string_lossy()
    ));
    let ignore = match tokio::fs::read_to_string(&own).await {
        Ok(text) => text,
        Err(_) => match tokio::fs::read_to_string(folder.join(".dockerignore")).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("read", folder.join(".dockerignore"), error));
            }
            text => text.unwrap_or_default(),
        },
    };
    let keep = keeper(&ignore)?;
    if let Some(name) = name_inside(folder, dockerfile).filter(|name| keep(Path::new(name))) {
        return Ok((pack_some(folder, keep, Vec::new(), compress), name));
    }
    // It is outside the folder, or ignored in it. The engine takes out of the context what it reads in `.dockerignore`, so that neither
    // gets into the image, nor into what decides whether a layer is made anew.
    let listed = match ignore.is_empty() {
        true => format!("{IGNORE}\n{SENT_AS}\n"),
        false => format!("{}\n{SENT_AS}\n", ignore.trim_end()),
    };
    let more = vec![(IGNORE.to_owned(), listed.into_bytes()), (SENT_AS.to_owned(), text)];
    let keep: Keep = Box::new(move |path| path != Path::new(IGNORE) && keep(path));
    Ok((pack_some(folder, keep, more, compress), SENT_AS.to_owned()))
}

const IGNORE: &str = ".dockerignore";

/// What a Dockerfile is called that is not part of the context. The same every time: the engine's cache goes by names too.
const SENT_AS: &str = ".imagebake.dockerfile";

/// The Dockerfile as a path in the folder, where it is below it.
fn name_inside(folder: &Path, dockerfile: &Path) -> Option<String> {
    let (folder, dockerfile) = (folder.canonicalize().ok()?, dockerfile.canonicalize().ok()?);
    Some(dockerfile.strip_prefix(folder).ok()?.to_str()?.to_owned())
}

fn keeper(ignore: &str) -> Result<Keep> {
    let mut rules: Vec<(bool, GlobMatcher)> = Vec::new();
    for line in ignore.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (keep, pattern) = match line.strip_prefix('!') {
            Some(pattern) => (true, pattern.trim()),
            None => (false, line),
        };
        let pattern = pattern.trim_start_matches("./").trim_matches('/');
        if pattern.is_empty() {
            continue;
        }
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorKind::Config,
                    format!("`{line}` in .dockerignore cannot be understood"),
                )
                .because(error)
                .hint("patterns are paths with `*`, `?` and `**`")
            })?;
        rules.push((keep, glob.compile_matcher()));
    }
    let exceptions = rules.iter().any(|(keep, _)| *keep);
    Ok(Box::new(move |path| {
        // What is below something ignored is ignored too, unless a later line takes it back.
        let kept = rules.iter().fold(true, |kept, (keep, glob)| {
            let matches = path
                .ancestors()
                .any(|part| !part.as_os_str().is_empty() && glob.is_match(part));
            if matches { *keep } else { kept }
        });
        // A folder that is ignored may hold what is taken back.
        kept || (exceptions && rules.iter().any(|(keep, glob)| *keep && may_be_below(glob, path)))
    }))
}

/// Whether a path below `folder` may match.
fn may_be_below(glob: &GlobMatcher, folder: &Path) -> bool {
    let pattern = Path::new(glob.glob().glob());
    pattern.starts_with(folder) || glob.glob().glob().contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dockerignore_is_followed() {
        let keep = keeper("# comment\n*.log\nnode_modules\n/build/\n!build/keep.txt\n**/secret\n").expect("understood");
        let kept = |path: &str| keep(Path::new(path));
        for path in ["src/main.rs", "src/a.log", "build/keep.txt", "build"] {
            assert!(kept(path), "{path}");
        }
        for path in ["a.log", "node_modules", "node_modules/x/y", "a/b/secret"] {
            assert!(!kept(path), "{path}");
        }
    }
}
