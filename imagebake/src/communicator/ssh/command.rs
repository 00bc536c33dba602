//! A command as a line for a login shell, with its variables apart.
//!
//! A server hands the line to the user's login shell, where every process list shows it. So the line only says how to begin: `/bin/sh`
//! reads assignments from standard input up to a line with a dot, and then starts the command, which reads the rest. A shell's `read` takes
//! one byte at a time, so nothing of the rest is lost.

use crate::{
    communicator::{
        Command, CommandLine, Script,
        posix::{MARK, option_safe},
        remote_quote,
    },
    error::{Error, ErrorKind, Result},
};
use bytes::Bytes;

/// How long an assignment may be on its way: a terminal takes lines up to 4 KiB.
const LONGEST: usize = 1000;

/// What is sent for a command.
pub(super) struct Prepared {
    /// For the login shell.
    pub(super) line: String,
    /// What is written before the command's own input.
    pub(super) header: String,
    /// In words, for messages.
    pub(super) shown: String,
}

impl Prepared {
    pub(super) fn new(command: &Command, mark: &str, terminal: bool) -> Result<Self> {
        let (start, shown) = start(command)?;
        let script = format!("{}{}{start}", reading(command), entering(command));
        Ok(Self {
            line: marked(&script, mark, terminal),
            header: assignments(&command.env)?,
            shown,
        })
    }

    /// As [`Prepared::new`], with a file that is written before and removed after. The file follows the variables on standard input. Only
    /// when it says that it has begun is it told to go on: until then nothing has run.
    pub(super) fn with_script(command: &Command, file: &Script, mark: &str) -> Result<Self> {
        let (start, shown) = start(command)?;
        let at = option_safe(&file.at);
        let (reading, entering, length) = (reading(command), entering(command), file.content.len());
        let remove = match file.stays {
            true => String::new(),
            false => format!("rm -f {at}\n"),
        };
        let script = format!(
            "export {MARK}={mark}\necho {begun} >&2\n{reading}\
             (umask 077; head -c {length} > {at} && chmod 700 {at}) 2>/dev/null || exit {NOT_WRITTEN}\n\
             echo {begun}\nread imagebake_g && [ \"$imagebake_g\" = {go} ] || exit {NOT_WRITTEN}\nunset imagebake_g\n\
             ({entering}{start}\n) </dev/null\nimagebake_c=$?\n{remove}exit $imagebake_c",
            begun = begun(mark),
            go = GO.trim_end(),
        );
        Ok(Self {
            line: format!("exec /bin/sh -c {}", remote_quote(&script)),
            header: assignments(&command.env)?,
            shown,
        })
    }
}

/// What tells a script that was brought in to go on.
pub(super) const GO: &str = "go\n";
/// How the line ends where the script could not be written, so that nothing ran.
pub(super) const NOT_WRITTEN: i32 = 124;

/// How a command is started, in place of the shell; and in words.
fn start(command: &Command) -> Result<(String, String)> {
    match &command.line {
        CommandLine::Shell(line) => Ok((format!("exec /bin/sh -c {}", remote_quote(line)), line.clone())),
        CommandLine::Program(words) if words.is_empty() => {
            Err(Error::new(ErrorKind::Config, "a command needs a program").hint("name one"))
        }
        CommandLine::Program(words) => {
            let quoted: Vec<_> = words.iter().map(|word| remote_quote(word)).collect();
            Ok((format!("exec {}", quoted.join(" ")), words.join(" ")))
        }
    }
}

/// The lines that read the command's variables.
fn reading(command: &Command) -> &'static str {
    match command.env.is_empty() {
        true => "",
        false => {
            "imagebake_n='\n'\nwhile IFS= read -r imagebake_l && [ \"$imagebake_l\" != . ]; do eval \"$imagebake_l\"; done\n\
             unset imagebake_l imagebake_n\n"
        }
    }
}

/// The line that goes to the command's folder.
fn entering(command: &Command) -> String {
    let dir = command.dir.as_ref();
    dir.map_or_else(String::new, |dir| {
        format!("cd -- {} || exit 1\n", remote_quote(dir.as_str()))
    })
}

/// The line for a login shell that has `/bin/sh` run `script`, whose processes can be found by their mark. It says first that it has begun: what
/// comes before is of the login shell's own files, such as `.bashrc`, and not of the script. Both its streams are one on a terminal.
pub(super) fn marked(script: &str, mark: &str, terminal: bool) -> String {
    let begun = begun(mark);
    let too = if terminal {
        String::new()
    } else {
        format!("echo {begun} >&2\n")
    };
    let script = format!("export {MARK}={mark}\necho {begun}\n{too}{script}");
    format!("exec /bin/sh -c {}", remote_quote(&script))
}

fn begun(mark: &str) -> String {
    format!("imagebake:begun:{mark}")
}

/// A stream up to the line by which a script says that it has begun.
pub(super) struct Preamble {
    begun: Vec<u8>,
    /// What may still be the beginning of that line, and what a login shell said last.
    kept: Vec<u8>,
    over: bool,
}

/// How much of what a login shell says by itself is kept.
const KEPT: usize = 4 << 10;

impl Preamble {
    pub(super) fn new(mark: &str) -> Self {
        Self {
            begun: begun(mark).into_bytes(),
            kept: Vec::new(),
            over: false,
        }
    }

