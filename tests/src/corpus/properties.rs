//! Random expressions as compiled Rust, against what they come to when they are evaluated: escaping, precedence, numbers, unicode,
//! here-documents. All are one program, so that one compilation tries them.

use super::{
    CLOCK,
    package::{self, Chunk},
    told,
};
use crate::expressions::{Expressions, VARIABLES};
use anyhow::{Context as _, Result, ensure};
use imagebake::import::{
    context::Context,
    generate::{Options, Template, project},
    input::Input,
    job::verify,
    known::Known,
};
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

/// How many expressions are one template.
const EACH: usize = 20;

const BUILD: &str = "\nsource \"null\" \"a\" {\n  communicator = \"none\"\n}\n";

/// Values beside the defaults, so that nothing is the same by being a constant.
const GIVEN: [(&str, &str); 6] = [
    ("s", "é \"q\" \\ ' ${ %{ {{ x"),
    ("n", "7"),
    ("f", "0.1"),
    ("b", "false"),
    ("l", "[\"z\", \"\", \"Zz 日\", \"10\"]"),
    ("m", "{\"key\": \"\", \"other\": \"a\\nb\", \"third\": \"é\"}"),
];

/// What came of them.
#[derive(Default)]
pub struct Found {
    /// How many became Rust.
    pub written: usize,
    /// What the generator said of the others, and how often.
    pub refused: BTreeMap<String, usize>,
    /// Where Rust and evaluation differ, or what does not compile.
    pub wrong: Vec<String>,
}

/// Tries `count` expressions of a seed; the program is made in `folder`.
pub fn run(folder: &Path, seed: u64, count: usize) -> Result<Found> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder)?;
    let mut expressions = Expressions::new(seed);
    let mut found = Found::default();
    let mut kept = Vec::new();
    for number in 0..count {
        let expression = match number % 10 {
            9 => (expressions.heredoc(), false),
            8 => (expressions.list(2) + "\n", true),
            depth => (expressions.text(depth % 4) + "\n", false),
        };
        let path = folder.join("alone.pkr.hcl");
        fs::write(&path, template(std::slice::from_ref(&expression)))?;
        let alone = of(folder, "alone", &path);
        let made = project(std::slice::from_ref(&alone), &Known::new(), &options());
        let problems = &made.modules[0].faults;
        match problems.0.iter().find(|fault| !fault.warning) {
            None => kept.push(expression),
            Some(problem) => {
                let told = told(&alone.context, problem);
                let what = told.split_once("]: ").map_or(told.as_str(), |(_, what)| what);
                *found.refused.entry(what.to_owned()).or_default() += 1;
            }
        }
    }
    found.written = kept.len();
    let mut templates = Vec::new();
    for (number, some) in kept.chunks(EACH).enumerate() {
        let name = format!("p{number:03}");
        let path = folder.join(format!("{name}.pkr.hcl"));
        fs::write(&path, template(some))?;
        templates.push(of(folder, &name, &path));
    }
    let chunk = Chunk {
        project: project(&templates, &Known::new(), &options()),
    };
    let chunks = [chunk];
    let package = package::compile(folder, &chunks)?;
    for (template, module) in templates.iter().zip(&chunks[0].project.modules) {
        let Some(program) = package.program(&module.name) else {
            let problems = package.broken.get(&module.name).cloned().unwrap_or_default();
            found
                .wrong
                .push(format!("{} does not compile:\n{}", module.name, problems.join("\n")));
            continue;
        };
        for given in [&[][..], &GIVEN[..]] {
            let mut input = template.input.clone();
            input.vars = given
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let case = verify::Case {
                input: &input,
                context: &template.context,
                module,
                project: folder,
                images: &module.images,
                env: None,
            };
            match verify::differences(&case, &verify::Compiled::program(program)) {
                Ok(Some(differences)) => found.wrong.extend(
                    differences
                        .into_iter()
                        .map(|line| format!("{} with {given:?}: {line}", module.name)),
                ),
                // With other values an index may be out of range: then both refuse, and nothing is compared.
                Ok(None) => ensure!(!given.is_empty(), "{}: the defaults are refused", module.name),
                Err(error) => found
                    .wrong
                    .push(format!("{} with {given:?}: {}", module.name, error.message())),
            }
        }
    }
    Ok(found)
}

/// An expression, and whether it is a list.
type Expression = (String, bool);

/// A template with a step for each expression.
fn template(expressions: &[Expression]) -> String {
    let mut text = format!("{VARIABLES}\nlocals {{\n");
    for (number, (expression, _)) in expressions.iter().enumerate() {
        let _ = write!(text, "  e{number} = {expression}");
    }
    let _ = write!(text, "}}\n{BUILD}\nbuild {{\n  sources = [\"null.a\"]\n");
    for (number, (_, is_list)) in expressions.iter().enumerate() {
        let inline = match is_list {
            true => format!("local.e{number}"),
            false => format!("[local.e{number}]"),
        };
        let _ = write!(text, "  provisioner \"shell-local\" {{\n    inline = {inline}\n  }}\n");
    }
    text + "}\n"
}

fn of(folder: &Path, name: &str, path: &Path) -> Template {
    let mut context = Context::new(folder, folder);
    context.clock = CLOCK;
    Template {
        name: name.to_owned(),
        input: Input::new(path),
        context,
        dir: String::new(),
        values: None,
    }
}

fn options() -> Options {
    Options {
        lenient: false,
        share: false,
        package: "properties".into(),
        dependency: "version = \"*\"".into(),
    }
}
