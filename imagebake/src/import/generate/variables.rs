//! The inputs of a template: a struct with types that its uses ask for.

use super::{
    Want,
    convert::is_text_like,
    literal::{as_text, integer, span_of_time},
    model::{Default, Model, Variable},
    names::{Names, snake},
    strings::{Facts, quoted},
    typed::{Form, Typed},
    types::{Keys, Struct, Ty, common},
    writer::{Known, Uses, Writer, no_rust},
};
use crate::import::{
    fault::{Faults, Result},
    sources::Span,
    syntax::{BinaryOp, ExprKind, UnaryOp},
    value::{Type, Value},
};
use std::collections::{BTreeMap, BTreeSet};

/// Types whose names a module has from elsewhere.
pub(super) const TAKEN: [&str; 38] = [
    "Inputs", "Image", "Source", "Shell", "File", "Ansible", "Secret", "Text", "Template", "Duration", "Data", "Boot",
    "Http", "Iso", "Ssh", "Floppy", "Cd", "Shutdown", "Vnc", "Sleep", "Manifest", "Checksum", "Compress", "Vagrant",
    "Null", "Oci", "Chain", "Proxy", "Bastion", "Command", "Error", "Result", "Context", "String", "Vec", "Option",
    "Guest", "Machine",
];

/// Names and types of all variables.
pub(super) fn known(model: &Model, uses: &BTreeMap<String, Uses>) -> BTreeMap<String, Known> {
    let mut idents = Names::default();
    let mut known = BTreeMap::new();
    for variable in &model.variables {
        let empty = Uses::default();
        let key = format!("var.{}", variable.name);
        let ty = typed(variable, uses.get(&key).unwrap_or(&empty)).unwrap_or(Ty::Str);
        let ty = narrowed(ty, &given(variable), &key, uses);
        known.insert(
            variable.name.clone(),
            Known {
                ident: idents.take(&snake(&variable.name)),
                ty,
            },
        );
    }
    known
}

/// Whether its values are hidden by an attribute, its type being an ordinary one.
fn is_marked(variable: &Variable, ty: &Ty) -> bool {
    variable.sensitive && *ty != Ty::Secret
}

fn typed(variable: &Variable, uses: &Uses) -> Option<Ty> {
    let dynamic = Type::Dynamic;
    let declared = variable.ty.as_ref().unwrap_or(&dynamic);
    let name = struct_name(&variable.name);
    let name = name.as_str();
    let unknown = Value::Unknown(Type::Dynamic);
    let base = match &variable.default {
        Default::Computed => return Some(Ty::option(Ty::Str)),
        Default::Env(_) => Ty::Str,
        Default::Required => match (&variable.value, declared) {
            (Some(value), _) if value.is_known() && !value.is_null() => Ty::of_input(declared, value, name)?,
            (_, Type::Dynamic) => Ty::Str,
            (_, declared) => Ty::of_input(declared, &unknown, name)?,
        },
        Default::Value(value, _) if value.is_null() => {
            let given = variable
                .value
                .as_ref()
                .filter(|value| value.is_known() && !value.is_null());
            let inner = match (declared, given) {
                (Type::Dynamic, None) => uses.wants.first().map_or(Ty::Str, Ty::of_want),
                (declared, Some(value)) => Ty::of_input(declared, value, name)?,
                (declared, None) => Ty::of_input(declared, &Value::Null(declared.clone()), name)?,
            };
            return Some(Ty::option(refined(variable, inner, uses)));
        }
        // Nothing, where a length of time is asked for, is none.
        Default::Value(Value::String(text), _) if text.is_empty() && only_times(variable, uses) => {
            return Some(Ty::option(Ty::Duration));
        }
        // Nothing is said of its names: whatever they are, they are looked up.
        Default::Value(value, _) if *declared == Type::Dynamic && value.entries().is_some_and(|all| all.is_empty()) => {
            let given = variable.value.as_ref().and_then(Value::entries).into_iter().flatten();
            let types = given.map(|(_, value)| Ty::of_input(&Type::Dynamic, value, name));
            let value = types.reduce(|a, b| common(&a?, &b?)).unwrap_or(Some(Ty::Str))?;
            Ty::Map(Box::new(value), Keys::Owned)
        }
        Default::Value(value, _) => Ty::of_input(declared, value, name)?,
    };
    Some(refined(variable, base, uses))
}