    /// What of `bytes` is the script's.
    pub(super) fn strip(&mut self, bytes: Bytes) -> Bytes {
        if self.over {
            return bytes;
        }
        self.kept.extend_from_slice(&bytes);
        let found = memchr::memmem::find(&self.kept, &self.begun).map(|at| at + self.begun.len());
        // A terminal ends lines with two letters.
        let line = found.and_then(|at| Some((at, at + memchr::memchr(b'\n', &self.kept[at..])? + 1)));
        let Some((_, end)) = line else {
            let length = self.kept.len();
            if found.is_none() && length > 2 * KEPT {
                self.kept.drain(..length - KEPT);
            }
            return Bytes::new();
        };
        self.over = true;
        Bytes::from(std::mem::take(&mut self.kept).split_off(end))
    }

    /// Whether the script has begun.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// What the login shell said last, where the script has not begun.
    pub(super) fn said(&self) -> String {
        String::from_utf8_lossy(&self.kept).trim().to_owned()
    }
}

/// The variables as lines that each can stand alone, and a dot; nothing where there are none.
fn assignments(env: &[(String, String)]) -> Result<String> {
    let mut out = String::new();
    for (name, value) in env {
        let mut letters = name.bytes();
        let starts = letters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
        if !starts || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == b'_') {
            return Err(
                Error::new(ErrorKind::Config, format!("`{name}` is no name of a variable"))
                    .hint("names have letters, digits and `_`, and begin with no digit"),
            );
        }
        let mut line = format!("export {name}=");
        let mut pieces = pieces(value).peekable();
        while let Some(piece) = pieces.next() {
            let quoted = format!("'{}'", piece.replace('\'', r"'\''")).replace('\n', "'\"$imagebake_n\"'");
            out.push_str(&line);
            out.push_str(&quoted);
            out.push('\n');
            if pieces.peek().is_some() {
                line = format!("{name}=\"${name}\"");
            }
        }
    }
    if !out.is_empty() {
        out.push_str(".\n");
    }
    Ok(out)
}

/// `value` in pieces of a bounded length when they are quoted; one empty piece where it is empty.
fn pieces(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        // A line break takes sixteen letters when it is quoted.
        let mut length = 0;
        let cut = text.char_indices().find_map(|(at, letter)| {
            length += match letter {
                '\n' => 16,
                '\'' => 4,
                letter => letter.len_utf8(),
            };
            (length > LONGEST).then_some(at)
        });
        let (piece, left) = match cut {
            Some(cut) => (&text[..cut], Some(&text[cut..])),
            None => (text, None),
        };
        rest = left;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_login_shell_says_by_itself_is_left_out() {
        let all = b"welcome\nimagebake:begun\nimagebake:begun:m\r\nthe script\nimagebake:begun:m\n";
        for size in 1..all.len() {
            let mut preamble = Preamble::new("m");
            let mut out = Vec::new();
            for piece in all.chunks(size) {
                out.extend_from_slice(&preamble.strip(Bytes::copy_from_slice(piece)));
            }
            assert_eq!(out, b"the script\nimagebake:begun:m\n", "in pieces of {size}");
        }
        let mut preamble = Preamble::new("m");
        for _ in 0..100 {
            assert!(preamble.strip(Bytes::from(vec![b'x'; 1000])).is_empty());
        }
        assert!(!preamble.is_over() && preamble.said().len() <= 2 * KEPT + 1000);
        preamble.strip(Bytes::from_static(b"imagebake:begun:m\n"));
        assert!(preamble.is_over());
    }
    use crate::value::GuestPath;
    use proptest::prelude::*;
    use std::{
        io::Write,
        process::{Command as Process, Stdio},
    };

    /// What the command prints when a login shell gets its line.
    fn run(command: &Command) -> String {
        let prepared = Prepared::new(command, "mark", false).expect("prepared");
        let mut child = Process::new("/bin/sh")
            .args(["-c", &prepared.line])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(prepared.header.as_bytes()).expect("written");
        input
            .write_all(command.stdin.as_deref().unwrap_or_default())
            .expect("written");
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&Preamble::new("mark").strip(output.stdout.into())).into_owned()
    }

    #[test]
    fn variables_folder_and_input_reach_the_command() {
        let command = Command::shell("printf '%s|%s|' \"$A\" \"$PWD\"; cat")
            .env("A", "it's\n\"$HOME\" \\ `x`\n")
            .dir(GuestPath::from("/usr/bin"))
            .stdin("the rest\n.\n");
        assert_eq!(run(&command), "it's\n\"$HOME\" \\ `x`\n|/usr/bin|the rest\n.\n");
        assert_eq!(run(&Command::program(["printf", "%s", "a b'c"])), "a b'c");
        assert_eq!(run(&Command::shell("cat").stdin("alone")), "alone");
    }

    #[test]
    fn no_line_is_too_long_for_a_terminal_and_no_value_is_in_the_line() {
        let long = "s3cr3t'\n".repeat(2000);
        let command = Command::shell("printf %s \"$LONG\"").env("LONG", long.as_str());
        let prepared = Prepared::new(&command, "mark", false).expect("prepared");
        assert!(prepared.header.lines().all(|line| line.len() < 2000));
        assert!(!prepared.line.contains("s3cr3t"));
        assert_eq!(run(&command), long);
    }

    #[test]
    fn a_name_that_would_be_code_is_refused() {
        for name in ["A;id", "", "1A", "A-B", "A\nB"] {
            let command = Command::shell("true").env(name, "x");
            assert!(Prepared::new(&command, "mark", false).is_err(), "{name}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_value_arrives_as_it_is(value in "[^\0]{0,40}", more in "[^\0]{0,40}") {
            let command = Command::shell("printf '%s|%s' \"$A\" \"$B\"").env("A", value.as_str()).env("B", more.as_str());
            prop_assert_eq!(run(&command), format!("{value}|{more}"));
        }
    }
}
