//! What a template says of a component, one shape for HCL2 and for the older templates.

use crate::import::{sources::Span, syntax::Expr};

/// The settings of a component, or of a block in it, in the order in which they are written.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Attributes and blocks; the blocks of one name are one entry.
    pub entries: Vec<Setting>,
    /// Where they are.
    pub span: Span,
}

impl Settings {
    /// None.
    pub fn empty(span: Span) -> Self {
        Self {
            entries: Vec::new(),
            span,
        }
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.entries.iter().find(|setting| setting.name == name)
    }

    /// The expression of the attribute of that name.
    pub fn expr(&self, name: &str) -> Option<&Expr> {
        match &self.get(name)?.value {
            SettingValue::Expr(expr) => Some(expr),
            SettingValue::Blocks(_) => None,
        }
    }
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// As the template names it.
    pub name: String,
    /// Where that stands.
    pub name_span: Span,
    /// The lines of the comment above it and behind it.
    pub comments: Vec<String>,
    /// What it is set to.
    pub value: SettingValue,
}

/// What a setting is set to.
#[derive(Clone, Debug)]
pub enum SettingValue {
    /// An expression.
    Expr(Expr),
    /// Blocks.
    Blocks(Vec<SettingBlock>),
}

/// A block, or as many as a `dynamic` block makes.
#[derive(Clone, Debug)]
pub struct SettingBlock {
    /// What stands in it.
    pub settings: Settings,
    /// What a `dynamic` block walks over.
    pub each: Option<Each>,
    /// The lines of the comment above it.
    pub comments: Vec<String>,
    /// Where it is.
    pub span: Span,
}

/// What a `dynamic` block walks over.
#[derive(Clone, Debug)]
pub struct Each {
    /// What the element is called: `NAME.value`, `NAME.key`.
    pub iterator: String,
    /// What is walked over.
    pub collection: Expr,
}

/// What applies to any step or post-processor.
#[derive(Clone, Debug, Default)]
pub struct StepOptions {
    /// `name`
    pub name: Option<Expr>,
    /// `only`, as it is written
    pub only: Option<Expr>,
    /// `except`
    pub except: Option<Expr>,
    /// `pause_before`
    pub pause_before: Option<Expr>,
    /// `timeout`
    pub timeout: Option<Expr>,
    /// `max_retries`
    pub max_retries: Option<Expr>,
    /// `continue_on_error`
    pub continue_on_error: Option<Expr>,
    /// `keep_input_artifact`
    pub keep_input_artifact: Option<Expr>,
    /// `override`: what differs, by the names of sources.
    pub overrides: Vec<(String, Settings)>,
}