/// Whether it is a length of time wherever it is used, and nothing was given that is none.
fn only_times(variable: &Variable, uses: &Uses) -> bool {
    let given = variable.value.as_ref().and_then(Value::as_str).unwrap_or_default();
    let fits = given.is_empty() || humantime::parse_duration(given).is_ok();
    let apart = uses.other > 0 || uses.shown > 0 || !variable.validations.is_empty();
    fits && !apart && !uses.wants.is_empty() && uses.wants.iter().all(|want| *want == Want::Duration)
}

/// A name for a struct that nothing else has.
fn struct_name(name: &str) -> String {
    match TAKEN.contains(&super::names::camel(name).as_str()) {
        true => format!("{name}_input"),
        false => name.to_owned(),
    }
}

/// The type that all uses ask for, where every value that is known has it.
fn refined(variable: &Variable, base: Ty, uses: &Uses) -> Ty {
    let checked = !variable.validations.is_empty();
    if uses.other > 0 || (checked && !(matches!(base, Ty::Int(_)) && all_positive(variable))) {
        return base;
    }
    let default = match &variable.default {
        Default::Value(value, _) => Some(value),
        _ => None,
    };
    let known = given(variable);
    // A number in text reads the same whatever its type.
    let in_text = |want: &&Want| is_text_like(want);
    let all: Vec<Ty> = uses.wants.iter().map(Ty::of_want).collect();
    let apart: Vec<Ty> = uses
        .wants
        .iter()
        .filter(|want| !in_text(want))
        .map(Ty::of_want)
        .collect();
    let wanted = match apart.first() {
        Some(Ty::Int(_) | Ty::Bool) => apart,
        _ => all,
    };
    let texts: Option<Vec<String>> = known.iter().map(|value| as_text(value)).collect();
    match (&base, wanted.first()) {
        (Ty::Str | Ty::Int(_), Some(Ty::Int(first))) if wanted.iter().all(|ty| matches!(ty, Ty::Int(_))) => {
            let name = wanted
                .iter()
                .filter_map(|ty| match ty {
                    Ty::Int(name) => Some(*name),
                    _ => None,
                })
                .min_by_key(|name| rank(name))
                .unwrap_or(first);
            let fits = texts.is_some_and(|texts| {
                let same = |text: &String| integer(text, name).as_ref() == Some(text);
                texts.iter().all(same)
            });
            if fits && !matches!(variable.default, Default::Env(_)) {
                return Ty::Int(name);
            }
            base
        }
        (Ty::Str, Some(first @ (Ty::Bool | Ty::Duration))) if wanted.iter().all(|ty| ty == first) => {
            let fits = |text: &String| match first {
                Ty::Bool => matches!(text.as_str(), "true" | "false"),
                _ => span_of_time(text).is_ok() && humantime::parse_duration(text).is_ok(),
            };
            let shown = uses.shown > 0 && *first == Ty::Duration;
            match !shown
                && texts.is_some_and(|texts| texts.iter().all(fits))
                && !matches!(variable.default, Default::Env(_))
            {
                true => first.clone(),
                false => base,
            }
        }
        (Ty::Str, _)
            if default.is_none_or(Value::is_null) && !uses.plain && !matches!(variable.default, Default::Env(_)) =>
        {
            let hides = |want: &Want| matches!(want, Want::Secret | Want::Text | Want::Template(_));
            let all_secret =
                !uses.wants.is_empty() && uses.shown == 0 && uses.wants.iter().all(|want| *want == Want::Secret);
            match all_secret || (variable.sensitive && uses.wants.iter().all(hides)) {
                true => Ty::Secret,
                false => base,
            }
        }
        (Ty::List(item), Some(Ty::List(wanted_item)))
            if **item != **wanted_item && wanted.iter().all(|ty| Some(ty) == wanted.first()) =>
        {
            let fits = known
                .iter()
                .flat_map(|value| value.items().unwrap_or_default())
                .all(|item| {
                    as_text(item).is_some_and(|text| match &**wanted_item {
                        Ty::Int(name) => integer(&text, name).is_some(),
                        _ => false,
                    })
                });
            match fits && uses.shown == 0 && matches!(**wanted_item, Ty::Int(_)) {
                true => Ty::list((**wanted_item).clone()),
                false => base,
            }
        }
        _ => base,
    }
}

/// The default and the value given with the template, where they are known.
fn given(variable: &Variable) -> Vec<&Value> {
    let default = match &variable.default {
        Default::Value(value, _) => Some(value),
        _ => None,
    };
    let all = default.into_iter().chain(&variable.value);
    all.filter(|value| value.is_known() && !value.is_null()).collect()
}

