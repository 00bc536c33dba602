//! Plans for programs: what `plan --output json`, `list`, `inspect` and `validate` print.
//!
//! A unit is `{name, image, source, kind, place, settings, steps, error_cleanup, chains}`; a step or post-processor is `{name, kind, place,
//! settings, options}`; a setting is `{name, value, place}`, without a place where its default stands; a place is `{file, line, column}`.

use super::{Described, ListedImage, Plan, PlannedUnit};
use crate::{
    data::LookedUp,
    field::{Field, Place, Shown, Value},
    plan::Diagnostics,
    variables::VariableMeta,
};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

/// The version of a plan's shape, which only grows: a higher one is not understood by an earlier program.
pub const VERSION: u32 = 1;

/// `{"version":1,"all":false,"data":[{image, kind, question, answer, from, place}],"units":[…],"problems":[…]}`; `from` is `local`, `pinned`
/// (in `imagebake.lock`) or `asked`; `all` has the settings that stand at their defaults too.
pub fn plan(plan: &Plan, all: bool) -> Json {
    let mut told = serde_json::to_value(written(plan, all)).expect("texts and numbers are JSON");
    if !plan.redactor.is_empty() {
        plan.redactor.redact_json(&mut told);
    }
    told
}

/// The same as it is written, without a tree of it in memory: whoever writes it hides the secrets among the values that were given.
pub(crate) fn written(plan: &Plan, all: bool) -> impl Serialize {
    #[derive(Serialize)]
    struct Shape<'a, U> {
        version: u32,
        all: bool,
        data: &'a [LookedUp],
        units: U,
        problems: &'a Diagnostics,
    }
    Shape {
        version: VERSION,
        all,
        data: &plan.data,
        units: Each(move || plan.units.iter().map(move |unit| UnitShape { unit, all })),
        problems: &plan.problems,
    }
}

/// One unit.
pub fn unit(unit: &PlannedUnit, all: bool) -> Json {
    serde_json::to_value(UnitShape { unit, all }).expect("texts and numbers are JSON")
}

/// A list whose items are made while it is written.
struct Each<F>(F);

impl<F: Fn() -> I, I: IntoIterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq((self.0)())
    }
}

struct UnitShape<'a> {
    unit: &'a PlannedUnit,
    all: bool,
}

impl Serialize for UnitShape<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let &Self { unit, all } = self;
        let many = |steps: Vec<Described>| {
            steps
                .into_iter()
                .map(|step| StepShape { step, all })
                .collect::<Vec<_>>()
        };
        let mut shape = out.serialize_struct("unit", 9)?;
        shape.serialize_field("name", &*unit.name())?;
        shape.serialize_field("image", unit.image())?;
        shape.serialize_field("source", unit.source())?;
        shape.serialize_field("kind", unit.kind())?;
        shape.serialize_field("place", &unit.place())?;
        shape.serialize_field("settings", &settings(&unit.fields(), all))?;
        shape.serialize_field("steps", &many(unit.steps()))?;
        shape.serialize_field("error_cleanup", &many(unit.error_cleanup()))?;
        shape.serialize_field("chains", &Each(|| unit.chains().into_iter().map(many)))?;
        shape.end()
    }
}

struct StepShape {
    step: Described,
    all: bool,
}

impl Serialize for StepShape {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let Self { step, all } = self;
        let mut shape = out.serialize_struct("step", 5)?;
        shape.serialize_field("name", &step.name)?;
        shape.serialize_field("kind", step.kind)?;
        shape.serialize_field("place", &step.place)?;
        shape.serialize_field("settings", &settings(&step.fields, *all))?;
        shape.serialize_field("options", &Options(&step.options))?;
        shape.end()
    }
}

struct Options<'a>(&'a [(&'static str, Value)]);

impl Serialize for Options<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_map(self.0.iter().map(|(name, value)| (name, value.shown(false))))
    }
}

fn settings(fields: &[Field], all: bool) -> impl Serialize {
    #[derive(Serialize)]
    struct Setting<'a> {
        name: &'static str,
        value: Shown<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        place: Option<&'a Place>,
    }
    Each(move || {
        let told = fields.iter().filter(move |field| all || field.is_set());
        told.map(|field| Setting {
            name: field.meta.name,
            value: field.value.shown(false),
            place: field.set_at.as_ref(),
        })
    })
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
