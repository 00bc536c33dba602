//! Problems of descriptions as people read them: what, where in their files, about which part, and what to do.
//!
//! Problems that differ in nothing but the source they were found for are shown once. The line itself is shown where the file is
//! below the project.

use super::explain::explanation;
use crate::{
    field::Place,
    plan::{Diagnostic, Diagnostics, Severity},
    redact::Redactor,
    reporter::{Style, printable},
};
use std::{collections::HashMap, fmt::Write, fs, path::Path};

pub(super) struct Renderer<'a> {
    pub(super) style: Style,
    /// What the places of problems start from.
    pub(super) root: &'a Path,
    /// Hides the secrets among the values that were given.
    pub(super) redactor: &'a Redactor,
}

/// The same problem for one or several sources.
pub(super) struct Group<'a> {
    pub(super) problem: &'a Diagnostic,
    sources: Vec<&'a str>,
}

impl Renderer<'_> {
    /// All problems, image by image, and their number.
    pub(super) fn render(&self, problems: &Diagnostics) -> String {
        let mut out = String::new();
        let groups = grouped(problems);
        let mut files = HashMap::new();
        for group in &groups {
            self.group(&mut out, group, &mut files);
        }
        let count = |severity| groups.iter().filter(|group| group.problem.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let mut images: Vec<&str> = groups
            .iter()
            .filter_map(|group| group.problem.image.as_deref())
            .collect();
        images.sort_unstable();
        images.dedup();
        if errors + warnings > 1 {
            let counts = [(errors, "error"), (warnings, "warning")];
            let words = counts
                .iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, word)| plural(*count, word));
            let within = if images.len() > 1 {
                format!(" in {}", plural(images.len(), "image"))
            } else {
                String::new()
            };
            let _ = writeln!(out, "{}{within}", self.style.bold(words.collect::<Vec<_>>().join(", ")));
        }
        let mut explained: Vec<&str> = groups
            .iter()
            .map(|group| group.problem.code)
            .filter(|code| explanation(code).is_some())
            .collect();
        explained.sort_unstable();
        explained.dedup();
        let _ = match &explained[..] {
            [] => Ok(()),
            [code] => writeln!(out, "more: `explain {code}`"),
            _ => writeln!(out, "more on each: `explain CODE`"),
        };
        self.redactor.redact_str(&out).into_owned()
    }

    fn group(&self, out: &mut String, group: &Group<'_>, files: &mut HashMap<String, Vec<String>>) {
        let problem = group.problem;
        let head = match problem.severity {
            Severity::Error => self.style.red(format!("error[{}]", problem.code)),
            Severity::Warning => self.style.yellow(format!("warning[{}]", problem.code)),
        };
        let _ = writeln!(out, "{head}: {}", self.style.bold(indented(&problem.message, "  ")));
        let width = problem
            .places
            .iter()
            .map(|place| place.line.to_string().len())
            .max()
            .unwrap_or(1);
        for (i, place) in problem.places.iter().enumerate() {
            let arrow = self.style.cyan(if i == 0 { "-->" } else { ":::" });
            // In Rust the setting's name says where in the line it is; a values file may be one line.
            let column = match place.file.ends_with(".rs") || place.column == 0 {
                true => String::new(),
                false => format!(":{}", place.column),
            };
            let _ = writeln!(out, "{:width$}{arrow} {place}{column}", "");
            self.source_line(out, place, width, problem.columns_shown, files);
        }
        let row = |out: &mut String, text: &str| {
            let text = indented(text, &" ".repeat(width + 3));
            let _ = writeln!(out, "{:width$} {} {text}", "", self.style.cyan("="));
        };
        let subject = subject(group);
        if !subject.is_empty() {
            row(out, &subject);
        }
        for help in problem.help.iter().flat_map(|help| help.lines()) {
            row(out, &format!("help: {help}"));
        }
        out.push('\n');
    }

    /// The line of the file, with a mark below the column.
    fn source_line(
        &self,
        out: &mut String,
        place: &Place,
        width: usize,
        columns_shown: Option<u32>,
        files: &mut HashMap<String, Vec<String>>,
    ) {
        if columns_shown == Some(0) {
            return;
        }
        let lines = files
            .entry(place.file.to_string())
            .or_insert_with(|| self.read(&place.file));
        let Some(line) = (place.line as usize).checked_sub(1).and_then(|at| lines.get(at)) else {
            return;
        };
        let column = (place.column.max(1) - 1) as usize;
        let blank = |c: char| c.is_whitespace() || matches!(c, '[' | '{' | '"' | '-');
        let line = match columns_shown.map(|columns| line.char_indices().nth(columns as usize)) {
            None => line.clone(),
            Some(_) if !line.chars().take(column).all(blank) => return,
            Some(Some((end, _))) => format!("{}…", &line[..end]),
            Some(None) => line.clone(),
        };
        // Tabs stay tabs below, so that the mark stands where the column is.
        let before: String = line
            .chars()
            .take(column)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let bar = self.style.cyan("|");
        let _ = writeln!(out, "{:width$} {bar}", "");
        let _ = writeln!(
            out,
            "{:>width$} {bar} {}",
            place.line,
            printable(&line, Style::default())
        );
        // A place without a column of its own stands for the whole line.
        if column > 0 {
            let _ = writeln!(out, "{:width$} {bar} {before}{}", "", self.style.red("^"));
        }
    }

    fn read(&self, file: &str) -> Vec<String> {
        let path = self.root.join(file);
        let below = path.canonicalize().is_ok_and(|path| path.starts_with(self.root));
        let small = fs::metadata(&path).is_ok_and(|about| about.is_file() && about.len() < 4 << 20);
        match below && small {
            true => fs::read_to_string(&path)
                .unwrap_or_default()
                .lines()
                .map(str::to_owned)
                .collect(),
            false => Vec::new(),
        }
    }
}

