//! Whole chains, run by the engine: files named by `artifice`, compressed, hashed.

use crate::{
    engine::{Answer, BuildOptions, run},
    event::{Event, Stamped, Summary, UnitStatus},
    io::{DigestKind, compress::decompress, digest_bytes},
    plan::{Selection, plan},
    prelude::*,
    project::Project,
    registry::ImageEntry,
    reporter::Reporter,
    variables::Inputs,
};
use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::Path,
    sync::{Arc, Mutex},
};

fn project(folder: &Path) -> Project {
    let mut project = Project::find(Some(folder), Some(&folder.join("state"))).expect("a project");
    project.current_dir = folder.to_owned();
    project
}

fn web(make: fn(&Inputs) -> Result<Image>) -> ImageEntry {
    ImageEntry {
        name: "web".into(),
        doc: "",
        file: file!(),
        line: line!(),
        crate_dir: "",
        dir: "",
        variables: || &[],
        values_file: None,
        make: crate::registry::Make::Function(make),
    }
}

async fn build(folder: &Path, make: fn(&Inputs) -> Result<Image>) -> Summary {
    watched(folder, make, |_| ()).await
}

/// Tells what the build does by its events.
struct Watch<F>(F);

impl<F: Fn(&Event) + Send> Reporter for Watch<F> {
    fn event(&mut self, event: &Stamped) {
        (self.0)(&event.event);
    }
}

async fn watched(
    folder: &Path,
    make: fn(&Inputs) -> Result<Image>,
    watch: impl Fn(&Event) + Send + 'static,
) -> Summary {
    let project = project(folder);
    let inputs = Inputs::default();
    let plan = plan(&project, &[web(make)], &inputs, &Selection::default());
    assert!(!plan.problems.has_errors(), "{:?}", plan.problems);
    let reporters = |_: &str, _: &Path| Ok(vec![Box::new(Watch(watch)) as Box<dyn Reporter>]);
    let go_on = Arc::new(|_: &_| Answer::Continue);
    run(&project, plan, BuildOptions::default(), reporters, go_on)
        .await
        .expect("the run begins and ends")
}

fn packed(_: &Inputs) -> Result<Image> {
    let chain = Chain::of(Artifice::from_files(["disk-*.raw"]))
        .then(Compress::to("out/{{ image }}.tar.gz"))
        .then(Checksum::all([DigestKind::Md5, DigestKind::Sha256]).output("out/{{ image }}.{{ checksum_type }}"));
    Ok(Image::new().source(Null::none()).chain(chain))
}

#[tokio::test]
async fn a_chain_compresses_and_hashes_and_its_next_build_replaces_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for (name, bytes) in [("disk-a.raw", vec![1; 70_000]), ("disk-b.raw", vec![2; 3])] {
        fs::write(at(name), bytes).expect("written");
    }
    let first = build(folder.path(), packed).await;
    assert_eq!(first.units[0].status, UnitStatus::Ok, "{:?}", first.units[0].error);
    let archive = fs::read(at("out/web.tar.gz")).expect("the archive");
    for kind in [DigestKind::Md5, DigestKind::Sha256] {
        let digests = digest_bytes(&archive, [kind]);
        let line = format!("{}  web.tar.gz\n", digests.get(kind).expect("computed"));
        assert_eq!(
            fs::read_to_string(at(&format!("out/web.{kind}"))).expect("the checksums"),
            line
        );
    }
    let mut tar = tar::Archive::new(decompress(&at("out/web.tar.gz")).expect("opened"));
    let mut found = Vec::new();
    for entry in tar.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("read");
        found.push((entry.path().expect("a name").display().to_string(), bytes.len()));
    }
    assert_eq!(found, [("disk-a.raw".to_owned(), 70_000), ("disk-b.raw".to_owned(), 3)]);
    let files: Vec<_> = first.units[0]
        .artifacts
        .iter()
        .flat_map(|artifact| &artifact.files)
        .collect();
    let archived = files
        .iter()
        .find(|file| file.path.ends_with("out/web.tar.gz"))
        .expect("in the summary");
    let sha256 = digest_bytes(&archive, [DigestKind::Sha256]);
    assert_eq!(archived.sha256.as_deref(), sha256.get(DigestKind::Sha256));

    // `compress` gives its input up, as the templates' does; nobody else wanted the disks.
    assert!(!at("disk-a.raw").exists() && !at("disk-b.raw").exists());
    fs::write(at("disk-a.raw"), "again").expect("written");
    let second = build(folder.path(), packed).await;
    assert_eq!(second.units[0].status, UnitStatus::Ok, "{:?}", second.units[0].error);
}

