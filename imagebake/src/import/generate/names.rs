//! Names of templates as names of Rust.

use std::collections::BTreeSet;

const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The words of a name: `buildRegion`, `build-region` and `HTTPPort` have two.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let characters: Vec<char> = name.chars().collect();
    let mut starts = true;
    for (i, c) in characters.iter().enumerate() {
        if !c.is_alphanumeric() {
            starts = true;
            continue;
        }
        let before = i.checked_sub(1).map(|i| characters[i]);
        let rises = c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit());
        let ends_acronym = c.is_uppercase()
            && before.is_some_and(char::is_uppercase)
            && characters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if starts || rises || ends_acronym {
            words.push(String::new());
        }
        starts = false;
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// `build_region`; what is a word of Rust, or starts with a digit, is changed.
pub(super) fn snake(name: &str) -> String {
    let joined = words(name).join("_");
    match joined.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{joined}"),
        Some(_) if KEYWORDS.contains(&joined.as_str()) => format!("{joined}_"),
        Some(_) => joined,
    }
}

/// `BuildRegion`
pub(super) fn camel(name: &str) -> String {
    let joined: String = words(name)
        .iter()
        .map(|word| {
            let mut characters = word.chars();
            let first = characters
                .next()
                .map(|c| c.to_uppercase().to_string())
                .unwrap_or_default();
            first + characters.as_str()
        })
        .collect();
    match joined.chars().next() {
        None => "Value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Of{joined}"),
        Some(_) => joined,
    }
}

/// A name of a fact: `.HTTPIP` is `http_ip`.
pub(super) fn fact(name: &str) -> String {
    match name {
        "HTTPIP" => "http_ip".to_owned(),
        // An acronym in the middle does not show where it ends.
        other if other.starts_with("SourceAMI") => {
            let rest = words(&other["SourceAMI".len()..]);
            ["source", "ami"]
                .into_iter()
                .map(str::to_owned)
                .chain(rest)
                .collect::<Vec<_>>()
                .join("_")
        }
        other => words(other).join("_"),
    }
}

/// Names that are taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// These, and what any module has.
    pub(super) fn new<'a>(taken: impl IntoIterator<Item = &'a str>) -> Self {
        Self(taken.into_iter().map(str::to_owned).collect())
    }

    /// `wanted`, or the first of `wanted_2`, `wanted_3`, … that is free; taken from now on.
    pub(super) fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }

    /// `name` is taken, whoever has it.
    pub(super) fn keep(&mut self, name: &str) {
        self.0.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        let of = |name: &str| (snake(name), camel(name));
        assert_eq!(of("amazon-ebs"), ("amazon_ebs".into(), "AmazonEbs".into()));
        assert_eq!(of("vmName"), ("vm_name".into(), "VmName".into()));
        assert_eq!(of("HTTPPort"), ("http_port".into(), "HttpPort".into()));
        assert_eq!(of("ubuntu-22.04"), ("ubuntu_22_04".into(), "Ubuntu2204".into()));
        assert_eq!(of("type"), ("type_".into(), "Type".into()));
        assert_eq!(of("7zip"), ("_7zip".into(), "Of7zip".into()));
        assert_eq!(fact("HTTPIP"), "http_ip");
        assert_eq!(fact("SSHHostPort"), "ssh_host_port");
        assert_eq!(fact("SourceAMITags"), "source_ami_tags");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut names = Names::new(["vars"]);
        assert_eq!(
            [names.take("vars"), names.take("vars"), names.take("a")],
            ["vars_2", "vars_3", "a"]
        );
    }
}
