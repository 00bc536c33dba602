//! The older templates, read for the generator: their `{{ … }}` becomes the same expressions.

use super::{
    Note, Setting, SettingBlock, SettingValue, Settings, StepOptions,
    hcl::inner,
    model::{Build, Default, Model, Source, Step, Variable},
    strings,
    writer::{LocalDeclaration, no_rust},
};
use crate::import::{
    context::Context,
    fault::{Faults, Result},
    input::Input,
    legacy::{self, parts},
    plan::Plan,
    schema::{Catalog, Role, Schema, Setting as Known},
    sources::Span,
    syntax::{Expr, ExprKind, Json, JsonKind, Part, Property},
    value::{Number, Type, Value},
};
use std::collections::BTreeMap;

pub(super) fn read(input: &Input, context: &Context, catalog: &dyn Catalog, plan: &Plan, faults: &mut Faults) -> Model {
    let parts = legacy::parts(input, context, faults);
    let mut reader = Reader {
        catalog,
        root: &context.root,
        declared: parts.variables.iter().map(|variable| variable.name.clone()).collect(),
        computed: Vec::new(),
        environment: Vec::new(),
        undeclared: BTreeMap::new(),
    };
    let mut locals = BTreeMap::new();
    let mut variables = Vec::new();
    for variable in &parts.variables {
        if let Some(default) = &variable.default
            && default.contains("{{")
            && only_env(default).is_none()
            && !is_itself(default, &variable.name)
        {
            reader.computed.push(variable.name.clone());
        }
    }
    for variable in &parts.variables {
        let default = match &variable.default {
            None => Ok(Default::Required),
            Some(text) => match only_env(text) {
                Some(name) => Ok(Default::Env(name)),
                // The peer takes that for none.
                None if is_itself(text, &variable.name) => Ok(Default::Value(Value::from(""), variable.at)),
                None if text.contains("{{") => reader.computed(variable, text, &mut locals),
                None => Ok(Default::Value(Value::from(text.as_str()), variable.at)),
            },
        };
        let Some(default) = faults.keep(default) else { continue };
        variables.push(Variable {
            name: variable.name.clone(),
            ty: Some(Type::String),
            default,
            sensitive: parts.sensitive.contains(&variable.name),
            description: Vec::new(),
            validations: Vec::new(),
            value: plan.variables.get(&variable.name).cloned(),
        });
    }
    let mut build = Build {
        name: None,
        named_by: None,
        comments: Vec::new(),
        description: None,
        sources: Vec::new(),
        steps: Vec::new(),
        cleanup: None,
        chains: Vec::new(),
        chosen: None,
    };
    for part in &parts.builders {
        build.sources.extend(faults.keep(reader.source(part)));
    }
    for part in &parts.provisioners {
        build.steps.extend(faults.keep(reader.step(part, Role::Provisioner)));
    }
    build.cleanup = parts
        .error_cleanup
        .as_ref()
        .and_then(|part| faults.keep(reader.step(part, Role::Provisioner)));
    for chain in &parts.chains {
        let chain = chain
            .iter()
            .filter_map(|part| faults.keep(reader.step(part, Role::PostProcessor)))
            .collect();
        build.chains.push(chain);
    }
    let notes = reader.undeclared.iter().map(|(name, span)| Note {
        span: Some(*span),
        message: format!(
            "the template declares no variable `{name}`: it is an input that is empty where nobody gives it"
        ),
    });
    let notes = notes.collect();
    for (name, span) in reader.undeclared {
        variables.push(Variable {
            value: plan.variables.get(&name).cloned(),
            name,
            ty: Some(Type::String),
            default: Default::Value(Value::from(""), span),
            sensitive: false,
            description: Vec::new(),
            validations: Vec::new(),
        });
    }
    for name in reader.environment {
        variables.push(Variable {
            name: name.clone(),
            ty: Some(Type::String),
            default: Default::Env(name),
            sensitive: false,
            description: Vec::new(),
            validations: Vec::new(),
            value: None,
        });
    }
    Model {
        variables,
        locals,
        data: BTreeMap::new(),
        builds: vec![build],
        notes,
    }
}