fn packed_and_hashed(_: &Inputs) -> Result<Image> {
    let disk = || Artifice::from_files(["disk.raw"]);
    let packed = Chain::of(disk()).then(Compress::to("disk.gz").keep_input_artifact(true));
    let hashed = Chain::of(disk()).then(Checksum::of(DigestKind::Sha256).output("disk.sha256"));
    Ok(Image::new().source(Null::none()).chain(packed).chain(hashed))
}

#[tokio::test]
async fn a_file_that_stays_is_read_once_for_what_compresses_it_hashes_it_and_sums_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = vec![7; 70_000];
    fs::write(folder.path().join("disk.raw"), &disk).expect("written");
    // What was written just now could be written again without a sign, so of that nothing is remembered.
    let written = fs::File::options()
        .write(true)
        .open(folder.path().join("disk.raw"))
        .expect("there");
    written.set_modified(std::time::UNIX_EPOCH).expect("set");
    let reads = Arc::new(Mutex::new(BTreeSet::new()));
    let watch = {
        let reads = reads.clone();
        move |event: &Event| {
            if let Event::Progress { what, .. } = event {
                reads.lock().expect("not poisoned").insert(what.to_string());
            }
        }
    };
    let summary = watched(folder.path(), packed_and_hashed, watch).await;
    assert_eq!(summary.units[0].status, UnitStatus::Ok, "{:?}", summary.units[0].error);
    let reads = reads.lock().expect("not poisoned").clone();
    assert_eq!(reads.len(), 1, "{reads:?}");
    assert!(reads.iter().all(|what| what.starts_with("compress ")), "{reads:?}");
    let digests = digest_bytes(&disk, [DigestKind::Sha256]);
    let sha256 = digests.get(DigestKind::Sha256).expect("computed");
    assert_eq!(
        fs::read_to_string(folder.path().join("disk.sha256")).expect("written"),
        format!("{sha256}  disk.raw\n")
    );
    let mut files = summary.units[0].artifacts.iter().flat_map(|artifact| &artifact.files);
    let row = files
        .find(|file| file.path.ends_with("disk.raw"))
        .expect("in the summary");
    assert_eq!(row.sha256.as_deref(), Some(sha256));
}

fn onto_a_stranger(_: &Inputs) -> Result<Image> {
    let chain = Chain::of(Artifice::from_files(["disk.raw"])).then(Compress::to("notes.gz"));
    Ok(Image::new().source(Null::none()).chain(chain))
}

#[tokio::test]
async fn a_file_that_somebody_else_wrote_is_refused_and_untouched() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("disk.raw"), "disk").expect("written");
    fs::write(folder.path().join("notes.gz"), "mine").expect("written");
    let summary = build(folder.path(), onto_a_stranger).await;
    assert_eq!(summary.units[0].status, UnitStatus::Failed);
    assert!(
        summary.units[0]
            .error
            .as_ref()
            .expect("an error")
            .message
            .contains("exists already")
    );
    assert_eq!(fs::read(folder.path().join("notes.gz")).expect("there"), b"mine");
    assert_eq!(fs::read(folder.path().join("disk.raw")).expect("there"), b"disk");
}

fn without_files(_: &Inputs) -> Result<Image> {
    Ok(Image::new().source(Null::none()).post(Checksum::of(DigestKind::Sha256)))
}

#[test]
fn a_checksum_of_a_source_without_files_is_a_plan_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(
        &project(folder.path()),
        &[web(without_files)],
        &Inputs::default(),
        &Selection::default(),
    );
    assert!(plan.problems.has_errors());
}
