//! What a template says of one component or block, and what of it is used already.

use super::{Setting, SettingValue, Settings, Writer};
use crate::{
    field::{FieldMeta, FieldType, Maker, Shape, Taken, TemplateName, Value as Described},
    import::{
        fault::{Fault, Result},
        syntax::{Expr, ExprKind},
        value::Value,
    },
};

/// Settings, each used once.
pub(super) struct Given<'s> {
    pub(super) settings: &'s Settings,
    used: Vec<bool>,
}

impl<'s> Given<'s> {
    pub(super) fn new(settings: &'s Settings) -> Self {
        Self {
            settings,
            used: vec![false; settings.entries.len()],
        }
    }

    /// Where the setting of that name is, if it is not used yet.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let at = self.anywhere(name)?;
        (!self.used[at]).then_some(at)
    }

    /// Where it is, used or not.
    fn anywhere(&self, name: &str) -> Option<usize> {
        let exact = self.settings.entries.iter().position(|setting| setting.name == name);
        // The older templates spell names in any case.
        let spelt = |setting: &Setting| setting.name.eq_ignore_ascii_case(name);
        exact.or_else(|| self.settings.entries.iter().position(spelt))
    }

    pub(super) fn mark(&mut self, at: usize) {
        self.used[at] = true;
    }

    pub(super) fn at(&self, at: usize) -> &'s Setting {
        &self.settings.entries[at]
    }

    /// Those that nothing used.
    pub(super) fn left(&self) -> impl Iterator<Item = &'s Setting> {
        let settings = self.settings;
        self.used
            .iter()
            .enumerate()
            .filter(|(_, used)| !**used)
            .map(move |(at, _)| &settings.entries[at])
    }

    /// Marks as used what says nothing: `name = null`.
    pub(super) fn drop_nulls(&mut self, writer: &Writer<'_>) {
        for (at, setting) in self.settings.entries.iter().enumerate() {
            if let SettingValue::Expr(expr) = &setting.value
                && is_null(expr, writer)
            {
                self.used[at] = true;
            }
        }
    }

    /// Where the first unused setting of a row is: of its attribute, or of any in its group.
    pub(super) fn first_of(&self, row: &FieldMeta) -> Option<usize> {
        match (row.template, row.ty) {
            (TemplateName::None, FieldType::Group(shape)) => self.first_in(shape),
            _ => names_of(row).into_iter().filter_map(|name| self.position(name)).min(),
        }
    }

    /// Where the first unused setting of a group is. What its constructors set by themselves does not make it one.
    pub(super) fn first_in(&self, shape: &Shape) -> Option<usize> {
        let rows = shape.rows.iter().enumerate();
        rows.filter(|(index, row)| is_public(row) || is_group(row) || is_taken(shape, *index))
            .filter(|(_, row)| !is_superseded(row))
            .filter_map(|(_, row)| self.first_of(row))
            .min()
    }

    /// Whether the template says what `maker` sets by itself.
    pub(super) fn says(&self, shape: &Shape, maker: &Maker, writer: &Writer<'_>) -> bool {
        maker.sets.iter().all(|(row, told)| {
            let names = names_of(&shape.rows[*row]);
            let setting = names.iter().find_map(|name| self.anywhere(name));
            setting.is_some_and(|at| match &self.at(at).value {
                SettingValue::Expr(expr) => writer.constant(expr).and_then(text_of).as_deref() == Some(*told),
                SettingValue::Blocks(_) => false,
            })
        })
    }

    /// Marks what `maker` sets by itself as used.
    pub(super) fn mark_said(&mut self, shape: &Shape, maker: &Maker) {
        for (row, _) in maker.sets {
            for name in names_of(&shape.rows[*row]) {
                if let Some(at) = self.anywhere(name) {
                    self.mark(at);
                }
            }
        }
    }
}

/// The text that a value is written as.
pub(super) fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn is_null(expr: &Expr, writer: &Writer<'_>) -> bool {
    matches!(writer.constant(expr), Some(Value::Null(_)))
}

/// The attributes that a row is.
pub(super) fn names_of(row: &FieldMeta) -> Vec<&'static str> {
    match row.template {
        TemplateName::Is(name) | TemplateName::Superseded { name, .. } => vec![name],
        TemplateName::Parts(parts) => parts(&Described::Null).into_iter().map(|(name, _)| name).collect(),
        TemplateName::None | TemplateName::SupersededGroup(_) => Vec::new(),
    }
}

pub(super) fn is_public(row: &FieldMeta) -> bool {
    row.setter.is_some() || row.each.is_some()
}

/// Whether its rows stand in place of its own.
pub(super) fn is_group(row: &FieldMeta) -> bool {
    matches!((row.template, row.ty), (TemplateName::None, FieldType::Group(_)))
}

pub(super) fn is_superseded(row: &FieldMeta) -> bool {
    matches!(
        row.template,
        TemplateName::Superseded { .. } | TemplateName::SupersededGroup(_)
    )
}

/// The rows that an argument is made of.
pub(super) fn rows_of(taken: &Taken) -> Vec<usize> {
    match taken {
        Taken::Row(row) | Taken::Wrapped(_, row) => vec![*row],
        Taken::Struct(_, members) => members.iter().map(|(_, row)| *row).collect(),
    }
}

/// Whether some constructor or method takes the row.
fn is_taken(shape: &Shape, index: usize) -> bool {
    let makers = shape.constructors.iter().chain(shape.methods);
    makers
        .flat_map(|maker| maker.takes)
        .any(|taken| rows_of(taken).contains(&index))
}

/// The settings of a block that is written as an object: `{ a = 1 }`.
///
/// # Errors
/// When it is no object with names that are written out.
pub(super) fn settings_of(expr: &Expr, writer: &Writer<'_>) -> Result<Settings> {
    let inner = match &expr.kind {
        ExprKind::Parens(inner) | ExprKind::Wrapped(inner) => return settings_of(inner, writer),
        ExprKind::Object(entries) => entries,
        _ => {
            let message = "this is a block: its settings have to be written out, `{ … }`";
            return Err(Fault::at(expr.span, "no-rust", message));
        }
    };
    let mut settings = Settings::empty(expr.span);
    for (key, value) in inner {
        let name = key
            .as_name()
            .map(str::to_owned)
            .or_else(|| writer.constant(key).and_then(text_of));
        let Some(name) = name else {
            return Err(Fault::at(
                key.span,
                "no-rust",
                "the name of a setting has to be written out",
            ));
        };
        settings.entries.push(Setting {
            name,
            name_span: key.span,
            comments: Vec::new(),
            value: SettingValue::Expr(value.clone()),
        });
    }
    Ok(settings)
}
