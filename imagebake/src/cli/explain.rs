//! `explain CODE`: what a diagnostic code means and what to do about it, in more words than fit beside a problem.
//!
//! JSON: `{"code":"unknown-image","explanation":"…"}`. The words are in `explanations.md`; a test holds that every code of imagebake has some. Other
//! crates add theirs with `imagebake::explanation!`.

use super::{
    args::{ExplainArgs, Format},
    failure::Stop,
};
use crate::{
    plan::{Explanation, nearest},
    reporter::Style,
};
use serde_json::json;

const EXPLANATIONS: &str = include_str!("explanations.md");

pub(super) fn run(args: &ExplainArgs, style: Style) -> Result<u8, Stop> {
    // As it is copied from a problem: `error[unknown-image]`.
    let asked = args.code.trim();
    let code = asked
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or(asked, |(code, _)| code);
    let text = explanation(code).ok_or_else(|| {
        let hint = match nearest(code, explanations().chain(of_others()).map(|(code, _)| code)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let all: Vec<&str> = explanations().map(|(code, _)| code).collect();
                format!(
                    "codes are: {}; those of other crates are explained there",
                    all.join(", ")
                )
            }
        };
        Stop::told(2, format!("there is no code `{code}`"), hint)
    })?;
    match args.output {
        Format::Json => super::print_json(&json!({"code": code, "explanation": text}))?,
        Format::Text => super::print(&format!("{}\n\n{text}\n", style.bold(code))),
    }
    Ok(0)
}

/// What `code` means; none for codes that nobody has explained.
pub(super) fn explanation(code: &str) -> Option<&'static str> {
    explanations()
        .chain(of_others())
        .find_map(|(name, text)| (name == code).then_some(text))
}

/// What other crates, and the user's own, say of theirs.
fn of_others() -> impl Iterator<Item = (&'static str, &'static str)> {
    inventory::iter::<Explanation>().map(|explanation| (explanation.code, explanation.text.trim()))
}

/// Every code with its explanation.
fn explanations() -> impl Iterator<Item = (&'static str, &'static str)> {
    EXPLANATIONS
        .split("\n## ")
        .skip(1)
        .filter_map(|section| section.split_once('\n'))
        .map(|(code, text)| (code.trim(), text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::{BTreeMap, BTreeSet},
        fs,
        path::Path,
    };

    /// Every code that the library gives to a problem, and a file that does.
    fn used() -> BTreeMap<String, String> {
        let mut files = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let code = "\"([a-z0-9]+(?:-[a-z0-9]+)*)\"";
        // `Diagnostic::error("code", …)`, and `problems.error("field", "code", …)` with a field that may be computed.
        let own = regex_lite::Regex::new(&format!(r"Diagnostic::(?:error|warning)\(\s*{code}")).expect("a regex");
        let field = format!(r#"\.(?:error|warning)\(\s*(?:"[^"]*"|[a-z_]+),\s*{code}\s*,"#);
        let of_field = regex_lite::Regex::new(&field).expect("a regex");
        let mut codes = BTreeMap::new();
        for (name, text) in files {
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for found in own.captures_iter(code).chain(of_field.captures_iter(code)) {
                codes.insert(found[1].to_owned(), name.clone());
            }
        }
        codes
    }

    fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                files.push((path.display().to_string(), text));
            }
        }
    }

    #[test]
    fn every_code_is_explained_and_every_explanation_is_of_a_code() {
        let (used, explained) = (used(), explanations().map(|(code, _)| code).collect::<BTreeSet<_>>());
        assert!(used.len() > 30, "the search finds codes: {used:?}");
        let missing: Vec<_> = used
            .iter()
            .filter(|(code, _)| !explained.contains(code.as_str()))
            .collect();
        assert!(
            missing.is_empty(),
            "write a section in cli/explanations.md for {missing:?}"
        );
        let unused: Vec<_> = explained.iter().filter(|code| !used.contains_key(**code)).collect();
        assert!(
            unused.is_empty(),
            "no problem has the codes {unused:?} of cli/explanations.md"
        );
    }

    #[test]
    fn explanations_are_in_order_and_say_something() {
        let codes: Vec<&str> = explanations().map(|(code, _)| code).collect();
        assert!(
            codes.is_sorted() && codes.iter().collect::<BTreeSet<_>>().len() == codes.len(),
            "{codes:?}"
        );
        for (code, text) in explanations() {
            assert!(text.len() > 60, "{code}: {text}");
        }
    }
}
