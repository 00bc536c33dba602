//! One template as a module: its inputs, and a function for each build.

use super::{
    Component, Module, Note, Options, StepOptions, Template, Want,
    body::{Call, assembled, commented, documented, grouped, image_name, named_after, only_item, particular},
    component,
    layout::layout,
    model::{Build, Model, Source, Step},
    names::{Names, snake},
    share::Candidate,
    strings::quoted,
    types::Ty,
    variables,
    writer::{Learned, Writer},
};
use crate::import::{
    evaluate,
    fault::{Fault, Faults, Result, UNKNOWN_ATTRIBUTE},
    input::Format,
    schema::{Catalog, Role},
    syntax::Expr,
};
use std::collections::BTreeSet;

/// How often a template is written: types follow uses, and uses follow types.
const RUNS: usize = 3;

/// A module's text, and what is to be told of it.
pub(super) struct Written {
    /// What it is of.
    shown: String,
    /// What it uses; what of that is used is seen when the text is whole.
    pub(super) uses: BTreeSet<String>,
    pub(super) body: String,
    /// What another module may have as well.
    pub(super) candidates: Vec<Candidate>,
    pub(super) module: Module,
    pub(super) features: BTreeSet<&'static str>,
}

impl Written {
    pub(super) fn text(&self) -> String {
        text(&format!("Imported from `{}`.", self.shown), &self.uses, &self.body)
    }
}

pub(super) fn write(
    template: &Template,
    name: &str,
    images: &mut Names,
    catalog: &dyn Catalog,
    options: &Options,
) -> Written {
    let file = template.input.template.file_name();
    let mut written = Written {
        shown: file.map_or_else(|| template.name.clone(), |name| name.to_string_lossy().into_owned()),
        uses: BTreeSet::new(),
        body: String::new(),
        candidates: Vec::new(),
        module: Module {
            name: name.to_owned(),
            ..Module::default()
        },
        features: BTreeSet::new(),
    };
    let (plan, mut faults) = evaluate(&template.input, &template.context, catalog);
    // Who builds gives the values; they are not needed to write what takes them.
    faults
        .0
        .retain(|fault| !matches!(fault.code, "unset-variable" | "validation" | "duration" | "null"));
    // Each is met again where the Rust of its component is written.
    let mut passed_over: Vec<Fault> = Vec::new();
    if options.lenient {
        passed_over.extend(faults.0.extract_if(.., |fault| fault.code == UNKNOWN_ATTRIBUTE));
    }
    if faults.is_empty() {
        let format = faults.keep(template.input.format());
        let read = match format {
            Some(Format::Json) => super::legacy::read,
            _ => super::hcl::read,
        };
        let mut again = Faults::default();
        let model = read(&template.input, &template.context, catalog, &plan, &mut again);
        again.0.into_iter().for_each(|fault| faults.push(Box::new(fault)));
        if faults.is_empty() {
            written.module.notes.extend(model.notes.iter().cloned());
            generate(template, &model, images, options, &mut written, &mut faults);
        }
    }
    // The files were read twice.
    let place = |span| template.context.sources.place(span);
    let noted: Vec<_> = written
        .module
        .notes
        .iter()
        .filter_map(|note| note.span.map(place))
        .collect();
    let marked = |fault: &Fault| fault.span.is_some_and(|span| noted.contains(&place(span)));
    faults.0.extend(passed_over.into_iter().filter(|fault| !marked(fault)));
    written.module.faults = faults;
    written
}

