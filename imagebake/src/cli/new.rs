//! `new DIR`: a project of one's own, ready to be planned, built and put into CI.
//!
//! JSON: `{"project":"/path","files":["Cargo.toml",…]}`. The files are in `new/`, with `@NAME@` and the like where they differ.

use super::{
    args::{Format, NewArgs, OriginArgs},
    failure::Stop,
    invocation::quote,
};
use crate::{
    error::{Context, Error, Result},
    reporter::Style,
};
use serde_json::json;
use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Beside Cargo.toml; cargo takes from it what the project needs.
const LOCK: &str = "Cargo.lock";

/// Path in the project and its text.
const FILES: [(&str, &str); 10] = [
    ("Cargo.toml", include_str!("new/Cargo.toml.in")),
    ("rust-toolchain.toml", include_str!("new/rust-toolchain.toml.in")),
    (".gitignore", include_str!("new/gitignore")),
    ("README.md", include_str!("new/README.md")),
    ("web.values.toml", include_str!("new/web.values.toml")),
    ("src/main.rs", include_str!("new/main.rs")),
    ("src/images/mod.rs", include_str!("new/images/mod.rs")),
    ("src/images/web.rs", include_str!("new/images/web.rs")),
    ("files/page.sh", include_str!("new/files/page.sh")),
    (".github/workflows/images.yml", include_str!("new/workflow.yml")),
];

pub(super) fn run(args: &NewArgs, style: Style) -> std::result::Result<u8, Stop> {
    let name = name(args)?;
    let dependency = dependency(&args.dir, &args.origin)?;
    let made = refuse_what_is_there(&args.dir)?;
    let written = write(&args.dir, &name, &dependency);
    if let Err(error) = written {
        // Half a project is worse than none; what was there before stays.
        if made {
            let _ = fs::remove_dir_all(&args.dir);
        }
        return Err(error.into());
    }
    match args.output {
        Format::Json => {
            let project = args.dir.canonicalize().path("find", &args.dir)?;
            let files: Vec<&str> = FILES.iter().map(|(path, _)| *path).collect();
            super::print_json(&json!({"project": project, "files": files}))?;
        }
        Format::Text => super::print(&next(args, &name, style)),
    }
    Ok(0)
}

fn next(args: &NewArgs, name: &str, style: Style) -> String {
    let folder = quote(&args.dir.display().to_string());
    let mut out = format!("{} in {folder}\n", style.bold(name));
    for (command, what) in [
        (format!("cd {folder}"), ""),
        ("cargo run -- list".to_owned(), "the images, and what they take"),
        ("cargo run -- plan web".to_owned(), "what would be built"),
        ("cargo run -- build web".to_owned(), "builds it: web.tar"),
    ] {
        out.push_str(format!("  {command:24}{}", style.dim(what)).trim_end());
        out.push('\n');
    }
    if args.origin.path.is_none() && args.origin.git.is_none() {
        let version = env!("CARGO_PKG_VERSION");
        out.push_str(&format!(
            "imagebake {version} is taken from the registry; say --path or --git to take another one\n"
        ));
    }
    out
}

/// The package's name: as asked, or the folder's with what cargo does not take replaced.
fn name(args: &NewArgs) -> std::result::Result<String, Stop> {
    let folder = args.dir.file_name().map(|name| name.to_string_lossy().into_owned());
    let folder = folder.or_else(|| {
        let full = args.dir.canonicalize().ok()?;
        Some(full.file_name()?.to_string_lossy().into_owned())
    });
    let (asked, given) = match (&args.name, folder) {
        (Some(name), _) => (name.clone(), true),
        (None, Some(folder)) => (folder, false),
        (None, None) => (String::new(), false),
    };
    let name: String = match given {
        true => asked.clone(),
        false => asked
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
            .collect::<String>()
            .trim_matches('-')
            .to_owned(),
    };
    let good = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    // What `use` could not tell from a library that every program has.
    let taken = ["imagebake", "std", "core", "alloc", "test", "proc_macro"].contains(&name.as_str());
    if good && !taken {
        return Ok(name);
    }
    let why = if taken {
        "is taken"
    } else {
        "cannot be the name of a package"
    };
    let hint = "give one with --name: small letters, digits, `-` and `_`, a letter first";
    Err(Stop::told(2, format!("`{asked}` {why}"), hint))
}

/// How Cargo.toml names imagebake, and the versions of all libraries that a checkout was tested with.
pub(super) struct Dependency {
    pub(super) line: String,
    pub(super) lock: Option<PathBuf>,
}

/// `dir` is the package's folder, which need not exist.
pub(super) fn dependency(dir: &Path, origin: &OriginArgs) -> std::result::Result<Dependency, Stop> {
    if let (Some(url), Some(rev)) = (&origin.git, &origin.rev) {
        let line = format!("git = {}, rev = {}", literal(url), literal(rev));
        return Ok(Dependency { line, lock: None });
    }
    let Some(path) = &origin.path else {
        let line = format!("version = \"={}\"", env!("CARGO_PKG_VERSION"));
        return Ok(Dependency { line, lock: None });
    };
    let library = library(path).ok_or_else(|| {
        let message = format!("there is no imagebake in {}", path.display());
        Stop::told(
            2,
            message,
            "--path is a checkout of imagebake: the folder with its Cargo.toml",
        )
    })?;
    let lock = library
        .ancestors()
        .take(2)
        .map(|folder| folder.join(LOCK))
        .find(|lock| lock.is_file());
    // A path that was given as relative stays so: the project and the checkout may move together.
    let library = match path.is_absolute() {
        true => library,
        false => relative(&target(dir)?, &library),
    };
    let line = format!("path = {}", literal(&library.display().to_string()));
    Ok(Dependency { line, lock })
}

