//! Where relative paths start, from wherever the program is run and wherever it was carried.

use imagebake_tests::{Output, TestContext};
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

/// A clone of a workspace, with the program in its `target` folder. The program was compiled as a member that is the folder `tests`.
struct Clone {
    context: TestContext,
    root: PathBuf,
}

impl Clone {
    fn new(motd: &str) -> Self {
        let context = TestContext::new(env!("CARGO_BIN_EXE_lookups"));
        fs::remove_file(context.path().join("imagebake.toml")).expect("the clone is the project");
        let root = context.path().canonicalize().expect("it exists").join("clone");
        let clone = Self { context, root };
        clone.write("Cargo.lock", "version = 4\n");
        clone.write("elsewhere/empty", "");
        clone.write("tests/Cargo.toml", "");
        clone.data("tests", motd);
        fs::create_dir_all(clone.root.join("target/debug")).expect("made");
        fs::copy(env!("CARGO_BIN_EXE_lookups"), clone.root.join("target/debug/lookups")).expect("copied");
        clone
    }

    /// What the images read, below `folder`.
    fn data(&self, folder: &str, motd: &str) {
        self.write(&format!("{folder}/data/motd.txt"), &format!("{motd}\n"));
        self.write(&format!("{folder}/say.sh"), "echo from the script\n");
        self.write(&format!("{folder}/images/motd.txt"), &format!("{motd}, below\n"));
        self.write(&format!("{folder}/images/below/say.sh"), "echo from below\n");
    }

    fn write(&self, name: &str, text: &str) {
        let name = self.root.join(name);
        let name = name
            .strip_prefix(self.context.path().canonicalize().expect("it exists"))
            .expect("below")
            .to_owned();
        self.context.write(name.to_str().expect("text"), text);
    }

    /// Runs the program of this clone in `folder`.
    fn run(&self, folder: impl AsRef<Path>, arguments: &[&str]) -> Output {
        self.run_with(folder, arguments, &[])
    }

    fn run_with(&self, folder: impl AsRef<Path>, arguments: &[&str], env: &[(&str, &Path)]) -> Output {
        let program = self.root.join("target/debug/lookups");
        self.context.run_program(&program, arguments, |command| {
            command.current_dir(self.root.join(folder)).envs(env.iter().copied());
        })
    }
}

/// Builds both images, which must say `motd`.
#[track_caller]
fn says(motd: &str, run: impl Fn(&[&str]) -> Output) {
    let built = run(&["build", "reads"]).ok().text();
    assert!(
        built.contains(&format!("said {motd}\n")) && built.contains("from the script"),
        "{built}"
    );
    let built = run(&["build", "below"]).ok().text();
    assert!(
        built.contains(&format!("said {motd}, below\n")) && built.contains("from below"),
        "{built}"
    );
}

#[test]
fn inputs_start_at_the_crate_and_outputs_at_the_current_folder_wherever_one_stands() {
    let clone = Clone::new("hello");
    for folder in ["", "tests", "tests/images/below", "elsewhere"] {
        says("hello", |arguments| clone.run(folder, arguments));
        let manifest = clone.root.join(folder).join("manifest.json");
        fs::remove_file(&manifest).unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
    }
    assert!(clone.root.join(".imagebake/runs").is_dir());
    assert!(!clone.root.join("tests/.imagebake").exists(), "state is the project's");

    // From outside of the clone: told by flag, by variable, or as cargo tells what it runs.
    let outside = clone.root.parent().expect("a folder").join("outside");
    fs::create_dir(&outside).expect("made");
    let root = clone.root.to_str().expect("text").to_owned();
    says("hello", |arguments| {
        clone.run(&outside, &[arguments, &["--project", &root]].concat())
    });
    says("hello", |arguments| {
        clone.run(&outside, &[arguments, &["--project", "../clone"]].concat())
    });
    says("hello", |arguments| {
        clone.run_with(&outside, arguments, &[("IMAGEBAKE_PROJECT", &clone.root)])
    });
    let member = clone.root.join("tests");
    says("hello", |arguments| {
        clone.run_with(&outside, arguments, &[("CARGO_MANIFEST_DIR", &member)])
    });
    assert!(outside.join("manifest.json").is_file());

    // Only `--project` keeps a program from taking the folder it stands in for the project.
    let lost = clone.run(&outside, &["plan", "reads"]).fails(2).stderr;
    let resolved = outside.join("data/motd.txt");
    assert!(
        lost.contains(&format!("cannot read `data/motd.txt` (that is {})", resolved.display())),
        "{lost}"
    );
    assert!(lost.contains(&format!("start at {};", outside.display())), "{lost}");
}

