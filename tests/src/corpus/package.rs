//! Many imported modules in one package: several programs, so that one compiler does not have all of them, and a module that does not
//! compile keeps no other one back.

use anyhow::{Context as _, Result, bail};
use imagebake::import::{generate::Project, job::verify};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The package, compiled.
pub struct Package {
    pub folder: PathBuf,
    /// The program of each module.
    programs: BTreeMap<String, PathBuf>,
    /// What the compiler says of a module.
    pub broken: BTreeMap<String, Vec<String>>,
}

/// Modules that become one program.
pub struct Chunk {
    pub project: Project,
}

impl Package {
    /// The program that a module is part of.
    pub fn program(&self, module: &str) -> Option<&Path> {
        self.programs.get(module).map(PathBuf::as_path)
    }
}

/// Writes and compiles the chunks; modules that do not compile are taken out until the others do.
pub fn compile(folder: &Path, chunks: &[Chunk]) -> Result<Package> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("tests are in the workspace")?;
    if folder.exists() {
        fs::remove_dir_all(folder.join("src")).ok();
    }
    fs::create_dir_all(folder.join("src"))?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    manifest(folder, root, chunks.len())?;
    let mut rust = Vec::new();
    for (number, chunk) in chunks.iter().enumerate() {
        for (path, text) in &chunk.project.files {
            let path = match path.strip_prefix("src/") {
                Some("main.rs") => continue,
                Some(path) => folder.join(format!("src/c{number}/{path}")),
                None if path.starts_with("Cargo.") => continue,
                None => folder.join(path),
            };
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            if path.extension().is_some_and(|extension| extension == "rs") {
                rust.push(path);
            }
        }
    }
    let mut broken: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in &rust {
        if let Err(error) = verify::format(std::slice::from_ref(path)) {
            broken.insert(stem(path), vec![error.to_string()]);
        }
    }
    let target = root.join("target/corpus");
    // Each phase of the compiler may find more.
    for _ in 0..12 {
        for (number, chunk) in chunks.iter().enumerate() {
            main(folder, number, chunk, &broken)?;
        }
        let (programs, found) = verify::compile(folder, Some(&target), &["--keep-going"])?;
        let new: BTreeSet<String> = found.keys().map(|file| stem(Path::new(file))).collect();
        if new.is_empty() {
            let of = |(number, chunk): (usize, &Chunk)| {
                let program = programs.get(&format!("c{number}"))?.clone();
                let names = chunk.project.modules.iter().map(|module| module.name.clone());
                let names: Vec<String> = names.filter(|name| !broken.contains_key(name)).collect();
                Some(names.into_iter().map(move |name| (name, program.clone())))
            };
            return Ok(Package {
                folder: folder.to_owned(),
                programs: chunks.iter().enumerate().filter_map(of).flatten().collect(),
                broken,
            });
        }
        for (file, problems) in found {
            let known = broken.entry(stem(Path::new(&file))).or_default();
            known.extend(problems);
        }
    }
    bail!("the package does not compile however much is taken out of it")
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn manifest(folder: &Path, root: &Path, programs: usize) -> Result<()> {
    let library = toml_text(&root.join("imagebake").display().to_string());
    let mut text = format!(
        "[package]\nname = \"corpus-imported\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\nautobins = false\n\n\
         [workspace]\n\n[dependencies]\nimagebake = {{ path = {library}, default-features = false, features = [\"cli\", \"plan-only\", \"http\"] }}\n\n\
         [profile.dev]\ndebug = false\nincremental = false\n"
    );
    for number in 0..programs {
        text.push_str(&format!(
            "\n[[bin]]\nname = \"c{number}\"\npath = \"src/c{number}/main.rs\"\n"
        ));
    }
    fs::write(folder.join("Cargo.toml"), text)?;
    Ok(())
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn main(folder: &Path, number: usize, chunk: &Chunk, broken: &BTreeMap<String, Vec<String>>) -> Result<()> {
    let mut text = String::from("#![allow(dead_code, unused_imports)]\n\n");
    for path in chunk.project.files.keys() {
        let module = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs"));
        if let Some(module) =
            module.filter(|module| *module != "main" && !module.contains('/') && !broken.contains_key(*module))
        {
            text.push_str(&format!("mod {module};\n"));
        }
    }
    text.push_str("\nfn main() -> std::process::ExitCode {\n    imagebake::main()\n}\n");
    let path = folder.join(format!("src/c{number}/main.rs"));
    fs::create_dir_all(path.parent().unwrap_or(folder))?;
    // Untouched where nothing changes, so that cargo compiles only what does.
    if fs::read_to_string(&path).ok().as_deref() != Some(&text) {
        fs::write(&path, text)?;
    }
    Ok(())
}