fn generate(
    template: &Template,
    model: &Model,
    images: &mut Names,
    options: &Options,
    written: &mut Written,
    faults: &mut Faults,
) {
    let names: Vec<(String, String)> = model
        .builds
        .iter()
        .map(|build| {
            let shown = match (&build.name, model.builds.len()) {
                (Some(name), 2..) => name.clone(),
                _ => template.name.clone(),
            };
            let shown = images.take(&image_name(&shown));
            (snake(&shown), shown)
        })
        .collect();
    let mut learned = Learned::default();
    for run in 1..=RUNS {
        let known = variables::known(model, &learned.uses);
        let mut writer = Writer::new(&template.context, known, &model.locals, learned);
        writer.data = &model.data;
        let mut problems = Faults::default();
        let mut module = ModuleWriter {
            template,
            options,
            notes: Vec::new(),
            features: BTreeSet::new(),
            has_inputs: !model.variables.is_empty(),
        };
        let functions: Vec<String> = model
            .builds
            .iter()
            .zip(&names)
            .enumerate()
            .map(|(at, (build, names))| module.function(at, build, names, &mut writer, &mut problems))
            .collect();
        let learned_structs: Vec<_> = writer.structs.clone();
        let inputs = match model.variables.is_empty() {
            true => String::new(),
            false => {
                writer.begin(usize::MAX);
                let unwritten = std::mem::take(&mut writer.stubs.variables);
                variables::written(
                    model,
                    template.values.as_deref(),
                    &unwritten,
                    &mut writer,
                    &mut problems,
                )
            }
        };
        if run == RUNS {
            problems.0.into_iter().for_each(|fault| faults.push(Box::new(fault)));
            written.module.images = names.iter().map(|(_, shown)| shown.clone()).collect();
            written.module.variables = model
                .variables
                .iter()
                .map(|variable| (variable.name.clone(), variable.name.clone()))
                .collect();
            written.module.has_own_values = template.values.is_some() && !model.variables.is_empty();
            written.module.notes.append(&mut module.notes);
            written.module.stubs = std::mem::take(&mut writer.stubs.told);
            written.module.notes.append(&mut writer.notes);
            written.module.notes.extend(writer.unused_data());
            written.features = module.features;
            written.features.append(&mut writer.features);
            let structs = of_locals(&learned_structs, &mut writer, model);
            let declarations = format!("{}{inputs}{structs}", writer.stubs.declarations());
            written.body = format!("{declarations}{}", functions.join("\n"));
            written.uses = std::mem::take(&mut writer.uses);
            written.candidates = std::mem::take(&mut writer.candidates);
            return;
        }
        learned = writer.learned;
    }
}

/// Structs that locals are made of; those of inputs are written with them.
fn of_locals(structs: &[super::types::Struct], writer: &mut Writer<'_>, model: &Model) -> String {
    let mut inputs = Vec::new();
    for variable in &model.variables {
        if let Some(known) = writer.variables.get(&variable.name) {
            known.ty.structs(&mut inputs);
        }
    }
    let mut out = String::new();
    for of in structs.iter().filter(|of| !inputs.contains(of)) {
        let fields: String = of
            .fields
            .iter()
            .map(|(name, ty)| format!("{}: {},\n", super::types::Struct::ident(name), ty.rust()))
            .collect();
        out.push_str(&format!("#[derive(Clone)]\nstruct {} {{\n{fields}}}\n\n", of.name));
    }
    out
}

/// A file: what it is, what of `uses` it uses, and what stands in it.
pub(super) fn text(what: &str, uses: &BTreeSet<String>, body: &str) -> String {
    let is_used = |path: &&String| {
        let last = path.rsplit("::").next().unwrap_or(path);
        let word = |c: char| c.is_alphanumeric() || c == '_';
        last == "*"
            || body
                .match_indices(last)
                .any(|(at, _)| !body[..at].ends_with(word) && !body[at + last.len()..].starts_with(word))
    };
    let uses: Vec<&String> = uses.iter().filter(is_used).collect();
    let mut own: Vec<&str> = uses
        .iter()
        .filter_map(|path| path.strip_prefix("imagebake::"))
        .collect();
    own.push("prelude::*");
    own.sort_unstable();
    let own = match own.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("{{{}}}", several.join(", ")),
    };
    let mut out = format!("//! {what}\n\nuse imagebake::{own};\n");
    let mut others: BTreeSet<&str> = uses
        .into_iter()
        .map(String::as_str)
        .filter(|path| !path.starts_with("imagebake::"))
        .collect();
    if body.contains("Duration::") {
        others.insert("std::time::Duration");
    }
    for path in others {
        out.push_str(&format!("use {path};\n"));
    }
    out.push('\n');
    out.push_str(body);
    out
}

struct ModuleWriter<'a> {
    template: &'a Template,
    options: &'a Options,
    notes: Vec<Note>,
    features: BTreeSet<&'static str>,
    has_inputs: bool,
}

