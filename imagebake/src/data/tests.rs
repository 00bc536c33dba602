//! What look-ups answer, and what they say when they cannot.

use super::*;
use crate::{
    plan::{Diagnostic, Plan, Selection, plan_with},
    prelude::*,
    project::Project,
    registry::{ImageEntry, registered},
    variables::Inputs,
};
use serde::Deserialize;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// How often `Counted` was asked, which all images of these tests do of things of their own.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// A third party's question.
struct Counted(&'static str);

#[derive(Serialize, Deserialize)]
struct Count {
    answer: String,
    note: Option<String>,
}

impl Lookup for Counted {
    const KIND: &'static str = "acme/counted";
    type Answer = Count;

    fn question(&self) -> String {
        self.0.to_owned()
    }

    async fn look_up(&self, _: &LookupCx<'_>) -> Result<Count> {
        ASKED.fetch_add(1, Ordering::SeqCst);
        match self.0 {
            "nothing" => Err(Error::new(ErrorKind::NotFound, "there is nothing").hint("make some")),
            "never" => std::future::pending().await,
            other => Ok(Count {
                answer: other.to_uppercase(),
                note: None,
            }),
        }
    }
}

#[image(name = "data-twice")]
async fn twice(data: &Data) -> Result<Image> {
    let (one, two) = try_join!(data.look_up(Counted("twice")), data.look_up(Counted("twice")))?;
    assert_eq!(one.answer, two.answer);
    Ok(Image::new().source(Null::none()).description(one.answer))
}

#[image(name = "data-once")]
async fn once(data: &Data) -> Result<Image> {
    let once = data.look_up(Counted("once")).await?;
    Ok(Image::new().source(Null::none()).description(once.answer))
}

#[image(name = "data-input")]
async fn input(data: &Data) -> Result<Image> {
    Ok(Image::new().source(Null::none()).description(data.file("input").await?))
}

#[image(name = "data-missing")]
async fn missing(data: &Data) -> Result<Image> {
    let (_, _, motd) = try_join!(
        data.look_up(Counted("nothing")),
        data.look_up(Counted("never")).deadline(Duration::from_millis(5)),
        data.file("no-such-file"),
    )?;
    Ok(Image::new().description(motd))
}

#[image(name = "data-optional")]
async fn optional(data: &Data) -> Result<Image> {
    let without = data
        .look_up(Counted("nothing"))
        .await
        .map_or("without".to_owned(), |found| found.answer);
    Ok(Image::new().source(Null::none()).description(without))
}

#[image(name = "data-local")]
async fn local(data: &Data) -> Result<Image, Box<dyn std::error::Error + Send + Sync>> {
    let vars = serde_json::json!({"name": "you", "items": ["a", "b"]});
    let rendered = data.template("hello.j2", vars).await?;
    let bytes = data.file_bytes("hello.j2").await?;
    let printed = data
        .command(["sh", "-c", "echo \"$GREETING\" from $(basename \"$PWD\")"])
        .env("GREETING", "hi");
    let printed = printed.local().await?;
    let unset = data.env("IMAGEBAKE_NO_SUCH_VARIABLE").or("default").await?;
    let text = format!(
        "{rendered}|{}|{printed}|{unset}|{}",
        bytes.len(),
        data.time().format("%Y")
    );
    Ok(Image::new().source(Null::none()).description(text))
}

#[image(name = "data-typo")]
async fn typo(data: &Data) -> Result<Image> {
    let text = data
        .template("hello.j2", serde_json::json!({"nmae": "you", "items": []}))
        .await?;
    Ok(Image::new().description(text))
}

#[image(name = "data-leak")]
async fn leak(data: &Data) -> Result<Image> {
    let token = Secret::literal("hunter2hunter2").named("token");
    let printed = data
        .command(["sh", "-c", "echo got $TOKEN"])
        .env("TOKEN", &token)
        .await?;
    Ok(Image::new().description(printed.to_string()))
}

#[image(name = "data-private")]
async fn private(data: &Data) -> Result<Image> {
    let token = Secret::literal("hunter2hunter2").named("token");
    let printed = data
        .command(["sh", "-c", "echo got $TOKEN"])
        .env("TOKEN", &token)
        .sensitive();
    let length = printed.await?.len();
    Ok(Image::new().source(Null::none()).description(length.to_string()))
}

#[image(name = "data-panic")]
async fn panic(data: &Data) -> Image {
    let _ = data.env("PATH").await;
    panic!("in the middle")
}

struct Folder {
    folder: tempfile::TempDir,
    project: Project,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let project = Project::find(Some(folder.path()), None).expect("it exists");
        Self { folder, project }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    fn lock(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(LockFile::NAME)).unwrap_or_default()
    }

    fn lookups(&self) -> Lookups {
        Lookups::new(&self.project)
    }

    fn plan(&self, image: &str, lookups: Lookups) -> (Plan, Arc<Lookups>) {
        let entries: Vec<ImageEntry> = registered().into_iter().filter(|entry| entry.name == image).collect();
        assert_eq!(entries.len(), 1, "{image} is registered");
        let lookups = Arc::new(lookups);
        let inputs = Inputs::default();
        let plan = plan_with(&self.project, &entries, &inputs, &Selection::default(), &lookups);
        (plan, lookups)
    }
}

