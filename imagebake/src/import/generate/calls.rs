//! Builder calls: a constructor that fits what a template says, then a setter for each setting, in the template's order.

use super::{
    Note, SettingBlock, SettingValue, Settings, Writer,
    given::{Given, is_group, is_public, is_superseded, names_of, rows_of},
    paths,
    values::Argument,
};
use crate::{
    catalog::{self, Entry},
    field::{FieldMeta, FieldType, Maker, Named, Shape, Taken, TemplateName},
    import::{
        fault::{Fault, Result, UNKNOWN_ATTRIBUTE},
        sources::Span,
    },
};

/// Stands for the name of what is built until that is known.
const NAME: char = '\u{1}';

/// Stands around the name of a value that may be absent, until it is known what it is given to.
const VALUE: char = '\u{2}';

/// Writes builder calls, and collects what is to be told beside them.
pub(super) struct Calls<'c, 'w> {
    pub(super) writer: &'c mut Writer<'w>,
    pub(super) notes: Vec<Note>,
    pub(super) comments: Vec<String>,
    pub(super) unknown: Vec<Fault>,
}

/// An expression, and statements that change what it is bound to.
#[derive(Default)]
pub(super) struct Built {
    pub(super) expr: String,
    then: Vec<String>,
}

impl Built {
    /// The statements, for what is bound to `name`.
    pub(super) fn statements(&self, name: &str) -> Vec<String> {
        let named = |line: &String| {
            let line = line.replace(NAME, name);
            // What is given is called as its setter, unless that is the name of what it is given to.
            let parts = line
                .split(VALUE)
                .enumerate()
                .map(|(at, part)| match at % 2 == 1 && part == name {
                    true => "value",
                    false => part,
                });
            parts.collect()
        };
        self.then.iter().map(named).collect()
    }

    /// One expression, whatever it takes.
    fn into_expr(self, writer: &mut Writer<'_>) -> String {
        if self.then.is_empty() {
            return self.expr;
        }
        let name = writer.name("made");
        let then = self.statements(&name).join("\n");
        format!("{{\nlet mut {name} = {};\n{then}\n{name}\n}}", self.expr)
    }
}

/// A call of a setter, or a statement where it may not happen.
pub(super) enum Piece {
    Call(String),
    Statement(String),
}

impl<'c, 'w> Calls<'c, 'w> {
    pub(super) fn new(writer: &'c mut Writer<'w>) -> Self {
        Self {
            writer,
            notes: Vec::new(),
            comments: Vec::new(),
            unknown: Vec::new(),
        }
    }

    /// What is given to a struct of settings, as Rust.
    pub(super) fn build(&mut self, shape: &Shape, given: &mut Given<'_>) -> Result<Built> {
        given.drop_nulls(self.writer);
        self.superseded(shape, given);
        let constructor = self.choose(shape, given)?;
        let mut arguments = Vec::new();
        for taken in constructor.takes {
            arguments.push(self.taken(shape, taken, given)?);
        }
        given.mark_said(shape, constructor);
        let path = paths::of_shape(shape, &mut self.writer.uses);
        let mut built = Built {
            expr: format!("{path}::{}({})", constructor.name, arguments.join(", ")),
            then: Vec::new(),
        };
        self.set(shape, given, &mut built)?;
        Ok(built)
    }

    /// The setters of all that is left, behind what is built already.
    fn set(&mut self, shape: &Shape, given: &mut Given<'_>, built: &mut Built) -> Result<()> {
        // Groups first: what they and their owner have, they say with their constructor.
        let mut pieces: Vec<(usize, Vec<Piece>)> = Vec::new();
        let rows = || shape.rows.iter().filter(|row| !is_superseded(row));
        let groups = rows().filter(|row| is_group(row));
        for row in groups.chain(rows().filter(|row| !is_group(row))) {
            if let Some(at) = given.first_of(row).filter(|_| is_public(row)) {
                let made = match is_group(row) {
                    true => self.group(row, given)?,
                    false => self.row(row, at, given)?,
                };
                pieces.push((at, made));
            }
        }
        for method in shape.methods {
            let rows: Vec<usize> = method.takes.iter().flat_map(rows_of).collect();
            let first = rows.iter().filter_map(|row| given.first_of(&shape.rows[*row])).min();
            let whole = rows.iter().all(|row| given.first_of(&shape.rows[*row]).is_some());
            if let (Some(_), true) = (first, whole) {
                let mut arguments = Vec::new();
                for taken in method.takes {
                    arguments.push(self.taken(shape, taken, given)?);
                }
                // Some change what comes of it: they go last.
                let call = format!(".{}({})", method.name, arguments.join(", "));
                pieces.push((usize::MAX, vec![Piece::Call(call)]));
            }
        }
        // What may not happen comes behind the chain of all that does.
        let depends = |pieces: &[Piece]| pieces.iter().any(|piece| matches!(piece, Piece::Statement(_)));
        pieces.sort_by_key(|(at, pieces)| (*at == usize::MAX, depends(pieces), *at));
        for piece in pieces.into_iter().flat_map(|(_, pieces)| pieces) {
            match piece {
                Piece::Call(text) if built.then.is_empty() => built.expr.push_str(&format!("\n{text}")),
                Piece::Call(text) => built.then.push(format!("{NAME} = {NAME}{text};")),
                Piece::Statement(text) => built.then.push(text),
            }
        }
        self.unsayable(shape, given)
    }

