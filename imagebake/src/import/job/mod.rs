//! One import: which templates, where packer was started for them, the package that they become, and whether it plans the same.
//!
//! ```text
//! paths ── templates ── folder ── generate ── write ── driver (rustfmt) ── verify (cargo, the program) ── report
//! ```

pub(super) mod driver;
mod folder;
mod into;
mod next;
mod report;
mod templates;
mod values;
pub mod verify;
mod write;

pub use report::{Report, Status};

use super::{
    context::Context,
    evaluate,
    fault::{Fault, Faults},
    generate::{self, Module, Options, Project},
    input::Input,
    known::Known,
    sources::Sources,
};
use crate::{
    error::{Context as _, Error, ErrorKind, Result},
    plan::Diagnostic,
};
use folder::Named;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Files and folders of templates.
    pub paths: Vec<PathBuf>,
    /// The folder of the package; one named after the template without.
    pub out: Option<PathBuf>,
    /// A package that the modules are added to.
    pub into: Option<PathBuf>,
    /// Files with values, in order.
    pub var_files: Vec<PathBuf>,
    /// Values, in order.
    pub vars: Vec<(String, String)>,
    /// Where packer was started.
    pub cwd: Option<PathBuf>,
    /// Writes nothing; says whether what is there is what would be written.
    pub check: bool,
    /// Replaces files.
    pub force: bool,
    /// What is not known becomes a marked comment.
    pub lenient: bool,
    /// Each module has all that it needs: there is no `common.rs`.
    pub no_share: bool,
    /// Compiles the package and compares its plans.
    pub verify: bool,
    /// Where cargo takes imagebake from.
    pub dependency: String,
    /// The versions of all libraries that imagebake was tested with.
    pub lock: Option<PathBuf>,
    /// Where compiled libraries are kept for other verifications.
    pub target: Option<PathBuf>,
}

/// The problems of one template with the texts that they are in.
pub struct Told {
    /// The texts.
    pub sources: Sources,
    /// What is wrong, warnings included.
    pub faults: Faults,
}

/// Where a template comes from.
struct Origin {
    given: PathBuf,
    /// Where packer was started.
    cwd: PathBuf,
    missing: Vec<String>,
    /// The file of its own values, where it is made: its name, and what it says.
    values: Option<(String, String)>,
}

/// What is known before anything is written.
struct Prepared {
    general: Faults,
    package: Package,
    jobs: Vec<Origin>,
    templates: Vec<generate::Template>,
    project: Project,
}

fn prepare(request: &Request) -> Result<Prepared> {
    let current = std::env::current_dir().path("find the current folder", ".")?;
    let mut general = Faults::default();
    let found = templates::find(&request.paths, &mut general);
    let package = package(request, &found, &current)?;
    let catalog = Known::new();
    let named = Named::new();
    let (mut jobs, mut templates) = (Vec::new(), Vec::new());
    let mut names = BTreeSet::new();
    for given in found {
        let (job, template) = job(request, given, &package, &current, &catalog, &named, &mut names)?;
        jobs.push(job);
        templates.push(template);
    }
    let options = Options {
        lenient: request.lenient,
        share: !request.no_share,
        package: package.name.clone(),
        dependency: request.dependency.clone(),
    };
    let mut project = generate::project(&templates, &catalog, &options);
    if request.lenient {
        // What would be refused otherwise is marked in the Rust: that template is not whole.
        let options = Options {
            lenient: false,
            ..options
        };
        let strict = generate::project(&templates, &catalog, &options);
        for (module, strict) in project.modules.iter_mut().zip(&strict.modules) {
            let errors = strict.faults.0.iter().filter(|fault| !fault.warning);
            module.passed_over.extend(errors.map(|fault| fault.message.clone()));
        }
    }
    Ok(Prepared {
        general,
        package,
        jobs,
        templates,
        project,
    })
}

/// Imports. Problems of templates are in the report, and with their texts in what is told; an error is what stopped the import itself.
pub fn run(request: &Request) -> Result<(Report, Vec<Told>)> {
    let Prepared {
        general,
        package,
        jobs,
        templates,
        project,
    } = prepare(request)?;
    let mut told = vec![Told {
        sources: Sources::default(),
        faults: general,
    }];
    let mut report = Report::default();
    for ((job, template), module) in jobs.iter().zip(&templates).zip(&project.modules) {
        report.templates.push(row(job, template, module));
        told.push(Told {
            sources: template.context.sources.clone(),
            faults: module.faults.clone(),
        });
    }
    let mut files = files(request, &project)?;
    for (job, module) in jobs.iter().zip(&project.modules) {
        if module.has_own_values && module.faults.is_empty() {
            files.extend(job.values.clone());
        }
    }
    let root = root(request, &package, &files)?;
    let all_refused = report.templates.iter().all(|row| row.status == Status::Refused);
    if !all_refused && !files.is_empty() {
        report.files = files.keys().cloned().collect();
        if request.check {
            check(&mut report, &package, &files, root.as_ref())?;
        } else {
            write::write(&package.folder, &files, request.force)?;
            if let Some((path, text)) = root {
                write::replace(&package.folder.join(path), &text)?;
                report.files.push(path.to_owned());
            }
            if request.into.is_some()
                && let Some(lacking) = into::lacking(&package.folder, &project.features)?
            {
                let manifest = package.folder.join("Cargo.toml");
                report.by_hand.push(format!("{}: {lacking}", manifest.display()));
            }
            report.project = Some(package.folder.clone());
        }
    }
    if request.verify && report.project.is_some() {
        let compiled = verify::Compiled::new(&package.folder, request.target.as_deref())?;
        for ((template, module), row) in templates.iter().zip(&project.modules).zip(&mut report.templates) {
            // What was passed over is not in the Rust, and would differ.
            if row.status != Status::Refused && row.passed_over.is_empty() {
                verify_row(request, &compiled, template, module, &package.folder, row);
            }
        }
    }
    next::tell(&mut report, request, &package);
    Ok((report, told))
}

