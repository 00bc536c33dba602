//! Inline lists as one script, and which of its commands failed.
//!
//! The script notes the number of each command before it, and a trap writes the number to a file when the script fails. A list whose
//! entries only make sense together (a here-document, an `if` over several entries) gets no notes: nothing may be put between
//! its lines, and then the whole list is what failed.

use crate::{
    communicator::remote_quote,
    engine::Cx,
    error::{CommandFailure, Error, ErrorKind, Result},
    plan::Diagnostic,
    value::{Template, Vars},
};
use zeroize::Zeroizing;

/// An inline list, rendered.
pub(crate) struct InlineScript {
    shebang: String,
    commands: Vec<String>,
    numbered: bool,
}

impl InlineScript {
    pub(crate) fn new(shebang: &str, commands: Vec<String>) -> Self {
        let shell = shebang.split_whitespace().next().unwrap_or("/bin/sh");
        let posix = ["sh", "bash", "dash", "ash", "ksh", "busybox", "zsh"]
            .iter()
            .any(|name| shell.ends_with(name));
        let numbered = posix && commands.len() > 1 && commands.iter().all(|command| stands_alone(command));
        Self {
            shebang: shebang.to_owned(),
            commands,
            numbered,
        }
    }

    /// The script; on failure it writes the number of the failed command to `note`.
    pub(crate) fn text(&self, note: &str) -> String {
        let mut text = format!("#!{}\n", self.shebang.trim_start_matches("#!"));
        if self.numbered {
            let note = remote_quote(&format!(
                "[ $? = 0 ] || echo \"$imagebake_at\" > {}",
                remote_quote(note)
            ));
            text.push_str(&format!("imagebake_at=0\ntrap {note} EXIT\n"));
        }
        for (i, command) in self.commands.iter().enumerate() {
            if self.numbered {
                text.push_str(&format!("imagebake_at={}\n", i + 1));
            }
            text.push_str(command);
            text.push('\n');
        }
        text
    }

    /// Whether a failure can be traced to a command.
    pub(crate) fn is_numbered(&self) -> bool {
        self.numbered
    }

    /// The words of the shebang: program and arguments.
    pub(crate) fn interpreter(&self) -> Vec<String> {
        self.shebang
            .trim_start_matches("#!")
            .split_whitespace()
            .map(str::to_owned)
            .collect()
    }

    /// The error of a script that ended with `exit_code`, from what it noted.
    pub(crate) fn failure(&self, exit_code: i32, noted: Option<&str>) -> Error {
        let number = noted.and_then(|text| text.trim().parse::<usize>().ok());
        let failed = number.and_then(|number| Some((number, self.commands.get(number.checked_sub(1)?)?)));
        let (what, command) = match (failed, &self.commands[..]) {
            (Some((number, command)), _) => (
                format!("command {number} of {} of the inline list", self.commands.len()),
                command.clone(),
            ),
            (None, [only]) => ("the inline command".to_owned(), only.clone()),
            (None, all) => ("the inline script".to_owned(), all.join("\n")),
        };
        let first = command.lines().next().unwrap_or_default();
        Error::new(
            ErrorKind::CommandFailed,
            format!("{what} ended with exit code {exit_code}: `{first}`"),
        )
        .command(CommandFailure::new(command, Some(exit_code)))
        .hint("accept the code with `valid_exit_codes`, or mend the command")
    }
}

/// The words of a script's own first line, where it names an interpreter.
pub(crate) fn interpreter_of(script: &[u8]) -> Option<Vec<String>> {
    let line = script.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim();
    // The kernel hands all that follows the interpreter over as one word.
    let (program, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let words = [program, rest.trim()].into_iter().filter(|word| !word.is_empty());
    Some(words.map(str::to_owned).collect::<Vec<_>>()).filter(|words| !words.is_empty())
}

/// Refuses names that no shell takes for a variable.
pub(crate) fn check_env<'a>(
    field: &'static str,
    names: impl Iterator<Item = &'a str>,
    problems: &mut crate::plan::Diagnostics,
) {
    let valid = |name: &str| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    for name in names.filter(|name| !valid(name)) {
        let message = format!("`{name}` cannot be the name of a variable: letters, digits and `_`, not a digit first");
        problems.error(field, "variable-name", message);
    }
}

