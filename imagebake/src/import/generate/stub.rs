//! What keeps the place of a component that imagebake does not have.

use super::{Component, SettingValue, Settings, StepOptions, Takes, names::camel, strings::quoted, variables::TAKEN};
use crate::import::{
    schema::Role,
    sources::{Sources, Span},
    syntax::{Expr, ExprKind},
};
use std::collections::{BTreeMap, BTreeSet};

/// The types of a module that keep places, by role and kind.
#[derive(Debug, Default)]
pub(super) struct Stubs {
    types: BTreeMap<(Role, String), String>,
    /// Each with its line, for the report.
    pub(super) told: Vec<String>,
    /// Variables that what is yet to be written uses.
    pub(super) variables: BTreeSet<String>,
}

impl Stubs {
    /// The component in Rust, what the template says of it above.
    pub(super) fn component(
        &mut self,
        role: Role,
        kind: &str,
        span: Span,
        settings: &Settings,
        options: &StepOptions,
        sources: &Sources,
    ) -> Component {
        let mut comments = vec![format!(
            "TODO: the {} `{kind}` is yet to be written. The template says of it:",
            role.friendly()
        )];
        for setting in &settings.entries {
            comments.extend(setting.comments.iter().map(|line| format!("    # {line}")));
            let spans: Vec<Span> = match &setting.value {
                SettingValue::Expr(expr) => vec![setting.name_span.to(expr.span)],
                SettingValue::Blocks(blocks) => blocks.iter().map(|block| block.span).collect(),
            };
            comments.extend(spans.into_iter().flat_map(|span| said(sources, span)));
            self.note(&setting.value);
        }
        for (source, changed) in &options.overrides {
            comments.push(format!("    for {source}:"));
            comments.extend(
                said(sources, changed.span)
                    .into_iter()
                    .map(|line| format!("    {line}")),
            );
            changed.entries.iter().for_each(|setting| self.note(&setting.value));
        }
        if comments.len() == 1 {
            comments = vec![format!("TODO: the {} `{kind}` is yet to be written.", role.friendly())];
        }
        let place = sources.place(span).to_string();
        let told = format!("{} `{kind}` ({place})", role.friendly());
        if !self.told.contains(&told) {
            self.told.push(told);
        }
        Component {
            comments,
            expr: format!("{}::of({})", self.name(role, kind), quoted(&place)),
            then: Vec::new(),
            finish: String::new(),
            takes: Takes::Any,
            feature: None,
            notes: Vec::new(),
            unknown: Vec::new(),
        }
    }

    fn name(&mut self, role: Role, kind: &str) -> String {
        if let Some(name) = self.types.get(&(role, kind.to_owned())) {
            return name.clone();
        }
        let taken = |name: &String| TAKEN.contains(&name.as_str()) || self.types.values().any(|known| known == name);
        let own = camel(kind);
        let name = match taken(&own) {
            true => format!("{own}{}", camel(role.friendly())),
            false => own,
        };
        self.types.insert((role, kind.to_owned()), name.clone());
        name
    }

    /// Keeps the variables that a setting uses.
    fn note(&mut self, value: &SettingValue) {
        let mut of = |expr: &Expr| {
            expr.walk(&mut |node| {
                if let ExprKind::GetAttr(inner, name) = &node.kind
                    && inner.as_name() == Some("var")
                {
                    self.variables.insert(name.clone());
                }
            });
        };
        match value {
            SettingValue::Expr(expr) => of(expr),
            SettingValue::Blocks(blocks) => {
                for block in blocks {
                    if let Some(each) = &block.each {
                        of(&each.collection);
                    }
                }
                let inner = blocks.iter().flat_map(|block| &block.settings.entries);
                inner.for_each(|setting| self.note(&setting.value));
            }
        }
    }

    /// The declarations of the types.
    pub(super) fn declarations(&self) -> String {
        let lines = self.types.iter().map(|((role, kind), name)| {
            let role = match role {
                Role::Source => "source",
                Role::Provisioner => "provisioner",
                _ => "post_processor",
            };
            format!("imagebake::unported!({role} {name}, {});\n", quoted(kind))
        });
        let lines: String = lines.collect();
        match lines.is_empty() {
            true => lines,
            false => format!("{lines}\n"),
        }
    }
}

/// The lines of a part of the template, as far to the left as they go.
fn said(sources: &Sources, span: Span) -> Vec<String> {
    let text = sources.text(span);
    let column = usize::try_from(sources.place(span).column)
        .unwrap_or(1)
        .saturating_sub(1);
    let lines = text.lines().enumerate().map(|(number, line)| {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let cut = if number == 0 { 0 } else { indent.min(column) };
        format!("    {}", &line[cut..]).trim_end().to_owned()
    });
    lines.collect()
}
