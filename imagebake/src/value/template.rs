//! Text that is rendered with the facts of a build.

use super::{
    Secret, Text,
    text::{Part, display, key, secrets},
};
use crate::{
    error::{Error, ErrorKind, Result},
    field::Place,
};
use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig};
use std::{borrow::Cow, fmt, sync::LazyLock};
use zeroize::Zeroizing;

/// The variables that a template is rendered with.
pub type Vars = serde_json::Map<String, serde_json::Value>;

/// Text in which `{{ build.id }}` stands for a fact. From `&str`, `String` and whatever `format!` makes of the fact constants;
/// a [`Text`] or a [`Secret`] becomes a template that renders nothing. Undefined variables are errors, found by `plan`.
///
/// `{{ ssh_public_key | urlencode }}` is a fact as a part of a URL.
///
/// Comments are written `{{# … #}}`, so that the shell's `${#name}` stays what it is; a literal `{{` is written `{{ "{{" }}`.
#[derive(Clone, Default)]
pub struct Template(Vec<Part>);

static ENGINE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut engine = Environment::new();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_syntax(
        SyntaxConfig::builder()
            .block_delimiters("{%", "%}")
            .variable_delimiters("{{", "}}")
            .comment_delimiters("{{#", "#}}")
            .keep_trailing_newline(true)
            .build()
            .expect("the delimiters differ"),
    );
    engine.add_filter("urlencode", |text: String| crate::functions::urlencode(&text));
    engine
});

impl Template {
    /// Several templates, one after the other.
    pub fn concat(parts: impl IntoIterator<Item = Template>) -> Self {
        Self(parts.into_iter().flat_map(|template| template.0).collect())
    }

    /// Text that is not rendered, whatever braces are in it.
    pub fn raw(text: impl Into<Text>) -> Self {
        Self(text.into().0)
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0
            .iter()
            .all(|part| matches!(part, Part::Plain(text) | Part::Source(text) if text.is_empty()))
    }

    /// The secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        secrets(&self.0)
    }

    /// Whether a secret is in it.
    pub fn is_secret(&self) -> bool {
        self.secrets().next().is_some()
    }

    /// `NAME=value` as a name and a template; nothing where there is no `=`, or where the name is not plain text.
    pub(crate) fn assignment(&self) -> Option<(String, Template)> {
        let mut name = String::new();
        let mut parts = self.0.iter();
        while let Some(part) = parts.next() {
            let (Part::Plain(text) | Part::Source(text)) = part else {
                return None;
            };
            let Some((before, after)) = text.split_once('=') else {
                name.push_str(text);
                continue;
            };
            name.push_str(before);
            let after = after.to_owned().into();
            let first = match part {
                Part::Source(_) => Part::Source(after),
                _ => Part::Plain(after),
            };
            let value = std::iter::once(first).chain(parts.cloned()).collect();
            let plain = !name.is_empty() && !needs_rendering(&name);
            return plain.then_some((name, Template(value)));
        }
        None
    }

    /// The names it uses, dotted: `build.id`; the error of a template that does not parse.
    pub(crate) fn variables(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for part in &self.0 {
            if let Part::Source(source) = part
                && needs_rendering(source)
            {
                let template = ENGINE
                    .template_from_str(source)
                    .map_err(|error| syntax_error(source, error))?;
                names.extend(template.undeclared_variables(true));
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The text under `vars`, with its secrets' values.
    ///
    /// # Errors
    /// When the template does not parse, uses a variable that is not in `vars`, or a secret cannot be resolved.
    pub fn render(&self, vars: &Vars) -> Result<Zeroizing<String>> {
        let mut out = Zeroizing::new(String::new());
        for part in &self.0 {
            match part {
                Part::Plain(text) => out.push_str(text),
                Part::Secret(secret) => out.push_str(secret.expose()?),
                Part::Source(source) if !needs_rendering(source) => out.push_str(source),
                Part::Source(source) => {
                    let rendered = ENGINE
                        .render_str(source, minijinja::value::Serde(vars))
                        .map_err(|error| render_error(source, vars, error))?;
                    out.push_str(&rendered);
                }
            }
        }
        Ok(out)
    }

    /// What of it is known before it is rendered, in order: the braces and what is between them are not, and neither are secrets.
    pub(crate) fn pieces(&self) -> Vec<TemplatePiece<'_>> {
        let mut pieces = Vec::new();
        for part in &self.0 {
            match part {
                Part::Plain(text) => pieces.push(TemplatePiece::Known(text)),
                // One character stands for it: its length tells nothing.
                Part::Secret(_) => pieces.push(TemplatePiece::Later("\u{fffc}")),
                Part::Source(source) => outside_braces(source, &mut pieces),
            }
        }
        pieces
    }

    /// The template for step keys: secrets by reference.
    pub(crate) fn key(&self) -> String {
        key(&self.0)
    }
}

/// A piece of a template, before it is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TemplatePiece<'a> {
    /// Text that stays as it is.
    Known(&'a str),
    /// What is known when it is rendered.
    Later(&'a str),
}

fn outside_braces<'a>(source: &'a str, pieces: &mut Vec<TemplatePiece<'a>>) {
    let mut rest = source;
    while let Some(start) = [rest.find("{{"), rest.find("{%")].into_iter().flatten().min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let end = rest[start..]
            .find(close)
            .map_or(rest.len(), |end| start + end + close.len());
        pieces.push(TemplatePiece::Known(&rest[..start]));
        pieces.push(TemplatePiece::Later(&rest[start..end]));
        rest = &rest[end..];
    }
    pieces.push(TemplatePiece::Known(rest));
}

