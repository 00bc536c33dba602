//! Whether the compiled Rust plans what the template says, attribute by attribute.

use super::driver::{self, Broken, Question};
use crate::{
    error::{Context as _, Error, ErrorKind, Result},
    import::{
        comparison::compare,
        context::Context,
        evaluate,
        generate::Module,
        input::{Format, Input},
        known::Known,
        plan::Plan,
        schema::{Catalog, Role},
        value::Type,
        weak::{Surroundings, converted, seen_from, with_own_facts},
    },
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// A compiled package.
#[derive(Debug, Default)]
pub struct Compiled {
    program: Option<PathBuf>,
    broken: Broken,
}

impl Compiled {
    /// Compiles a package so that it can plan.
    ///
    /// # Errors
    /// When cargo itself refuses. What does not compile is kept.
    pub fn new(package: &Path, target: Option<&Path>) -> Result<Self> {
        let built = driver::build(package, target, &["--features", "imagebake/plan-only"])?;
        Ok(Self {
            program: built.programs.into_values().next(),
            broken: built.broken,
        })
    }

    /// A program that is compiled already.
    pub fn program(program: impl Into<PathBuf>) -> Self {
        Self {
            program: Some(program.into()),
            broken: Broken::new(),
        }
    }

    /// What of a module does not compile. The compiler names files as seen from the workspace.
    pub fn broken(&self, module: &str) -> Option<&[String]> {
        let path = Path::new("src").join(module).with_extension("rs");
        let mut of_module = self.broken.iter().filter(|(file, _)| Path::new(file).ends_with(&path));
        of_module.next().map(|(_, problems)| problems.as_slice())
    }
}

/// Compiles a package and says which files do not, and where its programs are: for those that verify many at once.
///
/// # Errors
/// When cargo itself refuses.
pub fn compile(package: &Path, target: Option<&Path>, options: &[&str]) -> Result<(BTreeMap<String, PathBuf>, Broken)> {
    let built = driver::build(package, target, options)?;
    Ok((built.programs, built.broken))
}

/// Formats Rust in place.
///
/// # Errors
/// When rustfmt cannot read it, or is not there.
pub fn format(files: &[PathBuf]) -> Result<()> {
    driver::format(files)
}

/// One template with one set of values.
pub struct Case<'a> {
    /// The template and its values.
    pub input: &'a Input,
    /// The world around it.
    pub context: &'a Context,
    /// What it became.
    pub module: &'a Module,
    /// The folder of the project.
    pub project: &'a Path,
    /// Its images.
    pub images: &'a [String],
    /// The environment of the program: this one's without.
    pub env: Option<&'a BTreeMap<String, String>>,
}

/// What differs between the template, evaluated, and the plan of the program. Nothing where these values do not fit the template.
///
/// # Errors
/// When the program does not plan.
pub fn differences(case: &Case<'_>, compiled: &Compiled) -> Result<Option<Vec<String>>> {
    let catalog = Known::new();
    let mut input = case.input.clone();
    // What asks nobody is known; all else both leave open.
    input.answer_data = true;
    let (mut plan, mut faults) = evaluate(&input, case.context, &catalog);
    let unset = invented(&plan);
    if !unset.is_empty() {
        input.vars.extend(unset);
        (plan, faults) = evaluate(&input, case.context, &catalog);
    }
    if !faults.is_empty() {
        return Ok(None);
    }
    let values = values(case, &input, &plan);
    let (mut ours, _) = planned(case, compiled, &values)?;
    let mut theirs = plan.to_json();
    if input.format().is_ok_and(|format| format == Format::Json) {
        let around = Surroundings {
            root: &case.context.root,
            cwd: &case.context.cwd_text,
            clock: case.context.clock,
        };
        theirs = converted(&theirs, &catalog, &around);
        ours = seen_from(&ours, around.cwd);
    }
    let (theirs, ours) = (with_own_facts(&theirs), with_own_facts(&ours));
    let (theirs, ours) = (of_known(theirs, &catalog), of_known(ours, &catalog));
    Ok(Some(compare(&theirs, &ours).differences))
}

/// A plan without the settings of components that are not known: nothing is written of them, and their places are kept. Neither is
/// compared what is done with what a source makes that is not known: whether that takes it is not known either.
pub fn of_known(mut plan: Json, catalog: &dyn Catalog) -> Json {
    let bare = |role: Role, step: &mut Json| {
        let kind = step["type"].as_str().unwrap_or_default();
        if catalog.schema(role, kind).is_none()
            && let Some(step) = step.as_object_mut()
        {
            step.remove("config");
            step.remove("override");
        }
    };
    for unit in plan["builds"].as_array_mut().into_iter().flatten() {
        bare(Role::Source, unit);
        if unit.get("config").is_none() {
            unit["post_processors"] = json!([]);
        }
        let steps = unit["provisioners"].as_array_mut().into_iter().flatten();
        steps.for_each(|step| bare(Role::Provisioner, step));
        if let Some(cleanup) = unit.get_mut("error_cleanup_provisioner") {
            bare(Role::Provisioner, cleanup);
        }
        let chains = unit["post_processors"].as_array_mut().into_iter().flatten();
        let steps = chains.flat_map(|chain| chain.as_array_mut().into_iter().flatten());
        steps.for_each(|step| bare(Role::PostProcessor, step));
    }
    plan
}

