//! The arguments of `docker run` that templates start their container with, as settings of the engine.
//!
//! Only what makes sense for a container that is provisioned is known; the rest is refused by name when the image is planned.

use crate::error::{Error, ErrorKind, Result};

/// What a list of arguments says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RunCommand {
    /// The program in place of the image's entry point.
    pub(super) entrypoint: Option<String>,
    /// What follows the image; empty for the default.
    pub(super) command: Vec<String>,
    pub(super) env: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) workdir: Option<String>,
    pub(super) name: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) network: Option<String>,
    pub(super) binds: Vec<String>,
    pub(super) tmpfs: Vec<String>,
    pub(super) devices: Vec<String>,
    pub(super) cap_add: Vec<String>,
    pub(super) cap_drop: Vec<String>,
    pub(super) security_opt: Vec<String>,
    pub(super) extra_hosts: Vec<String>,
    pub(super) dns: Vec<String>,
    pub(super) runtime: Option<String>,
    pub(super) platform: Option<String>,
    pub(super) pid: Option<String>,
    pub(super) ipc: Option<String>,
    pub(super) cgroupns: Option<String>,
    pub(super) shm_size: Option<i64>,
    pub(super) memory: Option<i64>,
    pub(super) privileged: bool,
    pub(super) init: bool,
}

/// Options with a value, under every name they have.
const VALUED: &[(&str, &str)] = &[
    ("--entrypoint", ""),
    ("--env", "-e"),
    ("--user", "-u"),
    ("--workdir", "-w"),
    ("--name", ""),
    ("--hostname", "-h"),
    ("--network", "--net"),
    ("--volume", "-v"),
    ("--tmpfs", ""),
    ("--device", ""),
    ("--cap-add", ""),
    ("--cap-drop", ""),
    ("--security-opt", ""),
    ("--add-host", ""),
    ("--dns", ""),
    ("--runtime", ""),
    ("--platform", ""),
    ("--pid", ""),
    ("--ipc", ""),
    ("--cgroupns", ""),
    ("--shm-size", ""),
    ("--memory", "-m"),
];

impl RunCommand {
    /// Reads the arguments; none gives the default.
    pub(super) fn parse(arguments: Vec<String>) -> Result<Self> {
        let mut out = Self::default();
        let mut image_seen = arguments.is_empty();
        let mut words = arguments.into_iter();
        while let Some(word) = words.next() {
            if image_seen {
                out.command.push(word);
                continue;
            }
            if is_image(&word) {
                image_seen = true;
                continue;
            }
            if word == "--" {
                continue;
            }
            if !word.starts_with('-') {
                return Err(told(format!("`{word}` stands where the image should"))
                    .hint("write `{{.Image}}` for the base image; what follows it is the command"));
            }
            out.option(&word, &mut words)?;
        }
        match image_seen {
            true => Ok(out),
            false => Err(
                told("`run_command` does not say where the base image stands".to_owned())
                    .hint("write `{{.Image}}` for it: `[\"-d\", \"-i\", \"-t\", \"{{.Image}}\", \"/bin/sh\"]`"),
            ),
        }
    }

