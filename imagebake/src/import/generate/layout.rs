//! Lines of Rust where rustfmt leaves them as they are: it gives up on a chain of calls in which some text is longer than a line.

/// As wide as a line may be.
const WIDTH: usize = 100;

/// An expression over several lines, where it is too long for one: a call of a chain per line, an argument per line.
pub(super) fn layout(text: &str, indent: usize) -> String {
    // Comments stand above what they are of.
    if let Some((comment, rest)) = text.split_once('\n').filter(|(line, _)| line.starts_with("//")) {
        return format!("{comment}\n{}{}", " ".repeat(indent), layout(rest.trim_start(), indent));
    }
    let commented = has_comment(text);
    if text.len() + indent <= WIDTH && !commented {
        return text.to_owned();
    }
    let calls = chain(text);
    let inner = indent + 4;
    if calls.len() > 2 || (calls.len() == 2 && (commented || calls[0].len() > WIDTH / 2)) {
        let mut out = layout(calls[0], indent);
        for call in &calls[1..] {
            out.push_str(&format!("\n{}{}", " ".repeat(inner), layout(call.trim(), inner)));
        }
        return out;
    }
    let Some((open, close)) = arguments(text) else {
        return text.to_owned();
    };
    let items = split(&text[open + 1..close]);
    // Brackets behind nothing but an operator or a space hold a part of an expression: with a comma it would be a tuple.
    let calls =
        text.as_bytes()[open] == b'[' || text[..open].ends_with(|c: char| c.is_alphanumeric() || "_>!".contains(c));
    if items.is_empty() || !calls || text[..open].contains('|') {
        return text.to_owned();
    }
    // A lone list or call stays on the line of the one around it.
    if let [only] = items.as_slice()
        && (only.starts_with('[') || only.ends_with(')'))
        && !only.starts_with(['"', 'r'])
        && chain(only).len() < 3
        && !has_comment(only)
    {
        return format!("{}{}{}", &text[..=open], layout(only, indent), &text[close..]);
    }
    let lines: String = items
        .iter()
        .map(|item| format!("{}{},\n", " ".repeat(inner), layout(item, inner)))
        .collect();
    format!("{}\n{lines}{}{}", &text[..=open], " ".repeat(indent), &text[close..])
}

/// The bytes that are Rust, not inside text.
pub(super) fn code(text: &str) -> Vec<(usize, u8)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let raw = bytes[at] == b'r' && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric() && bytes[at - 1] != b'_');
        let hashes = bytes[at + 1..].iter().take_while(|byte| **byte == b'#').count();
        if raw && bytes.get(at + 1 + hashes) == Some(&b'"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = at + 2 + hashes;
            at = text[start..]
                .find(&end)
                .map_or(bytes.len(), |found| start + found + end.len());
        } else if bytes[at] == b'"' {
            at += 1;
            while at < bytes.len() && bytes[at] != b'"' {
                at += if bytes[at] == b'\\' { 2 } else { 1 };
            }
            at += 1;
        } else if bytes[at] == b'\'' && (bytes.get(at + 2) == Some(&b'\'') || bytes.get(at + 1) == Some(&b'\\')) {
            // A character; a lifetime is code.
            at += if bytes[at + 1] == b'\\' { 4 } else { 3 };
        } else if text[at..].starts_with("//") {
            at += text[at..].find('\n').unwrap_or(text.len() - at);
        } else {
            out.push((at, bytes[at]));
            at += 1;
        }
    }
    out
}

/// Whether there is a comment in it.
fn has_comment(text: &str) -> bool {
    let code = code(text);
    let mut expected = 0;
    // What is left out between two bytes of code is text or a comment.
    for (at, _) in code.iter().copied().chain([(text.len(), 0)]) {
        if at > expected && text[expected..at].starts_with("//") {
            return true;
        }
        expected = at + 1;
    }
    false
}

/// The calls of a chain: `a::b(…)`, `.c(…)`, `.d(…)`.
fn chain(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut starts = vec![0];
    let mut before = b' ';
    // Behind the last byte that is more than space: a comment from there on is of the call that follows.
    let mut end = 0;
    for (at, byte) in code(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            // A chain is no part of another expression.
            b'|' | b'=' | b';' | b'+' | b'&' if depth == 0 => return vec![text],
            b'.' if depth == 0 && matches!(before, b')' | b'?' | b'\n' | b' ') && at > 0 => starts.push(end),
            _ => {}
        }
        before = byte;
        if !byte.is_ascii_whitespace() {
            end = at + 1;
        }
    }
    let ends = starts[1..].iter().copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| &text[start..end])
        .collect()
}

/// The outermost brackets.
fn arguments(text: &str) -> Option<(usize, usize)> {
    let code = code(text);
    let (open, _) = *code.iter().find(|(_, byte)| matches!(byte, b'(' | b'['))?;
    let mut depth = 0_usize;
    for (at, byte) in code.into_iter().filter(|(at, _)| *at >= open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some((open, at));
                }
            }
            _ => {}
        }
    }
    None
}

/// What stands between commas.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let mut items = Vec::new();
    let mut start = 0;
    for (at, byte) in code(text) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            // Commas of a closure's arguments are none of these.
            b'|' if depth == 0 => return vec![text.trim()],
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items.retain(|item| !item.is_empty());
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_chains_have_a_call_per_line() {
        let long = "x".repeat(90);
        assert_eq!(layout("A::b(1).c(2)", 0), "A::b(1).c(2)");
        assert_eq!(
            layout(
                &format!("A::b(1).c(\"{long}.d(), e\").f([\"{long}\", g, r#\"\"h\"\"#])"),
                4
            ),
            format!(
                "A::b(1)\n        .c(\n            \"{long}.d(), e\",\n        )\n        .f([\n            \"{long}\",\n            g,\n            r#\"\"h\"\"#,\n        ])"
            )
        );
    }

    #[test]
    fn comments_stand_above_what_they_are_of() {
        let long = "x".repeat(80);
        let chain = format!("A::b(\"//\")\n// one, (two\n// three\n.c(1)\n.d(B::e(\"{long}\")\n// four\n.f(2))");
        let lines = [
            "A::b(\"//\")",
            "    // one, (two",
            "    // three",
            "    .c(1)",
            "    .d(",
            &format!("        B::e(\"{long}\")"),
            "            // four",
            "            .f(2),",
            "    )",
        ];
        assert_eq!(layout(&chain, 0), lines.join("\n"));
    }

    #[test]
    fn closures_are_left_alone() {
        let long = format!("a.iter().map(|(key, value)| format!(\"{}\"))", "x".repeat(120));
        assert!(layout(&long, 4).contains("|(key, value)|"));
    }
}
