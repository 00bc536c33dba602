//! Units: every builder with the steps that apply to it, user variables and functions put in.

use super::{
    engine::{Item, render},
    functions::{At, Engine},
    parts::{Part, Parts},
};
use crate::import::{
    context::Context,
    fault::{Fault, Faults},
    plan::{Plan, Step, Unit},
    schema::{Catalog, Role, unknown},
    sources::Span,
    syntax::{Json, JsonKind, Property},
    template::go_duration,
    value::{Number, Type, Value},
};
use regex::{Captures, Regex};
use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

static USER_CALL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("\\{\\{-?\\s*user\\s+[`\"]([^`\"]+)[`\"]\\s*-?\\}\\}").expect("it is a pattern"));

struct Renderer<'a> {
    engine: Engine<'a>,
    faults: &'a mut Faults,
    /// Unknown user variables that were told already.
    told: BTreeSet<(String, Span)>,
}

pub(super) fn evaluate(
    parts: &Parts,
    user: &BTreeMap<String, String>,
    context: &Context,
    catalog: &dyn Catalog,
    plan: &mut Plan,
    faults: &mut Faults,
) {
    let of = |role, parts: &mut dyn Iterator<Item = &Part>, faults: &mut Faults| {
        parts.for_each(|part| unknown(catalog, role, &part.kind, part.span, faults));
    };
    of(Role::Source, &mut parts.builders.iter(), faults);
    of(
        Role::Provisioner,
        &mut parts.provisioners.iter().chain(&parts.error_cleanup),
        faults,
    );
    of(Role::PostProcessor, &mut parts.chains.iter().flatten(), faults);
    let mut renderer = Renderer {
        engine: Engine {
            context,
            user,
            at: At::Component,
            unset: RefCell::default(),
        },
        faults,
        told: BTreeSet::new(),
    };
    for builder in &parts.builders {
        // Steps name builders as they are written; the unit is named as rendered.
        let written = builder.name.clone().unwrap_or_else(|| builder.kind.clone());
        let name = renderer.text(&written, builder.span);
        let step = Step::new(
            builder.kind.clone(),
            Value::Object(renderer.settings(&builder.settings)),
        );
        let applying = |part: &&Part| {
            if part.only.is_empty() {
                !part.except.contains(&written)
            } else {
                part.only.contains(&written)
            }
        };
        let provisioners = parts
            .provisioners
            .iter()
            .filter(applying)
            .map(|part| renderer.step(part, &written))
            .collect();
        let error_cleanup = parts
            .error_cleanup
            .as_ref()
            .filter(applying)
            .map(|part| renderer.step(part, &written));
        let chains = parts
            .chains
            .iter()
            .map(|chain| {
                chain
                    .iter()
                    .filter(applying)
                    .map(|part| renderer.step(part, &written))
                    .collect::<Vec<_>>()
            })
            .filter(|chain| !chain.is_empty())
            .collect();
        plan.units.push(Unit {
            name: name.clone(),
            build: None,
            source: name,
            step,
            provisioners,
            error_cleanup,
            chains,
        });
    }
}

impl Renderer<'_> {
    fn step(&mut self, part: &Part, builder: &str) -> Step {
        let mut config = self.settings(&part.settings);
        if let Some(changed) = part.changed.iter().rev().find(|changed| changed.name == builder) {
            config.extend(self.settings(changed.value.properties()));
        }
        let mut step = Step::new(part.kind.clone(), Value::Object(config));
        step.name.clone_from(&part.name);
        let mut option = |name, value: Value| drop(step.options.insert(name, value));
        // The peer takes one of the two.
        if part.pause_before != 0 {
            option("pause_before", go_duration(part.pause_before).into());
            if let (true, Some(span)) = (part.timeout != 0, part.span) {
                self.faults.push(
                    Fault::at(span, "no-effect", "packer ignores `timeout` beside `pause_before`")
                        .help("remove one of the two")
                        .warning(),
                );
            }
        } else if part.timeout != 0 {
            option("timeout", go_duration(part.timeout).into());
        }
        if let Some(retries) = &part.max_retries {
            let retries = self.text(retries, part.span);
            match Number::parse(&retries) {
                Some(number) => option("max_retries", number.into()),
                None => {
                    if let Some(span) = part.span {
                        self.faults
                            .push(Fault::at(span, "type", "`max_retries`: a number is expected"));
                    }
                }
            }
        }
        if let Some(keep) = part.keep_input_artifact {
            option("keep_input_artifact", keep.into());
        }
        step
    }

    fn settings(&mut self, properties: &[Property]) -> BTreeMap<String, Value> {
        properties
            .iter()
            .map(|property| (property.name.clone(), self.value(&property.value)))
            .filter(|(_, value)| !value.is_null())
            .collect()
    }

    fn value(&mut self, json: &Json) -> Value {
        match &json.kind {
            JsonKind::Null => Value::Null(Type::Dynamic),
            JsonKind::Bool(flag) => Value::Bool(*flag),
            JsonKind::Number(text) => Number::parse(text).map_or_else(|| Value::from(text.as_str()), Value::Number),
            JsonKind::String(text) => Value::String(self.text(text, Some(json.span))),
            JsonKind::Array(items) => Value::Tuple(items.iter().map(|item| self.value(item)).collect()),
            JsonKind::Object(properties) => Value::Object(self.settings(properties)),
        }
    }

    /// Rendered; a text that asks for more than is known keeps all but its user variables.
    fn text(&mut self, text: &str, span: Option<Span>) -> String {
        if !text.contains("{{") {
            return text.to_owned();
        }
        let rendered = render(text, &self.engine);
        let mut unset = self.engine.unset.take();
        if let Ok(rendered) = rendered
            && !rendered.contains(&Item::Nothing.to_string())
        {
            self.tell(unset, span);
            return rendered;
        }
        let user = self.engine.user;
        let replaced = USER_CALL.replace_all(text, |call: &Captures<'_>| match user.get(&call[1]) {
            Some(value) => value.clone(),
            None => {
                unset.push(call[1].to_owned());
                call[0].to_owned()
            }
        });
        let replaced = replaced.into_owned();
        self.tell(unset, span);
        replaced
    }

    fn tell(&mut self, unset: Vec<String>, span: Option<Span>) {
        let user = self.engine.user;
        if let Some(span) = span {
            for name in unset {
                if self.told.insert((name.clone(), span)) {
                    self.faults.push(
                        Fault::at(
                            span,
                            "unknown-variable",
                            format!("the user variable `{name}` has no value"),
                        )
                        .nearest(&name, user.keys().map(String::as_str))
                        .warning(),
                    );
                }
            }
        }
    }
}
