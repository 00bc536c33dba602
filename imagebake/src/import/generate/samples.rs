//! A call of everything that the importer may write: every constructor, setter and method of every component, as a program.
//!
//! The program is compiled and run by the tests: where a row says of a setter what is not so, it does not compile, or sets what it should
//! not.

use super::{given::rows_of, paths};
use crate::{
    catalog,
    field::{FieldMeta, FieldType, Maker, Named, Shape, Taken},
};
use std::collections::{BTreeMap, BTreeSet};

/// The program: a function for each struct of settings, and `ALL`, which names them.
pub fn samples() -> String {
    let mut samples = Samples::default();
    for entry in catalog::components() {
        samples.shape(&entry.shape);
    }
    for lookup in catalog::lookups() {
        samples.shape(&lookup.shape);
    }
    samples.program()
}

#[derive(Default)]
struct Samples {
    uses: BTreeSet<String>,
    /// By module and name.
    functions: BTreeMap<String, String>,
    words: BTreeSet<String>,
}

impl Samples {
    fn program(self) -> String {
        let mut out = String::from(
            "//! Written by the test `every_call_is_tried` of the importer: a call of everything that it may write. Not edited by hand.\n\n",
        );
        out.push_str("use imagebake::{field::Field, prelude::*};\n");
        for path in &self.uses {
            out.push_str(&format!("use {path};\n"));
        }
        out.push_str("use std::time::Duration;\n\n/// What each call sets, and the rows that it should.\n");
        out.push_str("pub(super) type Tried = (&'static str, Vec<Field>, &'static [&'static str]);\n\n");
        out.push_str("/// Every struct of settings.\npub(super) const ALL: &[fn() -> Vec<Tried>] = &[\n");
        for name in self.functions.keys() {
            out.push_str(&format!("    {},\n", function_name(name)));
        }
        out.push_str("];\n\n/// Values that texts stand for.\n#[test]\nfn words() {\n");
        for word in &self.words {
            out.push_str(&format!("    let _ = {word};\n"));
        }
        out.push_str("}\n");
        for (name, body) in &self.functions {
            out.push_str(&format!(
                "\nfn {}() -> Vec<Tried> {{ vec![{body}] }}\n",
                function_name(name)
            ));
        }
        out
    }

    fn shape(&mut self, shape: &Shape) {
        let key = format!("{}::{}", shape.module, shape.name);
        if self.functions.insert(key.clone(), String::new()).is_some() {
            return;
        }
        let path = paths::of_shape(shape, &mut self.uses);
        let mut body = String::new();
        for maker in shape.constructors {
            let call = format!("{path}::{}", self.call(shape, maker));
            body.push_str(&tried(
                &format!("{path}::{}", maker.name),
                &call,
                &maker_rows(shape, maker),
            ));
        }
        if let Some(first) = shape.constructors.first() {
            let made = format!("{path}::{}", self.call(shape, first));
            for maker in shape.methods {
                let call = self.call(shape, maker);
                body.push_str(&tried(
                    &format!("{path}.{}", maker.name),
                    &format!("{made}.{call}"),
                    &maker_rows(shape, maker),
                ));
            }
            let (mut chain, mut rows) = (made, Vec::new());
            for row in shape.rows {
                self.row(row, &mut chain, &mut rows);
            }
            body.push_str(&tried(&path, &chain, &rows));
        }
        self.functions.insert(key, body);
    }