/// A whole file as a template, under `vars`; `name` is what messages call it, `place` where it is for its errors' lines.
pub(crate) fn render_file(name: &str, place: &str, source: &str, vars: &serde_json::Value) -> Result<String> {
    let render = || {
        let template = ENGINE.template_from_named_str(name, source)?;
        template.render(minijinja::value::Serde(vars))
    };
    render().map_err(|error: minijinja::Error| {
        let why = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        let told = Error::new(ErrorKind::Config, format!("cannot render the template: {why}"));
        let line = error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(1);
        let told = told.at(Place::in_file(place, line, 1));
        match error.kind() {
            minijinja::ErrorKind::UndefinedError => told.hint(missing(source, vars)),
            _ => told.hint("a literal `{{` is written `{{ \"{{\" }}`, a comment `{{# … #}}`"),
        }
    })
}

/// Which variable a template may have meant.
fn missing(source: &str, vars: &serde_json::Value) -> String {
    let known: Vec<&str> = vars
        .as_object()
        .into_iter()
        .flat_map(|vars| vars.keys().map(String::as_str))
        .collect();
    let used = ENGINE
        .template_from_str(source)
        .map(|template| template.undeclared_variables(false));
    let mut unknown: Vec<String> = used
        .into_iter()
        .flatten()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    unknown.sort();
    let near = unknown
        .iter()
        .find_map(|name| Some((name, crate::plan::nearest(name, known.iter().copied())?)));
    match (near, known.is_empty()) {
        (Some((name, near)), _) => format!("`{name}` is not among the variables it is given; did you mean `{near}`?"),
        (None, true) => "it is given no variables".to_owned(),
        (None, false) => format!("it is given: {}", known.join(", ")),
    }
}

fn needs_rendering(source: &str) -> bool {
    source.contains("{{") || source.contains("{%")
}

fn syntax_error(source: &str, error: minijinja::Error) -> Error {
    let message = format!("cannot render the template {}: {error}", shown(source));
    Error::new(ErrorKind::Config, message)
        .hint("a literal `{{` is written `{{ \"{{\" }}`; `Template::raw(…)` renders nothing")
}

/// What could not be rendered: by name, where it is a fact that nobody knows now.
fn render_error(source: &str, vars: &Vars, error: minijinja::Error) -> Error {
    if error.kind() != minijinja::ErrorKind::UndefinedError {
        return syntax_error(source, error);
    }
    let known = |name: &str| {
        let mut parts = name.split('.');
        let first = parts.next().and_then(|part| vars.get(part));
        parts
            .try_fold(first, |value, part| value.map(|value| value.get(part)))
            .flatten()
            .is_some()
    };
    let used = Template::from(source.to_owned()).variables().unwrap_or_default();
    let missing: Vec<String> = used
        .iter()
        .filter(|name| !known(name))
        .map(|name| format!("`{name}`"))
        .collect();
    let message = match missing.is_empty() {
        true => format!("cannot render the template {}: {error}", shown(source)),
        false => format!(
            "{} is not known here, in the template {}",
            missing.join(", "),
            shown(source)
        ),
    };
    let told = Error::new(ErrorKind::Config, message);
    match used.iter().any(|name| name.starts_with("build.")) {
        true => {
            told.hint("not every machine has every fact: leave the step out where it is missing, with `.except([…])`")
        }
        false => told.hint("use a fact that this setting knows; `inspect` lists them"),
    }
}