#[test]
fn a_target_folder_that_was_copied_belongs_to_the_clone_it_is_in() {
    let (first, second) = (Clone::new("first"), Clone::new("second"));
    fs::copy(
        first.root.join("target/debug/lookups"),
        second.root.join("target/debug/lookups"),
    )
    .expect("copied");
    says("second", |arguments| second.run("tests", arguments));
    says("first", |arguments| first.run("tests", arguments));
}

#[test]
fn a_program_that_was_carried_away_finds_the_data_beside_it() {
    let clone = Clone::new("at home");
    clone.data("away", "away");
    let away = clone.context.path().join("away");
    fs::rename(clone.root.join("away"), &away).expect("moved");
    says("away", |arguments| clone.run(&away, arguments));
    let away = away.to_str().expect("text").to_owned();
    says("away", |arguments| {
        clone.run("elsewhere", &[arguments, &["--project", &away]].concat())
    });
    // The crate's folder may have come along.
    fs::create_dir(Path::new(&away).join("tests")).expect("made");
    for moved in ["data", "say.sh", "images"] {
        fs::rename(Path::new(&away).join(moved), Path::new(&away).join("tests").join(moved)).expect("moved");
    }
    says("away", |arguments| clone.run(&away, arguments));
}

#[test]
fn a_project_may_be_a_part_of_the_workspace() {
    let clone = Clone::new("hello");
    clone.write("tests/imagebake.toml", "");
    // A folder of the same name in it is not the crate.
    clone.data("tests/tests", "wrong");
    for folder in ["", "tests"] {
        says("hello", |arguments| clone.run(folder, arguments));
    }
    assert!(clone.root.join("tests/.imagebake").is_dir());
}

#[test]
fn links_lead_where_the_system_leads() {
    let clone = Clone::new("hello");
    let (outside, link) = (clone.context.path().join("shared"), clone.context.path().join("link"));
    symlink(&clone.root, &link).expect("linked");
    says("hello", |arguments| clone.run(link.join("tests"), arguments));
    let through = link.to_str().expect("text").to_owned();
    says("hello", |arguments| {
        clone.run("elsewhere", &[arguments, &["--project", &through]].concat())
    });
    says("hello", |arguments| {
        clone.run_with("elsewhere", arguments, &[("CARGO_MANIFEST_DIR", &link.join("tests"))])
    });
    assert_eq!(
        clone.run(&link, &["runs", "--output", "json"]).ok().json()["runs"]
            .as_array()
            .map(Vec::len),
        Some(6)
    );

    // `data/../say.sh` is beside what `data` is a link to.
    fs::create_dir_all(outside.join("data")).expect("made");
    fs::write(outside.join("data/motd.txt"), "shared\n").expect("written");
    fs::write(outside.join("say.sh"), "echo shared script\n").expect("written");
    fs::remove_dir_all(clone.root.join("tests/data")).expect("removed");
    symlink(outside.join("data"), clone.root.join("tests/data")).expect("linked");
    let built = clone.run("tests", &["build", "reads"]).ok().text();
    assert!(
        built.contains("said shared") && built.contains("shared script"),
        "{built}"
    );
}

#[test]
fn a_project_that_is_not_there_is_told() {
    let clone = Clone::new("hello");
    for (project, told) in [
        ("nowhere", "cannot find the project folder nowhere"),
        ("Cargo.lock", "Cargo.lock is not a folder"),
    ] {
        let by_flag = clone.run("", &["plan", "--project", project]).fails(2).stderr;
        let by_variable = clone
            .run_with("", &["plan"], &[("IMAGEBAKE_PROJECT", Path::new(project))])
            .fails(2)
            .stderr;
        for output in [by_flag, by_variable] {
            assert!(
                output.contains(told) && output.contains("--project or IMAGEBAKE_PROJECT"),
                "{output}"
            );
        }
    }
    // The folder of `#[image(dir = "…")]` is not there: where it should be is said.
    fs::remove_dir_all(clone.root.join("tests/images")).expect("removed");
    let missing = clone.run("", &["plan", "below"]).fails(2).stderr;
    let folder = clone.root.join("tests/images/below");
    assert!(
        missing.contains(&format!("start at {}, which does not exist", folder.display())),
        "{missing}"
    );
}