    /// The setters of a row, behind `chain`.
    fn row<'r>(&mut self, row: &'r FieldMeta, chain: &mut String, rows: &mut Vec<&'r str>) {
        self.inner(row.ty);
        if let Some(setter) = row.setter {
            chain.push_str(&format!(".{setter}({})", self.sample(row.ty)));
        }
        if let Some(each) = row.each {
            let item = match row.ty {
                FieldType::Map(value) => format!("\"a\", {}", self.sample(*value)),
                FieldType::List(item) => self.sample(*item),
                other => self.sample(other),
            };
            chain.push_str(&format!(".{each}({item})"));
        }
        if (row.setter.is_some() || row.each.is_some()) && !super::given::is_group(row) {
            rows.push(row.name);
        }
    }

    /// The structs of settings that a type has inside.
    fn inner(&mut self, ty: FieldType) {
        match ty {
            FieldType::Group(shape) => self.shape(shape),
            FieldType::List(item) | FieldType::Map(item) => self.inner(*item),
            FieldType::Named(named) => self.all_words(named),
            _ => {}
        }
    }

    fn all_words(&mut self, named: &Named) {
        let path = paths::named(named.module, named.name, &mut self.uses);
        for (_, word) in named.words {
            self.words.insert(format!("{path}::{word}"));
        }
        for (_, function) in named.prefixes {
            self.words.insert(format!("{path}::{function}(\"a\")"));
        }
        if let Some((function, takes)) = named.function {
            let argument = self.sample(*takes);
            self.words.insert(format!("{path}::{function}({argument})"));
        }
    }

    fn call(&mut self, shape: &Shape, maker: &Maker) -> String {
        let arguments: Vec<String> = maker
            .takes
            .iter()
            .map(|taken| match taken {
                Taken::Row(row) => self.sample(shape.rows[*row].ty),
                Taken::Wrapped(path, row) => {
                    let inner = self.sample(shape.rows[*row].ty);
                    format!("{}({inner})", paths::beside(shape, path, &mut self.uses))
                }
                Taken::Struct(path, members) => {
                    let path = paths::beside(shape, path, &mut self.uses);
                    let members: Vec<String> = members
                        .iter()
                        .map(|(name, row)| format!("{name}: {}.into()", self.sample(shape.rows[*row].ty)))
                        .collect();
                    format!("{path} {{ {} }}", members.join(", "))
                }
            })
            .collect();
        format!("{}({})", maker.name, arguments.join(", "))
    }

    /// A value of a type.
    fn sample(&mut self, ty: FieldType) -> String {
        match ty {
            FieldType::Bool => "true".into(),
            FieldType::Integer(name) => format!("1_{name}"),
            FieldType::Float => "1.5".into(),
            FieldType::Text | FieldType::Template | FieldType::HostPath | FieldType::GuestPath => "\"a\"".into(),
            FieldType::Duration => "Duration::from_secs(1)".into(),
            FieldType::Secret => "Secret::env(\"A\")".into(),
            FieldType::List(item) => format!("[{}]", self.sample(*item)),
            FieldType::Map(value) => format!("[(\"a\", {})]", self.sample(*value)),
            FieldType::Named(named) => {
                let path = paths::named(named.module, named.name, &mut self.uses);
                match (named.function, named.words.first()) {
                    (_, Some((text, word))) if !text.is_empty() => format!("{path}::{word}"),
                    (Some((function, takes)), _) => format!("{path}::{function}({})", self.sample(*takes)),
                    (None, word) => format!("{path}::{}", word.map_or("", |(_, word)| word)),
                }
            }
            FieldType::Group(shape) => {
                let path = paths::of_shape(shape, &mut self.uses);
                match shape.constructors.first() {
                    Some(maker) => format!("{path}::{}", self.call(shape, maker)),
                    None => format!("{path}::new()"),
                }
            }
        }
    }
}

/// The rows that a constructor or method sets, apart from those of groups.
fn maker_rows<'s>(shape: &'s Shape, maker: &Maker) -> Vec<&'s str> {
    let taken = maker.takes.iter().flat_map(rows_of);
    let rows = taken.chain(maker.sets.iter().map(|(row, _)| *row));
    rows.map(|row| &shape.rows[row])
        .filter(|row| !super::given::is_group(row))
        .map(|row| row.name)
        .collect()
}

fn tried(what: &str, call: &str, rows: &[&str]) -> String {
    format!("({what:?}, {call}.fields(), &{rows:?}), ")
}

fn function_name(key: &str) -> String {
    let path = key.split_once("::").map_or(key, |(_, path)| path);
    path.replace("::", "_").to_lowercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_call_is_tried() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/tests/all/calls.rs");
        let written = super::samples();
        if std::env::var_os("WRITE_CALLS").is_some() {
            std::fs::write(file, &written).expect("the file is written");
        }
        let there = std::fs::read_to_string(file).unwrap_or_default();
        assert!(
            there == written,
            "a row has changed: WRITE_CALLS=1 cargo test -p imagebake --lib --features import every_call_is_tried"
        );
    }
}