/// `{{env `NAME`}}` and nothing else.
fn only_env(text: &str) -> Option<String> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let name = inner.strip_prefix("env")?.trim();
    let name = name.strip_prefix(['`', '"'])?.strip_suffix(['`', '"'])?;
    (!name.contains(['`', '"', '{'])).then(|| name.to_owned())
}

struct Reader<'a> {
    catalog: &'a dyn Catalog,
    /// The template's folder, as seen from where packer was started.
    root: &'a str,
    declared: Vec<String>,
    /// Variables whose defaults are computed: a local has the value.
    computed: Vec<String>,
    /// Environment variables that are asked for inside other text.
    environment: Vec<String>,
    /// Variables that are used and declared nowhere, and where the first use is.
    undeclared: BTreeMap<String, Span>,
}

/// `{{user `NAME`}}` of the variable's own name.
fn is_itself(text: &str, name: &str) -> bool {
    let actions = strings::actions(text).unwrap_or_default();
    actions.iter().any(|(is_action, action)| {
        let words = strings::bare_words(action);
        *is_action && words.len() == 2 && words[0] == "user" && words[1] == name
    })
}

impl Reader<'_> {
    /// The default of a variable that others are put into: a local takes what was given, or computes it.
    fn computed(
        &mut self,
        variable: &parts::Variable,
        text: &str,
        locals: &mut BTreeMap<String, LocalDeclaration>,
    ) -> Result<Default> {
        let otherwise = self.text(text, variable.at, true)?;
        let given = reference("var", &variable.name, variable.at);
        let expr = Expr::new(
            ExprKind::Call {
                name: "given_or".to_owned(),
                name_span: variable.at,
                arguments: vec![given, otherwise],
                expand: false,
            },
            variable.at,
        );
        locals.insert(
            variable.name.clone(),
            LocalDeclaration {
                expr,
                sensitive: false,
                comments: Vec::new(),
            },
        );
        Ok(Default::Computed)
    }

    fn source(&mut self, part: &parts::Part) -> Result<Source> {
        let span = part.span.unwrap_or(Span::new(0, 0..0));
        if let Some(name) = &part.name
            && name.contains("{{")
        {
            return Err(no_rust(span, "the name of a builder is written out"));
        }
        let schema = self.catalog.schema(Role::Source, &part.kind);
        Ok(Source {
            kind: part.kind.clone(),
            name: part.name.clone(),
            comments: Vec::new(),
            settings: self.settings(&part.settings, schema, span)?,
            span,
        })
    }

    fn step(&mut self, part: &parts::Part, role: Role) -> Result<Step> {
        let span = part.span.unwrap_or(Span::new(0, 0..0));
        let schema = self.catalog.schema(role, &part.kind);
        let literal = |value: Value| Expr::new(ExprKind::Literal(value), span);
        let texts = |texts: &[String]| {
            (!texts.is_empty()).then(|| {
                let items = texts.iter().map(|text| literal(text.as_str().into())).collect();
                Expr::new(ExprKind::Tuple(items), span)
            })
        };
        let time = |nanoseconds: i64| {
            (nanoseconds != 0).then(|| literal(crate::import::template::go_duration(nanoseconds).into()))
        };
        let mut overrides = Vec::new();
        for changed in &part.changed {
            let settings = self.settings(changed.value.properties(), schema, changed.value.span)?;
            overrides.push((changed.name.clone(), settings));
        }
        let max_retries = match &part.max_retries {
            Some(text) => Some(self.text(text, span, false)?),
            None => None,
        };
        Ok(Step {
            each: None,
            kind: part.kind.clone(),
            comments: Vec::new(),
            settings: self.settings(&part.settings, schema, span)?,
            options: StepOptions {
                name: part.name.as_ref().map(|name| literal(name.as_str().into())),
                only: texts(&part.only),
                except: texts(&part.except),
                pause_before: time(part.pause_before),
                timeout: time(if part.pause_before == 0 { part.timeout } else { 0 }),
                max_retries,
                continue_on_error: None,
                keep_input_artifact: part.keep_input_artifact.map(|keep| literal(keep.into())),
                overrides,
            },
            span,
        })
    }

    fn settings(&mut self, properties: &[Property], schema: Option<&Schema>, span: Span) -> Result<Settings> {
        let mut entries: Vec<Setting> = Vec::new();
        for property in properties {
            // Keys that begin with `_` are comments.
            if property.name.starts_with('_') || matches!(property.value.kind, JsonKind::Null) {
                continue;
            }
            let known = schema.and_then(|schema| schema.settings.get(&property.name));
            let value = match known {
                Some(Known::Block(_) | Known::Blocks(_)) => {
                    SettingValue::Blocks(self.blocks(&property.value, inner(schema, &property.name))?)
                }
                Some(Known::Value(Type::List(_))) => SettingValue::Expr(self.list(&property.value)?),
                _ => SettingValue::Expr(self.value(&property.value)?),
            };
            entries.retain(|known| known.name != property.name);
            entries.push(Setting {
                name: property.name.clone(),
                name_span: property.name_span,
                comments: Vec::new(),
                value,
            });
        }
        Ok(Settings { entries, span })
    }

    fn blocks(&mut self, json: &Json, schema: Option<&Schema>) -> Result<Vec<SettingBlock>> {
        match &json.kind {
            JsonKind::Array(items) => {
                let mut blocks = Vec::new();
                for item in items {
                    blocks.extend(self.blocks(item, schema)?);
                }
                Ok(blocks)
            }
            JsonKind::Object(properties) => Ok(vec![SettingBlock {
                settings: self.settings(properties, schema, json.span)?,
                each: None,
                comments: Vec::new(),
                span: json.span,
            }]),
            _ => Err(no_rust(
                json.span,
                format!("an object is expected here, not {}", json.friendly()),
            )),
        }
    }

    /// Where a list is taken, packer cuts text at its commas.
    fn list(&mut self, json: &Json) -> Result<Expr> {
        let JsonKind::String(text) = &json.kind else {
            return self.value(json);
        };
        if !text.contains("{{") {
            let items = crate::import::weak::cut(text).into_iter();
            let items = items.map(|item| Expr::new(ExprKind::Literal(item.into()), json.span));
            return Ok(Expr::new(ExprKind::Tuple(items.collect()), json.span));
        }
        let text = self.text(text, json.span, false)?;
        let cut = ExprKind::Call {
            name: "cut".to_owned(),
            name_span: json.span,
            arguments: vec![text],
            expand: false,
        };
        Ok(Expr::new(cut, json.span))
    }

    fn value(&mut self, json: &Json) -> Result<Expr> {
        let literal = |value: Value| Expr::new(ExprKind::Literal(value), json.span);
        Ok(match &json.kind {
            JsonKind::Null => literal(Value::Null(Type::Dynamic)),
            JsonKind::Bool(flag) => literal(Value::Bool(*flag)),
            JsonKind::Number(text) => {
                literal(Number::parse(text).map_or_else(|| Value::from(text.as_str()), Value::Number))
            }
            JsonKind::String(text) => self.text(text, json.span, false)?,
            JsonKind::Array(items) => {
                let items = items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>>>()?;
                Expr::new(ExprKind::Tuple(items), json.span)
            }
            JsonKind::Object(properties) => {
                let mut entries = Vec::new();
                for property in properties {
                    let key = Expr::new(ExprKind::Literal(property.name.as_str().into()), property.name_span);
                    entries.push((key, self.value(&property.value)?));
                }
                Expr::new(ExprKind::Object(entries), json.span)
            }
        })
    }

    /// Text with user variables and functions as an expression. What only a running build knows stays in the text.
    fn text(&mut self, text: &str, span: Span, in_variable: bool) -> Result<Expr> {
        if !text.contains("{{") {
            return Ok(Expr::new(ExprKind::Literal(text.into()), span));
        }
        let problem = |message: String| no_rust(span, message);
        let actions = strings::actions(text).map_err(|message| problem(message.to_owned()))?;
        // A text that asks for more than is known keeps all but its user variables.
        let at_run_time = !in_variable
            && actions
                .iter()
                .any(|(is_action, action)| *is_action && asks_build(action));
        let mut parts: Vec<Part> = Vec::new();
        for (is_action, piece) in actions {
            if !is_action {
                if !piece.is_empty() {
                    parts.push(Part::Literal(piece));
                }
                continue;
            }
            let words = strings::bare_words(&piece);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let call = |name: &str, arguments: Vec<Expr>| {
                Expr::new(
                    ExprKind::Call {
                        name: name.to_owned(),
                        name_span: span,
                        arguments,
                        expand: false,
                    },
                    span,
                )
            };
            let literal = |text: &str| Expr::new(ExprKind::Literal(text.into()), span);
            let expr = match words.as_slice() {
                ["user", name] => self.user(name, span),
                ["user", name, "|", function @ ("upper" | "lower")] => {
                    let user = self.user(name, span);
                    call(function, vec![user])
                }
                [function @ ("upper" | "lower"), "(user", name] => {
                    let user = self.user(name.trim_end_matches(')'), span);
                    call(function, vec![user])
                }
                ["env", name] if in_variable => {
                    if !self.declared.iter().chain(&self.environment).any(|known| known == name) {
                        self.environment.push((*name).to_owned());
                    }
                    reference("var", name, span)
                }
                // A path that begins there; inside other text, where variables may come to be, it has to be whole.
                ["template_dir"] if parts.is_empty() && !in_variable => reference("path", "root", span),
                ["template_dir"] => {
                    parts.push(Part::Interpolation(reference("path", "cwd", span)));
                    if self.root == "." {
                        continue;
                    }
                    parts.push(Part::Literal("/".to_owned()));
                    reference("path", "root", span)
                }
                ["pwd"] if !at_run_time => reference("path", "cwd", span),
                ["packer_version"] if !at_run_time => reference("packer", "version", span),
                ["timestamp"] if !at_run_time => call("unix_time", Vec::new()),
                ["isotime"] if !at_run_time => call("timestamp", Vec::new()),
                ["isotime", layout] if !at_run_time => call("legacy_isotime", vec![literal(layout)]),
                ["strftime", format] if !at_run_time => call("legacy_strftime", vec![literal(format)]),
                ["uuid"] if !at_run_time => call("uuidv4", Vec::new()),
                _ if !at_run_time && let Some(Ok(text)) = legacy::constant(&piece) => {
                    parts.push(Part::Literal(text));
                    continue;
                }
                _ if piece.contains("user") => {
                    return Err(problem(format!("`{{{{ {piece} }}}}` cannot be written in Rust yet")));
                }
                _ => {
                    parts.push(Part::Literal(format!("{{{{ {piece} }}}}")));
                    continue;
                }
            };
            parts.push(Part::Interpolation(expr));
        }
        // What is one value alone keeps its type.
        Ok(match <[Part; 1]>::try_from(parts) {
            Ok([Part::Interpolation(expr)]) => Expr::new(ExprKind::Wrapped(Box::new(expr)), span),
            Ok([part]) => Expr::new(ExprKind::Template(vec![part]), span),
            Err(parts) => Expr::new(ExprKind::Template(parts), span),
        })
    }

    fn user(&mut self, name: &str, span: Span) -> Expr {
        if self.computed.iter().any(|known| known == name) {
            return reference("local", name, span);
        }
        if !self.declared.iter().any(|known| known == name) {
            // The peer warns, takes a value that is given all the same, and goes on with nothing where none is.
            self.undeclared.entry(name.to_owned()).or_insert(span);
        }
        reference("var", name, span)
    }
}

pub(super) fn reference(parent: &str, name: &str, span: Span) -> Expr {
    let parent = Expr::new(ExprKind::Variable(parent.to_owned()), span);
    Expr::new(ExprKind::GetAttr(Box::new(parent), name.to_owned()), span)
}

/// Whether only a running build can say it.
fn asks_build(action: &str) -> bool {
    let words = strings::bare_words(action);
    let first = words.first().map(String::as_str).unwrap_or_default();
    !matches!(
        first,
        "user"
            | "timestamp"
            | "isotime"
            | "strftime"
            | "uuid"
            | "pwd"
            | "upper"
            | "lower"
            | "split"
            | "replace"
            | "replace_all"
            | "template_dir"
            | "env"
    )
}
