//! Templates as Rust: imported, compiled, planned, and compared with the recorded plans.

use super::{
    Case, environment,
    package::{self, Chunk, Package},
    report::{Counted, Head, Measured},
    told,
};
use anyhow::Result;
use imagebake::import::{
    comparison::{compare, filled, open},
    context::Context,
    evaluate,
    fault::Fault,
    generate::{Module, Options, Template, project},
    input::Format,
    job::verify,
    known::Known,
    schema::{Catalog, Role},
    weak::{Surroundings, converted, seen_from, with_own_facts},
};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Component, Path, PathBuf},
    time::Instant,
};

/// How many modules are one program.
const CHUNK: usize = 40;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    /// The compiled Rust plans what the peer does.
    Verified,
    /// It cannot be the same, for a reason that is no fault of ours.
    Excused,
    /// It plans something else.
    Different,
    /// It does not compile.
    Broken,
    /// It compiles and does not plan.
    Unplanned,
    /// The importer refuses what the peer takes.
    Refused,
    /// Both refuse it.
    Both,
    /// The importer takes what the peer refuses.
    Silent,
    /// The peer that made the records lacked a component.
    Absent,
    /// The importer ended in a panic.
    Panic,
}

#[derive(Serialize)]
struct Unit {
    #[serde(flatten)]
    head: Head,
    outcome: Outcome,
    /// Whether all its components are imagebake's.
    known: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Measured for Unit {
    /// Eligible is what the peer takes with components that all are imagebake's; imported, compiled and verified are of those. Stubbed are
    /// the others of which all but the components of plugins plans what the peer does.
    const COLUMNS: &'static [&'static str] = &[
        "plans",
        "eligible",
        "imported",
        "compiled",
        "verified",
        "excused",
        "stubbed",
        "different",
        "broken",
        "unplanned",
        "refused",
        "both",
        "silent",
        "absent",
        "panics",
    ];

    fn head(&self) -> &Head {
        &self.head
    }

    fn fault(&self) -> Option<String> {
        let good = [Outcome::Verified, Outcome::Both, Outcome::Absent, Outcome::Excused];
        let module = self.module.as_deref().unwrap_or_default();
        (!good.contains(&self.outcome)).then(|| format!("{:?} [{module}]", self.outcome))
    }

    fn counts_in(&self) -> Vec<&'static str> {
        let eligible = self.head.peer.is_none() && self.known;
        let outcome = match self.outcome {
            Outcome::Verified if !eligible => "stubbed",
            Outcome::Verified => "verified",
            Outcome::Excused => "excused",
            Outcome::Different => "different",
            Outcome::Broken => "broken",
            Outcome::Unplanned => "unplanned",
            Outcome::Refused => "refused",
            Outcome::Both => "both",
            Outcome::Silent => "silent",
            Outcome::Absent => "absent",
            Outcome::Panic => "panics",
        };
        let of_eligible: &[&str] = match self.outcome {
            _ if !eligible => &[],
            Outcome::Verified | Outcome::Excused | Outcome::Different | Outcome::Unplanned => {
                &["eligible", "imported", "compiled"]
            }
            Outcome::Broken => &["eligible", "imported"],
            _ => &["eligible"],
        };
        [&["plans", outcome], of_eligible].concat()
    }
}

/// What all of them come to.
#[derive(Serialize)]
pub struct Report {
    #[serde(flatten)]
    counted: Counted<Unit>,
    /// What reading, evaluating and writing all of them as Rust took; nothing is compiled in it.
    generated_s: f64,
}

/// A case on its way.
struct Going<'a> {
    case: &'a Case,
    name: String,
    unit: Unit,
    going: bool,
}

impl Report {
    /// Imports, compiles and compares every case; the package is made in `folder`.
    pub fn of(cases: &[Case], catalog: &dyn Catalog, folder: &Path) -> Result<Self> {
        let start = Instant::now();
        let mut going: Vec<Going<'_>> = cases
            .iter()
            .enumerate()
            .map(|(number, case)| import(case, number, catalog, folder))
            .collect();
        let generated_s = start.elapsed().as_secs_f64();
        let mut chunks = Vec::new();
        let accepted: Vec<usize> = (0..going.len()).filter(|at| going[*at].going).collect();
        for some in accepted.chunks(CHUNK) {
            let templates: Vec<Template> = some
                .iter()
                .map(|at| template(going[*at].case, &going[*at].name, folder))
                .collect();
            chunks.push(Chunk {
                project: project(&templates, catalog, &options()),
            });
        }
        let package = package::compile(folder, &chunks)?;
        let modules = chunks.iter().flat_map(|chunk| &chunk.project.modules);
        for (at, module) in accepted.into_iter().zip(modules) {
            verify(&mut going[at], module, &package);
        }
        Ok(Self {
            counted: Counted::of(going.into_iter().map(|going| going.unit).collect()),
            generated_s,
        })
    }

