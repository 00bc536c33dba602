//! Problems of templates with the lines that they are about, as miette draws them.

use crate::{
    import::{
        fault::{Fault, Faults},
        sources::{Sources, Span},
    },
    reporter::Style,
};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode};
use std::fmt;

/// A problem in one file.
struct Shown {
    fault: Fault,
    code: Option<NamedSource<String>>,
    help: Option<String>,
}

/// All problems, warnings last, and how many there are.
pub(super) fn render(sources: &Sources, faults: &Faults, values: &[String], style: Style) -> String {
    let theme = match style.is_coloured() {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_width(110)
        .without_cause_chain();
    let mut out = String::new();
    let (warnings, errors): (Vec<&Fault>, Vec<&Fault>) = faults.0.iter().partition(|fault| fault.warning);
    for fault in errors.into_iter().chain(warnings) {
        // Writing to a text cannot fail.
        let _ = handler.render_report(&mut out, &Shown::new(sources, fault, values));
        out.push('\n');
    }
    out
}

impl Shown {
    fn new(sources: &Sources, fault: &Fault, values: &[String]) -> Self {
        let mut fault = fault.clone();
        let mut help: Vec<String> = fault.help.iter().cloned().collect();
        let mut code = None;
        if let Some(span) = fault.span {
            let file = sources.file(span.file);
            match may_be_shown(&file.name, values) {
                true => code = Some(NamedSource::new(&file.name, file.text.clone())),
                false => fault.message = format!("{}: {}", place(sources, span), fault.message),
            }
            // A drawing is of one file.
            let (here, elsewhere): (Vec<Span>, Vec<Span>) = fault.also.iter().partition(|also| also.file == span.file);
            help.extend(
                elsewhere
                    .into_iter()
                    .map(|span| format!("see also {}", place(sources, span))),
            );
            fault.also = here;
        }
        Self {
            fault,
            code,
            help: (!help.is_empty()).then(|| help.join("\n")),
        }
    }
}

/// Values from the command line, the environment and files may be secrets: their lines are not shown.
fn may_be_shown(name: &str, values: &[String]) -> bool {
    let given = |path: &String| path.ends_with(name) || name.ends_with(path.as_str());
    !name.starts_with('<') && !name.contains(".pkrvars.") && !values.iter().any(given)
}

fn place(sources: &Sources, span: Span) -> String {
    let place = sources.place(span);
    format!("{place}:{}", place.column)
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.message)
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.fault.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(if self.fault.warning {
            Severity::Warning
        } else {
            Severity::Error
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_ref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let code = self.code.as_ref()?;
        Some(code)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.code.as_ref()?;
        let span = self.fault.span?;
        let range = |span: Span| span.start as usize..(span.end.max(span.start) as usize);
        let first = LabeledSpan::new_primary_with_span(Some("here".to_owned()), range(span));
        let more = self
            .fault
            .also
            .iter()
            .map(move |span| LabeledSpan::new_with_span(Some("and here".to_owned()), range(*span)));
        Some(Box::new(std::iter::once(first).chain(more)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(name: &str, warning: bool) -> String {
        let sources = Sources::default();
        let file = sources.add(name, "a = 1\nb = var.x\n");
        let mut faults = Faults::default();
        let fault = Fault::at(Span::new(file, 10..15), "unknown-variable", "there is no variable `x`");
        let fault = fault.help("did you mean `y`?").also(Span::new(file, 0..1));
        faults.push(if warning { fault.warning() } else { fault });
        render(&sources, &faults, &["given.json".to_owned()], Style::default())
    }

    #[test]
    fn a_problem_is_drawn_with_its_lines() {
        let text = drawn("a.pkr.hcl", false);
        for part in [
            "unknown-variable",
            "× there is no variable `x`",
            "a.pkr.hcl:2:5",
            "b = var.x",
            "╰── here",
            "and here",
            "did you mean `y`?",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(drawn("a.pkr.hcl", true).contains('⚠'));
    }

    #[test]
    fn lines_with_values_are_not_shown() {
        for name in ["<variable x on the command line>", "dev.pkrvars.hcl", "given.json"] {
            let text = drawn(name, false);
            assert!(!text.contains("b = var.x"), "{text}");
            assert!(
                text.contains(&format!("{name}:2:5: there is no variable `x`")),
                "{text}"
            );
        }
    }
}