/// The plan of the compiled program, with these values, and what planning told.
///
/// # Errors
/// When the program does not plan.
pub fn planned(case: &Case<'_>, compiled: &Compiled, values: &Json) -> Result<(Json, String)> {
    let program = compiled
        .program
        .as_deref()
        .ok_or_else(|| Error::new(ErrorKind::CommandFailed, "the package does not compile"))?;
    // Values may be secrets: the file is its owner's alone, and goes away.
    let file = tempfile::Builder::new()
        .suffix(".json")
        .tempfile()
        .path("make a file in", std::env::temp_dir())?;
    serde_json::to_writer(&file, values)
        .map_err(|error| Error::new(ErrorKind::Io, format!("cannot write values: {error}")))?;
    let (mut builds, mut problems) = (Vec::new(), String::new());
    for image in case.images {
        let (plan, told) = driver::plan(&Question {
            program,
            project: case.project,
            image,
            values: Some(file.path()),
            env: case.env,
            clock: case.context.clock,
        })?;
        builds.extend(plan["builds"].as_array().cloned().unwrap_or_default());
        problems.push_str(&told);
    }
    Ok((json!({"builds": builds}), problems))
}

/// The values that were given for the template's variables, under the names that they have in Rust.
pub fn values(case: &Case<'_>, input: &Input, plan: &Plan) -> Json {
    let given = given(input, case.context, case.module.has_own_values);
    let mut values = Map::new();
    for (name, key) in &case.module.variables {
        if let (true, Some(value)) = (given.contains(name), plan.variables.get(name)) {
            values.insert(key.clone(), value.to_json());
        }
    }
    values.into()
}

/// The names of variables that are given a value from outside; what the program reads by itself is not given.
fn given(input: &Input, context: &Context, has_own_values: bool) -> std::collections::BTreeSet<String> {
    let mut names: std::collections::BTreeSet<String> = input.vars.iter().map(|(name, _)| name.clone()).collect();
    names.extend(
        context
            .env
            .keys()
            .filter_map(|key| key.strip_prefix("PKR_VAR_"))
            .map(str::to_owned),
    );
    let files = match has_own_values {
        true => input.named_value_files(),
        false => input.value_files(),
    };
    let Ok(files) = files else {
        return names;
    };
    let mut faults = crate::import::fault::Faults::default();
    for (path, json) in files.all() {
        if let Ok(file) = crate::import::input::read(context, path) {
            let body = crate::import::syntax::parse_file(&context.sources, file, json, &mut faults);
            names.extend(body.attributes(&mut faults).into_iter().map(|attribute| attribute.name));
        }
    }
    names
}

/// A value for each variable that has none: any that fits its type.
pub fn invented(plan: &Plan) -> Vec<(String, String)> {
    plan.unset
        .iter()
        .map(|(name, ty)| (name.clone(), invent(name, ty)))
        .collect()
}

fn invent(name: &str, ty: &Type) -> String {
    match ty {
        Type::String | Type::Dynamic => format!("x-{name}"),
        Type::Number => "1".to_owned(),
        other => literal(name, other),
    }
}

/// As an expression of templates.
fn literal(name: &str, ty: &Type) -> String {
    match ty {
        Type::String | Type::Dynamic => format!("\"x-{name}\""),
        Type::Number => "1".to_owned(),
        Type::Bool => "true".to_owned(),
        Type::List(item) | Type::Set(item) => format!("[{}]", literal(name, item)),
        Type::Map(item) => format!("{{key = {}}}", literal(name, item)),
        Type::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| literal(name, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Type::Object(attributes) => {
            let items = attributes
                .iter()
                .map(|(key, attribute)| format!("{key} = {}", literal(name, &attribute.ty)));
            format!("{{{}}}", items.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_every_type_can_be_invented() {
        let object = Type::Object([("a".to_owned(), crate::import::value::Attribute::required(Type::Number))].into());
        let ty = Type::list(Type::Tuple(vec![Type::Bool, Type::map(object), Type::String]));
        assert_eq!(invent("v", &ty), "[[true, {key = {a = 1}}, \"x-v\"]]");
        assert_eq!(invent("v", &Type::String), "x-v");
    }
}