/// Whether its checks compare with nothing that a number without a sign could not be.
fn all_positive(variable: &Variable) -> bool {
    let mut positive = true;
    for validation in &variable.validations {
        validation.condition.walk(&mut |node| match &node.kind {
            ExprKind::Literal(Value::Number(number)) => positive &= number.to_i64().is_some_and(|number| number > 0),
            ExprKind::Unary(UnaryOp::Negate, _) | ExprKind::Binary(BinaryOp::Subtract, ..) => positive = false,
            _ => {}
        });
    }
    positive
}

/// Numbers inside objects, lists and maps have the types of the only settings that take them: what those refuse, the input refuses.
/// All others may be below zero.
fn narrowed(ty: Ty, values: &[&Value], key: &str, uses: &BTreeMap<String, Uses>) -> Ty {
    let known = || values.iter().filter(|value| value.is_known() && !value.is_null());
    match ty {
        Ty::Struct(of) => {
            let fields = of.fields.into_iter().map(|(name, ty)| {
                let given: Vec<&Value> = known()
                    .filter_map(|value| value.entries()?.get(&name))
                    .chain(of.defaults.get(&name))
                    .collect();
                let ty = narrowed(ty, &given, &format!("{key}.{name}"), uses);
                (name, ty)
            });
            Ty::Struct(Struct {
                fields: fields.collect(),
                ..of
            })
        }
        Ty::List(item) => {
            let items: Vec<&Value> = known().filter_map(|value| value.items()).flatten().collect();
            Ty::list(narrowed(*item, &items, &format!("{key}[]"), uses))
        }
        Ty::Map(item, keys) => {
            let items: Vec<&Value> = known()
                .filter_map(|value| value.entries())
                .flat_map(BTreeMap::values)
                .collect();
            Ty::Map(Box::new(narrowed(*item, &items, &format!("{key}[]"), uses)), keys)
        }
        Ty::Option(inner) => Ty::option(narrowed(*inner, values, key, uses)),
        // An input itself is refined with all else that is known of it.
        Ty::Int("i64") if key.contains(['[']) || key.matches('.').count() > 1 => {
            let fits =
                |name: &str| known().all(|value| as_text(value).is_some_and(|text| integer(&text, name).is_some()));
            match uses.get(key).filter(|uses| uses.other == 0).and_then(narrowest) {
                Some(name) if fits(name) => Ty::Int(name),
                _ => ty,
            }
        }
        _ => ty,
    }
}

/// The whole number that everything it is given to takes; in text it reads the same whatever its type.
fn narrowest(uses: &Uses) -> Option<&'static str> {
    let apart = uses.wants.iter().filter(|want| !is_text_like(want));
    let names = apart.map(|want| match want {
        Want::Int(name) => Some(*name),
        _ => None,
    });
    let names: Vec<&'static str> = names.collect::<Option<_>>()?;
    names.into_iter().min_by_key(|name| rank(name))
}

/// The narrower first.
fn rank(name: &str) -> (u32, bool) {
    let bits = name.get(1..).and_then(|bits| bits.parse().ok()).unwrap_or(64);
    (bits, name.starts_with('i'))
}

