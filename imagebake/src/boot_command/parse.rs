//! From a command's text to strokes, with every problem and where it is.

use super::Key;
use crate::{
    plan::Diagnostic,
    value::{Template, TemplatePiece},
};
use std::time::Duration;

/// One thing that is done at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The key is pressed and let go.
    Tap(Key),
    /// The key is pressed.
    Hold(Key),
    /// The key is let go.
    Release(Key),
    /// Nothing is typed for so long.
    Pause(Duration),
}

/// A character of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    character: char,
    /// Whether it is only known when the machine runs: a fact, a secret.
    later: bool,
    /// Which text of the command it is in, from 1.
    text: usize,
    /// Which character of that text it is, from 1.
    column: usize,
}

impl Cell {
    /// The characters of a command's texts. Secrets are one character that is known later, and so are the facts of templates.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a Template>) -> Vec<Self> {
        let mut cells = Vec::new();
        for (index, template) in texts.into_iter().enumerate() {
            let mut column = 0;
            let mut cell = |character, later| {
                column += 1;
                cells.push(Cell {
                    character,
                    later,
                    text: index + 1,
                    column,
                });
            };
            for piece in template.pieces() {
                match piece {
                    TemplatePiece::Known(text) => text.chars().for_each(|character| cell(character, false)),
                    TemplatePiece::Later(text) => text.chars().for_each(|character| cell(character, true)),
                }
            }
        }
        cells
    }
}

/// What is wrong with a part of a command.
struct Problem {
    at: usize,
    wrong: bool,
    message: String,
    help: String,
}

/// The strokes of a command whose facts and secrets are in it.
///
/// ```
/// use imagebake::boot_command::{Key, NamedKey, Stroke, parse};
/// let strokes = parse("a<wait1m30s><ENTER>");
/// assert_eq!(strokes[0], Stroke::Tap(Key::Char('a')));
/// assert_eq!(strokes[1], Stroke::Pause(std::time::Duration::from_secs(90)));
/// assert_eq!(strokes[2], Stroke::Tap(Key::Named(NamedKey::Enter)));
/// ```
///
/// What cannot be read as a key is typed as it is; planning has told of it.
pub fn parse(text: &str) -> Vec<Stroke> {
    let cell = |(index, character)| Cell {
        character,
        later: false,
        text: 1,
        column: index + 1,
    };
    let cells: Vec<Cell> = text.chars().enumerate().map(cell).collect();
    read(&cells).0
}

/// What is wrong with the command under the setting `field`, as far as it is known before the machine runs.
pub(crate) fn check<'a>(field: &str, texts: impl IntoIterator<Item = &'a Template>) -> Vec<Diagnostic> {
    let cells = Cell::of(texts);
    let several = cells.last().is_some_and(|cell| cell.text > 1);
    let (_, problems) = read(&cells);
    let told = |problem: Problem| {
        let cell = &cells[problem.at];
        let place = match several {
            true => format!("text {}, column {}", cell.text, cell.column),
            false => format!("column {}", cell.column),
        };
        let message = format!("{place}: {}", problem.message);
        let diagnostic = match problem.wrong {
            true => Diagnostic::error("boot-command", message),
            false => Diagnostic::warning("boot-command", message),
        };
        diagnostic.field(field).help(problem.help)
    };
    problems.into_iter().map(told).collect()
}

fn read(cells: &[Cell]) -> (Vec<Stroke>, Vec<Problem>) {
    let (mut strokes, mut problems) = (Vec::new(), Vec::new());
    let mut held: Vec<(Key, usize)> = Vec::new();
    let mut at = 0;
    while let Some(cell) = cells.get(at) {
        let (read, length) = match cell.character {
            '<' if !cell.later => token(&cells[at..]),
            // Lines of a longer text: the peer types nothing for them either.
            '\n' | '\r' => (Token::Nothing, 1),
            character => (Token::Stroke(Stroke::Tap(Key::Char(character))), 1),
        };
        match read {
            Token::Stroke(stroke) => {
                match stroke {
                    Stroke::Hold(key) if !held.iter().any(|(one, _)| *one == key) => held.push((key, at)),
                    Stroke::Release(key) => held.retain(|(one, _)| *one != key),
                    _ => {}
                }
                strokes.push(stroke);
            }
            Token::Nothing => {}
            Token::Text(problem) => {
                let typed = cells[at..at + length].iter();
                strokes.extend(typed.map(|cell| Stroke::Tap(Key::Char(cell.character))));
                problems.extend(problem.map(|(wrong, message, help)| Problem {
                    at,
                    wrong,
                    message,
                    help,
                }));
            }
        }
        at += length;
    }
    for (key, at) in held {
        problems.push(Problem {
            at,
            wrong: false,
            message: format!("{key} is held and never let go"),
            help: "write its name with `Off` where it is to be let go".to_owned(),
        });
    }
    problems.sort_by_key(|problem| problem.at);
    (strokes, problems)
}

