//! HCL2 templates, read for the generator.

use super::{
    Each, Note, Setting, SettingBlock, SettingValue, Settings, StepOptions,
    data::{DataSource, Sources},
    model::{Build, Default, Model, Source, Step, Validation, Variable},
    writer::{LocalDeclaration, Writer, no_rust},
};
use crate::import::{
    context::Context,
    eval::{self, Scope},
    fault::{Fault, Faults, Result},
    input::Input,
    plan::Plan,
    schema::{Catalog, Role, Schema, Setting as Known},
    syntax::{Attribute, Block, BlockKind, Body, Content, Expr, ExprKind, Part},
    template::{
        self, OF_POST_PROCESSORS, OF_PROVISIONERS,
        declarations::{self, Declared},
    },
    value::{Type, Value, convert},
};
use std::collections::BTreeMap;

pub(super) fn read(input: &Input, context: &Context, catalog: &dyn Catalog, plan: &Plan, faults: &mut Faults) -> Model {
    let declared = template::declared(input, context, faults);
    let mut notes = Vec::new();
    let mut environment = Environment::of(&declared);
    let mut variables: Vec<Variable> = declared
        .variables
        .iter()
        .filter_map(|variable| faults.keep(self::variable(variable, context, plan, &mut environment)))
        .collect();
    variables.extend(environment.inputs());
    let mut locals: BTreeMap<String, LocalDeclaration> = declared
        .locals
        .iter()
        .map(|local| {
            let declaration = LocalDeclaration {
                expr: local.expr.clone(),
                sensitive: plan.sensitive.contains(&format!("local.{}", local.name)),
                comments: local.comments.clone(),
            };
            (local.name.clone(), declaration)
        })
        .collect();
    locals.extend(environment.computed);
    let mut data = Sources::new();
    for source in &declared.data {
        let schema = catalog.schema(Role::Data, &source.kind);
        if let Some(settings) = faults.keep(settings(&source.block.body, schema, &[])) {
            let source_of = DataSource {
                settings,
                comments: source.block.comments.clone(),
                span: source.block.header,
            };
            data.insert((source.kind.clone(), source.name.clone()), source_of);
        }
    }
    let mut builds = Vec::new();
    {
        let mut reader = Reader {
            declared: &declared,
            catalog,
            constants: Writer::new(context, BTreeMap::new(), &locals, super::writer::Learned::default()),
            notes: &mut notes,
        };
        for block in &declared.builds {
            builds.extend(faults.keep(reader.build(block)));
        }
    }
    Model {
        variables,
        locals,
        data,
        builds,
        notes,
    }
}

/// Environment variables that defaults are computed of: inputs of their own, and a local for what is computed.
struct Environment {
    /// Names that the template has.
    variables: Vec<String>,
    locals: Vec<String>,
    names: Vec<String>,
    computed: BTreeMap<String, LocalDeclaration>,
}

impl Environment {
    fn of(declared: &Declared) -> Self {
        Self {
            variables: declared
                .variables
                .iter()
                .map(|variable| variable.name.clone())
                .collect(),
            locals: declared.locals.iter().map(|local| local.name.clone()).collect(),
            names: Vec::new(),
            computed: BTreeMap::new(),
        }
    }

    /// The default of variable `name`: a local takes what was given, or computes it.
    fn default(&mut self, name: &str, ty: Option<&Type>, expr: &Expr, sensitive: bool) -> Result<Default> {
        let refused = |message: &str| Err(no_rust(expr.span, message));
        if !matches!(ty, None | Some(Type::String | Type::Dynamic)) {
            return refused("a default that is computed is written in Rust for text alone");
        }
        if self.locals.iter().any(|local| local == name) {
            return refused("a default that is computed becomes a local, and there is one of that name already");
        }
        let mut asked = Vec::new();
        let mut others = false;
        expr.walk(&mut |node| {
            if let ExprKind::Call { name, arguments, .. } = &node.kind
                && name == "env"
            {
                match arguments.first().and_then(Expr::as_text) {
                    Some(name) => asked.push(name.to_owned()),
                    None => others = true,
                }
            }
        });
        if others || asked.iter().any(|name| self.variables.contains(name)) {
            return refused("this default cannot be computed of the environment in Rust");
        }
        for name in asked {
            if !self.names.contains(&name) {
                self.names.push(name);
            }
        }
        let span = expr.span;
        let call = ExprKind::Call {
            name: "given_or".to_owned(),
            name_span: span,
            arguments: vec![super::legacy::reference("var", name, span), expr.clone()],
            expand: false,
        };
        let declaration = LocalDeclaration {
            expr: Expr::new(call, span),
            sensitive,
            comments: Vec::new(),
        };
        self.computed.insert(name.to_owned(), declaration);
        Ok(Default::Computed)
    }