/// A component bound to a name.
struct Bound {
    /// The sources that it is for, where that was settled: `only`, and `except`.
    only: Vec<String>,
    except: Vec<String>,
    /// The statements that bind it.
    statements: String,
    /// What stands where it is used, when it is used once.
    used: String,
}

impl Bound {
    /// Whether it is for a source: `docker.web`, in older templates `web`.
    fn applies(&self, source: &Source) -> bool {
        let name = source.name.as_ref().unwrap_or(&source.kind);
        let whole = format!("{}.{name}", source.kind);
        let is = |known: &String| *known == whole || known == name;
        (self.only.is_empty() || self.only.iter().any(is)) && !self.except.iter().any(is)
    }
}

/// What was asked for before some Rust was written: whether that asks for more.
struct Asked {
    needs_data: bool,
    fallible: bool,
    locals: usize,
}

impl Asked {
    fn begin(writer: &mut Writer<'_>) -> Self {
        Self {
            needs_data: std::mem::take(&mut writer.needs_data),
            fallible: std::mem::take(&mut writer.fallible),
            locals: writer.learned.counts.values().sum(),
        }
    }

    /// Whether what was written since is made of nothing but inputs.
    fn end(self, writer: &mut Writer<'_>) -> bool {
        let locals: usize = writer.learned.counts.values().sum();
        let alone = !writer.needs_data && !writer.fallible && locals == self.locals;
        writer.needs_data |= self.needs_data;
        writer.fallible |= self.fallible;
        alone
    }
}