/// Code, message, places and help of each problem.
fn told(plan: &Plan) -> Vec<String> {
    let line = |problem: &Diagnostic| {
        let places: Vec<String> = problem.places.iter().map(|place| place.to_string()).collect();
        let help = problem.help.clone().unwrap_or_default();
        format!("{}: {} [{}] {help}", problem.code, problem.message, places.join(", "))
    };
    plan.problems.iter().map(line).collect()
}

#[track_caller]
fn one(plan: &Plan) -> String {
    let told = told(plan);
    assert_eq!(told.len(), 1, "{told:#?}");
    told.into_iter().next().unwrap_or_default()
}

#[test]
fn a_question_is_asked_once_and_pinned_by_who_writes() {
    let folder = Folder::new();
    let before = ASKED.load(Ordering::SeqCst);
    let (plan, lookups) = folder.plan("data-twice", folder.lookups());
    assert_eq!(told(&plan), Vec::<String>::new());
    assert_eq!(folder.lock(), "", "a plan writes nothing");
    let found = &plan.data[0];
    assert_eq!(
        (found.kind, found.question.as_str(), found.answer.as_str()),
        ("acme/counted", "twice", "TWICE")
    );
    assert_eq!(found.from, Origin::Asked);
    assert!(found.place.file.ends_with("data/tests.rs"), "{}", found.place);
    assert_eq!(lookups.write(false).expect("written").added.len(), 1);
    assert!(
        folder
            .lock()
            .ends_with("version = 1\n\n[pin.\"acme/counted twice\"]\nanswer = \"TWICE\"\n"),
        "{}",
        folder.lock()
    );

    // What is pinned counts, whatever would be answered now, and needs nobody outside.
    folder.write(LockFile::NAME, &folder.lock().replace("TWICE", "pinned"));
    for lookups in [folder.lookups(), folder.lookups().offline(true).locked(true)] {
        let (plan, lookups) = folder.plan("data-twice", lookups);
        assert_eq!(
            (plan.data[0].answer.as_str(), plan.data[0].from),
            ("pinned", Origin::Pinned)
        );
        assert!(lookups.write(false).expect("nothing to write").is_empty());
    }
    for update in [
        Update::All,
        Update::Named(vec!["twice".into()]),
        Update::Named(vec!["acme/*".into()]),
    ] {
        let (plan, lookups) = folder.plan("data-twice", folder.lookups().update(update.clone()));
        assert_eq!(plan.data[0].answer, "TWICE");
        assert_eq!(lookups.unknown_names(&[]).len(), 0);
        assert_eq!(lookups.change().updated.len(), 1, "{update:?}");
    }
    let (_, lookups) = folder.plan(
        "data-twice",
        folder
            .lookups()
            .update(Update::Named(vec!["acme/counted twoce".into()])),
    );
    let unknown = format!("{:?}", lookups.unknown_names(&[]));
    assert!(unknown.contains("did you mean `acme/counted twice`"), "{unknown}");
    assert!(ASKED.load(Ordering::SeqCst) >= before + 4);
}

