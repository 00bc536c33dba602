//! Text in Markdown: shown as it is, whatever is in it.

/// Text in one line that is no Markdown and no HTML, and nobody's mention.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '@' => out.push_str("&#64;"),
            '\n' => out.push_str("<br>"),
            c if c.is_control() => {}
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Code in a line, whatever ticks are in it.
pub(crate) fn code(text: &str) -> String {
    let safe: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let ticks = fence(&safe, 1);
    // A tick at an end would belong to the fence.
    let space = if safe.starts_with('`') || safe.ends_with('`') || safe.is_empty() {
        " "
    } else {
        ""
    };
    format!("{ticks}{space}{safe}{space}{ticks}")
}

/// Lines as they are: no Markdown in them, no HTML, and no end but ours.
pub(crate) fn preformatted(text: &str) -> String {
    let safe: String = text
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .collect();
    let fence = fence(&safe, 3);
    format!("\n{fence}text\n{safe}\n{fence}\n")
}

/// More ticks than stand together in `text`.
fn fence(text: &str, least: usize) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(least))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_guest_prints_is_no_markdown() {
        assert_eq!(
            escaped("a|b\n<img src=x> [x](y) `c` @team\x1b[1m"),
            "a\\|b<br>&lt;img src=x&gt; \\[x\\]\\(y\\) \\`c\\` &#64;team\\[1m"
        );
        let text = preformatted("````\n</details>");
        assert!(
            text.starts_with("\n`````text\n") && text.ends_with("\n`````\n"),
            "{text}"
        );
        assert_eq!([code("a"), code("`a``"), code("")], ["`a`", "``` `a`` ```", "`  `"]);
    }
}
