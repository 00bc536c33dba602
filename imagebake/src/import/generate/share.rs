//! What several templates of a folder say alike stands once, in `common.rs`.

use super::{
    layout::{code, layout, split},
    module::Written,
    names::{Names, snake},
    types::Ty,
    writer::Known,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is shorter is clearer where it is used.
const SHORT: usize = 80;
/// A function with more parameters than that says less than what it replaces.
const PARAMETERS: usize = 5;

/// An input that is a parameter: its name, `&` where it is given by reference, and its type.
type Parameter = (String, &'static str, String);

/// A `let` of a module that another module may have as well.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// What is bound.
    name: String,
    /// The whole statement as it stands in the module, and the comments before it.
    statement: String,
    comments: String,
    /// The value, on one line; inputs by the names of parameters.
    value: String,
    /// What it is.
    ty: String,
    /// The inputs that it is made of: their names, and their types as those of parameters.
    parameters: Vec<Parameter>,
}

impl Candidate {
    /// A source, whose value is a chain of calls that begins with its type.
    pub(super) fn source(
        name: &str,
        (comments, statement): (&str, &str),
        value: &str,
        variables: &BTreeMap<String, Known>,
    ) -> Option<Self> {
        let (path, _) = value.split_once('(')?;
        let (ty, _) = path.rsplit_once("::")?;
        if value.len() < SHORT {
            return None;
        }
        let (value, parameters) = with_parameters(value, variables)?;
        (parameters.len() <= PARAMETERS).then(|| Self {
            name: name.to_owned(),
            statement: statement.to_owned(),
            comments: comments.to_owned(),
            value,
            ty: ty.to_owned(),
            parameters,
        })
    }

    /// A local that is text or a list of texts, written out.
    pub(super) fn local(name: &str, (comments, statement): (&str, &str), value: &str, ty: &Ty) -> Option<Self> {
        let ty = match ty {
            Ty::Static => "&str".to_owned(),
            Ty::List(item) if **item == Ty::Static => {
                let items = value.strip_prefix('[')?.strip_suffix(']')?;
                format!("[&str; {}]", split(items).len())
            }
            _ => return None,
        };
        (value.len() >= SHORT).then(|| Self {
            name: name.to_owned(),
            statement: statement.to_owned(),
            comments: comments.to_owned(),
            value: value.to_owned(),
            ty,
            parameters: Vec::new(),
        })
    }

    fn is_constant(&self) -> bool {
        self.ty.starts_with(['&', '['])
    }

    fn key(&self) -> (&str, &str, &[Parameter]) {
        (&self.value, &self.ty, &self.parameters)
    }

    /// What stands in `common.rs`.
    fn item(&self, name: &str) -> String {
        let value = layout(&self.value, 4);
        if self.is_constant() {
            return format!("{}pub(crate) const {name}: {} = {value};\n", self.comments, self.ty);
        }
        let parameters: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, _, ty)| format!("{name}: {ty}"))
            .collect();
        format!(
            "{}pub(crate) fn {name}({}) -> {} {{\n{value}\n}}\n",
            self.comments,
            parameters.join(", "),
            self.ty
        )
    }

    /// What stands in the module in its place.
    fn used(&self, name: &str) -> String {
        let arguments: Vec<String> = self
            .parameters
            .iter()
            .map(|(name, by, _)| format!("{by}vars.{name}"))
            .collect();
        match self.is_constant() {
            true => format!("let {} = common::{name};\n", self.name),
            false => format!("let {} = common::{name}({});\n", self.name, arguments.join(", ")),
        }
    }
}