enum Token {
    Stroke(Stroke),
    Nothing,
    /// It is typed as it is: whether that is an error, what is wrong, and what to do.
    Text(Option<(bool, String, String)>),
}

/// What begins with the `<` at the start of `cells`, and how many of them it is.
fn token(cells: &[Cell]) -> (Token, usize) {
    let character = |index: usize| cells.get(index).map(|cell| cell.character);
    // `<aOn>`, and also `<<On>` and `<>Off>`.
    for (suffix, stroke) in [("on", Stroke::Hold as fn(Key) -> Stroke), ("off", Stroke::Release)] {
        let end = 2 + suffix.len();
        let matches = suffix
            .chars()
            .enumerate()
            .all(|(index, expected)| character(2 + index).is_some_and(|found| found.eq_ignore_ascii_case(&expected)));
        if let (true, Some('>'), Some(key)) = (matches, character(end), character(1)) {
            return (Token::Stroke(stroke(Key::Char(key))), end + 1);
        }
    }
    let in_word = |cell: &&Cell| cell.later || cell.character.is_alphanumeric() || ".-".contains(cell.character);
    let word: Vec<&Cell> = cells[1..].iter().take_while(in_word).collect();
    let length = word.len() + 2;
    if word.is_empty() || character(length - 1) != Some('>') {
        return (Token::Text(None), 1);
    }
    if word.iter().any(|cell| cell.later) {
        return (Token::Nothing, length);
    }
    let word: String = word.iter().map(|cell| cell.character).collect();
    let lower = word.to_lowercase();
    if let Some(rest) = lower.strip_prefix("wait") {
        return match pause(rest) {
            Some(duration) => (Token::Stroke(Stroke::Pause(duration)), length),
            None => {
                let message = format!("`<{word}>` is no time to wait");
                let help = "write `<wait>` for a second, `<wait5>`, `<wait10s>`, `<wait1m30s>` or `<wait500ms>`";
                (Token::Text(Some((true, message, help.to_owned()))), length)
            }
        };
    }
    if let Some(key) = Key::named(&lower) {
        return (Token::Stroke(Stroke::Tap(key)), length);
    }
    if let Some(key) = lower.strip_suffix("on").and_then(Key::named) {
        return (Token::Stroke(Stroke::Hold(key)), length);
    }
    if let Some(key) = lower.strip_suffix("off").and_then(Key::named) {
        return (Token::Stroke(Stroke::Release(key)), length);
    }
    (Token::Text(Some(unknown(&word, &lower))), length)
}

/// A word between `<` and `>` that is no key: meant as one where it is near one, else text of the guest's.
fn unknown(word: &str, lower: &str) -> (bool, String, String) {
    let (stem, suffix) = match (lower.strip_suffix("on"), lower.strip_suffix("off")) {
        (Some(stem), _) if !stem.is_empty() => (stem, "On"),
        (_, Some(stem)) if !stem.is_empty() => (stem, "Off"),
        _ => (lower, ""),
    };
    // Nearer than elsewhere: what a guest is told may have angle brackets of its own.
    let near = |stem: &str| {
        let distance = |name: &&str| strsim::damerau_levenshtein(stem, &name.to_lowercase());
        let name = Key::names().min_by_key(distance)?;
        (distance(&name) <= 1 + stem.len() / 8).then_some(name)
    };
    let function_key = lower
        .strip_prefix('f')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let message = format!("`<{word}>` is no key");
    if function_key {
        return (true, message, "the function keys are `<f1>` to `<f12>`".to_owned());
    }
    match near(stem)
        .map(|name| (name, suffix))
        .or_else(|| near(lower).map(|name| (name, "")))
    {
        Some((name, suffix)) => (true, message, format!("did you mean `<{name}{suffix}>`?")),
        None => (
            false,
            format!("{message}, and is typed as it is"),
            "that is right where the guest is meant to see it; the keys are listed at `imagebake::boot_command::Key`"
                .to_owned(),
        ),
    }
}