/// Tells what is not what would be written.
fn check(
    report: &mut Report,
    package: &Package,
    files: &BTreeMap<String, String>,
    root: Option<&(&'static str, String)>,
) -> Result<()> {
    if !package.folder.exists() {
        return Ok(());
    }
    let root = root.map(|(path, _)| PathBuf::from(path));
    for stale in write::stale(&package.folder, files)?.into_iter().chain(root) {
        let stale = package.folder.join(&stale);
        for row in &mut report.templates {
            row.differences
                .push(format!("{} is not what the templates say now", stale.display()));
            row.status = row.status.max(Status::Different);
        }
    }
    Ok(())
}

/// Where the Rust goes.
struct Package {
    name: String,
    folder: PathBuf,
}

fn package(request: &Request, found: &[PathBuf], current: &Path) -> Result<Package> {
    if let Some(into) = &request.into {
        if !into.join("Cargo.toml").is_file() {
            let told = format!("{} is no package: it has no Cargo.toml", into.display());
            return Err(Error::new(ErrorKind::NotFound, told)
                .hint("name the folder of a package with --into, or a new one with --out"));
        }
        let folder = into.canonicalize().path("find", into)?;
        return Ok(Package {
            name: String::new(),
            folder,
        });
    }
    let folder = match (&request.out, found) {
        (Some(out), _) => current.join(out),
        (None, [one]) => current.join(package_name(&templates::name(one))),
        (None, _) => match request.paths.as_slice() {
            [folder] => current.join(package_name(&templates::name(folder))),
            _ => current.join("images"),
        },
    };
    // A folder that holds the template itself would be taken for the package.
    let folder = match (request.out.is_none(), folder.exists()) {
        (true, true) if !folder.join("Cargo.toml").is_file() => {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            folder.with_file_name(format!("{name}-images"))
        }
        _ => folder,
    };
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Package {
        name: package_name(&name),
        folder,
    })
}

/// A name that cargo takes.
fn package_name(name: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    match name.starts_with(|c: char| c.is_ascii_lowercase()) {
        true if !["imagebake", "std", "core", "alloc", "test", "proc_macro"].contains(&name) => name.to_owned(),
        _ => format!("images-{name}").trim_end_matches('-').to_owned(),
    }
}

fn job(
    request: &Request,
    given: PathBuf,
    package: &Package,
    current: &Path,
    catalog: &Known,
    named: &Named,
    names: &mut BTreeSet<String>,
) -> Result<(Origin, generate::Template)> {
    let path = given.canonicalize().path("find", &given)?;
    let basedir = match path.is_dir() {
        true => path.clone(),
        false => path.parent().unwrap_or(Path::new("/")).to_owned(),
    };
    let mut input = Input::new(&path);
    input.var_files = request.var_files.iter().map(|file| current.join(file)).collect();
    input.vars.clone_from(&request.vars);
    let looked = |cwd: &Path| {
        let context = context(cwd, &basedir);
        let (plan, _) = evaluate(&input, &context, catalog);
        named.of(&plan)
    };
    let (cwd, paths) = match &request.cwd {
        Some(cwd) => {
            let cwd = current.join(cwd).canonicalize().path("find", cwd)?;
            let paths = looked(&cwd);
            (cwd, paths)
        }
        None => {
            let tried = folder::candidates(&basedir, current).into_iter().map(|cwd| {
                let paths = looked(&cwd);
                (folder::existing(&cwd, &paths), cwd, paths)
            });
            // Of folders with equally many the nearest.
            let best = tried.reduce(|best, other| if other.0 > best.0 { other } else { best });
            let (_, cwd, paths) = best.expect("the template's own folder is tried");
            (cwd, paths)
        }
    };
    let missing = paths.into_iter().filter(|path| !folder::exists(&cwd, path)).collect();
    let mut name = templates::name(&path);
    if !names.insert(name.clone()) {
        let above = basedir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name = format!("{above}-{name}");
        let base = name.clone();
        let mut count = 2;
        while !names.insert(name.clone()) {
            name = format!("{base}-{count}");
            count += 1;
        }
    }
    let context = context(&cwd, &basedir);
    let values = values::own(&input, &context, &name, &package.folder);
    let template = generate::Template {
        name,
        input,
        context,
        dir: folder::relative(&package.folder, &cwd),
        values: values.as_ref().map(|own| own.path.clone()),
    };
    let origin = Origin {
        given,
        cwd,
        missing,
        values: values.and_then(|own| own.made),
    };
    Ok((origin, template))
}