    /// The constructor that says most of what is given.
    fn choose<'m>(&mut self, shape: &'m Shape, given: &Given<'_>) -> Result<&'m Maker> {
        let private = |row: usize| !is_public(&shape.rows[row]);
        let mut best: Option<(&Maker, (usize, usize))> = None;
        let mut short: Option<(&Maker, Vec<(&'static str, bool)>)> = None;
        for maker in shape.constructors {
            if !given.says(shape, maker, self.writer) {
                continue;
            }
            let missing: Vec<(&'static str, bool)> = maker
                .takes
                .iter()
                .filter(|taken| !self.has(shape, taken, given))
                .map(|taken| {
                    let row = &shape.rows[rows_of(taken)[0]];
                    (names_of(row).first().copied().unwrap_or(row.name), is_group(row))
                })
                .collect();
            if !missing.is_empty() {
                if short.as_ref().is_none_or(|(_, least)| missing.len() < least.len()) {
                    short = Some((maker, missing));
                }
                continue;
            }
            let rows = maker
                .takes
                .iter()
                .flat_map(rows_of)
                .chain(maker.sets.iter().map(|(row, _)| *row));
            let rows: Vec<usize> = rows.filter(|row| given.first_of(&shape.rows[*row]).is_some()).collect();
            let score = (rows.iter().filter(|row| private(**row)).count(), rows.len());
            if best.as_ref().is_none_or(|(_, found)| score > *found) {
                best = Some((maker, score));
            }
        }
        // One that lacks something is taken where it alone can say what is given: Rust then tells what to add.
        match (best, short) {
            (Some((maker, _)), _) => Ok(maker),
            (None, Some((maker, missing))) => {
                // A group says itself what it lacks.
                let place = self.writer.context.sources.place(given.settings.span);
                for (name, _) in missing.into_iter().filter(|(_, is_group)| !is_group) {
                    self.comments.push(format!(
                        "TODO: {}:{} does not set `{name}`; `plan` refuses this until it is given.",
                        place.file, place.line
                    ));
                    self.notes.push(Note::at(
                        given.settings.span,
                        format!("`{name}` is not set: `{}::{}` asks for it", shape.name, maker.name),
                    ));
                }
                Ok(maker)
            }
            (None, None) => {
                let message = format!("`{}` cannot be made of these settings", shape.name);
                Err(Fault::at(given.settings.span, "no-rust", message))
            }
        }
    }

    /// Whether an argument of a constructor is given, or can be left open.
    fn has(&self, shape: &Shape, taken: &Taken, given: &Given<'_>) -> bool {
        let is_there = |row: usize| given.first_of(&shape.rows[row]).is_some();
        match taken {
            Taken::Row(row) => is_there(*row) || stands_for_nothing(shape.rows[*row].ty).is_some(),
            Taken::Wrapped(_, row) => is_there(*row),
            Taken::Struct(_, members) => members.iter().any(|(_, row)| is_there(*row)),
        }
    }

    /// An argument of a constructor or method.
    fn taken(&mut self, shape: &Shape, taken: &Taken, given: &mut Given<'_>) -> Result<String> {
        match taken {
            Taken::Row(row) => self.argument(&shape.rows[*row], given),
            Taken::Wrapped(path, row) => {
                let inner = self.argument(&shape.rows[*row], given)?;
                Ok(format!(
                    "{}({inner})",
                    paths::beside(shape, path, &mut self.writer.uses)
                ))
            }
            Taken::Struct(path, members) => {
                let path = paths::beside(shape, path, &mut self.writer.uses);
                let mut all = Vec::new();
                for (name, row) in *members {
                    let value = self.argument(&shape.rows[*row], given)?;
                    all.push(match value.starts_with('"') && value.ends_with('"') {
                        true => format!("{name}: {value}.into()"),
                        false => format!("{name}: Text::from({value})"),
                    });
                }
                Ok(format!("{path} {{ {} }}", all.join(", ")))
            }
        }
    }

    /// The value of a row, as an argument that has to be there.
    fn argument(&mut self, row: &FieldMeta, given: &mut Given<'_>) -> Result<String> {
        if is_group(row)
            && let FieldType::Group(shape) = row.ty
        {
            return Ok(self.build(shape, given)?.into_expr(self.writer));
        }
        let Some(at) = given.first_of(row) else {
            return match (stands_for_nothing(row.ty), row.ty) {
                (Some((named, word)), _) => {
                    let path = paths::named(named.module, named.name, &mut self.writer.uses);
                    Ok(format!("{path}::{word}"))
                }
                (None, FieldType::Named(named)) if named.function.is_some() => {
                    let path = paths::named(named.module, named.name, &mut self.writer.uses);
                    let function = named.function.map_or("new", |(function, _)| function);
                    Ok(format!("{path}::{function}(\"\")"))
                }
                (None, FieldType::List(FieldType::Text | FieldType::Template | FieldType::HostPath)) => {
                    Ok("Vec::<String>::new()".to_owned())
                }
                (None, FieldType::Integer(_)) if row.default.is_some() => {
                    Ok(row.default.unwrap_or_default().to_owned())
                }
                (None, FieldType::Secret) => Ok("Secret::literal(\"\")".to_owned()),
                (None, FieldType::Group(_) | FieldType::Named(_) | FieldType::Integer(_) | FieldType::List(_)) => {
                    let name = names_of(row).first().copied().unwrap_or(row.name);
                    let message = format!("`{name}` is not set, and nothing can stand in its place");
                    Err(Fault::at(given.settings.span, "no-rust", message))
                }
                (None, _) => Ok("\"\"".to_owned()),
            };
        };
        given.mark(at);
        let setting = given.at(at);
        self.comments.extend(setting.comments.iter().cloned());
        match &setting.value {
            SettingValue::Expr(expr) => {
                let argument = self.value(row, expr)?;
                Ok(match argument.code.optional {
                    true => format!("{}.unwrap_or_default()", argument.code.text),
                    false => argument.text(),
                })
            }
            SettingValue::Blocks(blocks) => match (&blocks[..], row.ty) {
                ([block], FieldType::Group(shape)) if block.each.is_none() => self.block(shape, block),
                (_, FieldType::List(FieldType::Group(shape))) => {
                    let mut all = Vec::new();
                    for block in blocks {
                        if block.each.is_some() {
                            return Err(dynamic_here(block.span));
                        }
                        all.push(self.block(shape, block)?);
                    }
                    Ok(format!("[{}]", all.join(", ")))
                }
                _ => Err(not_blocks(setting.name_span, &setting.name)),
            },
        }
    }

    /// A group, in its owner's setter.
    fn group(&mut self, row: &FieldMeta, given: &mut Given<'_>) -> Result<Vec<Piece>> {
        let (FieldType::Group(shape), Some(setter)) = (row.ty, row.setter) else {
            return Ok(Vec::new());
        };
        let group = self.build(shape, given)?.into_expr(self.writer);
        Ok(vec![Piece::Call(format!(".{setter}({group})"))])
    }

    /// The calls of the setting at `at`, which belongs to `row`.
    fn row(&mut self, row: &FieldMeta, at: usize, given: &mut Given<'_>) -> Result<Vec<Piece>> {
        given.mark(at);
        let setting = given.at(at);
        let mut pieces = match &setting.value {
            SettingValue::Expr(expr) => self.value_calls(row, expr)?,
            SettingValue::Blocks(blocks) => self.block_calls(row, setting.name_span, &setting.name, blocks)?,
        };
        let comments: String = setting.comments.iter().map(|line| commented(line)).collect();
        match pieces.first_mut() {
            Some(Piece::Call(text) | Piece::Statement(text)) => text.insert_str(0, &comments),
            None => self.comments.extend(setting.comments.iter().cloned()),
        }
        Ok(pieces)
    }

    /// The calls for blocks.
    fn block_calls(&mut self, row: &FieldMeta, span: Span, name: &str, blocks: &[SettingBlock]) -> Result<Vec<Piece>> {
        let shape = match row.ty {
            FieldType::Group(shape) => shape,
            FieldType::List(FieldType::Group(shape)) => *shape,
            FieldType::Map(value) => return self.entry_blocks(row, *value, blocks),
            _ => return Err(not_blocks(span, name)),
        };
        let mut pieces = Vec::new();
        match (row.ty, row.each, row.setter) {
            (FieldType::List(_), Some(each), _) => {
                for block in blocks {
                    pieces.push(self.each_block(each, block, |calls| calls.block(shape, block))?);
                }
            }
            (FieldType::List(_), None, Some(setter)) => {
                let mut all = Vec::new();
                for block in blocks {
                    if block.each.is_some() {
                        return Err(dynamic_here(block.span));
                    }
                    all.push(self.block(shape, block)?);
                }
                pieces.push(Piece::Call(format!(".{setter}([{}])", all.join(", "))));
            }
            (_, _, Some(setter)) => match blocks {
                [block] => pieces.push(self.each_block(setter, block, |calls| calls.block(shape, block))?),
                _ => {
                    let message = format!("there is one block `{name}` at most");
                    return Err(Fault::at(span, "no-rust", message));
                }
            },
            _ => return Err(not_blocks(span, name)),
        }
        Ok(pieces)
    }

    /// A call of `setter` for a block, in a loop where it is a dynamic one.
    pub(super) fn each_block(
        &mut self,
        setter: &str,
        block: &SettingBlock,
        arguments: impl FnOnce(&mut Calls<'_, '_>) -> Result<String>,
    ) -> Result<Piece> {
        let comments: String = block.comments.iter().map(|line| commented(line)).collect();
        let Some(each) = &block.each else {
            return Ok(Piece::Call(format!("{comments}.{setter}({})", arguments(self)?)));
        };
        let (mut notes, mut left, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let (pattern, iterated, call) = self.writer.each(&each.iterator, &each.collection, |writer| {
            let mut inner = Calls::new(writer);
            let call = arguments(&mut inner)?;
            (notes, left, unknown) = (inner.notes, inner.comments, inner.unknown);
            Ok(call)
        })?;
        self.notes.extend(notes);
        self.comments.extend(left);
        self.unknown.extend(unknown);
        Ok(Piece::Statement(format!(
            "{comments}for {pattern} in {iterated} {{\n{NAME} = {NAME}.{setter}({call});\n}}"
        )))
    }

    /// What stands in a block, as one expression.
    pub(super) fn block(&mut self, shape: &Shape, block: &SettingBlock) -> Result<String> {
        self.settings(shape, &block.settings)
    }

    /// Settings of a block or object, as one expression.
    pub(super) fn settings(&mut self, shape: &Shape, settings: &Settings) -> Result<String> {
        let mut given = Given::new(settings);
        let built = self.build(shape, &mut given)?;
        self.leftover(shape, &given, shape.name);
        Ok(built.into_expr(self.writer))
    }

    /// Attributes that imagebake does not need: told, and left out.
    fn superseded(&mut self, shape: &Shape, given: &mut Given<'_>) {
        for row in shape.rows {
            let (names, reason) = match row.template {
                TemplateName::Superseded { name, reason } => (vec![name.to_owned()], reason),
                TemplateName::SupersededGroup(reason) => {
                    let attributes = catalog::attributes(std::slice::from_ref(row));
                    (attributes.into_iter().map(|attribute| attribute.name).collect(), reason)
                }
                _ => continue,
            };
            for name in names {
                if let Some(at) = given.position(&name) {
                    given.mark(at);
                    self.comments.push(format!("`{name}` is left out: {reason}."));
                    self.notes.push(Note::at(
                        given.at(at).name_span,
                        format!("`{name}` is left out: {reason}"),
                    ));
                }
            }
        }
    }

    /// A problem where something is given that only a constructor could say which another one took the place of.
    fn unsayable(&self, shape: &Shape, given: &Given<'_>) -> Result<()> {
        let private = shape
            .rows
            .iter()
            .filter(|row| !is_public(row) && !is_group(row) && !is_superseded(row));
        for row in private {
            if let Some(at) = given.first_of(row) {
                let setting = given.at(at);
                // An owner of this group may say it.
                if shape
                    .constructors
                    .iter()
                    .any(|maker| maker.sets.iter().any(|(set, _)| shape.rows[*set].name == row.name))
                {
                    continue;
                }
                let message = format!("`{}` cannot be set together with what else is set here", setting.name);
                return Err(Fault::at(setting.name_span, "no-rust", message));
            }
        }
        Ok(())
    }

    /// Settings that nothing took: the component does not have them.
    pub(super) fn leftover(&mut self, shape: &Shape, given: &Given<'_>, of: &str) {
        let known: Vec<String> = catalog::attributes(shape.rows)
            .into_iter()
            .map(|attribute| attribute.name)
            .collect();
        for setting in given.left() {
            if let SettingValue::Expr(expr) = &setting.value
                && super::given::is_null(expr, self.writer)
            {
                continue;
            }
            let message = match known.contains(&setting.name) {
                true => format!("`{}` cannot be said beside what else is set here", setting.name),
                false => format!("`{of}` has no attribute `{}`", setting.name),
            };
            let fault = Fault::at(setting.name_span, UNKNOWN_ATTRIBUTE, message);
            self.unknown
                .push(*fault.nearest(&setting.name, known.iter().map(String::as_str)));
        }
    }

    /// `.override_for("web", |step| step.execute_command("…"))`
    pub(super) fn override_for(
        &mut self,
        entry: &Entry,
        source: &str,
        base: &Settings,
        changed: &Settings,
    ) -> Result<String> {
        let shape = &entry.shape;
        let mut given = Given::new(changed);
        given.drop_nulls(self.writer);
        self.superseded(shape, &mut given);
        let constructed = shape
            .rows
            .iter()
            .any(|row| !is_public(row) && !is_superseded(row) && given.first_of(row).is_some());
        let source = format!("{source:?}");
        if constructed {
            // What a constructor takes is changed by another constructor: with all that the step says besides.
            let mut merged = changed.clone();
            for setting in &base.entries {
                if merged.get(&setting.name).is_none() {
                    merged.entries.push(setting.clone());
                }
            }
            let whole = self.settings(shape, &merged)?;
            return Ok(format!(".override_for({source}, |_| {whole})"));
        }
        let mut built = Built::default();
        self.set(shape, &mut given, &mut built)?;
        self.leftover(shape, &given, entry.kind);
        let name = self.writer.name("step");
        Ok(match built.then.is_empty() {
            true => format!(".override_for({source}, |{name}| {name}{})", built.expr),
            false => {
                let then = built.statements(&name).join("\n");
                format!(
                    ".override_for({source}, |mut {name}| {{\n{name} = {name}{};\n{then}\n{name}\n}})",
                    built.expr
                )
            }
        })
    }

    /// The call for one argument, which may have no value.
    pub(super) fn call(&self, setter: &str, argument: &Argument) -> Piece {
        self.call_after(setter, "", argument)
    }

    /// The call for one entry of a map, which may have no value.
    pub(super) fn entry_call(&self, setter: &str, name: &str, argument: &Argument) -> Piece {
        self.call_after(setter, &format!("{name}, "), argument)
    }

    fn call_after(&self, setter: &str, before: &str, argument: &Argument) -> Piece {
        match argument.code.optional {
            false => Piece::Call(format!(".{setter}({before}{})", argument.text())),
            true => {
                let value = format!("{VALUE}{setter}{VALUE}");
                Piece::Statement(format!(
                    "if let Some({value}) = {} {{\n{NAME} = {NAME}.{setter}({before}{});\n}}",
                    argument.code.text,
                    argument.wrapped(&value)
                ))
            }
        }
    }

    /// A call for each element of what is only known when it runs.
    pub(super) fn loop_over(&self, setter: &str, items: &str) -> Piece {
        Piece::Statement(format!("for item in {items} {{\n{NAME} = {NAME}.{setter}(item);\n}}"))
    }
}

/// A line of a comment, on a line of its own.
pub(super) fn commented(line: &str) -> String {
    match line.trim() {
        "" => "//\n".to_owned(),
        line => format!("// {line}\n"),
    }
}

/// What stands for a setting that is not there, where its type has something for that.
fn stands_for_nothing(ty: FieldType) -> Option<(&'static Named, &'static str)> {
    let FieldType::Named(named) = ty else { return None };
    let (_, word) = named.words.iter().find(|(text, _)| text.is_empty())?;
    Some((named, *word))
}

fn dynamic_here(span: Span) -> Box<Fault> {
    Fault::at(
        span,
        "no-rust",
        "a constructor takes these blocks: they cannot be made in a loop",
    )
}

fn not_blocks(span: Span, name: &str) -> Box<Fault> {
    Fault::at(span, "no-rust", format!("`{name}` is an attribute, not a block")).help(format!("write `{name} = …`"))
}