/// Refuses what is no `NAME=value` with a name that a shell takes.
pub(crate) fn check_assignments(
    field: &'static str,
    assignments: &[Template],
    problems: &mut crate::plan::Diagnostics,
) {
    for assignment in assignments {
        match assignment.assignment() {
            Some((name, _)) => check_env(field, std::iter::once(name.as_str()), problems),
            None => {
                // What follows the name may be secret.
                let shown = assignment.to_string();
                let shown = shown.split('=').next().unwrap_or_default();
                let problem = Diagnostic::error("variable-name", format!("`{shown}` is no variable with a value"));
                problems.push(problem.field(field).help("write it as `NAME=value`"));
            }
        }
    }
}

/// The variables as `format` writes each, one after another: `{{ vars }}` of an `execute_command`.
pub(crate) fn assignments<'a>(
    cx: &Cx,
    format: &Template,
    env: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Zeroizing<String>> {
    let mut out = Zeroizing::new(String::new());
    for (name, value) in env {
        let mut vars = Vars::new();
        vars.insert("name".into(), name.into());
        vars.insert("value".into(), value.replace('\'', r"'\''").into());
        out.push_str(&cx.render_with(format, vars)?);
    }
    let end = out.trim_end().len();
    out.truncate(end);
    Ok(out)
}

/// Whether a shell command is complete by itself, as far as that can be told without a shell; "no" is always safe.
fn stands_alone(command: &str) -> bool {
    let (mut single, mut double, mut depth) = (false, false, 0_i32);
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match c {
            // What follows a backslash is not looked at; a last one wants another line.
            '\\' if !single && chars.next().is_none() => return false,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '(' | '{' if !single && !double => depth += 1,
            ')' | '}' if !single && !double => depth -= 1,
            _ => {}
        }
    }
    let words: Vec<&str> = command.split(|c: char| c.is_whitespace() || c == ';').collect();
    let count = |word: &str| words.iter().filter(|other| **other == word).count();
    let tail = command.trim_end();
    !single
        && !double
        && depth == 0
        && !command.contains("<<")
        && !tail.ends_with(['|', '&', '\\'])
        && count("if") == count("fi")
        && count("case") == count("esac")
        && count("do") == count("done")
        && !["then", "else", "elif", "do"].contains(&words.last().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(shebang: &str, commands: &[&str]) -> (i32, Option<String>) {
        let folder = tempfile::tempdir().expect("a folder");
        let (script, note) = (folder.path().join("it's a script"), folder.path().join("note 'x'"));
        let inline = InlineScript::new(shebang, commands.iter().map(|command| (*command).to_owned()).collect());
        std::fs::write(&script, inline.text(&note.display().to_string())).expect("written");
        let mut words = inline.interpreter();
        let ended = std::process::Command::new(words.remove(0))
            .args(words)
            .arg(&script)
            .status()
            .expect("sh runs");
        (
            ended.code().expect("a code"),
            std::fs::read_to_string(note).ok().map(|text| text.trim().to_owned()),
        )
    }

    #[test]
    fn the_failed_command_is_noted() {
        assert_eq!(
            run("/bin/sh -e", &["true", "exit 7", "true"]),
            (7, Some("2".to_owned()))
        );
        assert_eq!(run("/bin/sh -e", &["true", "false"]), (1, Some("2".to_owned())));
        assert_eq!(run("/bin/sh -e", &["true", "x='a b'; test \"$x\" = 'a b'"]), (0, None));
    }

    #[test]
    fn lists_that_belong_together_are_left_as_they_are() {
        assert_eq!(
            run("/bin/sh -e", &["cat > /dev/null <<X", "imagebake", "X", "exit 3"]),
            (3, None)
        );
        assert_eq!(run("/bin/sh -e", &["if true; then", "exit 4", "fi"]), (4, None));
        for whole in [
            "echo a",
            "if x; then y; fi",
            "for i in 1; do echo; done",
            "f() { true; }",
            "echo \"it's\"",
        ] {
            assert!(stands_alone(whole), "{whole}");
        }
        for part in [
            "if x; then",
            "echo 'a",
            "f() {",
            "a &&",
            "a \\",
            "cat <<E",
            "do",
            "esac",
        ] {
            assert!(!stands_alone(part), "{part}");
        }
    }

    #[test]
    fn the_error_names_the_command() {
        let inline = InlineScript::new("/bin/sh -e", vec!["true".into(), "make it".into()]);
        let error = inline.failure(2, Some("2\n"));
        assert_eq!(
            error.message(),
            "command 2 of 2 of the inline list ended with exit code 2: `make it`"
        );
        assert_eq!(
            error.failed_command().map(|failed| failed.command.as_str()),
            Some("make it")
        );
    }
}
