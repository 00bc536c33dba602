//! What is known while the expressions of one template are written: names and types of variables and locals, and how each is used.

use super::{
    Code, Note, Want,
    data::Sources,
    literal::literal,
    names::Names,
    share::Candidate,
    strings::Facts,
    stub::Stubs,
    typed::Typed,
    types::{Struct, Ty},
};
use crate::import::{
    context::Context,
    eval::{self, Scope},
    fault::{Fault, Result},
    sources::Span,
    syntax::{Expr, ExprKind},
    value::Value,
};
use std::collections::{BTreeMap, BTreeSet};

/// How a variable or local is used: what decides its type.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// What it is given to as it is.
    pub(super) wants: Vec<Want>,
    /// How often it is put into text.
    pub(super) shown: usize,
    /// How often it is anything else.
    pub(super) other: usize,
    /// A secret is needed as ordinary text.
    pub(super) plain: bool,
    /// Of each place that names it: what its text may ask for there.
    pub(super) facts: Vec<Facts>,
}

impl Uses {
    /// What its text may ask for, where something renders it wherever it is named.
    pub(super) fn rendered_with(&self) -> Option<&'static [&'static str]> {
        let given = self.wants.iter().find_map(|want| match facts_of(want) {
            Facts::Known(facts) => Some(facts),
            Facts::None => None,
        });
        let everywhere = || {
            let known = self.facts.iter().map(|facts| match facts {
                Facts::Known(facts) => Some(*facts),
                Facts::None => None,
            });
            known
                .collect::<Option<Vec<_>>>()?
                .into_iter()
                .max_by_key(|facts| facts.len())
        };
        given.or_else(everywhere)
    }
}

/// A variable of the template.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) ident: String,
    pub(super) ty: Ty,
}

/// What a local is computed from.
#[derive(Clone, Debug)]
pub(super) struct LocalDeclaration {
    pub(super) expr: Expr,
    pub(super) sensitive: bool,
    pub(super) comments: Vec<String>,
}

impl LocalDeclaration {
    /// Whether it is what variable `name` is: what was given, or its computed default.
    pub(super) fn is_default_of(&self, variable: &str) -> bool {
        let ExprKind::Call { name, arguments, .. } = &self.expr.kind else {
            return false;
        };
        let given = arguments.first().and_then(Expr::path);
        name == "given_or" && given.is_some_and(|path| path == ["var", variable])
    }
}

/// What the first run over a template found out for the second.
#[derive(Clone, Debug, Default)]
pub(super) struct Learned {
    /// By `var.NAME`, `local.NAME`.
    pub(super) uses: BTreeMap<String, Uses>,
    /// How often each local is named in each function.
    pub(super) counts: BTreeMap<(usize, String), usize>,
}

static NO_DATA: Sources = Sources::new();