    /// Whether nothing is silently wrong, and at least 95 of 100 eligible templates are verified.
    pub fn is_good(&self) -> bool {
        let total = |columns: &[&str]| self.counted.total(columns);
        total(&["different", "silent", "panics"]) == 0
            && total(&["verified", "excused"]) * 100 >= total(&["eligible"]) * 95
    }

    /// For people, with so many details of each.
    pub fn table(&self, details: usize) -> String {
        format!(
            "{}read, evaluated and written as Rust in {:.1} s; the rest was compiling and planning\n",
            self.counted.table(details),
            self.generated_s
        )
    }
}

fn options() -> Options {
    Options {
        lenient: false,
        share: true,
        package: "corpus".into(),
        dependency: "version = \"*\"".into(),
    }
}

fn template(case: &Case, name: &str, folder: &Path) -> Template {
    let mut context = case.context();
    // What is evaluated where the Rust is written must be what the program says when it runs.
    context.env = environment();
    Template {
        name: name.to_owned(),
        input: case.input.clone(),
        context,
        dir: relative(folder, &case.cwd),
        values: None,
    }
}

/// `to` as seen from the folder `from`; both absolute.
fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| PathBuf::from(".."));
    let down = to[common..].iter().map(|part| PathBuf::from(part.as_os_str()));
    let parts: Vec<String> = up.chain(down).map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("/")
}

fn import<'a>(case: &'a Case, number: usize, catalog: &dyn Catalog, folder: &Path) -> Going<'a> {
    let name = format!("t{number:04}");
    let made = catch_unwind(AssertUnwindSafe(|| {
        let template = template(case, &name, folder);
        let made = project(std::slice::from_ref(&template), catalog, &options());
        (template.context, made)
    }));
    let mut unit = Unit {
        head: Head::of(case),
        outcome: Outcome::Panic,
        known: known(&case.plan, catalog),
        module: None,
        notes: Vec::new(),
    };
    let mut going = false;
    if let Ok((context, made)) = made {
        let module = made.modules.into_iter().next().unwrap_or_default();
        unit.notes = module.notes.iter().map(|note| note.message.clone()).collect();
        let mut problems: Vec<String> = errors(&context, &module);
        if problems.is_empty() && module.images.is_empty() {
            problems.push("no image came of it".into());
        }
        if problems.is_empty() && !case.accepted {
            // A value that is not allowed is told when it is given: what matters is what these values are refused for.
            let (_, faults) = evaluate(&case.input, &context, catalog);
            let refused = faults.0.iter().filter(|fault| !fault.warning);
            problems.extend(refused.map(|fault| told(&context, fault)));
        }
        // What neither has is refused by both: the recorded plan notes it as what the component objects to.
        let unknown = case.unknown_settings();
        if case.accepted && !problems.is_empty() && module.faults.0.iter().all(|fault| is_unknown(fault, &unknown)) {
            unit.head.peer = Some(format!("peer: unknown configuration key: {}", unknown.join(", ")));
            problems.clear();
            unit.outcome = Outcome::Both;
        } else {
            unit.outcome = match (case.accepted, problems.is_empty()) {
                (true, true) => {
                    going = true;
                    Outcome::Broken
                }
                (true, false) => Outcome::Refused,
                (false, true) if case.absent() => Outcome::Absent,
                (false, true) => Outcome::Silent,
                (false, false) => Outcome::Both,
            };
        }
        unit.head.details = problems;
        unit.module = Some(module.name);
    }
    Going {
        case,
        name,
        unit,
        going,
    }
}

/// Whether it is about a setting that the peer does not know either.
fn is_unknown(fault: &Fault, unknown: &[String]) -> bool {
    let names = |name: &String| fault.message.ends_with(&format!("has no attribute `{name}`"));
    fault.warning || (fault.code == "unknown-attribute" && unknown.iter().any(names))
}

fn errors(context: &Context, module: &Module) -> Vec<String> {
    let errors = module.faults.0.iter().filter(|fault| !fault.warning);
    errors.map(|fault| told(context, fault)).collect()
}

