//! The secrets of a plan: each reference is followed once, all side by side, when the plan stands and before anything is made.
//!
//! Which there are is what the settings of units, steps and post-processors say. Every value is hidden from then on, and no problem
//! has one in it: what a program printed is never told, and what it said of its failure only without what it printed.

use crate::{
    communicator::{Command, OutputSink, local},
    error::{Context, Error, ErrorKind, Result},
    event::Stream,
    field::{Field, Place},
    plan::{Diagnostic, Diagnostics, Plan, PlannedUnit},
    project::Project,
    redact::Redactor,
    value::{Secret, SecretRef},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

/// How long a program may take to tell a secret, unless `IMAGEBAKE_SECRET_TIMEOUT` says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// More is no secret.
const LARGEST: usize = 1 << 20;

/// One reference, with the folder that its path starts from.
type Lookup = (SecretRef, PathBuf);

/// A secret of the plan, and the setting that asks for it.
struct Wanted {
    secret: Secret,
    image: String,
    source: String,
    step: Option<String>,
    field: &'static str,
    place: Option<Place>,
}

/// Follows every reference of the plan and hides the values from `redactor`'s readers; problems name the settings that ask.
pub(crate) async fn resolve(project: &Project, plan: &Plan, redactor: &Redactor) -> Diagnostics {
    let mut lookups: BTreeMap<Lookup, Vec<Wanted>> = BTreeMap::new();
    let mut known = Vec::new();
    for unit in &plan.units {
        for wanted in wanted(unit) {
            match wanted.secret.reference() {
                Some(reference) if !wanted.secret.is_at_hand() => {
                    let folder = match wanted.secret.is_of_current_folder() {
                        true => project.current_dir.clone(),
                        false => unit.image_dir.clone(),
                    };
                    lookups.entry((reference.clone(), folder)).or_default().push(wanted);
                }
                _ => known.push(wanted.secret),
            }
        }
    }
    let mut problems = Diagnostics::new();
    let patience = match patience() {
        Ok(patience) => patience,
        Err(message) => {
            problems.push(Diagnostic::error("unresolved-secret", message).help("write 30s or 2m"));
            return problems;
        }
    };
    let current = &project.current_dir;
    let found = lookups.into_iter().map(|((reference, folder), wanted)| async move {
        let read = value_of(&reference, &folder, current, patience).await;
        (reference, wanted, read)
    });
    for (reference, wanted, read) in futures_util::future::join_all(found).await {
        match read {
            Ok(value) => {
                for wanted in wanted {
                    wanted.secret.resolved(&value);
                    known.push(wanted.secret);
                }
            }
            Err(error) => problems.push(refused(&reference, wanted, &error)),
        }
    }
    let values = known
        .iter()
        .filter_map(|secret| Some((shown_name(secret), secret.expose().ok()?)));
    redactor.register_all(values);
    problems
}

/// Follows one reference, for a question that an image asks before there is a plan; a relative path starts at `folder`.
pub(crate) async fn follow(secret: &Secret, folder: &Path) -> Result<()> {
    let Some(reference) = secret.reference().filter(|_| !secret.is_at_hand()) else {
        return Ok(());
    };
    let current = std::env::current_dir().path("find the current folder", ".")?;
    let folder = match secret.is_of_current_folder() {
        true => &current,
        false => folder,
    };
    let patience = patience().map_err(|message| Error::new(ErrorKind::Config, message).hint("write 30s or 2m"))?;
    let value = value_of(reference, folder, &current, patience).await;
    let value = value.map_err(|error| {
        let told = Error::new(error.kind(), format!("the secret {reference}: {}", error.full()));
        error.hints().iter().fold(told, |told, hint| told.hint(hint.clone()))
    })?;
    secret.resolved(&value);
    Ok(())
}

/// The name that stands for a value that is hidden.
fn shown_name(secret: &Secret) -> String {
    match (secret.name(), secret.reference()) {
        ("", Some(reference)) => reference.to_string(),
        (name, _) => name.to_owned(),
    }
}

fn wanted(unit: &PlannedUnit) -> Vec<Wanted> {
    let mut all = Vec::new();
    let mut collect = |fields: Vec<Field>, step: Option<String>, otherwise: Place| {
        for field in fields {
            for secret in field.value.secrets() {
                all.push(Wanted {
                    secret,
                    image: unit.image().to_owned(),
                    source: unit.source_name(),
                    step: step.clone(),
                    field: field.meta.name,
                    place: field.set_at.clone().or_else(|| Some(otherwise.clone())),
                });
            }
        }
    };
    collect(unit.fields(), None, unit.place());
    for (index, step) in unit.steps.iter().chain(&unit.error_cleanup).enumerate() {
        let title = format!("step {} {}", index + 1, step.kind());
        collect(step.fields(&unit.names), Some(title), step.place());
    }
    for link in unit.chains.iter().flat_map(|chain| &chain.links) {
        collect(link.fields(), Some(format!("post {}", link.kind())), link.place());
    }
    all
}

/// One problem for a reference, with each setting that asks for it.
fn refused(reference: &SecretRef, wanted: Vec<Wanted>, error: &Error) -> Diagnostic {
    let mut problem = Diagnostic::error("unresolved-secret", format!("the secret {reference}: {}", error.full()));
    if let Some(hint) = error.hints().first() {
        problem = problem.help(hint.clone());
    }
    if let Some(first) = wanted.first() {
        problem = problem.field(first.field);
        (problem.image, problem.source) = (Some(first.image.clone()), Some(first.source.clone()));
        problem.step.clone_from(&first.step);
    }
    for place in wanted.into_iter().filter_map(|wanted| wanted.place) {
        if !problem.places.contains(&place) {
            problem = problem.at(place);
        }
    }
    problem
}

fn patience() -> Result<Duration, String> {
    let name = "IMAGEBAKE_SECRET_TIMEOUT";
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => {
            humantime::parse_duration(text.trim()).map_err(|_| format!("{name}={text:?} is not a length of time"))
        }
        _ => Ok(PATIENCE),
    }
}