/// Writes the expressions of one template.
pub struct Writer<'a> {
    /// The world around the template.
    pub context: &'a Context,
    /// Paths for `use`, beyond the prelude.
    pub uses: BTreeSet<String>,
    pub(super) variables: BTreeMap<String, Known>,
    pub(super) declarations: &'a BTreeMap<String, LocalDeclaration>,
    pub(super) data: &'a Sources,
    /// `data.KIND.NAME` of those that are used.
    pub(super) named_data: BTreeSet<String>,
    /// What should be known of what was written.
    pub(super) notes: Vec<Note>,
    /// The cargo features that it needs.
    pub(super) features: BTreeSet<&'static str>,
    /// Locals that are the same whatever the variables are.
    pub(super) constants: Value,
    /// Of the function at hand: those that have their `let`.
    pub(super) locals: BTreeMap<String, Known>,
    pub(super) lets: Vec<String>,
    pub(super) names: Names,
    pub(super) function: usize,
    /// Names of loops and closures, innermost last.
    pub(super) scope: Vec<(String, Typed)>,
    pub(super) each: Vec<Typed>,
    pub(super) closures: usize,
    pub(super) depth: usize,
    pub(super) facts: Facts,
    /// What `source.` and `build.` say here.
    pub(super) of_source: Option<(String, String)>,
    pub(super) build_name: Option<String>,
    /// What the build is called, where that depends on variables.
    pub(super) build_named_by: Option<Expr>,
    pub(super) needs_data: bool,
    pub(super) fallible: bool,
    pub(super) uses_vars: bool,
    pub(super) structs: Vec<Struct>,
    pub(super) used_variables: BTreeSet<String>,
    pub(super) before: Learned,
    pub(super) learned: Learned,
    /// Locals that are being written: what needs itself.
    pub(super) open: Vec<String>,
    /// What keeps the places of components that imagebake does not have.
    pub(super) stubs: Stubs,
    /// What another module may have as well.
    pub(super) candidates: Vec<Candidate>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        context: &'a Context,
        variables: BTreeMap<String, Known>,
        declarations: &'a BTreeMap<String, LocalDeclaration>,
        before: Learned,
    ) -> Self {
        let mut writer = Self {
            context,
            uses: BTreeSet::new(),
            variables,
            declarations,
            data: &NO_DATA,
            named_data: BTreeSet::new(),
            notes: Vec::new(),
            features: BTreeSet::new(),
            constants: Value::Object(BTreeMap::new()),
            locals: BTreeMap::new(),
            lets: Vec::new(),
            names: Names::default(),
            function: 0,
            scope: Vec::new(),
            each: Vec::new(),
            closures: 0,
            depth: 0,
            facts: Facts::Known(&[]),
            of_source: None,
            build_name: None,
            build_named_by: None,
            needs_data: false,
            fallible: false,
            uses_vars: false,
            structs: Vec::new(),
            used_variables: BTreeSet::new(),
            before,
            learned: Learned::default(),
            open: Vec::new(),
            stubs: Stubs::default(),
            candidates: Vec::new(),
        };
        writer.constants = writer.constant_locals();
        writer
    }

    /// A new function: nothing has its `let` yet.
    pub(super) fn begin(&mut self, function: usize) {
        self.function = function;
        self.locals.clear();
        self.lets.clear();
        self.names = Names::new(["vars", "data"]);
        self.needs_data = false;
        self.fallible = false;
        self.uses_vars = false;
    }

    /// A name for a `let` that nothing has yet.
    pub fn name(&mut self, wanted: &str) -> String {
        self.names.take(&super::names::snake(wanted))
    }

    /// What `expr` is in Rust where `want` is taken.
    ///
    /// # Errors
    /// What cannot be said, or does not fit.
    pub fn expr(&mut self, expr: &Expr, want: &Want) -> Result<Code> {
        let facts = std::mem::replace(&mut self.facts, facts_of(want));
        let written = self
            .typed(expr, Some(want))
            .and_then(|typed| self.argument(&typed, want, expr.span));
        let code = written.or_else(|fault| match self.constant(expr) {
            Some(value) => literal(&value, want, expr.span),
            None => Err(fault),
        });
        self.facts = facts;
        code
    }

    /// A value as a literal of Rust.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn literal(&mut self, value: &Value, want: &Want, span: Span) -> Result<Code> {
        literal(value, want, span)
    }

    /// The value of an expression that nothing outside is asked for: a constant of the template.
    pub fn constant(&self, expr: &Expr) -> Option<Value> {
        let mut pure = true;
        expr.walk(&mut |node| match &node.kind {
            ExprKind::Call { name, .. } => pure &= !ASKS.contains(&name.as_str()),
            ExprKind::Variable(name) => pure &= !matches!(name.as_str(), "var" | "data" | "build" | "source"),
            _ => {}
        });
        if !pure {
            return None;
        }
        let path = [
            ("root".to_owned(), Value::from(self.context.root.as_str())),
            ("cwd".to_owned(), Value::DYNAMIC),
        ];
        let packer = [("version".to_owned(), Value::from(self.context.version.as_str()))];
        let scope = Scope::new([
            ("path".to_owned(), Value::Object(path.into_iter().collect())),
            ("packer".to_owned(), Value::Object(packer.into_iter().collect())),
            ("local".to_owned(), self.constants.clone()),
        ]);
        let value = eval::evaluate(self.context, expr, &scope).ok()?;
        value.is_wholly_known().then_some(value)
    }

    /// Locals whose values are constants, each of which may use others.
    fn constant_locals(&mut self) -> Value {
        let mut known: BTreeMap<String, Value> = BTreeMap::new();
        loop {
            let before = known.len();
            for (name, declaration) in self.declarations {
                if !known.contains_key(name)
                    && let Some(value) = self.constant(&declaration.expr)
                {
                    known.insert(name.clone(), value);
                }
            }
            self.constants = Value::Object(known.clone());
            if known.len() == before {
                return Value::Object(known);
            }
        }
    }

    /// Runs `body` with the names of a loop over `collection` known, `ITERATOR.value` and `ITERATOR.key`; gives the pattern, what is
    /// iterated over, and what `body` made: `for PATTERN in ITERATED { … }`.
    ///
    /// # Errors
    /// What cannot be said, or what `body` found.
    pub fn each<T>(
        &mut self,
        iterator: &str,
        collection: &Expr,
        body: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(String, String, T)> {
        let facts = std::mem::replace(&mut self.facts, Facts::None);
        let over = self.typed(collection, None);
        self.facts = facts;
        let over = over?;
        let walk = self.walked(&over, collection.span)?;
        let wanted = match iterator {
            // What steps walk over says better what they are for.
            "provisioner" | "post-processor" => element_of(collection).unwrap_or(iterator),
            iterator => iterator,
        };
        let names = self.names.clone();
        let (key, value) = (self.names.take("key"), self.names.take(&super::names::snake(wanted)));
        let key_typed = Typed::new(key.clone(), walk.key.clone(), walk.key_form());
        let value_typed = walk.element(&value);
        let depth = self.scope.len();
        self.scope.push((format!("{iterator}.key"), key_typed));
        self.scope.push((format!("{iterator}.value"), value_typed));
        let made = body(self);
        self.scope.truncate(depth);
        // Names of a loop are free behind it; those of what had to be bound before it are not.
        self.names = names;
        for known in self.locals.values() {
            self.names.keep(&known.ident);
        }
        let made = made?;
        let used = (self.was_used(&key), self.was_used(&value));
        let (pattern, iterated) = walk.pattern(&key, &value, used);
        Ok((pattern, iterated, made))
    }

    /// Whether a name of a loop was used by what was written last.
    fn was_used(&mut self, name: &str) -> bool {
        self.used_variables.remove(&format!("loop {name}"))
    }

    /// Adds a path to the module's `use` declarations.
    pub fn use_path(&mut self, path: &str) {
        self.uses.insert(path.to_owned());
    }

    pub(super) fn used(&mut self, key: &str) -> &mut Uses {
        self.learned.uses.entry(key.to_owned()).or_default()
    }

    /// It is named, as it is when nothing more is learned of it.
    pub(super) fn touched(&mut self, typed: &Typed) {
        if let Some(key) = &typed.key {
            self.used(key).other += 1;
        }
    }

    /// It is given to a place as it is.
    pub(super) fn given(&mut self, typed: &Typed, want: &Want) {
        if let Some(key) = &typed.key {
            let uses = self.used(key);
            uses.other = uses.other.saturating_sub(1);
            uses.wants.push(want.clone());
        }
    }

    /// It is put into text.
    pub(super) fn shown(&mut self, typed: &Typed) {
        if let Some(key) = &typed.key {
            let uses = self.used(key);
            uses.other = uses.other.saturating_sub(1);
            uses.shown += 1;
        }
    }

    /// A `?` was written.
    pub(super) fn fails(&mut self, span: Span) -> Result<()> {
        if self.closures > 0 {
            return Err(no_rust(span, "what can fail cannot be said inside a `for` expression"));
        }
        self.fallible = true;
        Ok(())
    }
}

/// `motd_file` of `local.motd_files`
fn element_of(collection: &Expr) -> Option<&str> {
    let path = collection.path()?;
    let one = path.last()?.strip_suffix('s')?;
    (one.len() > 2).then_some(one)
}

/// Functions whose results are not the same each time, or that ask something outside.
const ASKS: [&str; 18] = [
    "timestamp",
    "uuidv4",
    "legacy_isotime",
    "legacy_strftime",
    "file",
    "filebase64",
    "fileexists",
    "fileset",
    "templatefile",
    "abspath",
    "pathexpand",
    "vault",
    "consul_key",
    "aws_secretsmanager",
    "aws_secretsmanager_raw",
    "bcrypt",
    "base64gzip",
    "env",
];

pub(super) fn no_rust(span: Span, message: impl Into<String>) -> Box<Fault> {
    Fault::at(span, "no-rust", message)
        .help("write the value itself, or compute it in a local that the importer can follow")
}

pub(super) fn facts_of(want: &Want) -> Facts {
    match want {
        Want::Template(facts) => Facts::Known(facts),
        Want::List(inner) | Want::Map(inner) => facts_of(inner),
        _ => Facts::None,
    }
}