/// Errors and warnings image by image, in the order the images first appear.
pub(super) fn grouped(problems: &Diagnostics) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for problem in problems.iter() {
        let same = |group: &&mut Group<'_>| {
            let other = group.problem;
            (
                other.code,
                &other.message,
                &other.image,
                &other.field,
                &other.places,
                &other.help,
            ) == (
                problem.code,
                &problem.message,
                &problem.image,
                &problem.field,
                &problem.places,
                &problem.help,
            ) && other.step == problem.step
                && other.severity == problem.severity
        };
        let source = problem.source.as_deref();
        match groups.iter_mut().find(same) {
            Some(group) if source.is_some_and(|source| !group.sources.contains(&source)) => {
                group.sources.extend(source)
            }
            _ => groups.push(Group {
                problem,
                sources: source.into_iter().collect(),
            }),
        }
    }
    let mut order: Vec<Option<&str>> = Vec::new();
    for group in &groups {
        if !order.contains(&group.problem.image.as_deref()) {
            order.push(group.problem.image.as_deref());
        }
    }
    groups.sort_by_key(|group| order.iter().position(|image| *image == group.problem.image.as_deref()));
    groups
}

/// `image web · source oci · step 2 shell · field inline`.
fn subject(group: &Group<'_>) -> String {
    let problem = group.problem;
    let sources = match &group.sources[..] {
        [] => None,
        [one] => Some(format!("source {one}")),
        several => Some(format!("sources {} ({})", several.join(", "), several.len())),
    };
    let image = problem.image.as_ref().map(|image| format!("image {image}"));
    let field = problem.field.as_ref().map(|field| format!("field {field}"));
    [image, sources, problem.step.clone(), field]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

fn indented(text: &str, by: &str) -> String {
    let safe: Vec<_> = text.lines().map(|line| printable(line, Style::default())).collect();
    safe.join(&format!("\n{by}"))
}

pub(super) fn plural(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_shows_the_line_what_it_is_about_and_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("it exists");
        fs::create_dir(root.join("src")).expect("made");
        fs::write(root.join("src/main.rs"), "fn web() {\n\t.script(\"missing.sh\")\n}\n").expect("written");
        let mut problems = Diagnostics::new();
        for source in ["oci", "null"] {
            let mut problem = Diagnostic::error("unreadable-file", "cannot read `missing.sh`\nat all").field("script");
            problem = problem
                .help("make it")
                .at(Place::in_file("src/main.rs", 2, 3))
                .at(Place::in_file("/etc/passwd", 1, 1));
            (problem.image, problem.source) = (Some("web".into()), Some(source.into()));
            problem.step = Some("step 2 shell".into());
            problems.push(problem);
        }
        problems.push(Diagnostic::warning("odd", "odd"));
        let text = Renderer {
            style: Style::default(),
            root: &root,
            redactor: &Redactor::new(),
        }
        .render(&problems);
        let expected = "\
error[unreadable-file]: cannot read `missing.sh`
  at all
 --> src/main.rs:2
  |
2 | \t.script(\"missing.sh\")
  | \t ^
 ::: /etc/passwd:1:1
  = image web · sources oci, null (2) · step 2 shell · field script
  = help: make it

warning[odd]: odd

1 error, 1 warning
more: `explain unreadable-file`
";
        assert_eq!(text, expected);
    }

    #[test]
    fn problems_come_image_by_image_with_their_number() {
        let mut problems = Diagnostics::new();
        for (image, code) in [("web", "one"), ("db", "no-source"), ("web", "glob")] {
            let mut problem = Diagnostic::error(code, format!("{code} is wrong"));
            problem.image = Some(image.into());
            problems.push(problem);
        }
        let text = Renderer {
            style: Style::default(),
            root: Path::new("/"),
            redactor: &Redactor::new(),
        }
        .render(&problems);
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(at("[one]") < at("[glob]") && at("[glob]") < at("[no-source]"), "{text}");
        assert!(
            text.ends_with("3 errors in 2 images\nmore on each: `explain CODE`\n"),
            "{text}"
        );
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(
            Renderer {
                style: Style::default(),
                root: Path::new("/"),
                redactor: &Redactor::new(),
            }
            .render(&Diagnostics::new()),
            ""
        );
    }
}
