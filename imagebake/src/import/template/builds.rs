//! Build blocks: which sources they build, with which steps.

use super::{
    World,
    declarations::{Declared, kind},
    decode::own,
    dynamic::{self, Scoped},
    packer,
};
use crate::import::{
    eval::Scope,
    fault::{Fault, Faults},
    functions::time::duration,
    sources::Span,
    syntax::{Attribute, Body, Content},
    value::{Type, Value},
};
use std::collections::BTreeMap;

/// A build block.
#[derive(Debug, Default)]
pub(super) struct Build {
    pub(super) name: Option<String>,
    pub(super) sources: Vec<Use>,
    pub(super) provisioners: Vec<Block>,
    pub(super) error_cleanup: Option<Block>,
    pub(super) chains: Vec<Vec<Block>>,
}

/// A source that a build uses.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) kind: String,
    pub(super) name: String,
    /// Its name in this build.
    pub(super) local_name: Option<String>,
    /// What the build adds to it.
    pub(super) more: Option<(Body, Scope)>,
}

/// A step of a build.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) only: Vec<String>,
    pub(super) except: Vec<String>,
    /// `override`, by the names of sources.
    pub(super) changed: BTreeMap<String, Value>,
    pub(super) options: BTreeMap<&'static str, Value>,
    pub(super) body: Body,
    pub(super) scope: Scope,
    pub(super) span: Span,
}

/// Attributes of every provisioner.
pub(in crate::import) const OF_PROVISIONERS: [&str; 8] = [
    "name",
    "pause_before",
    "max_retries",
    "timeout",
    "continue_on_error",
    "only",
    "except",
    "override",
];
/// Attributes of every post-processor.
pub(in crate::import) const OF_POST_PROCESSORS: [&str; 4] = ["name", "only", "except", "keep_input_artifact"];

pub(super) fn read(declared: &Declared, world: &World<'_>, faults: &mut Faults) -> Vec<Build> {
    let scope = world.scope();
    let mut reader = Reader {
        declared,
        world,
        faults,
    };
    declared
        .builds
        .iter()
        .map(|block| reader.build(&block.body, block.header, &scope))
        .collect()
}

struct Reader<'a, 'w> {
    declared: &'a Declared,
    world: &'a World<'w>,
    faults: &'a mut Faults,
}

impl Reader<'_, '_> {
    fn build(&mut self, body: &Body, header: Span, scope: &Scope) -> Build {
        let kinds = [
            kind("source", 1),
            kind("provisioner", 1),
            kind("error-cleanup-provisioner", 1),
            kind("post-processor", 1),
            kind("post-processors", 0),
            kind("hcp_packer_registry", 0),
            kind("from", 1),
        ];
        let context = self.world.context;
        let (content, blocks) = dynamic::content(
            context,
            body,
            &["name", "description", "sources"],
            &kinds,
            scope,
            self.faults,
        );
        let mut build = Build {
            name: self.text(content.attribute("name"), scope),
            ..Build::default()
        };
        self.text(content.attribute("description"), scope);
        if let Some(attribute) = content.attribute("sources") {
            for reference in self.texts(Some(attribute), scope) {
                // The place of the one entry, where the list is written out.
                let span = entry(attribute, &reference);
                build.sources.extend(self.source(&reference, span, None, None));
            }
        }
        for scoped in blocks {
            self.block(scoped, &mut build);
        }
        if build.sources.is_empty()
            && content
                .attribute("sources")
                .is_none_or(|attribute| entries(attribute) == Some(0))
        {
            self.faults.push(
                Fault::at(header, "no-source", "this build has no source")
                    .help("write `sources = [\"source.TYPE.NAME\"]` or a block `source \"source.TYPE.NAME\" {}`"),
            );
        }
        build
    }