    fn inputs(&self) -> impl Iterator<Item = Variable> {
        self.names.iter().map(|name| Variable {
            name: name.clone(),
            ty: Some(Type::String),
            default: Default::Env(name.clone()),
            sensitive: false,
            description: Vec::new(),
            validations: Vec::new(),
            value: None,
        })
    }
}

fn variable(
    declared: &declarations::Variable,
    context: &Context,
    plan: &Plan,
    environment: &mut Environment,
) -> Result<Variable> {
    let ty = declared
        .ty
        .as_ref()
        .map(|ty| eval::type_constraint(context, ty))
        .transpose()?;
    let sensitive = plan.sensitive.contains(&format!("var.{}", declared.name));
    let env = declared.default.as_ref().and_then(|expr| match &expr.kind {
        ExprKind::Call { name, arguments, .. } if name == "env" => arguments.first()?.as_text(),
        ExprKind::Wrapped(inner) | ExprKind::Parens(inner) => match &inner.kind {
            ExprKind::Call { name, arguments, .. } if name == "env" => arguments.first()?.as_text(),
            _ => None,
        },
        _ => None,
    });
    let default = match (&declared.default, env) {
        (None, _) => Default::Required,
        (_, Some(env)) => Default::Env(env.to_owned()),
        (Some(expr), None) => {
            let mut asks = false;
            expr.walk(&mut |node| asks |= matches!(&node.kind, ExprKind::Call { name, .. } if name == "env"));
            match asks {
                true => environment.default(&declared.name, ty.as_ref(), expr, sensitive)?,
                false => {
                    let value = eval::evaluate_default(context, expr)?;
                    let ty = ty.clone().unwrap_or(Type::Dynamic);
                    let value =
                        convert(&value, &ty).map_err(|problem| Fault::at(expr.span, "variable-type", problem))?;
                    Default::Value(value, expr.span)
                }
            }
        }
    };
    let constant = |expr: &Expr| eval::evaluate(context, expr, &Scope::default()).ok();
    let description = declared.description.as_ref().and_then(constant);
    let mut lines: Vec<String> = description
        .as_ref()
        .and_then(Value::as_str)
        .into_iter()
        .flat_map(str::lines)
        .map(str::to_owned)
        .collect();
    if lines.is_empty() {
        lines.clone_from(&declared.comments);
    }
    let mut validations = Vec::new();
    for block in &declared.validations {
        let content = block.body.part(&["condition", "error_message"], &[]);
        if let (Some(condition), Some(message)) = (content.attribute("condition"), content.attribute("error_message")) {
            let text = constant(&message.expr).and_then(|value| value.as_str().map(str::to_owned));
            validations.push(Validation {
                condition: condition.expr.clone(),
                message: text.ok_or_else(|| no_rust(message.expr.span, "an error message is written out"))?,
                span: block.header,
            });
        }
    }
    Ok(Variable {
        name: declared.name.clone(),
        ty,
        default,
        sensitive,
        description: lines,
        validations,
        value: plan.variables.get(&declared.name).cloned(),
    })
}

struct Reader<'a> {
    declared: &'a Declared,
    catalog: &'a dyn Catalog,
    /// For what must be known now.
    constants: Writer<'a>,
    notes: &'a mut Vec<Note>,
}

