//! Questions to the user while builds run.
//!
//! Answers are lines of standard input, so that a script can give them too. Where nobody answers, the safe answer is given: a failed
//! unit is cleaned up, a paused one goes on.

use super::print_error;
use crate::{
    engine::{Answer, Prompt, Question},
    reporter::{Screen, Style, printable},
};
use std::{
    fmt::Write,
    io::{self, BufRead},
    sync::Arc,
};

/// Asks on standard error; alone on `screen` where there are live lines.
pub(super) fn prompt(screen: Option<Screen>, style: Style) -> Prompt {
    Arc::new(move |question| {
        let ask = || ask(question, style, &mut io::stdin().lock(), print_error);
        match &screen {
            Some(screen) => screen.alone(ask),
            None => ask(),
        }
    })
}

/// Gives the safe answer at once, where nobody could give another.
pub(super) fn nobody() -> Prompt {
    Arc::new(safe_answer)
}

fn safe_answer(question: &Question) -> Answer {
    match question {
        Question::Failed { .. } => Answer::CleanUp,
        Question::Paused { .. } => Answer::Continue,
    }
}

struct Choice {
    key: &'static str,
    answer: Answer,
    words: &'static str,
}

const fn choice(key: &'static str, answer: Answer, words: &'static str) -> Choice {
    Choice { key, answer, words }
}

const FAILED: [Choice; 4] = [
    choice("c", Answer::CleanUp, "clean up and end this build"),
    choice("r", Answer::Retry, "run the step again"),
    choice("k", Answer::Keep, "end this build and keep everything as it is"),
    choice(
        "e",
        Answer::RunCleanupAndKeep,
        "run the error-cleanup steps, then keep everything as it is",
    ),
];

const PAUSED: [Choice; 3] = [
    choice("", Answer::Continue, "go on"),
    choice("c", Answer::CleanUp, "clean up and end this build"),
    choice("k", Answer::Keep, "end this build and keep everything as it is"),
];

/// What is asked, and what may be answered.
fn choices(question: &Question) -> (String, Vec<&'static Choice>) {
    let looked_at = |machine: &[(&'static str, String)]| match machine {
        [] => String::new(),
        facts => {
            let facts: Vec<String> = facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
            format!("\nmachine: {}", facts.join(", "))
        }
    };
    match question {
        Question::Failed {
            unit,
            step,
            error,
            machine,
        } => {
            let (what, steps) = match step {
                Some(step) => (step.as_str(), true),
                None => ("the build", false),
            };
            let head = format!("{unit}: {what} failed: {error}{}", looked_at(machine));
            // Only a step can be run again, and only after a step do the error-cleanup steps have a machine.
            let of_steps = |answer| matches!(answer, Answer::Retry | Answer::RunCleanupAndKeep);
            let fitting = FAILED.iter().filter(|choice| steps || !of_steps(choice.answer));
            (head, fitting.collect())
        }
        Question::Paused {
            unit,
            at,
            note,
            machine,
        } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            let head = format!("{unit}: paused {at}{note}{}", looked_at(machine));
            (head, PAUSED.iter().collect())
        }
    }
}

fn ask(question: &Question, style: Style, input: &mut impl BufRead, say: impl Fn(&str)) -> Answer {
    let otherwise = safe_answer(question);
    let (head, choices) = choices(question);
    let safe: Vec<_> = head.lines().map(|line| printable(line, Style::default())).collect();
    let mut text = format!("{}\n", style.bold(safe.join("\n  ")));
    for Choice { key, words, .. } in &choices {
        let _ = writeln!(
            text,
            "  {} {words}",
            style.cyan(format!("[{}]", if key.is_empty() { "enter" } else { key }))
        );
    }
    loop {
        say(&format!("{text}> "));
        let mut line = String::new();
        if !matches!(input.read_line(&mut line), Ok(read) if read > 0) {
            let chosen = choices
                .iter()
                .find(|choice| choice.answer == otherwise)
                .map_or("", |choice| choice.words);
            say(&format!("nobody answers: {chosen}\n"));
            return otherwise;
        }
        let typed = line.trim().to_lowercase();
        if let Some(choice) = choices.iter().find(|choice| choice.key == typed) {
            return choice.answer;
        }
        say(&format!("`{typed}` is none of these\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn answer(question: &Question, typed: &str) -> (Answer, String) {
        let said = RefCell::new(String::new());
        let answer = ask(question, Style::default(), &mut typed.as_bytes(), |text| {
            said.borrow_mut().push_str(text)
        });
        (answer, said.into_inner())
    }

    #[test]
    fn a_question_is_asked_until_the_answer_is_one() {
        let failed = Question::Failed {
            unit: "web.oci".into(),
            step: Some("step 2 of 3 shell (src/main.rs:9)".into()),
            error: "exit code 3".into(),
            machine: vec![("id", "4711".into()), ("user", "root".into())],
        };
        let (chosen, said) = answer(&failed, "what\nR\n");
        assert_eq!(chosen, Answer::Retry);
        assert!(
            said.contains(
                "web.oci: step 2 of 3 shell (src/main.rs:9) failed: exit code 3\n  machine: id 4711, user root\n"
            ) && said.contains("`what` is none"),
            "{said}"
        );
        let paused = Question::Paused {
            unit: "web.oci".into(),
            at: "at step 1 of 3 breakpoint".into(),
            note: Some("look".into()),
            machine: Vec::new(),
        };
        assert!(
            answer(&paused, "\n")
                .1
                .starts_with("web.oci: paused at step 1 of 3 breakpoint: look\n")
        );
        assert_eq!(answer(&paused, "\n").0, Answer::Continue);
        assert_eq!(answer(&paused, "k\n").0, Answer::Keep);
    }

    #[test]
    fn where_nobody_answers_the_safe_answer_is_given() {
        let failed = Question::Failed {
            unit: "web.oci".into(),
            step: None,
            error: "x".into(),
            machine: Vec::new(),
        };
        let (_, said) = answer(&failed, "r\n");
        assert!(
            said.contains("web.oci: the build failed: x") && said.contains("`r` is none"),
            "{said}"
        );
        let (chosen, said) = answer(&failed, "");
        assert!(
            chosen == Answer::CleanUp && said.contains("nobody answers: clean up"),
            "{said}"
        );
        let paused = Question::Paused {
            unit: "web.oci".into(),
            at: "before step 1 of 3 shell".into(),
            note: None,
            machine: Vec::new(),
        };
        assert_eq!(answer(&paused, "").0, Answer::Continue);
        assert_eq!(nobody()(&failed), Answer::CleanUp);
    }
}