async fn value_of(
    reference: &SecretRef,
    folder: &Path,
    current: &Path,
    patience: Duration,
) -> Result<Zeroizing<String>> {
    let bytes = match reference {
        SecretRef::Env(name) => {
            let value = std::env::var_os(name).ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("the environment variable {name} is not set"),
                )
                .hint(format!("set {name} and run the same command again"))
            })?;
            Zeroizing::new(value.into_encoded_bytes())
        }
        SecretRef::File(path) => read(&folder.join(path)).await?,
        SecretRef::Cmd(words) => printed(words, current, patience).await?,
    };
    let what = match reference {
        SecretRef::Env(_) => "it has",
        SecretRef::File(_) => "the file has",
        SecretRef::Cmd(_) => "the program printed",
    };
    let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or_else(|| {
        Error::new(ErrorKind::Integrity, format!("{what} bytes that are not text"))
            .hint("a secret is UTF-8 text; encode it, for example with base64")
    })?;
    let text = match reference {
        SecretRef::Env(_) => text,
        _ => text.trim_end_matches(['\n', '\r']),
    };
    if text.is_empty() {
        let what = match reference {
            SecretRef::Cmd(_) => "the program printed nothing".to_owned(),
            _ => format!("{what} nothing in it"),
        };
        return Err(Error::new(ErrorKind::Config, what)
            .hint("give it a value; a secret that may be missing is an `Option<Secret>` that is not given"));
    }
    Ok(Zeroizing::new(text.to_owned()))
}

async fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    let file = tokio::fs::File::open(path).await;
    let read = match file {
        Ok(file) => file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).await,
        Err(error) => Err(error),
    };
    read.map_err(|error| {
        Error::io("read", path, error)
            .hint("create the file, or correct its path: one that was typed starts at the current folder")
    })?;
    match bytes.len() > LARGEST {
        true => Err(too_large("the file has")),
        false => Ok(bytes),
    }
}

fn too_large(what: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{what} more than 1 MiB, which is no secret"))
        .hint("name what holds the secret alone")
}