    fn block(&mut self, scoped: Scoped, build: &mut Build) {
        match scoped.block.kind.as_str() {
            "source" => {
                let (reference, span) = scoped.block.labels[0].clone();
                let own = scoped.block.body.part(&["name"], &[]);
                let name = self.text(own.attribute("name"), &scoped.scope);
                build
                    .sources
                    .extend(self.source(&reference, span, name, Some((scoped.block.body, scoped.scope))));
            }
            "provisioner" => build.provisioners.extend(self.provisioner(scoped)),
            "error-cleanup-provisioner" => match &build.error_cleanup {
                Some(first) => self.faults.push(
                    Fault::at(
                        scoped.block.header,
                        "duplicate-block",
                        "there may be one error-cleanup-provisioner in a build",
                    )
                    .also(first.span),
                ),
                None => build.error_cleanup = self.provisioner(scoped),
            },
            "post-processor" => build.chains.extend(self.post_processor(scoped).map(|step| vec![step])),
            "post-processors" => {
                let kinds = [kind("post-processor", 1)];
                let (_, blocks) = dynamic::content(
                    self.world.context,
                    &scoped.block.body,
                    &[],
                    &kinds,
                    &scoped.scope,
                    self.faults,
                );
                if blocks.is_empty() {
                    self.faults.push(Fault::at(
                        scoped.block.header,
                        "missing-block",
                        "there is no post-processor in this block",
                    ));
                }
                build.chains.push(
                    blocks
                        .into_iter()
                        .filter_map(|block| self.post_processor(block))
                        .collect(),
                );
            }
            "hcp_packer_registry" => packer::registry(&scoped.block, self.faults),
            _ => {}
        }
    }

    /// `source.type.name` or `type.name`
    fn source(
        &mut self,
        reference: &str,
        span: Span,
        local_name: Option<String>,
        more: Option<(Body, Scope)>,
    ) -> Option<Use> {
        let parts: Vec<&str> = reference.split('.').collect();
        let (kind, name) = match parts.as_slice() {
            // The first word of three says nothing: `source.`, `sources.`.
            [_, kind, name] | [kind, name] => (*kind, *name),
            _ => {
                self.faults.push(
                    Fault::at(
                        span,
                        "source-reference",
                        format!("{reference:?} does not name a source"),
                    )
                    .help("write source.TYPE.NAME"),
                );
                return None;
            }
        };
        if !self
            .declared
            .sources
            .iter()
            .any(|source| source.kind == kind && source.name == name)
        {
            let known: Vec<String> = self
                .declared
                .sources
                .iter()
                .map(|source| format!("{}.{}", source.kind, source.name))
                .collect();
            let wanted = format!("{kind}.{name}");
            self.faults.push(
                Fault::at(span, "unknown-source", format!("there is no source `{wanted}`"))
                    .help(if known.is_empty() {
                        "no source block was read; give the folder of the template instead of one file".to_owned()
                    } else {
                        format!("known sources: {}", known.join(", "))
                    })
                    .nearest(&wanted, known.iter().map(String::as_str)),
            );
            return None;
        }
        Some(Use {
            kind: kind.to_owned(),
            name: name.to_owned(),
            local_name,
            more,
        })
    }

    fn provisioner(&mut self, scoped: Scoped) -> Option<Block> {
        let own_part = scoped.block.body.part(&OF_PROVISIONERS, &[]);
        let mut step = self.step(&own_part, scoped)?;
        let scope = step.scope.clone();
        for name in ["pause_before", "timeout"] {
            let attribute = own_part.attribute(name);
            let Some(text) = self.text(attribute, &scope) else {
                continue;
            };
            match duration(&text) {
                Ok(0) => {}
                Ok(nanoseconds) => drop(step.options.insert(name, go_duration(nanoseconds).into())),
                Err(problem) => {
                    let span = attribute.map_or(step.span, |attribute| attribute.expr.span);
                    self.faults
                        .push(Fault::at(span, "duration", format!("`{name}`: {problem}")));
                }
            }
        }
        // The peer takes one of the two.
        if step.options.contains_key("pause_before") && step.options.remove("timeout").is_some() {
            self.faults.push(
                Fault::at(step.span, "no-effect", "packer ignores `timeout` beside `pause_before`")
                    .help("remove one of the two")
                    .warning(),
            );
        }
        if let Some(retries) = own(
            self.world.context,
            own_part.attribute("max_retries"),
            &Type::Number,
            &scope,
            self.faults,
        ) && retries != Value::integer(0)
        {
            step.options.insert("max_retries", retries);
        }
        if let Some(Value::Bool(true)) = own(
            self.world.context,
            own_part.attribute("continue_on_error"),
            &Type::Bool,
            &scope,
            self.faults,
        ) {
            step.options.insert("continue_on_error", Value::Bool(true));
        }
        let changed = own(
            self.world.context,
            own_part.attribute("override"),
            &Type::Dynamic,
            &scope,
            self.faults,
        );
        if let Some(value) = changed {
            match value.entries() {
                Some(entries) => step.changed = entries.clone(),
                None => self.faults.push(
                    Fault::at(
                        step.span,
                        "type",
                        "`override` is an object: names of sources, and what differs for them",
                    )
                    .help("write `override = { NAME = { ATTRIBUTE = … } }`"),
                ),
            }
        }
        Some(step)
    }

