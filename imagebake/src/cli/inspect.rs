//! `inspect IMAGE`: all that is known of one image.
//!
//! JSON: what `list` has of it, with `units` and `data` as `plan` has them (all settings, documentation included) and the `facts` that templates may use.

use super::{
    Cli,
    args::{Chosen, Format, InspectArgs, suggestion},
    failure::Stop,
    inputs, panics, plan as planning,
};
use crate::{
    data::LookedUp,
    describe::HasGuest,
    field::{Field, FieldType},
    plan::{self, Described, ListedImage, PlannedUnit},
    reporter::Style,
    value::facts,
};
use serde_json::{Value as Json, json};
use std::fmt::Write;

pub(super) fn run(cli: &Cli, args: &InspectArgs) -> Result<u8, Stop> {
    let entry = cli
        .entries
        .iter()
        .find(|entry| entry.name == args.image.as_str())
        .ok_or_else(|| {
            let hint = match cli.entries.is_empty() {
                true => "this program has no images: write `#[image] fn web() -> Image`".to_owned(),
                false => suggestion(&args.image, cli.entries.iter().map(|entry| &*entry.name)),
            };
            Stop::told(2, format!("there is no image `{}`", args.image), hint)
        })?;
    let lookups = planning::lookups(cli, &args.looking);
    let listed = panics::quietly(|| plan::list_with(&cli.project, std::slice::from_ref(entry), &cli.inputs, &lookups));
    let image = listed.into_iter().next().expect("one image was listed");
    let chosen = Chosen {
        images: vec![args.image.clone()],
        only: Vec::new(),
        except: Vec::new(),
    };
    let plan = planning::make_with(cli, &chosen, &lookups);
    let problems = plan.problems;
    if args.output == Format::Json {
        let mut shape = plan::json::listed(&image);
        shape["units"] = image.units.iter().map(unit_json).collect();
        shape["facts"] = json!({"always": facts::ALWAYS, "of_the_machine": facts::BUILD});
        shape["data"] = json!(plan.data);
        shape["problems"] = json!(problems);
        cli.print_json(&shape)?;
    } else {
        cli.print(&text(&image, &plan.data, cli.style));
    }
    cli.tell_problems(&problems);
    Ok(planning::code(&problems))
}

fn unit_json(unit: &PlannedUnit) -> Json {
    let mut shape = plan::json::unit(unit, true);
    let document = |shape: &mut Json, fields: &[Field]| {
        for (setting, field) in shape["settings"].as_array_mut().into_iter().flatten().zip(fields) {
            setting["type"] = type_words(&field.meta.ty).into();
            setting["help"] = field.meta.doc.trim().into();
            setting["default"] = json!(field.meta.default);
            setting["secret"] = field.meta.secret.into();
            setting["facts"] = json!(field.meta.facts);
        }
    };
    document(&mut shape, &unit.fields());
    let mut many = |name: &str, steps: Vec<Described>| {
        for (i, step) in steps.iter().enumerate() {
            document(&mut shape[name][i], &step.fields);
        }
    };
    many("steps", unit.steps());
    many("error_cleanup", unit.error_cleanup());
    for (i, chain) in unit.chains().iter().enumerate() {
        for (j, link) in chain.iter().enumerate() {
            document(&mut shape["chains"][i][j], &link.fields);
        }
    }
    shape["guest"] = guest(unit).into();
    shape
}

fn guest(unit: &PlannedUnit) -> &'static str {
    match unit.info.guest {
        HasGuest::Never => "never",
        HasGuest::Optional => "optional",
        HasGuest::Always => "always",
    }
}

fn text(image: &ListedImage, data: &[LookedUp], style: Style) -> String {
    let mut out = format!(
        "{}  {}\n",
        style.bold(&image.entry.name),
        style.dim(image.entry.place())
    );
    for line in image.description.lines() {
        let _ = writeln!(out, "  {}", line.trim());
    }
    let variables = (image.entry.variables)();
    if !variables.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Variables"));
    }
    inputs::rows(&mut out, variables, style);
    if let Some(file) = image.entry.values_file {
        let _ = writeln!(out, "  values file: {file}");
    }
    if !data.is_empty() {
        let _ = writeln!(out, "\n{}", style.bold("Data"));
    }
    data.iter()
        .for_each(|found| planning::looked_up(&mut out, found, style));
    let _ = writeln!(out, "\n{}", style.bold("Sources"));
    for unit in &image.units {
        let machine = match unit.info.guest {
            HasGuest::Never => "no machine for steps",
            HasGuest::Optional | HasGuest::Always => "steps run in a machine",
        };
        let _ = writeln!(
            out,
            "  {}  {}  {}",
            style.cyan(unit.name()),
            style.dim(unit.place()),
            style.dim(machine)
        );
        fields(&mut out, &unit.fields(), style);
        let steps = unit.steps().into_iter().map(|step| ("step", step));
        let cleanup = unit.error_cleanup().into_iter().map(|step| ("on failure", step));
        let posts = unit.chains().into_iter().flatten().map(|link| ("post", link));
        for (word, step) in steps.chain(cleanup).chain(posts) {
            let _ = writeln!(out, "    {word} {}  {}", step.name, style.dim(&step.place));
            fields(&mut out, &step.fields, style);
        }
    }
    let _ = writeln!(out, "\n{}", style.bold("Facts for templates"));
    let _ = writeln!(out, "  always: {}", facts::ALWAYS.join(", "));
    let _ = writeln!(out, "  once the machine runs: {}", facts::BUILD.join(", "));
    out
}

/// Every setting with its value, type and what it is for.
fn fields(out: &mut String, fields: &[Field], style: Style) {
    for field in fields {
        let state = if field.is_set() { "" } else { ", default" };
        let about = format!("({}{state})", type_words(&field.meta.ty));
        let _ = writeln!(out, "      {}: {}  {}", field.meta.name, field.value, style.dim(about));
        if let Some(first) = field.meta.doc.trim().lines().next() {
            let _ = writeln!(out, "          {}", style.dim(first));
        }
        if !field.meta.facts.is_empty() {
            let _ = writeln!(
                out,
                "          {}",
                style.dim(format!("facts: {}", field.meta.facts.join(", ")))
            );
        }
    }
}

fn type_words(ty: &FieldType) -> String {
    match ty {
        FieldType::Bool => "true or false".into(),
        FieldType::Integer(_) => "whole number".into(),
        FieldType::Float => "number".into(),
        FieldType::Text => "text".into(),
        FieldType::Template => "template".into(),
        FieldType::Duration => "length of time".into(),
        FieldType::HostPath => "path on the builder".into(),
        FieldType::GuestPath => "path in the guest".into(),
        FieldType::Secret => "secret".into(),
        FieldType::List(of) => format!("list of {}", type_words(of)),
        FieldType::Map(of) => format!("map to {}", type_words(of)),
        FieldType::Named(named) => named.name.into(),
        FieldType::Group(_) => "group".into(),
    }
}