#[test]
fn everything_that_is_missing_is_told_at_its_line() {
    let folder = Folder::new();
    let (plan, _) = folder.plan("data-missing", folder.lookups());
    let told = told(&plan);
    assert_eq!(told.len(), 3, "{told:#?}");
    let has = |words: &[&str]| told.iter().any(|told| words.iter().all(|word| told.contains(word)));
    assert!(
        has(&[
            "look-up: cannot look up `acme/counted nothing`: there is nothing",
            "tests.rs:",
            "make some"
        ]),
        "{told:#?}"
    );
    assert!(
        has(&["acme/counted never`: no answer within 5ms", ".deadline("]),
        "{told:#?}"
    );
    assert!(has(&["cannot read `no-such-file` (that is ", "start at "]), "{told:#?}");
    assert!(
        plan.problems
            .iter()
            .all(|problem| problem.image.as_deref() == Some("data-missing"))
    );
}

#[test]
fn what_an_image_does_without_is_no_problem() {
    let folder = Folder::new();
    let (plan, lookups) = folder.plan("data-optional", folder.lookups());
    assert_eq!(told(&plan), Vec::<String>::new());
    assert_eq!(plan.units.len(), 1);
    assert!(lookups.change().is_empty(), "a failure is not pinned");
}

#[test]
fn this_computer_and_project_answer_without_a_lock() {
    let folder = Folder::new();
    folder.write(
        "hello.j2",
        "hello {{ name }}{{# gone #}}{% for item in items %} {{ item }}{% endfor %}\n",
    );
    let (plan, lookups) = folder.plan("data-local", folder.lookups().offline(true).locked(true));
    assert_eq!(told(&plan), Vec::<String>::new());
    assert!(lookups.write(false).expect("nothing to write").is_empty());
    let answers: Vec<&str> = plan.data.iter().map(|found| found.answer.as_str()).collect();
    assert!(answers[0].starts_with("14 bytes, sha256:"), "{answers:?}");
    assert!(answers[2].starts_with("hi from "), "{answers:?}");
    assert!(answers.contains(&"default"), "{answers:?}");

    let (plan, _) = folder.plan("data-typo", folder.lookups());
    let told = one(&plan);
    assert!(
        told.contains("did you mean `nmae`?") && told.contains("[hello.j2:1, "),
        "{told}"
    );
}

#[test]
fn no_secret_of_a_question_is_shown_or_pinned() {
    let folder = Folder::new();
    let (plan, lookups) = folder.plan("data-leak", folder.lookups());
    let told = one(&plan);
    assert!(
        told.contains("look-up-secret") && told.contains("TOKEN=<secret token>"),
        "{told}"
    );
    assert!(!format!("{told}{:?}{:?}", plan.data, lookups.change()).contains("hunter2"));
    let (plan, lookups) = folder.plan("data-private", folder.lookups());
    assert_eq!(plan.data[0].answer, "<sensitive>");
    assert!(lookups.change().is_empty());
    assert!(!format!("{:?}", plan.data).contains("hunter2"));
}

#[test]
fn a_panic_is_a_problem_of_its_image() {
    let folder = Folder::new();
    let (plan, _) = folder.plan("data-panic", folder.lookups());
    assert!(one(&plan).contains("image-panic: the image function panicked: in the middle"));
}

#[test]
fn offline_and_locked_say_what_is_not_pinned() {
    let folder = Folder::new();
    folder.write(
        LockFile::NAME,
        "version = 1\n[pin.\"acme/counted twise\"]\nanswer = \"x\"\n",
    );
    let (plan, _) = folder.plan("data-twice", folder.lookups().offline(true));
    let offline = &told(&plan)[0];
    assert!(
        offline.contains("look-up-offline: `acme/counted twice` is not pinned"),
        "{offline}"
    );
    assert!(
        offline.contains("the nearest one that is pinned is `acme/counted twise`"),
        "{offline}"
    );
    let (plan, _) = folder.plan("data-twice", folder.lookups().locked(true));
    assert!(told(&plan)[0].contains("look-up-locked: `acme/counted twice` is not in imagebake.lock"));
    let (plan, _) = folder.plan("data-private", folder.lookups().offline(true));
    assert!(one(&plan).contains("is asked in every run"));
}

#[test]
fn two_programs_that_write_at_once_keep_each_others_pins() {
    let folder = Folder::new();
    let (_, first) = folder.plan("data-twice", folder.lookups());
    let (_, second) = folder.plan("data-once", folder.lookups());
    first.write(false).expect("written");
    second.write(false).expect("written");
    let lock = LockFile::parse("x", &folder.lock()).expect("it is one");
    assert_eq!(
        lock.questions().collect::<Vec<_>>(),
        ["acme/counted once", "acme/counted twice"]
    );
}