/// The world of a template as it is now.
fn context(cwd: &Path, basedir: &Path) -> Context {
    let mut context = Context::new(cwd, basedir);
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    context.env = std::env::vars_os().filter_map(text).collect();
    let given = context.env.get("SOURCE_DATE_EPOCH").and_then(|text| text.parse().ok());
    context.clock = given.unwrap_or_else(|| jiff::Timestamp::now().as_second());
    context
}

fn row(origin: &Origin, template: &generate::Template, module: &Module) -> report::Template {
    let sources = &template.context.sources;
    let problems: Vec<Diagnostic> = module.faults.0.iter().map(|fault| sources.diagnostic(fault)).collect();
    let notes = module.notes.iter().map(|note| {
        let fault = match note.span {
            Some(span) => Fault::at(span, "note", note.message.clone()),
            None => Fault::general("note", note.message.clone()),
        };
        sources.diagnostic(&fault.warning())
    });
    // A template without an image is none.
    let made = module.faults.is_empty() && !module.images.is_empty();
    let whole = module.stubs.is_empty() && module.passed_over.is_empty();
    let status = match (made, whole) {
        (false, _) => Status::Refused,
        (true, false) => Status::Stubbed,
        (true, true) => Status::Imported,
    };
    report::Template {
        template: origin.given.clone(),
        module: module.name.clone(),
        status,
        images: module.images.clone(),
        folder: origin.cwd.clone(),
        missing: origin.missing.clone(),
        values: template.values.clone().filter(|_| module.has_own_values),
        notes: notes.collect(),
        problems,
        stubs: module.stubs.clone(),
        passed_over: module.passed_over.clone(),
        differences: Vec::new(),
        verified_with: Vec::new(),
        next: String::new(),
    }
}

/// What is written: the package, or its modules alone.
fn files(request: &Request, project: &Project) -> Result<BTreeMap<String, String>> {
    let mut files = project.files.clone();
    if request.into.is_some() {
        files.retain(|path, _| path != "Cargo.toml" && path != "src/main.rs");
    } else if let (Some(lock), false) = (&request.lock, files.is_empty()) {
        // Cargo takes from it what the package needs.
        let text = std::fs::read_to_string(lock).path("read", lock)?;
        files.insert("Cargo.lock".to_owned(), text);
    }
    Ok(files)
}

/// The root of the package that modules are added to, where it does not declare them all.
fn root(
    request: &Request,
    package: &Package,
    files: &BTreeMap<String, String>,
) -> Result<Option<(&'static str, String)>> {
    if request.into.is_none() || files.is_empty() {
        return Ok(None);
    }
    let module = |path: &String| Some(path.strip_prefix("src/")?.strip_suffix(".rs")?.to_owned());
    let modules: Vec<String> = files.keys().filter_map(module).collect();
    let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
    into::declared(&package.folder, &modules)
}

fn verify_row(
    request: &Request,
    compiled: &verify::Compiled,
    template: &generate::Template,
    module: &Module,
    folder: &Path,
    row: &mut report::Template,
) {
    if let Some(problems) = compiled.broken(&module.name).or_else(|| compiled.broken("common")) {
        row.status = Status::Different;
        row.differences = problems.to_vec();
        return;
    }
    // With the values that were given; else as it is, and with each file of values beside it.
    let mut sets = vec![(String::new(), template.input.clone())];
    if request.var_files.is_empty() {
        let beside = templates::values_beside(&template.input.template);
        for path in beside.hcl.into_iter().chain(beside.json) {
            let mut input = template.input.clone();
            input.var_files.push(path.clone());
            sets.push((
                path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                input,
            ));
        }
    }
    for (name, input) in sets {
        let case = verify::Case {
            input: &input,
            context: &template.context,
            module,
            project: folder,
            images: &module.images,
            env: None,
        };
        let shown = if name.is_empty() {
            "without files of values"
        } else {
            &name
        };
        match verify::differences(&case, compiled) {
            Ok(None) => continue,
            Ok(Some(differences)) => {
                row.differences
                    .extend(differences.into_iter().map(|line| format!("{shown}: {line}")));
            }
            Err(error) => row.differences.push(format!("{shown}: {}", error.message())),
        }
        row.verified_with.push(shown.to_owned());
    }
    if !row.differences.is_empty() {
        row.status = Status::Different;
    } else if row.status == Status::Imported && !row.verified_with.is_empty() {
        row.status = Status::Verified;
    }
}