fn shown(source: &str) -> String {
    let more = if source.chars().nth(80).is_some() { "…" } else { "" };
    let start: String = source.chars().take(80).collect();
    format!("{start:?}{more}")
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display(&self.0, f)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl From<&'static str> for Template {
    fn from(text: &'static str) -> Self {
        Self(vec![Part::Source(Cow::Borrowed(text))])
    }
}

impl From<String> for Template {
    fn from(text: String) -> Self {
        Self(vec![Part::Source(Cow::Owned(text))])
    }
}

impl From<&String> for Template {
    fn from(text: &String) -> Self {
        Self::from(text.clone())
    }
}

impl From<Text> for Template {
    fn from(text: Text) -> Self {
        Self(text.0)
    }
}

impl From<&Text> for Template {
    fn from(text: &Text) -> Self {
        Self(text.0.clone())
    }
}

impl From<Secret> for Template {
    fn from(secret: Secret) -> Self {
        Self::from(Text::from(secret))
    }
}

impl From<&Secret> for Template {
    fn from(secret: &Secret) -> Self {
        Self::from(Text::from(secret))
    }
}

impl From<super::Fact> for Template {
    fn from(fact: super::Fact) -> Self {
        Self::from(fact.to_string())
    }
}

macro_rules! template_from_number {
    ($($number:ty),+) => {
        $(impl From<$number> for Template {
            fn from(number: $number) -> Self {
                Self::from(Text::from(number))
            }
        })+
    };
}

template_from_number!(u16, u32, u64, i32, i64, bool);

impl From<&Template> for Template {
    fn from(template: &Template) -> Self {
        template.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vars() -> Vars {
        json!({"build": {"id": "i-1"}, "timestamp": 7})
            .as_object()
            .expect("an object")
            .clone()
    }

    #[test]
    fn renders_facts_and_leaves_shell_alone() {
        let template = Template::from("a {{ build.id }} ${#x} {{# gone #}}b {{ \"{{\" }} ${x%%y}\n");
        assert_eq!(template.variables().expect("parses"), ["build.id"]);
        assert_eq!(
            template.render(&vars()).expect("renders").as_str(),
            "a i-1 ${#x} b {{ ${x%%y}\n"
        );
    }

    #[test]
    fn a_fact_becomes_a_part_of_a_url() {
        let vars = [("ssh_public_key".to_owned(), "ssh-ed25519 A+b/c=".into())]
            .into_iter()
            .collect();
        let rendered = Template::from("key={{ ssh_public_key | urlencode }}").render(&vars);
        assert_eq!(rendered.expect("it renders").as_str(), "key=ssh-ed25519+A%2Bb%2Fc%3D");
    }

    #[test]
    fn an_assignment_is_taken_apart() {
        let taken = |template: Template| template.assignment().map(|(name, value)| format!("{name} {value}"));
        assert_eq!(taken("A=b=c".into()), Some("A b=c".to_owned()));
        assert_eq!(taken("A={{ build.id }}".into()), Some("A {{ build.id }}".to_owned()));
        let secret = Template::concat(["TOK".into(), "EN=".into(), Secret::literal("x").named("t").into()]);
        assert_eq!(taken(secret), Some("TOKEN <secret t>".to_owned()));
        assert_eq!(taken("A".into()), None);
        assert_eq!(taken("{{ image }}=b".into()), None);
        assert_eq!(
            taken(Template::concat([Secret::literal("x").into(), "=b".into()])),
            None
        );
    }

    #[test]
    fn an_undefined_variable_is_an_error() {
        let error = Template::from("{{ buidl.id }}").render(&vars()).expect_err("undefined");
        assert!(error.message().starts_with("`buidl.id` is not known here"), "{error}");
        let error = Template::from("{{ build.id }} {{ build.user }}")
            .render(&vars())
            .expect_err("undefined");
        assert!(error.message().starts_with("`build.user` is not known here"), "{error}");
    }

    #[test]
    fn raw_text_and_secrets_are_not_rendered() {
        let template = Template::concat([Template::raw("{{ x }}"), Template::from(Secret::literal("{{ y }}"))]);
        assert_eq!(template.render(&vars()).expect("renders").as_str(), "{{ x }}{{ y }}");
        assert_eq!(template.to_string(), "{{ x }}<secret>");
    }
}