    fn post_processor(&mut self, scoped: Scoped) -> Option<Block> {
        let own_part = scoped.block.body.part(&OF_POST_PROCESSORS, &[]);
        let mut step = self.step(&own_part, scoped)?;
        let scope = step.scope.clone();
        let keep = own(
            self.world.context,
            own_part.attribute("keep_input_artifact"),
            &Type::Bool,
            &scope,
            self.faults,
        );
        step.options.extend(keep.map(|keep| ("keep_input_artifact", keep)));
        Some(step)
    }

    fn step(&mut self, own_part: &Content, scoped: Scoped) -> Option<Block> {
        let (only, except) = (own_part.attribute("only"), own_part.attribute("except"));
        if let (Some(only), Some(except)) = (only, except) {
            self.faults.push(
                Fault::at(
                    except.name_span,
                    "only-and-except",
                    "a step has either `only` or `except`",
                )
                .also(only.name_span),
            );
        }
        let name = self
            .text(own_part.attribute("name"), &scoped.scope)
            .filter(|name| !name.is_empty());
        Some(Block {
            kind: scoped.block.labels.first()?.0.clone(),
            name,
            only: self.texts(only, &scoped.scope),
            except: self.texts(except, &scoped.scope),
            changed: BTreeMap::new(),
            options: BTreeMap::new(),
            body: scoped.block.body,
            scope: scoped.scope,
            span: scoped.block.header,
        })
    }

    fn text(&mut self, attribute: Option<&Attribute>, scope: &Scope) -> Option<String> {
        let value = own(self.world.context, attribute, &Type::String, scope, self.faults)?;
        value.as_str().map(str::to_owned)
    }

    fn texts(&mut self, attribute: Option<&Attribute>, scope: &Scope) -> Vec<String> {
        let value = own(
            self.world.context,
            attribute,
            &Type::list(Type::String),
            scope,
            self.faults,
        );
        let items = value.as_ref().and_then(Value::items).unwrap_or_default();
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

fn entries(attribute: &Attribute) -> Option<usize> {
    match &attribute.expr.kind {
        crate::import::syntax::ExprKind::Tuple(items) => Some(items.len()),
        _ => None,
    }
}

fn entry(attribute: &Attribute, reference: &str) -> Span {
    let children = attribute.expr.children();
    children
        .into_iter()
        .find(|child| child.as_text() == Some(reference))
        .map_or(attribute.expr.span, |child| child.span)
}

/// `1m30s`
pub(in crate::import) fn go_duration(nanoseconds: i64) -> String {
    let (sign, total) = if nanoseconds < 0 {
        ("-", nanoseconds.unsigned_abs())
    } else {
        ("", nanoseconds.unsigned_abs())
    };
    let seconds = total / 1_000_000_000;
    let fraction = total % 1_000_000_000;
    if seconds == 0 {
        return match total {
            0 => "0s".to_owned(),
            1..1_000 => format!("{sign}{total}ns"),
            1_000..1_000_000 => format!("{sign}{}µs", decimal(total, 1_000)),
            _ => format!("{sign}{}ms", decimal(total, 1_000_000)),
        };
    }
    let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
    let rest = decimal(seconds % 60 * 1_000_000_000 + fraction, 1_000_000_000);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{rest}s"),
        (0, minutes) => format!("{sign}{minutes}m{rest}s"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{rest}s"),
    }
}

fn decimal(value: u64, unit: u64) -> String {
    let digits = unit.ilog10() as usize;
    let fraction = format!("{:0digits$}", value % unit);
    match fraction.trim_end_matches('0') {
        "" => (value / unit).to_string(),
        fraction => format!("{}.{fraction}", value / unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_as_go_writes_them() {
        for text in [
            "0s", "1.5s", "1m30s", "1h0m0s", "15ms", "2.5µs", "7ns", "-1m0s", "25h0m1s",
        ] {
            assert_eq!(go_duration(duration(text).expect(text)), text);
        }
        assert!(duration("10").expect_err("it has no unit").contains("unit"));
    }
}