    fn option(&mut self, word: &str, rest: &mut impl Iterator<Item = String>) -> Result<()> {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
            _ => (word, None),
        };
        match name {
            "--privileged" => self.privileged = inline.as_deref() != Some("false"),
            "--init" => self.init = inline.as_deref() != Some("false"),
            // How it is attached and removed is decided by the build.
            "--detach" | "--interactive" | "--tty" | "--rm" => {}
            short if is_flags(short) => {}
            _ => {
                let known = VALUED
                    .iter()
                    .find(|(long, short)| *long == name || (!short.is_empty() && *short == name));
                let Some((long, _)) = known else {
                    return Err(told(format!(
                        "`run_command` has the option `{word}`, which is not known here"
                    ))
                    .hint("use the settings of the source (`volume`, `privileged`, `network`, …), or leave it out"));
                };
                let value = match inline {
                    Some(value) => value,
                    None => rest
                        .next()
                        .ok_or_else(|| told(format!("`{word}` of `run_command` has no value")))?,
                };
                self.set(long, value)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: String) -> Result<()> {
        match name {
            "--entrypoint" => self.entrypoint = Some(value),
            "--env" => self.env.push(match value.contains('=') {
                true => value,
                // As the docker program does: the builder's own value.
                false => format!("{value}={}", std::env::var(&value).unwrap_or_default()),
            }),
            "--user" => self.user = Some(value),
            "--workdir" => self.workdir = Some(value),
            "--name" => self.name = Some(value),
            "--hostname" => self.hostname = Some(value),
            "--network" => self.network = Some(value),
            "--volume" => self.binds.push(value),
            "--tmpfs" => self.tmpfs.push(value),
            "--device" => self.devices.push(value),
            "--cap-add" => self.cap_add.push(value),
            "--cap-drop" => self.cap_drop.push(value),
            "--security-opt" => self.security_opt.push(value),
            "--add-host" => self.extra_hosts.push(value),
            "--dns" => self.dns.push(value),
            "--runtime" => self.runtime = Some(value),
            "--platform" => self.platform = Some(value),
            "--pid" => self.pid = Some(value),
            "--ipc" => self.ipc = Some(value),
            "--cgroupns" => self.cgroupns = Some(value),
            "--shm-size" => self.shm_size = Some(bytes(&value)?),
            "--memory" => self.memory = Some(bytes(&value)?),
            other => return Err(told(format!("`{other}` is not known here"))),
        }
        Ok(())
    }
}

fn told(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn is_image(word: &str) -> bool {
    let inner = word.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inner.is_some_and(|inner| inner.trim() == ".Image")
}

/// `-d`, `-i`, `-t` and any of them together.
fn is_flags(word: &str) -> bool {
    let letters = word.strip_prefix('-').unwrap_or_default();
    !letters.is_empty() && letters.chars().all(|letter| "dit".contains(letter))
}

/// `64m` as a number of bytes.
fn bytes(text: &str) -> Result<i64> {
    let lower = text.to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match lower[digits.len()..].trim_end_matches('b') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return Err(told(format!("`{text}` is not a size"))),
    };
    let number: i64 = digits.parse().map_err(|_| told(format!("`{text}` is not a size")))?;
    number
        .checked_shl(shift)
        .ok_or_else(|| told(format!("`{text}` is not a size")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<RunCommand> {
        RunCommand::parse(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn what_templates_say_is_understood() {
        let run = parse(&["-d", "-i", "-t", "--entrypoint=/bin/bash", "--", "{{.Image}}"]).expect("understood");
        assert_eq!(run.entrypoint.as_deref(), Some("/bin/bash"));
        let run = parse(&[
            "-dit",
            "-u",
            "42",
            "--privileged",
            "-v",
            "/a:/b",
            "{{ .Image }}",
            "/bin/sh",
            "-x",
        ]);
        let run = run.expect("understood");
        assert_eq!((run.user.as_deref(), run.privileged), (Some("42"), true));
        assert_eq!(
            (run.binds, run.command),
            (vec!["/a:/b".to_owned()], vec!["/bin/sh".to_owned(), "-x".to_owned()])
        );
        assert_eq!(
            parse(&["--shm-size", "64m", "{{.Image}}"]).expect("a size").shm_size,
            Some(64 << 20)
        );
        assert_eq!(parse(&[]).expect("the default"), RunCommand::default());
    }

    #[test]
    fn what_is_not_understood_is_refused_by_name() {
        for (words, named) in [
            (&["-d", "/bin/sh"][..], "/bin/sh"),
            (&["-d"], "where the base image stands"),
            (&["--gpus", "all", "{{.Image}}"], "--gpus"),
            (&["-v"], "-v"),
        ] {
            let error = parse(words).expect_err("refused");
            assert!(error.message().contains(named), "{error}");
        }
    }
}