impl Reader<'_> {
    fn build(&mut self, block: &Block) -> Result<Build> {
        let kinds = [
            declarations::kind("source", 1),
            declarations::kind("provisioner", 1),
            declarations::kind("error-cleanup-provisioner", 1),
            declarations::kind("post-processor", 1),
            declarations::kind("post-processors", 0),
            declarations::kind("hcp_packer_registry", 0),
            declarations::kind("dynamic", 1),
        ];
        let content = block.body.part(&["name", "description", "sources"], &kinds);
        let name = content.attribute("name");
        let constant = name.and_then(|name| self.constants.constant(&name.expr));
        let mut build = Build {
            name: constant
                .as_ref()
                .and_then(Value::as_str)
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
            named_by: name.filter(|_| constant.is_none()).map(|name| name.expr.clone()),
            comments: block.comments.clone(),
            description: content
                .attribute("description")
                .and_then(|description| self.described(description)),
            sources: Vec::new(),
            steps: Vec::new(),
            cleanup: None,
            chains: Vec::new(),
            chosen: None,
        };
        if let Some(attribute) = content.attribute("sources") {
            let references = match self.constants.constant(&attribute.expr) {
                Some(_) => self.texts(attribute)?,
                // Any of them may be asked for.
                None => {
                    build.chosen = Some(attribute.expr.clone());
                    let declared = self.declared.sources.iter();
                    let names = declared.map(|source| format!("{}.{}", source.kind, source.name));
                    names.filter(|name| may_name(&attribute.expr, name)).collect()
                }
            };
            for reference in references {
                build.sources.push(self.source(&reference, attribute, None)?);
            }
        }
        for block in &content.blocks {
            match block.kind.as_str() {
                "source" if build.chosen.is_some() => {
                    return Err(no_rust(
                        block.header,
                        "a source is written out here beside others that depend on variables",
                    ));
                }
                "source" => {
                    let own = block.body.part(&["name"], &[]);
                    let name = self.text(own.attribute("name"))?;
                    let attribute = Attribute {
                        name: "source".to_owned(),
                        name_span: block.labels[0].1,
                        expr: Expr::new(ExprKind::Literal(block.labels[0].0.as_str().into()), block.labels[0].1),
                        span: block.labels[0].1,
                        comments: block.comments.clone(),
                    };
                    build
                        .sources
                        .push(self.source(&block.labels[0].0, &attribute, Some((name, &block.body)))?);
                }
                "provisioner" => build.steps.push(self.step(block, Role::Provisioner)?),
                "error-cleanup-provisioner" => build.cleanup = Some(self.step(block, Role::Provisioner)?),
                "post-processor" => build.chains.push(vec![self.step(block, Role::PostProcessor)?]),
                "post-processors" => {
                    let content = block.body.part(
                        &[],
                        &[
                            declarations::kind("post-processor", 1),
                            declarations::kind("dynamic", 1),
                        ],
                    );
                    let mut chain = Vec::new();
                    for block in &content.blocks {
                        if block.kind == "dynamic" {
                            return Err(no_rust(
                                block.header,
                                "how many steps a chain of post-processors has must be written out: each takes what the one before it makes",
                            ));
                        }
                        chain.push(self.step(block, Role::PostProcessor)?);
                    }
                    build.chains.push(chain);
                }
                "dynamic" if block.labels[0].0 == "provisioner" => {
                    build.steps.push(self.steps(block, Role::Provisioner)?);
                }
                "dynamic" if block.labels[0].0 == "post-processor" => {
                    build.chains.push(vec![self.steps(block, Role::PostProcessor)?]);
                }
                "hcp_packer_registry" => self.notes.push(Note::at(
                    block.header,
                    "what is told to the registry of HCP is left out: post-processor `manifest` writes what was built",
                )),
                _ => {
                    return Err(no_rust(
                        block.header,
                        "how many blocks there are of this kind must be written out",
                    ));
                }
            }
        }
        Ok(build)
    }

    fn source(&mut self, reference: &str, at: &Attribute, more: Option<(Option<String>, &Body)>) -> Result<Source> {
        let parts: Vec<&str> = reference.split('.').collect();
        let ([_, kind, name] | [kind, name]) = parts.as_slice() else {
            return Err(Fault::at(
                at.expr.span,
                "source-reference",
                format!("{reference:?} does not name a source"),
            ));
        };
        let declared = self
            .declared
            .sources
            .iter()
            .find(|source| source.kind == *kind && source.name == *name)
            .ok_or_else(|| {
                Fault::at(
                    at.expr.span,
                    "unknown-source",
                    format!("there is no source `{kind}.{name}`"),
                )
            })?;
        let schema = self.catalog.schema(Role::Source, kind);
        let mut settings = settings(&declared.block.body, schema, &[])?;
        let mut own_name = (*name).to_owned();
        let mut comments = declared.block.comments.clone();
        if let Some((local, body)) = more {
            own_name = local.unwrap_or(own_name);
            settings
                .entries
                .extend(self::settings(body, schema, &["name"])?.entries);
            comments.extend(at.comments.iter().cloned());
        }
        Ok(Source {
            kind: (*kind).to_owned(),
            name: Some(own_name),
            comments,
            settings,
            span: declared.block.header,
        })
    }

    /// A description becomes a comment of the function, which says the same whatever the variables are.
    fn described(&mut self, description: &Attribute) -> Option<String> {
        let constant = self.constants.constant(&description.expr);
        if constant.is_none() {
            self.notes.push(Note::at(
                description.expr.span,
                "the build's description depends on variables, and so it is left out",
            ));
        }
        constant?.as_str().map(str::to_owned)
    }

    /// As many provisioners or post-processors as a collection has elements.
    fn steps(&mut self, block: &Block, role: Role) -> Result<Step> {
        let what = block.labels[0].0.as_str();
        let (each, body) = each(block, what)?;
        let labels = block.body.part(&["labels"], &[]);
        let kinds = match labels.attribute("labels") {
            Some(labels) => self.texts(labels)?,
            None => Vec::new(),
        };
        let [kind] = kinds.as_slice() else {
            return Err(Fault::at(
                block.header,
                "labels",
                format!("which {what} these are is not said: one label is needed"),
            ));
        };
        let one = Block {
            kind: what.to_owned(),
            labels: vec![(kind.clone(), block.header)],
            body: body.clone(),
            ..block.clone()
        };
        Ok(Step {
            each: Some(each),
            ..self.step(&one, role)?
        })
    }

    fn step(&mut self, block: &Block, role: Role) -> Result<Step> {
        let kind = block.labels[0].0.clone();
        let own: &[&str] = match role {
            Role::Provisioner => &OF_PROVISIONERS,
            _ => &OF_POST_PROCESSORS,
        };
        let part = block.body.part(own, &[]);
        let schema = self.catalog.schema(role, &kind);
        let settings = settings(&block.body, schema, own)?;
        let expr = |name: &str| part.attribute(name).map(|attribute| attribute.expr.clone());
        let mut options = StepOptions {
            name: expr("name"),
            only: expr("only"),
            except: expr("except"),
            pause_before: expr("pause_before"),
            timeout: expr("timeout"),
            max_retries: expr("max_retries"),
            continue_on_error: expr("continue_on_error"),
            keep_input_artifact: expr("keep_input_artifact"),
            overrides: Vec::new(),
        };
        // The peer takes one of the two.
        let paused = options
            .pause_before
            .as_ref()
            .and_then(|expr| self.constants.constant(expr));
        if options.timeout.is_some()
            && options.pause_before.is_some()
            && paused
                .as_ref()
                .and_then(Value::as_str)
                .is_none_or(|text| !matches!(text, "" | "0s"))
        {
            options.timeout = None;
            self.notes.push(Note::at(
                block.header,
                "packer ignores `timeout` beside `pause_before`, and so it is left out",
            ));
        }
        if let Some(changed) = part.attribute("override") {
            options.overrides = overrides(&changed.expr)?;
        }
        Ok(Step {
            each: None,
            kind,
            comments: block.comments.clone(),
            settings,
            options,
            span: block.header,
        })
    }

    fn constant(&self, attribute: &Attribute) -> Result<Value> {
        self.constants.constant(&attribute.expr).ok_or_else(|| {
            no_rust(
                attribute.expr.span,
                format!(
                    "`{}` depends on variables, and must be known when the image is written",
                    attribute.name
                ),
            )
        })
    }

    fn text(&self, attribute: Option<&Attribute>) -> Result<Option<String>> {
        match attribute {
            Some(attribute) => Ok(self.constant(attribute)?.as_str().map(str::to_owned)),
            None => Ok(None),
        }
    }

    fn texts(&self, attribute: &Attribute) -> Result<Vec<String>> {
        let value = convert(&self.constant(attribute)?, &Type::list(Type::String))
            .map_err(|problem| Fault::at(attribute.expr.span, "type", problem))?;
        Ok(value
            .items()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect())
    }
}