/// Whether every component of a plan is one of imagebake's.
fn known(plan: &Json, catalog: &dyn Catalog) -> bool {
    let list = |json: &Json, name: &str| json[name].as_array().cloned().unwrap_or_default();
    let has = |role: Role, step: &Json| {
        catalog
            .schema(role, step["type"].as_str().unwrap_or_default())
            .is_some()
    };
    list(plan, "builds").iter().all(|build| {
        let cleanup = &build["error_cleanup_provisioner"];
        has(Role::Source, build)
            && list(build, "provisioners")
                .iter()
                .all(|step| has(Role::Provisioner, step))
            && (cleanup.is_null() || has(Role::Provisioner, cleanup))
            && list(build, "post_processors")
                .iter()
                .flat_map(|chain| chain.as_array().cloned().unwrap_or_default())
                .all(|step| has(Role::PostProcessor, &step))
    })
}

fn verify(going: &mut Going<'_>, module: &Module, package: &Package) {
    let unit = &mut going.unit;
    unit.module = Some(module.name.clone());
    let Some(program) = package.program(&module.name) else {
        unit.head.details = package.broken.get(&module.name).cloned().unwrap_or_default();
        return;
    };
    let mut context = going.case.context();
    context.env = environment();
    let env = environment();
    let case = verify::Case {
        input: &going.case.input,
        context: &context,
        module,
        project: &package.folder,
        images: &module.images,
        env: Some(&env),
    };
    let known = Known::new();
    let mut input = going.case.input.clone();
    input.answer_data = true;
    let (plan, _) = evaluate(&input, &context, &known);
    let values = verify::values(&case, &going.case.input, &plan);
    match verify::planned(&case, &verify::Compiled::program(program), &values) {
        Err(error) => {
            unit.outcome = Outcome::Unplanned;
            unit.head.details = vec![error.message().to_owned()];
        }
        Ok((mut ours, problems)) => {
            said(&mut ours, &going.case.cwd.to_string_lossy());
            let told = ours.clone();
            let theirs = match going.case.input.format() {
                Ok(Format::Json) => {
                    let around = Surroundings {
                        root: ".",
                        cwd: "<cwd>",
                        clock: context.clock,
                    };
                    ours = seen_from(&ours, around.cwd);
                    converted(&going.case.plan, &known, &around)
                }
                _ => {
                    let (theirs, filled) = filled(&going.case.plan["builds"], &plan.to_json()["builds"]);
                    let open = open(&theirs);
                    if filled + open > 0 {
                        unit.notes.push(format!(
                            "the recorded plan leaves {} value(s) open: {open} depend on what nobody was asked for, {filled} are compared with our own evaluation",
                            filled + open
                        ));
                    }
                    json!({"builds": theirs})
                }
            };
            let known = |plan: &Json| verify::of_known(with_own_facts(plan), &known);
            let (theirs, ours) = (known(&theirs), known(&ours));
            // For whoever wants to compare them otherwise: as the program told it, and both as they are compared here.
            let plans = package.folder.join("plans");
            for (side, plan) in [("told", &told), ("theirs", &theirs), ("ours", &ours)] {
                let path = plans.join(format!("{}.{side}.json", module.name));
                let written = fs::create_dir_all(&plans).and_then(|()| fs::write(&path, plan.to_string()));
                if let Err(error) = written {
                    unit.notes.push(format!("cannot write {}: {error}", path.display()));
                }
            }
            let differences = compare(&theirs, &ours).differences;
            // Values were invented for what the template asks for: what neither can take is refused by both.
            if !differences.is_empty()
                && ours["builds"].as_array().is_none_or(Vec::is_empty)
                && let Some(note) = going.case.undecoded()
            {
                unit.outcome = Outcome::Both;
                unit.head.peer = Some(format!("peer: {note}"));
                unit.head.details = vec![problems];
                return;
            }
            unit.outcome = match (differences.is_empty(), going.case.excuse()) {
                (true, _) => Outcome::Verified,
                (false, Some(_)) => Outcome::Excused,
                (false, None) => Outcome::Different,
            };
            unit.head.details = differences;
            if unit.outcome == Outcome::Different && !problems.is_empty() {
                unit.head.details.push(problems);
            }
        }
    }
}

/// The folder as the records say it.
fn said(json: &mut Json, cwd: &str) {
    match json {
        Json::String(text) => *text = text.replace(cwd, "<cwd>"),
        Json::Array(items) => items.iter_mut().for_each(|item| said(item, cwd)),
        Json::Object(items) => items.values_mut().for_each(|item| said(item, cwd)),
        _ => {}
    }
}
