//! The log of GitHub Actions: text in which nothing is a command, and commands whose words are text.
//!
//! The runner looks for commands in every line: `::error::…` at the beginning of one, and the older `##[error]…` anywhere. What a guest
//! prints could be either. So commands are stopped (`::stop-commands::TOKEN`) from the first line of text on, and go on only for each of ours:
//! the token is random, and new each time.

use crate::{engine::random_id, reporter::Out};
use std::fmt::Write;

/// Text and commands for the runner.
pub(crate) struct Console {
    out: Out,
    /// Commands are stopped until this is printed.
    stopped: Option<String>,
}

impl Console {
    pub(crate) fn new(out: Out) -> Self {
        Self { out, stopped: None }
    }

    /// Prints whole lines in which nothing is a command.
    pub(crate) fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.stopped.is_none() {
            let token = format!("imagebake-{}{}", random_id(), random_id());
            self.out.write(format!("::stop-commands::{token}\n").as_bytes());
            self.stopped = Some(token);
        }
        self.out.write(text.as_bytes());
        if !text.ends_with('\n') {
            self.out.write(b"\n");
        }
    }

    /// Gives a command: `error`, `warning`, `notice`, `group`, `endgroup`.
    pub(crate) fn command(&mut self, name: &str, properties: &[(&str, String)], data: &str) {
        self.resume();
        let mut line = format!("::{name}");
        for (i, (name, value)) in properties.iter().enumerate() {
            let _ = write!(line, "{}{name}={}", if i == 0 { " " } else { "," }, property(value));
        }
        let _ = writeln!(line, "::{}", self::data(data));
        self.out.write(line.as_bytes());
    }

    /// Lets commands be commands again.
    pub(crate) fn resume(&mut self) {
        if let Some(token) = self.stopped.take() {
            self.out.write(format!("::{token}::\n").as_bytes());
        }
    }
}

/// What comes after us in the same job may give commands.
impl Drop for Console {
    fn drop(&mut self) {
        self.resume();
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporter::testing::Sink;

    #[test]
    fn text_is_never_a_command_and_a_command_never_ends_early() {
        let sink = Sink::default();
        let mut console = Console::new(sink.out());
        console.text("::error::no\n  ##[add-mask]a\n");
        console.text("more");
        let place = vec![("file", "a:b,c%".to_owned()), ("line", "3".to_owned())];
        console.command("error", &place, "50% of\r\nit::\n::warning::no");
        console.text("::endgroup::\n");
        drop(console);
        let text = sink.text();
        let lines: Vec<&str> = text.lines().collect();
        let token = lines[0].strip_prefix("::stop-commands::").expect("stopped first");
        assert!(token.len() > 30, "nobody guesses {token}");
        assert_eq!(lines[1..4], ["::error::no", "  ##[add-mask]a", "more"]);
        assert_eq!(lines[4], format!("::{token}::"));
        assert_eq!(
            lines[5],
            "::error file=a%3Ab%2Cc%25,line=3::50%25 of%0D%0Ait::%0A::warning::no"
        );
        let other = lines[6].strip_prefix("::stop-commands::").expect("stopped again");
        assert!(other != token);
        assert_eq!(lines[7..], ["::endgroup::".to_owned(), format!("::{other}::")]);
    }

    #[test]
    fn no_text_stops_nothing() {
        let sink = Sink::default();
        let mut console = Console::new(sink.out());
        console.text("");
        console.command("group", &[], "web.oci");
        drop(console);
        assert_eq!(sink.text(), "::group::web.oci\n");
    }
}