/// `override = { NAME = { ATTRIBUTE = … } }`
pub(super) fn overrides(expr: &Expr) -> Result<Vec<(String, Settings)>> {
    let wrong = |expr: &Expr| {
        no_rust(
            expr.span,
            "what differs must be written out: `{ NAME = { ATTRIBUTE = … } }`",
        )
    };
    let ExprKind::Object(sources) = &expr.kind else {
        return Err(wrong(expr));
    };
    let mut out = Vec::new();
    for (name, changed) in sources {
        let (Some(name), ExprKind::Object(attributes)) = (name.as_text(), &changed.kind) else {
            return Err(wrong(changed));
        };
        let mut settings = Settings::empty(changed.span);
        for (key, value) in attributes {
            let Some(attribute) = key.as_text() else {
                return Err(wrong(key));
            };
            settings.entries.push(Setting {
                name: attribute.to_owned(),
                name_span: key.span,
                comments: Vec::new(),
                value: SettingValue::Expr(value.clone()),
            });
        }
        out.push((name.to_owned(), settings));
    }
    Ok(out)
}

/// Whether an expression may name a source, by what is written out of it: `["source.qemu.${var.name}"]`.
fn may_name(expr: &Expr, name: &str) -> bool {
    let ExprKind::Tuple(items) = &expr.kind else {
        return true;
    };
    let whole = [name.to_owned(), format!("source.{name}"), format!("sources.{name}")];
    items.iter().any(|item| match &item.kind {
        ExprKind::Template(parts) => match parts.first() {
            Some(Part::Literal(first)) => whole.iter().any(|whole| whole.starts_with(first.as_str())),
            _ => true,
        },
        ExprKind::Literal(_) => item
            .as_text()
            .is_some_and(|text| whole.iter().any(|whole| whole == text)),
        _ => true,
    })
}