/// What stands behind `wait`: nothing, seconds, or a duration such as `1m30s`.
fn pause(text: &str) -> Option<Duration> {
    if text.is_empty() {
        return Some(Duration::from_secs(1));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(rest.len());
        let seconds = match &rest[..unit] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = &rest[unit..];
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::{super::NamedKey, *};
    use crate::value::Secret;

    fn tap(key: NamedKey) -> Stroke {
        Stroke::Tap(Key::Named(key))
    }

    fn told(texts: &[&'static str]) -> Vec<String> {
        let texts: Vec<Template> = texts.iter().map(|text| Template::from(*text)).collect();
        let told = check("boot_command", &texts).into_iter();
        told.map(|problem| format!("{problem} | {}", problem.help.as_deref().unwrap_or_default()))
            .collect()
    }

    #[test]
    fn every_form_of_the_peers_language_is_read() {
        let strokes = parse(
            "aB<Esc><f12><leftCtrlOn>c<LEFTCTRLOFF><aOn><aOff><<On><return><wait><wait5><wait10s><wait1m30s><wait1.5s>",
        );
        let seconds = |seconds: f64| Stroke::Pause(Duration::from_secs_f64(seconds));
        assert_eq!(
            strokes,
            [
                Stroke::Tap(Key::Char('a')),
                Stroke::Tap(Key::Char('B')),
                tap(NamedKey::Escape),
                tap(NamedKey::F(12)),
                Stroke::Hold(Key::Named(NamedKey::LeftCtrl)),
                Stroke::Tap(Key::Char('c')),
                Stroke::Release(Key::Named(NamedKey::LeftCtrl)),
                Stroke::Hold(Key::Char('a')),
                Stroke::Release(Key::Char('a')),
                Stroke::Hold(Key::Char('<')),
                tap(NamedKey::Enter),
                seconds(1.0),
                seconds(5.0),
                seconds(10.0),
                seconds(90.0),
                seconds(1.5),
            ]
        );
    }

    #[test]
    fn what_is_no_token_is_typed() {
        let typed = |text: &str| -> String {
            let strokes = parse(text).into_iter();
            strokes
                .map(|stroke| match stroke {
                    Stroke::Tap(key) => key.to_string().replace("<spacebar>", " "),
                    other => format!("{other:?}"),
                })
                .collect()
        };
        for text in ["a < b > c", "cat <<EOF >x", "<", "<>", "1 <2", "<html>", "if [ 1 <2 ]"] {
            assert_eq!(typed(text), text);
            assert!(
                told(&[Box::leak(text.to_owned().into_boxed_str())])
                    .iter()
                    .all(|told| told.starts_with("warning"))
            );
        }
        assert_eq!(typed("a\n b\r\n"), "a b", "ends of lines are nothing");
    }

    #[test]
    fn a_token_may_be_in_two_texts_since_they_are_one_command() {
        assert_eq!(told(&["<en", "ter>"]), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_the_nearest_key() {
        assert_eq!(
            told(&["<esc><wait>", "ab <entr> <wait10x> <f13> <leftCtrOn>"]),
            [
                "error[boot-command]: text 2, column 4: `<entr>` is no key | did you mean `<enter>`?",
                "error[boot-command]: text 2, column 11: `<wait10x>` is no time to wait | write `<wait>` for a second, `<wait5>`, `<wait10s>`, \
                 `<wait1m30s>` or `<wait500ms>`",
                "error[boot-command]: text 2, column 21: `<f13>` is no key | the function keys are `<f1>` to `<f12>`",
                "error[boot-command]: text 2, column 27: `<leftCtrOn>` is no key | did you mean `<leftCtrlOn>`?",
            ]
        );
        assert_eq!(
            told(&["<leftAltOn>x"]),
            [
                "warning[boot-command]: column 1: <leftAlt> is held and never let go | write its name with `Off` where it is to be let go"
            ]
        );
    }

    #[test]
    fn facts_and_secrets_are_not_read_before_they_are_known() {
        let template = Template::concat([
            "<wait{{ seconds }}> {{ \"<entr>\" }}".into(),
            Secret::literal("<entr>").into(),
        ]);
        assert!(check("boot_command", [&template]).is_empty());
    }
}