/// The struct of inputs, those inside it, and the functions that check them.
pub(super) fn written(
    model: &Model,
    values: Option<&str>,
    unwritten: &BTreeSet<String>,
    writer: &mut Writer<'_>,
    faults: &mut Faults,
) -> String {
    let mut fields = String::new();
    let mut checks = String::new();
    let mut structs: Vec<Struct> = Vec::new();
    for variable in &model.variables {
        let Some(known) = writer.variables.get(&variable.name).cloned() else {
            continue;
        };
        known.ty.structs(&mut structs);
        let mut options = Vec::new();
        match faults.keep(default(variable, &known.ty, writer)) {
            Some(made) => options.extend(made),
            None => continue,
        }
        for option in &mut options {
            let long = option
                .strip_prefix("default = ")
                .filter(|value| value.len() > 80 && !value.starts_with(['"', 'r']));
            if long.is_some()
                && let Default::Value(value, span) = &variable.default
                && let Some(made) = faults.keep(long_default(variable, value, &known.ty, *span, writer))
            {
                let ty = rust_type(&known.ty, writer);
                checks.push_str(&format!(
                    "fn default_{}() -> {ty} {{\n{}\n}}\n\n",
                    known.ident,
                    super::layout::layout(&made, 4)
                ));
                *option = format!("default = default_{}()", known.ident);
            }
        }
        if known.ident != variable.name {
            options.insert(0, format!("name = {}", quoted(&variable.name)));
        }
        if is_marked(variable, &known.ty) {
            options.push("sensitive".to_owned());
        }
        if !variable.validations.is_empty()
            && let Some(check) = faults.keep(check(variable, &known, writer))
        {
            options.push(format!("check = check_{}", known.ident));
            checks.push_str(&check);
        }
        for line in &variable.description {
            fields.push_str(&format!("/// {}\n", line.trim()).replace("/// \n", "///\n"));
        }
        if !options.is_empty() {
            fields.push_str(&format!("#[var({})]\n", options.join(", ")));
        }
        if !writer.used_variables.contains(&variable.name) {
            let reason = match unwritten.contains(&variable.name) {
                true => "what uses it is yet to be written",
                false => "nothing in the template uses it",
            };
            fields.push_str(&format!("#[expect(dead_code, reason = {})]\n", quoted(reason)));
        }
        fields.push_str(&format!("{}: {},\n", known.ident, rust_type(&known.ty, writer)));
    }
    let inner: String = structs.iter().map(|of| of_inputs(of, writer, faults)).collect();
    let values = values.map(|file| format!("#[variables(values = {})]\n", quoted(file)));
    format!(
        "#[derive(Variables)]\n{}struct Inputs {{\n{fields}}}\n\n{inner}{checks}",
        values.unwrap_or_default()
    )
}

fn rust_type(ty: &Ty, writer: &mut Writer<'_>) -> String {
    let text = ty.rust();
    if text.contains("BTreeMap<") {
        writer.use_path("std::collections::BTreeMap");
    }
    if text.contains("Duration") {
        writer.use_path("std::time::Duration");
    }
    text
}

fn of_inputs(of: &Struct, writer: &mut Writer<'_>, faults: &mut Faults) -> String {
    let mut fields = String::new();
    for (name, ty) in &of.fields {
        let ident = Struct::ident(name);
        let mut options = Vec::new();
        if ident != *name {
            options.push(format!("name = {}", quoted(name)));
        }
        if let Some(value) = of.defaults.get(name) {
            let made = faults.keep(plain_default(value, ty, Span::new(0, 0..0), writer));
            options.extend(made.map(|made| format!("default = {made}")));
        }
        if !options.is_empty() {
            fields.push_str(&format!("#[var({})]\n", options.join(", ")));
        }
        fields.push_str(&format!("{ident}: {},\n", rust_type(ty, writer)));
    }
    format!("#[derive(Clone, Variables)]\nstruct {} {{\n{fields}}}\n\n", of.name)
}

/// What `#[var(…)]` says of the value when none is given.
fn default(variable: &Variable, ty: &Ty, writer: &mut Writer<'_>) -> Result<Vec<String>> {
    Ok(match &variable.default {
        Default::Required | Default::Computed => Vec::new(),
        Default::Env(name) => vec![format!("env = {}", quoted(name)), "default = \"\"".to_owned()],
        Default::Value(value, _) if value.is_null() => Vec::new(),
        Default::Value(_, _) if *ty == Ty::option(Ty::Duration) => Vec::new(),
        Default::Value(value, span) => {
            let Some(facts) = rendered_with(variable, writer) else {
                // Nothing renders it: it is what it is.
                return Ok(vec![format!("default = {}", plain_default(value, ty, *span, writer)?)]);
            };
            let facts = std::mem::replace(&mut writer.facts, Facts::Known(facts));
            let made = default_literal(value, ty, *span, writer);
            writer.facts = facts;
            vec![format!("default = {}", made?)]
        }
    })
}