/// What stands in a body, apart from what is the step's `own`.
pub(super) fn settings(body: &Body, schema: Option<&Schema>, own: &[&str]) -> Result<Settings> {
    let content = content(body, schema, own);
    let mut entries: Vec<Setting> = content
        .attributes
        .iter()
        .filter(|attribute| !own.contains(&attribute.name.as_str()))
        .map(|attribute| Setting {
            name: attribute.name.clone(),
            name_span: attribute.name_span,
            comments: attribute.comments.clone(),
            value: SettingValue::Expr(attribute.expr.clone()),
        })
        .collect();
    for block in &content.blocks {
        let (name, span, made) = match block.kind.as_str() {
            "dynamic" => {
                let (name, span) = &block.labels[0];
                (name.clone(), *span, dynamic(block, name, schema)?)
            }
            name => {
                let made = SettingBlock {
                    settings: settings(&block.body, inner(schema, name), &[])?,
                    each: None,
                    comments: block.comments.clone(),
                    span: block.span,
                };
                (name.to_owned(), block.kind_span, made)
            }
        };
        match entries.iter_mut().find(|entry| entry.name == name) {
            Some(Setting {
                value: SettingValue::Blocks(blocks),
                ..
            }) => blocks.push(made),
            _ => entries.push(Setting {
                name,
                name_span: span,
                comments: Vec::new(),
                value: SettingValue::Blocks(vec![made]),
            }),
        }
    }
    // As they stand in the file.
    entries.sort_by_key(|entry| entry.name_span);
    Ok(Settings {
        entries,
        span: body.span,
    })
}

/// HCL's own syntax tells blocks from attributes; its JSON form does so by the schema.
fn content(body: &Body, schema: Option<&Schema>, own: &[&str]) -> Content {
    let Some(schema) = schema.filter(|_| !body.is_native()) else {
        return body.everything();
    };
    let is_value = |setting: &Known| matches!(setting, Known::Value(_));
    let everything = body.everything();
    let mut names: Vec<&str> = everything
        .attributes
        .iter()
        .map(|attribute| attribute.name.as_str())
        .filter(|name| *name != "dynamic" && schema.settings.get(*name).is_none_or(is_value))
        .collect();
    names.extend(own);
    let mut kinds: Vec<BlockKind<'_>> = schema
        .settings
        .iter()
        .filter(|(_, setting)| !is_value(setting))
        .map(|(name, _)| BlockKind { name, labels: 0 })
        .collect();
    kinds.push(declarations::kind("dynamic", 1));
    body.part(&names, &kinds)
}

pub(super) fn inner<'a>(schema: Option<&'a Schema>, name: &str) -> Option<&'a Schema> {
    match schema?.settings.get(name)? {
        Known::Value(_) => None,
        Known::Block(inner) | Known::Blocks(inner) => Some(inner),
    }
}

fn dynamic(block: &Block, name: &str, schema: Option<&Schema>) -> Result<SettingBlock> {
    let (each, body) = each(block, name)?;
    Ok(SettingBlock {
        settings: settings(&body, inner(schema, name), &[])?,
        each: Some(each),
        comments: block.comments.clone(),
        span: block.span,
    })
}

/// What a `dynamic` block walks over, and what there is for each element.
fn each(block: &Block, name: &str) -> Result<(Each, Body)> {
    let content = block
        .body
        .part(&["for_each", "iterator", "labels"], &[declarations::kind("content", 0)]);
    let (Some(collection), Some(body)) = (content.attribute("for_each"), content.of("content").next()) else {
        return Err(Fault::at(
            block.header,
            "missing-attribute",
            "a dynamic block has `for_each` and `content`",
        ));
    };
    let iterator = content
        .attribute("iterator")
        .and_then(|attribute| attribute.expr.as_name().or_else(|| attribute.expr.as_text()))
        .unwrap_or(name)
        .to_owned();
    let each = Each {
        iterator,
        collection: collection.expr.clone(),
    };
    Ok((each, body.body.clone()))
}
