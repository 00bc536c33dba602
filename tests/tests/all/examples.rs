//! The examples do what they say: crates outside the library, equal to what is in it.

use imagebake_tests::{TestContext, example};

#[test]
fn a_source_of_ones_own_builds_and_is_cleaned_up_after_a_crash() {
    let project = TestContext::new(example("custom-source"));
    project.run(&["build", "site"]).ok();
    assert_eq!(project.read("site/index.html"), "<h1>site</h1>\n");
    project.run(&["build", "site"]).ok();
    // Right after the folder was made, before that was recorded.
    let crashed = project
        .command(&["build", "site"])
        .env("IMAGEBAKE_CRASH_AT", "6")
        .output()
        .expect("it runs");
    assert_eq!(crashed.status.code(), None);
    let hidden = || {
        let names = project
            .path()
            .read_dir()
            .expect("a folder")
            .flatten()
            .map(|entry| entry.file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".ib-")).count()
    };
    assert_eq!(hidden(), 1);
    project.run(&["cleanup"]).ok();
    assert_eq!(hidden(), 0);
}

#[test]
fn a_provisioner_of_ones_own_changes_a_file_once() {
    let project = TestContext::new(example("custom-provisioner"));
    project.write("hosts.txt", "first\n");
    for _ in 0..2 {
        project.run(&["build", "hosts"]).ok();
    }
    let expected =
        "first\n# imagebake begin\n10.0.0.1 db\n10.0.0.2 cache\n# imagebake end\n# by begin\n# hosts.null\n# by end\n";
    assert_eq!(project.read("hosts.txt"), expected);
    let explained = project.run(&["explain", "line-break"]).ok().stdout;
    assert!(explained.contains("A mark is one line"), "{explained}");
}

#[test]
fn a_post_processor_of_ones_own_gets_the_digest_it_asked_for() {
    let project = TestContext::new(example("custom-post-processor"));
    project.run(&["build", "release"]).ok();
    let sum = std::process::Command::new("sha256sum")
        .arg("hello.txt")
        .current_dir(project.path())
        .output()
        .expect("it runs");
    let digest = String::from_utf8_lossy(&sum.stdout)
        .split_whitespace()
        .next()
        .expect("a digest")
        .to_owned();
    assert!(
        project.read("NOTES.md").contains(&digest),
        "{}",
        project.read("NOTES.md")
    );
}