/// The facts that its text may use, where something renders it.
fn rendered_with(variable: &Variable, writer: &Writer<'_>) -> Option<&'static [&'static str]> {
    writer
        .before
        .uses
        .get(&format!("var.{}", variable.name))?
        .rendered_with()
}

/// A default that reads better in a function of its own.
fn long_default(variable: &Variable, value: &Value, ty: &Ty, span: Span, writer: &mut Writer<'_>) -> Result<String> {
    let facts = rendered_with(variable, writer).map_or(Facts::None, Facts::Known);
    let facts = std::mem::replace(&mut writer.facts, facts);
    let made = long_value(value, ty, span, writer);
    writer.facts = facts;
    made
}

fn long_value(value: &Value, ty: &Ty, span: Span, writer: &mut Writer<'_>) -> Result<String> {
    if matches!(ty, Ty::List(item) if **item == Ty::Str) {
        let literal = default_literal(value, ty, span, writer)?;
        return Ok(format!("{literal}.map(str::to_owned).to_vec()"));
    }
    let expr = crate::import::syntax::Expr::new(super::expr::literal_expr(value), span);
    let typed = writer.typed(&expr, None)?;
    writer.exactly(&typed, ty, span)
}

/// A default that is never rendered.
fn plain_default(value: &Value, ty: &Ty, span: Span, writer: &mut Writer<'_>) -> Result<String> {
    match (ty, as_text(value)) {
        (Ty::Str, Some(text)) => Ok(quoted(&text)),
        _ => {
            let facts = std::mem::replace(&mut writer.facts, Facts::None);
            let made = default_literal(value, ty, span, writer);
            writer.facts = facts;
            made
        }
    }
}

fn default_literal(value: &Value, ty: &Ty, span: Span, writer: &mut Writer<'_>) -> Result<String> {
    let expr = crate::import::syntax::Expr::new(super::expr::literal_expr(value), span);
    let typed = writer.typed(&expr, None)?;
    let text = |writer: &mut Writer<'_>, value: &Value| -> Result<String> {
        let text = as_text(value).unwrap_or_default();
        let made = writer.made_text(&Typed::literal(Value::String(text)), span)?;
        if writer.needs_data || made.starts_with("data.") {
            return Err(no_rust(span, "a default cannot ask for the time"));
        }
        Ok(made)
    };
    match ty {
        Ty::Str | Ty::Static => text(writer, value),
        Ty::List(item) if matches!(**item, Ty::Str) => {
            let items = value
                .items()
                .unwrap_or_default()
                .iter()
                .map(|item| text(writer, item))
                .collect::<Result<Vec<_>>>()?;
            Ok(format!("[{}]", items.join(", ")))
        }
        Ty::Map(inner, _) if matches!(**inner, Ty::Str) => {
            let mut pairs = Vec::new();
            for (name, value) in value.entries().into_iter().flatten() {
                pairs.push(format!("({}, {})", quoted(name), text(writer, value)?));
            }
            Ok(format!("[{}]", pairs.join(", ")))
        }
        Ty::List(_) | Ty::Map(..) => {
            let made = writer.exactly(&typed, ty, span)?;
            Ok(match made.as_str() {
                "Vec::new()" | "BTreeMap::new()" => "[]".to_owned(),
                made => made
                    .strip_prefix("vec!")
                    .map(str::to_owned)
                    .or_else(|| Some(made.strip_prefix("BTreeMap::from(")?.strip_suffix(')')?.to_owned()))
                    .unwrap_or_else(|| made.to_owned()),
            })
        }
        _ => writer.exactly(&typed, ty, span),
    }
}

/// The function that checks a variable.
fn check(variable: &Variable, known: &Known, writer: &mut Writer<'_>) -> Result<String> {
    let inner = match &known.ty {
        Ty::Option(inner) => (**inner).clone(),
        other => other.clone(),
    };
    let (view, seen) = match &inner {
        Ty::Str => ("str".to_owned(), Typed::new("value", Ty::Static, Form::Place)),
        Ty::List(item) => (
            format!("[{}]", item.rust()),
            Typed::new("value", inner.clone(), Form::Ref),
        ),
        other => (other.rust(), Typed::new("value", inner.clone(), Form::Ref)),
    };
    let mut body = String::new();
    for validation in &variable.validations {
        let depth = writer.scope.len();
        writer.scope.push((format!("var.{}", variable.name), seen.clone()));
        writer.closures += 1;
        let condition = writer.condition(&validation.condition);
        writer.closures -= 1;
        writer.scope.truncate(depth);
        let condition = condition?;
        if condition.value().is_some() || writer.needs_data {
            return Err(no_rust(validation.span, "this check cannot be written in Rust"));
        }
        let refused = super::operators::negated(&condition);
        body.push_str(&format!(
            "if {} {{\nreturn Err({});\n}}\n",
            refused.text,
            quoted(&validation.message)
        ));
    }
    Ok(format!(
        "fn check_{}(value: &{view}) -> Result<(), &'static str> {{\n{body}Ok(())\n}}\n\n",
        known.ident
    ))
}