/// The folder of the library in a checkout, absolute.
fn library(checkout: &Path) -> Option<PathBuf> {
    let checkout = checkout.canonicalize().ok()?;
    let is_library = |folder: &PathBuf| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        text.lines().any(|line| line.replace(' ', "") == "name=\"imagebake\"")
    };
    [checkout.join("imagebake"), checkout].into_iter().find(is_library)
}

/// The project's folder, absolute, though it may not exist.
fn target(dir: &Path) -> Result<PathBuf> {
    let full = std::env::current_dir().path("find the current folder", ".")?.join(dir);
    let existing = full
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("/"));
    let rest = full.strip_prefix(existing).unwrap_or(Path::new(""));
    Ok(existing.canonicalize().path("find", existing)?.join(rest))
}

/// `to` as seen from the folder `from`; both absolute.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| Component::ParentDir);
    up.chain(to[common..].iter().copied()).collect()
}

/// Text as TOML writes it.
fn literal(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Makes the folder; whether there was none. One that holds anything is refused.
fn refuse_what_is_there(dir: &Path) -> std::result::Result<bool, Stop> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(false),
            Some(_) => Err(Stop::told(
                2,
                format!("the folder {} is not empty", dir.display()),
                "name one that does not exist yet; what is there stays as it is",
            )),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::create_dir_all(dir).path("make the folder", dir)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(Stop::told(
            2,
            format!("{} is not a folder", dir.display()),
            "name one that does not exist yet",
        )),
        Err(error) => Err(Error::io("read the folder", dir, error).into()),
    }
}

fn write(dir: &Path, name: &str, dependency: &Dependency) -> Result<()> {
    let rust = env!("CARGO_PKG_RUST_VERSION");
    // A toolchain is a whole version, so that everybody compiles with the same.
    let toolchain = match rust.split('.').count() {
        2 => format!("{rust}.0"),
        _ => rust.to_owned(),
    };
    for (path, text) in FILES {
        let text = text
            .replace("@NAME@", name)
            .replace("@IMAGEBAKE@", &dependency.line)
            .replace("@RUST@", rust)
            .replace("@TOOLCHAIN@", &toolchain)
            .replace("@REPOSITORY@", env!("CARGO_PKG_REPOSITORY"));
        let path = dir.join(path);
        let folder = path.parent().unwrap_or(dir);
        fs::create_dir_all(folder).path("make the folder", folder)?;
        fs::write(&path, text).path("write", &path)?;
    }
    if let Some(lock) = &dependency.lock {
        fs::copy(lock, dir.join(LOCK)).path("copy", lock)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_those_of_imagebake_itself() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let workspace: toml::Table = fs::read_to_string(workspace)
            .expect("the workspace's")
            .parse()
            .expect("TOML");
        let (_, text) = FILES[0];
        let project: toml::Table = text.replace("@IMAGEBAKE@", "version = \"1\"").parse().expect("TOML");
        let mut wanted = workspace["profile"].clone();
        // What a new project does not have: codecs, and SSH.
        let packages = wanted["dev"]["package"].as_table_mut().expect("a table");
        for absent in ["liblzma-sys", "libbz2-rs-sys", "lz4_flex", "russh", "russh-cryptovec"] {
            packages
                .remove(absent)
                .unwrap_or_else(|| panic!("{absent} is not in the profile any more"));
        }
        assert_eq!(project["profile"], wanted);
    }

    #[test]
    fn paths_lead_from_the_project_to_the_checkout() {
        let at = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).display().to_string();
        assert_eq!(at("/a/project", "/a/checkout/imagebake"), "../checkout/imagebake");
        assert_eq!(at("/a", "/a/imagebake"), "imagebake");
        assert_eq!(at("/a/b", "/c"), "../../c");
    }

    #[test]
    fn a_folder_gives_its_name_as_far_as_cargo_takes_it() {
        let named = |dir: &str, asked: Option<&str>| {
            let args = NewArgs {
                dir: dir.into(),
                name: asked.map(str::to_owned),
                origin: OriginArgs {
                    path: None,
                    git: None,
                    rev: None,
                },
                output: Format::Text,
            };
            name(&args).ok()
        };
        assert_eq!(named("/tmp/Golden Images", None).as_deref(), Some("golden-images"));
        assert_eq!(named("/tmp/x", Some("team_images")).as_deref(), Some("team_images"));
        for (dir, asked) in [
            ("/tmp/2026", None),
            ("/", None),
            ("/tmp/x", Some("Bad Name")),
            ("imagebake", None),
        ] {
            assert_eq!(named(dir, asked), None, "{dir} {asked:?}");
        }
    }
}