#[test]
fn what_is_no_file_or_no_text_is_told() {
    let folder = Folder::new();
    for (make, told) in [
        (
            &(|path: &std::path::Path| std::fs::create_dir(path)) as &dyn Fn(&std::path::Path) -> std::io::Result<()>,
            "is a directory",
        ),
        (
            &|path| std::os::unix::fs::symlink("/dev/zero", path),
            "it is not a regular file",
        ),
        (
            &|path| std::fs::write(path, b"caf\xe9"),
            "`input` is not UTF-8 text: byte 4 is not",
        ),
        (
            &|path| std::fs::File::create(path)?.set_len((64 << 20) + 1),
            "it is larger than 64 MiB",
        ),
    ] {
        let path = folder.folder.path().join("input");
        make(&path).expect("made");
        let (plan, _) = folder.plan("data-input", folder.lookups());
        let problem = one(&plan);
        assert!(
            problem.contains("cannot look up `file input`") && problem.contains(told),
            "{problem}"
        );
        let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir(&path));
    }
}

#[test]
fn a_lock_file_that_is_not_understood_is_told_once_and_never_overwritten() {
    let folder = Folder::new();
    for (text, words) in [
        (
            "version = 2\n[later]\n",
            &["in version 2", "imagebake.lock:1", "update `imagebake`"][..],
        ),
        ("version = 1\n[pin.x\n", &["is not TOML", "imagebake.lock:2"]),
        ("version = 1\n<<<<<<< HEAD\n=======\n", &["merge", "imagebake.lock:2"]),
        (
            "version = 1\npins = 3\n",
            &["`pins`, which is not known", "imagebake.lock:2"],
        ),
        (
            "version = 1\n[pin]\n\"a b\" = 3\n",
            &["`a b` is not a table", "imagebake.lock:3"],
        ),
        ("[pin]\n", &["does not say `version = 1`"]),
        ("", &["does not say `version = 1`"]),
        ("version = \"1\"\n", &["does not say `version = 1`"]),
        (
            "version = 1\n[pin.\"a b\"]\nx = 1\n[pin.\"a b\"]\nx = 2\n",
            &["is not TOML", "imagebake.lock:4"],
        ),
    ] {
        folder.write(LockFile::NAME, text);
        let (plan, lookups) = folder.plan("data-twice", folder.lookups());
        let told = one(&plan);
        assert!(told.starts_with("lock-file: "), "{told}");
        assert!(words.iter().all(|word| told.contains(word)), "{text:?}: {told}");
        assert!(lookups.write(true).is_ok_and(|change| change.is_empty()));
        assert_eq!(folder.lock(), text);
    }
}

#[test]
fn an_answer_of_another_shape_is_stale() {
    let folder = Folder::new();
    folder.write(
        LockFile::NAME,
        "version = 1\n\n[pin.\"acme/counted twice\"]\nanswr = \"x\"\n",
    );
    let (plan, _) = folder.plan("data-twice", folder.lookups());
    let told = &told(&plan)[0];
    assert!(
        told.contains("lock-stale: ") && told.contains("missing field `answer`"),
        "{told}"
    );
    assert!(
        told.contains("imagebake.lock:3") && told.contains("lock --update 'acme/counted twice'"),
        "{told}"
    );
}

#[test]
fn others_pins_stay_until_they_are_pruned() {
    let folder = Folder::new();
    let other = "version = 1\n\n[pin.\"registry debian:12\"]\ndigest = \"sha256:0\"\n\n[pin.\"registry debian:12\".more]\nb = [1, 2]\na = true\n";
    folder.write(LockFile::NAME, other);
    let (_, lookups) = folder.plan("data-twice", folder.lookups());
    assert_eq!(lookups.write(false).expect("written").unused, ["registry debian:12"]);
    let both = LockFile::parse("x", &folder.lock()).expect("it is one");
    assert_eq!(
        both.questions().collect::<Vec<_>>(),
        ["acme/counted twice", "registry debian:12"]
    );
    assert_eq!(
        LockFile::parse("x", &both.to_text()).expect("it is one"),
        both,
        "{}",
        both.to_text()
    );
    let kept = LockFile::parse("x", other).expect("it is one");
    assert_eq!(both.get("registry debian:12"), kept.get("registry debian:12"));
    let (_, lookups) = folder.plan("data-twice", folder.lookups());
    lookups.write(true).expect("written");
    assert!(!folder.lock().contains("debian"), "{}", folder.lock());
}
