//! Templates for tests: written to a folder of their own, evaluated, told.

use super::{
    context::Context,
    eval::{Scope, evaluate as evaluate_expr},
    evaluate,
    fault::{Faults, Result},
    input::Input,
    plan::Plan,
    schema::{Catalog, NoCatalog},
    syntax::parse_expression,
    value::Value,
};
use serde_json::Value as Json;
use std::fs;

/// The moment at which templates of tests are evaluated: 2026-01-02T03:04:05Z.
pub(super) const CLOCK: i64 = 1_767_323_045;

/// A template in a folder of its own.
pub(super) struct Folder {
    pub(super) folder: tempfile::TempDir,
    pub(super) context: Context,
    pub(super) input: Input,
}

impl Folder {
    /// Files by name; a single `.json` that is no HCL is the template, otherwise the folder is.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        let mut context = Context::new(folder.path(), folder.path());
        context.clock = CLOCK;
        context.cwd_text = "<cwd>".into();
        context.env = [("HOME", "/users/ann"), ("REGION", "eu"), ("PKR_VAR_from_env", "env")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let legacy = files.iter().find(|(name, _)| *name == "template.json");
        let input = Input::new(legacy.map_or_else(|| folder.path().to_owned(), |(name, _)| folder.path().join(name)));
        Self { folder, context, input }
    }

    pub(super) fn evaluate(&self, catalog: &dyn Catalog) -> (Plan, Faults) {
        evaluate(&self.input, &self.context, catalog)
    }

    /// The plan, which must have no problems.
    pub(super) fn plan(&self) -> Json {
        let (plan, faults) = self.evaluate(&NoCatalog);
        assert!(faults.is_empty(), "{:#?}", self.told(&faults));
        plan.to_json()
    }

    /// `file:line:column: message`, one for each problem.
    pub(super) fn problems(&self) -> Vec<String> {
        self.told(&self.evaluate(&NoCatalog).1)
    }

    pub(super) fn told(&self, faults: &Faults) -> Vec<String> {
        let one = |fault| {
            let diagnostic = self.context.sources.diagnostic(fault);
            let place = diagnostic.places.first();
            let place = place
                .map(|place| format!("{place}:{}: ", place.column))
                .unwrap_or_default();
            let help = diagnostic
                .help
                .as_ref()
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!("{place}{}{help}", diagnostic.message)
        };
        faults.0.iter().map(one).collect()
    }
}

/// One expression.
pub(super) fn value(text: &str, names: &[(&str, Value)]) -> Result<Value> {
    let folder = Folder::new(&[
        ("a.txt", "text of a"),
        ("t.tpl", "%{ for x in list ~}\n- ${x}\n%{ endfor ~}\n"),
        ("d/b.txt", "b"),
    ]);
    let file = folder.context.sources.add("test.hcl", text);
    let expr = parse_expression(&folder.context.sources, file)?;
    let scope = Scope::new(names.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    evaluate_expr(&folder.context, &expr, &scope)
}

/// What is wrong with one expression.
pub(super) fn problem(text: &str) -> String {
    match value(text, &[]) {
        Ok(value) => panic!("{text} is {value:?}"),
        Err(fault) => fault.message,
    }
}
