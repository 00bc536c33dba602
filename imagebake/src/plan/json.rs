//! Plans for programs: what `plan --output json`, `list`, `inspect` and `validate` print.
//!
//! A unit is `{name, image, source, kind, place, settings, steps, error_cleanup, chains}`; a step or post-processor is `{name, kind, place,
//! settings, options}`; a setting is `{name, value, place}`, without a place where its default stands; a place is `{file, line, column}`.

use super::{Described, ListedImage, Plan, PlannedUnit};
use crate::{field::Field, variables::VariableMeta};
use serde_json::{Map, Value as Json, json};

/// The version of a plan's shape, which only grows: a higher one is not understood by an earlier program.
pub const VERSION: u32 = 1;

/// `{"version":1,"all":false,"data":[{image, kind, question, answer, from, place}],"units":[…],"problems":[…]}`; `from` is `local`, `pinned`
/// (in `imagebake.lock`) or `asked`; `all` has the settings that stand at their defaults too.
pub fn plan(plan: &Plan, all: bool) -> Json {
    let units: Vec<Json> = plan.units.iter().map(|unit| self::unit(unit, all)).collect();
    let mut told =
        json!({"version": VERSION, "all": all, "data": plan.data, "units": units, "problems": plan.problems});
    if !plan.redactor.is_empty() {
        plan.redactor.redact_json(&mut told);
    }
    told
}

/// One unit.
pub fn unit(unit: &PlannedUnit, all: bool) -> Json {
    let many = |steps: Vec<Described>| steps.iter().map(|step| described(step, all)).collect::<Vec<_>>();
    json!({
        "name": &*unit.name(),
        "image": unit.image(),
        "source": unit.source(),
        "kind": unit.kind(),
        "place": unit.place(),
        "settings": settings(&unit.fields(), all),
        "steps": many(unit.steps()),
        "error_cleanup": many(unit.error_cleanup()),
        "chains": unit.chains().into_iter().map(many).collect::<Vec<_>>(),
    })
}

fn described(step: &Described, all: bool) -> Json {
    let options: Map<String, Json> = step
        .options
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.to_json(false)))
        .collect();
    json!({
        "name": step.name,
        "kind": step.kind,
        "place": step.place,
        "settings": settings(&step.fields, all),
        "options": options,
    })
}

fn settings(fields: &[Field], all: bool) -> Vec<Json> {
    let shown = fields.iter().filter(|field| all || field.is_set());
    shown
        .map(|field| match &field.set_at {
            Some(place) => json!({"name": field.meta.name, "value": field.value.to_json(false), "place": place}),
            None => json!({"name": field.meta.name, "value": field.value.to_json(false)}),
        })
        .collect()
}

/// An image as `list` shows it: `{name, description, place, variables, units:[{name, source, kind, place}], problems}`.
pub fn listed(image: &ListedImage) -> Json {
    let units = image.units.iter().map(
        |unit| json!({"name": &*unit.name(), "source": unit.source(), "kind": unit.kind(), "place": unit.place()}),
    );
    json!({
        "name": image.entry.name,
        "description": image.description,
        "place": image.entry.place(),
        "variables": (image.entry.variables)().iter().map(variable).collect::<Vec<_>>(),
        "units": units.collect::<Vec<_>>(),
        "problems": image.problems,
    })
}

/// A variable: `{name, type, help, default, optional, env, secret}`.
pub fn variable(variable: &VariableMeta) -> Json {
    json!({
        "name": variable.name,
        "type": variable.ty.words(),
        "help": variable.help.trim(),
        "default": variable.default_shown(),
        "optional": variable.optional,
        "env": variable.env,
        "secret": variable.secret,
    })
}