/// What a program prints.
async fn printed(words: &[String], folder: &Path, patience: Duration) -> Result<Zeroizing<Vec<u8>>> {
    let (sink, mut output) = OutputSink::channel();
    let mut command = Command::program(words.iter().cloned()).timeout(patience);
    command.dir = Some(folder.display().to_string().into());
    let running = local::driver::run(command, sink);
    tokio::pin!(running);
    let (mut printed, mut said) = (Zeroizing::new(Vec::new()), Vec::new());
    let mut ended = None;
    // The output ends when the program has, and nothing of it is left.
    loop {
        tokio::select! {
            biased;
            chunk = output.recv() => match chunk {
                Some((Stream::Stdout, bytes)) => printed.extend_from_slice(&bytes),
                Some((_, bytes)) if said.len() < LARGEST => said.extend_from_slice(&bytes),
                Some(_) => {}
                None => break,
            },
            exit = &mut running, if ended.is_none() => ended = Some(exit),
        }
        if printed.len() > LARGEST {
            return Err(too_large("the program printed"));
        }
    }
    let ended = match ended {
        Some(ended) => ended,
        None => running.await,
    };
    let exit = ended.map_err(|error| match error.kind() {
        ErrorKind::Timeout => Error::new(
            ErrorKind::Timeout,
            format!(
                "the program did not end within {}",
                humantime::format_duration(patience)
            ),
        )
        .hint("does it wait for an answer? sign in before; IMAGEBAKE_SECRET_TIMEOUT=5m gives it longer"),
        _ => error,
    })?;
    if exit.success() {
        return Ok(printed);
    }
    let said = told(&said, &printed);
    let colon = if said.is_empty() { "" } else { ": " };
    Err(Error::new(
        ErrorKind::CommandFailed,
        format!("the program ended with exit code {}{colon}{said}", exit.code()),
    )
    .hint("run the program by hand to see what it lacks"))
}

/// The last lines of what a program said of its failure, without what it printed.
fn told(said: &[u8], printed: &[u8]) -> String {
    let hidden = Redactor::new();
    hidden.register("", &String::from_utf8_lossy(printed));
    let said = String::from_utf8_lossy(said);
    let said = hidden.redact_str(&said);
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    let start = last.floor_char_boundary(last.len().saturating_sub(500));
    last[start..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(line: &str) -> SecretRef {
        SecretRef::Cmd(["sh", "-c", line].map(String::from).to_vec())
    }

    async fn wrong(reference: SecretRef) -> String {
        let here = std::env::temp_dir();
        let error = value_of(&reference, &here, &here, Duration::from_millis(400)).await;
        let error = error.expect_err("it leads to nothing");
        assert!(!error.hints().is_empty(), "{error}");
        error.full()
    }

    #[tokio::test]
    async fn a_reference_leads_to_its_value_without_the_last_line_break() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("token"), "hunter2\r\n").expect("written");
        let at = folder.path();
        for reference in [
            SecretRef::File("token".into()),
            script("cat token"),
            script("cat token; sleep 60 >&- 2>&- & exit 0"),
        ] {
            let value = value_of(&reference, at, at, Duration::from_secs(20))
                .await
                .expect("a value");
            assert_eq!(value.as_str(), "hunter2", "{reference}");
        }
    }

    #[tokio::test]
    async fn what_leads_to_nothing_says_why_and_never_what_it_printed() {
        let told = wrong(script(
            "echo hunter2-hunter2; echo hunter2-hunter2 is wrong >&2; exit 3",
        ))
        .await;
        assert!(
            told.contains("exit code 3: <secret> is wrong") && !told.contains("hunter2"),
            "{told}"
        );
        for (line, why) in [
            ("sleep 60", "did not end within 400ms"),
            ("printf 'a\\377b'", "not text"),
            ("printf 'a\\000b'", "not text"),
            ("true", "printed nothing"),
            ("echo", "printed nothing"),
            ("yes hunter2-hunter2", "more than 1 MiB"),
            ("kill -9 $$", "exit code 137"),
        ] {
            let told = wrong(script(line)).await;
            assert!(told.contains(why) && !told.contains("hunter2"), "{line}: {told}");
        }
        let missing = SecretRef::Cmd(vec!["imagebake-no-such-program".into()]);
        assert!(wrong(missing).await.contains("imagebake-no-such-program"));
        assert!(
            wrong(SecretRef::Env("IMAGEBAKE_TEST_NOT_SET".into()))
                .await
                .contains("is not set")
        );
        assert!(
            wrong(SecretRef::File("no-such-file".into()))
                .await
                .contains("no-such-file")
        );
        assert!(wrong(SecretRef::File(".".into())).await.contains("directory"));
        assert!(wrong(SecretRef::File("/dev/zero".into())).await.contains("1 MiB"));
        assert!(
            wrong(SecretRef::File("/dev/null".into()))
                .await
                .contains("nothing in it")
        );
    }
}