impl ModuleWriter<'_> {
    /// The function of one build.
    fn function(
        &mut self,
        at: usize,
        build: &Build,
        (ident, shown): &(String, String),
        writer: &mut Writer<'_>,
        faults: &mut Faults,
    ) -> String {
        writer.begin(at);
        writer.build_name.clone_from(&build.name);
        writer.build_named_by.clone_from(&build.named_by);
        if let Some(name) = &build.named_by {
            let message = format!("the build's name depends on variables: the image is called `{shown}`");
            self.notes.push(Note::at(name.span, message));
        }
        let mut all = build.steps.iter().chain(build.chains.iter().flatten());
        let bound_image = match build.chosen.is_some() || all.any(|step| step.each.is_some()) {
            true => writer.name("image"),
            false => String::new(),
        };
        let mut statements = String::new();
        let mut calls: Vec<Call> = Vec::new();
        let mut units: Vec<String> = Vec::new();
        for source in &build.sources {
            writer.of_source = Some((
                source.kind.clone(),
                source.name.clone().unwrap_or_else(|| source.kind.clone()),
            ));
            if let Some(bound) = keep(faults, |faults| self.source(source, writer, faults)) {
                statements.push_str(&bound.statements);
                units.push(bound.used);
            } else {
                units.push(Default::default());
            }
        }
        // Where one group ends and the next begins.
        let mut groups = vec![statements.len()];
        // A step knows its source where there is one.
        if build.sources.len() != 1 {
            writer.of_source = None;
        }
        let mut steps = Vec::new();
        for step in &build.steps {
            if step.each.is_some() {
                let looped = |faults: &mut Faults| self.steps(step, Role::Provisioner, &bound_image, writer, faults);
                steps.extend(keep(faults, looped));
            } else if let Some(bound) = keep(faults, |faults| self.step(step, Role::Provisioner, writer, faults)) {
                statements.push_str(&bound.statements);
                steps.push(Call::One(format!(".provision({})", bound.used)));
            }
        }
        if let Some(step) = &build.cleanup
            && let Some(bound) = keep(faults, |faults| self.step(step, Role::Provisioner, writer, faults))
        {
            statements.push_str(&bound.statements);
            steps.push(Call::One(format!(".error_cleanup({})", bound.used)));
        }
        groups.push(statements.len());
        // What needs a certain artifact goes on the sources, and then all do, so that their order stays.
        let on_sources = build.chains.iter().any(|chain| particular(chain))
            // A chain is left out as a whole; where its steps are for different sources each source has its own.
            || build.chains.iter().any(|chain| {
                let filter = |step: &Step| (step.options.only.clone(), step.options.except.clone());
                chain.iter().any(|step| filter(step) != filter(&chain[0]))
            });
        let mut chains: Vec<(bool, Vec<Bound>)> = Vec::new();
        // Loops, and behind how many chains they stand.
        let mut loops: Vec<(usize, Call)> = Vec::new();
        for chain in &build.chains {
            if let [step] = chain.as_slice()
                && step.each.is_some()
            {
                let looped = keep(faults, |faults| match on_sources {
                    true => Err(super::writer::no_rust(
                        step.span,
                        "how many of these there are must be written out, as some post-processors here are of certain sources",
                    )),
                    false => self.steps(step, Role::PostProcessor, &bound_image, writer, faults),
                });
                loops.extend(looped.map(|call| (chains.len(), call)));
                continue;
            }
            let bound: Vec<Bound> = chain
                .iter()
                .filter_map(|step| keep(faults, |faults| self.post_processor(step, on_sources, writer, faults)))
                .collect();
            if bound.len() == chain.len() && !bound.is_empty() {
                chains.push((particular(chain), bound));
            }
        }
        // What a source that is yet to be written makes is not known to be what they take.
        let fits = |source: &Source, particular: bool| !particular || super::component::is_known(&source.kind);
        for (particular, chain) in &chains {
            for bound in chain {
                let used = !on_sources
                    || build
                        .sources
                        .iter()
                        .any(|source| fits(source, *particular) && bound.applies(source));
                statements.push_str(&match used {
                    true => bound.statements.clone(),
                    false => commented(&bound.statements),
                });
            }
        }
        let chosen = build.chosen.is_some();
        // In a loop nothing is given away.
        let looped = build.chosen.as_ref().is_some_and(|chosen| only_item(chosen).is_none());
        let mut arms = String::new();
        for (source, used) in build.sources.iter().zip(&units) {
            let mut unit = match looped {
                true => format!("{used}.clone()"),
                false => used.clone(),
            };
            if let Some(name) = &source.name {
                unit.push_str(&format!(".named({})", quoted(name)));
            }
            if on_sources {
                for (particular, chain) in &chains {
                    let applying: Vec<&Bound> = chain.iter().filter(|bound| bound.applies(source)).collect();
                    let again = |bound: &Bound| {
                        if chosen {
                            return looped;
                        }
                        let others = build.sources.iter().filter(|other| fits(other, *particular));
                        others.filter(|other| bound.applies(other)).count() > 1
                    };
                    if applying.is_empty() {
                        continue;
                    }
                    if fits(source, *particular) {
                        unit.push_str(&format!("\n{}", chained(&applying, again)));
                    } else {
                        let chain = chained(&applying, |_| false);
                        statements.push_str(&format!("// TODO: `{used}` is given: {chain}\n"));
                    }
                }
            }
            if chosen {
                let whole = format!("{}.{}", source.kind, source.name.as_ref().unwrap_or(&source.kind));
                let (short, long) = (quoted(&whole), quoted(&format!("source.{whole}")));
                arms.push_str(&format!("{short} | {long} => {bound_image}.source({unit}),\n"));
            } else {
                calls.push(Call::One(format!(".source({unit})")));
            }
        }
        if let Some(chosen) = &build.chosen {
            let looped = keep(faults, |_| {
                self.choice(chosen, &arms, &build.sources, &bound_image, writer)
            });
            calls.extend(looped);
        }
        calls.extend(steps);
        let mut loops = loops.into_iter().peekable();
        if !on_sources {
            for (at, (_, chain)) in chains.iter().enumerate() {
                while let Some((_, call)) = loops.next_if(|(behind, _)| *behind <= at) {
                    calls.push(call);
                }
                calls.push(Call::One(chained(&chain.iter().collect::<Vec<_>>(), |_| false)));
            }
        }
        calls.extend(loops.map(|(_, call)| call));
        let (assembled, image) = assembled(&calls, &bound_image);
        groups.push(statements.len());
        statements.push_str(&assembled);
        let result = writer.fallible || writer.needs_data;
        let mut parameters = Vec::new();
        if self.has_inputs {
            parameters.push(if writer.uses_vars {
                "vars: Inputs"
            } else {
                "_vars: Inputs"
            });
        }
        if writer.needs_data {
            parameters.push("data: &Data");
        }
        let is_async = if writer.needs_data { "async " } else { "" };
        let (returned, image) = match result {
            true => ("Result<Image>", format!("Ok({image})")),
            false => ("Image", image),
        };
        let mut options = Vec::new();
        if ident != shown {
            options.push(format!("name = {}", quoted(shown)));
        }
        if !self.template.dir.is_empty() {
            options.push(format!("dir = {}", quoted(&self.template.dir)));
        }
        let attribute = match options.is_empty() {
            true => "#[image]".to_owned(),
            false => format!("#[image({})]", options.join(", ")),
        };
        let lets: String = std::mem::take(&mut writer.lets).concat();
        groups.iter_mut().for_each(|end| *end += lets.len());
        groups.insert(0, lets.len());
        let body = grouped(&format!("{lets}{statements}"), &groups);
        let gap = if body.is_empty() { "" } else { "\n" };
        format!(
            "{}{attribute}\n{is_async}fn {ident}({}) -> {returned} {{\n{body}{gap}{image}\n}}\n",
            documented(build),
            parameters.join(", ")
        )
    }

    fn source(&mut self, source: &Source, writer: &mut Writer<'_>, faults: &mut Faults) -> Result<Bound> {
        let wanted = source.name.as_ref().unwrap_or(&source.kind);
        // A local of that name keeps it.
        let name = match writer.declarations.contains_key(wanted) {
            true => writer.name(&format!("{wanted}_{}", source.kind)),
            false => writer.name(wanted),
        };
        let before = Asked::begin(writer);
        let made = component(
            Role::Source,
            &source.kind,
            source.span,
            &name,
            &source.settings,
            &StepOptions::default(),
            writer,
        )?;
        let alone = before.end(writer);
        let (value, is_plain) = (format!("{}{}", made.expr, made.finish), made.then.is_empty());
        let bound = self.bind(made, name.clone(), &source.comments, faults);
        if alone && is_plain && super::component::is_known(&source.kind) {
            let (comments, statement) = bound.statements.split_at(bound.statements.find("let ").unwrap_or(0));
            let candidate = Candidate::source(&name, (comments, statement), &value, &writer.variables);
            writer.candidates.extend(candidate);
        }
        Ok(bound)
    }

    /// Those of the sources that an expression names, added to `image`.
    fn choice(
        &mut self,
        chosen: &Expr,
        arms: &str,
        sources: &[Source],
        image: &str,
        writer: &mut Writer<'_>,
    ) -> Result<Call> {
        writer.fallible = true;
        writer.use_path("imagebake::functions");
        let known: Vec<String> = sources
            .iter()
            .map(|source| {
                quoted(&format!(
                    "{}.{}",
                    source.kind,
                    source.name.as_ref().unwrap_or(&source.kind)
                ))
            })
            .collect();
        let taken = |name: &str| {
            let other = format!(
                "other => return Err(functions::no_source(other, &[{}])),",
                known.join(", ")
            );
            format!("{image} = match {name} {{\n{arms}{other}\n}};\n")
        };
        if let Some(only) = only_item(chosen) {
            let name = writer.typed(only, Some(&Want::Str))?;
            let name = match name.ty {
                Ty::Static => writer.exactly(&name, &Ty::Static, only.span)?,
                _ if name.text.is_empty() => format!("{}.as_str()", writer.exactly(&name, &Ty::Str, only.span)?),
                _ => super::convert::key_text(&name),
            };
            return Ok(Call::Loop(taken(&name)));
        }
        let (pattern, iterated, ()) = writer.each("source", chosen, |writer| {
            writer.used_variables.insert("loop source".to_owned());
            Ok(())
        })?;
        let body = taken(&format!("&**{pattern}"));
        Ok(Call::Loop(format!("for {pattern} in {iterated} {{\n{body}}}\n")))
    }

    /// A step for each element of a collection, added to `image`.
    fn steps(
        &mut self,
        step: &Step,
        role: Role,
        image: &str,
        writer: &mut Writer<'_>,
        faults: &mut Faults,
    ) -> Result<Call> {
        let Some(each) = &step.each else {
            return Ok(Call::Loop(String::new()));
        };
        let (pattern, iterated, bound) = writer.each(&each.iterator, &each.collection, |writer| {
            self.step(step, role, writer, faults)
        })?;
        let added = match role {
            Role::PostProcessor => "post",
            _ => "provision",
        };
        Ok(Call::Loop(format!(
            "for {pattern} in {iterated} {{\n{}{image} = {image}.{added}({});\n}}\n",
            bound.statements, bound.used
        )))
    }

    fn step(&mut self, step: &Step, role: Role, writer: &mut Writer<'_>, faults: &mut Faults) -> Result<Bound> {
        let name = writer.name(&named_after(step, writer));
        let made = component(
            role,
            &step.kind,
            step.span,
            &name,
            &step.settings,
            &step.options,
            writer,
        )?;
        Ok(self.bind(made, name, &step.comments, faults))
    }

    /// On sources it is settled now which of them it is for.
    fn post_processor(
        &mut self,
        step: &Step,
        on_sources: bool,
        writer: &mut Writer<'_>,
        faults: &mut Faults,
    ) -> Result<Bound> {
        let settled = |expr: &Option<Expr>| -> Option<Vec<String>> {
            match expr {
                None => Some(Vec::new()),
                Some(expr) => {
                    let value = writer.constant(expr)?;
                    let items = value.items()?;
                    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
                }
            }
        };
        let (Some(only), Some(except), true) = (settled(&step.options.only), settled(&step.options.except), on_sources)
        else {
            return self.step(step, Role::PostProcessor, writer, faults);
        };
        let name = writer.name(&named_after(step, writer));
        let options = StepOptions {
            only: None,
            except: None,
            ..step.options.clone()
        };
        let made = component(
            Role::PostProcessor,
            &step.kind,
            step.span,
            &name,
            &step.settings,
            &options,
            writer,
        )?;
        Ok(Bound {
            only,
            except,
            ..self.bind(made, name, &step.comments, faults)
        })
    }

    fn bind(&mut self, made: Component, name: String, comments: &[String], faults: &mut Faults) -> Bound {
        self.notes.extend(made.notes);
        let mut left = String::new();
        for fault in made.unknown {
            if self.options.lenient {
                left.push_str(&format!("// TODO: {}\n", fault.message.replace(['\r', '\n'], " ")));
                self.notes.push(Note {
                    span: fault.span,
                    message: fault.message,
                });
            } else {
                faults.push(Box::new(fault));
            }
        }
        self.features.extend(made.feature);
        let mut statements: String = comments
            .iter()
            .chain(&made.comments)
            .map(|line| format!("// {line}\n").replace("// \n", "//\n"))
            .collect();
        statements.push_str(&left);
        let used = match made.then.is_empty() {
            true => {
                let whole = format!("{}{}", made.expr, made.finish);
                statements.push_str(&format!("let {name} = {};\n", layout(&whole, 4)));
                name.clone()
            }
            false => {
                let expr = layout(&made.expr, 4);
                statements.push_str(&format!("let mut {name} = {expr};\n{}\n", made.then.join("\n")));
                format!("{name}{}", made.finish)
            }
        };
        Bound {
            only: Vec::new(),
            except: Vec::new(),
            statements,
            used,
        }
    }
}

/// The value, or its problem kept.
fn keep<T>(faults: &mut Faults, make: impl FnOnce(&mut Faults) -> Result<T>) -> Option<T> {
    let made = make(faults);
    faults.keep(made)
}

/// `.post(a)`, `.chain(Chain::of(a).then(b))`
fn chained(chain: &[&Bound], again: impl Fn(&Bound) -> bool) -> String {
    let used = |bound: &Bound| match again(bound) {
        true => format!("{}.clone()", bound.used),
        false => bound.used.clone(),
    };
    match chain {
        [one] => format!(".post({})", used(one)),
        [first, rest @ ..] => {
            let rest: String = rest.iter().map(|bound| format!(".then({})", used(bound))).collect();
            format!(".chain(Chain::of({}){rest})", used(first))
        }
        [] => String::new(),
    }
}