/// The value with `vars.NAME` as a parameter, where each has a type that can be one.
fn with_parameters(value: &str, variables: &BTreeMap<String, Known>) -> Option<(String, Vec<Parameter>)> {
    let rust: BTreeSet<usize> = code(value).into_iter().map(|(at, _)| at).collect();
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut out = String::new();
    let mut rest = 0;
    for (at, _) in value.match_indices("vars.") {
        let is_word = at > 0 && value[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if !rust.contains(&at) || is_word {
            continue;
        }
        let after = &value[at + 5..];
        let ident: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let known = variables.values().find(|known| known.ident == ident)?;
        let (by, ty, cloned) = parameter(&known.ty)?;
        let mut end = at + 5 + ident.len();
        let follows = &value[end..];
        let mut before = &value[rest..at];
        let by_reference = !by.is_empty();
        // A parameter is a reference already.
        if by_reference && before.ends_with('&') && !follows.starts_with(['.', '[']) {
            before = &before[..before.len() - 1];
        }
        out.push_str(before);
        out.push_str(&ident);
        if follows.starts_with(".clone()") && !cloned.is_empty() {
            out.push_str(cloned);
            end += ".clone()".len();
        }
        rest = end;
        if !parameters.iter().any(|(name, ..)| *name == ident) {
            parameters.push((ident, by, ty));
        }
    }
    out.push_str(&value[rest..]);
    Some((out, parameters))
}

/// How a value of that type is given: `&`, the parameter's type, and what a clone of it is there.
fn parameter(ty: &Ty) -> Option<(&'static str, String, &'static str)> {
    Some(match ty {
        Ty::Bool | Ty::Int(_) | Ty::Float | Ty::Duration => ("", ty.rust(), ""),
        Ty::Str => ("&", "&str".to_owned(), ".to_owned()"),
        Ty::Secret => ("&", "&Secret".to_owned(), ""),
        Ty::List(item) if matches!(**item, Ty::Str | Ty::Int(_)) => ("&", format!("&[{}]", item.rust()), ".to_vec()"),
        Ty::Map(item, _) if **item == Ty::Str => ("&", format!("&{}", ty.rust()), ""),
        _ => return None,
    })
}

/// Takes what several modules have out of them: the text of `common.rs`, without what it uses.
pub(super) fn share(modules: &mut [&mut Written]) -> Option<String> {
    let mut found: Vec<(Candidate, BTreeSet<usize>)> = Vec::new();
    for (number, module) in modules.iter().enumerate() {
        for candidate in &module.candidates {
            match found.iter_mut().find(|(known, _)| known.key() == candidate.key()) {
                Some((_, of)) => drop(of.insert(number)),
                None => found.push((candidate.clone(), BTreeSet::from([number]))),
            }
        }
    }
    found.retain(|(_, of)| of.len() > 1);
    if found.is_empty() {
        return None;
    }
    let mut names = Names::default();
    let mut items = Vec::new();
    for (shared, of) in &found {
        let name = names.take(&snake(&shared.name));
        let name = if shared.is_constant() {
            name.to_uppercase()
        } else {
            name
        };
        items.push(shared.item(&name));
        for number in of {
            let module = &mut modules[*number];
            let own: Vec<Candidate> = module
                .candidates
                .iter()
                .filter(|own| own.key() == shared.key())
                .cloned()
                .collect();
            for candidate in own {
                // A comment that goes along stands once.
                let comments = match candidate.comments == shared.comments {
                    true => candidate.comments.as_str(),
                    false => "",
                };
                let before = format!("{comments}{}", candidate.statement);
                module.body = module.body.replace(&before, &candidate.used(&name));
            }
            module.uses.insert("super::common".to_owned());
        }
    }
    Some(items.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_parameters() {
        let known = |ident: &str, ty| {
            let ident = ident.to_owned();
            (ident.clone(), Known { ident, ty })
        };
        let variables = [
            known("name", Ty::Str),
            known("memory", Ty::Int("u32")),
            known("tags", Ty::list(Ty::Str)),
            known("one", Ty::option(Ty::Str)),
        ]
        .into();
        let of = |value: &str| {
            let (value, parameters) = with_parameters(value, &variables)?;
            let parameters: Vec<String> = parameters
                .into_iter()
                .map(|(name, _, ty)| format!("{name}: {ty}"))
                .collect();
            Some(format!("{} | {}", value, parameters.join(", ")))
        };
        assert_eq!(
            of("a::B::of(&vars.name).m(vars.memory).n(vars.name.clone()).t(vars.tags.clone(), format!(\"vars.x {}\", vars.name))").as_deref(),
            Some("a::B::of(name).m(memory).n(name.to_owned()).t(tags.to_vec(), format!(\"vars.x {}\", name)) | name: &str, memory: u32, tags: &[String]")
        );
        assert_eq!(
            of("a(&vars.tags[0], myvars.x)").as_deref(),
            Some("a(&tags[0], myvars.x) | tags: &[String]")
        );
        assert_eq!(of("a(vars.one)"), None);
    }
}
