//! What is written for people: pages of images, completions, manual pages.

use crate::fixture;
use std::{io::Write, process::Stdio};

#[test]
fn every_image_has_a_page() {
    let project = fixture();
    project.run(&["build", "greet", "--var", "name=you"]).ok();
    let told = project.run(&["docs", "--dir", "pages"]).ok().stdout;
    assert!(
        told.contains("wrote pages/greet.md\n") && told.contains("wrote pages/README.md\n"),
        "{told}"
    );
    let page = project.read("pages/greet.md");
    for part in [
        "# greet\n\nGreets somebody and tries to leak a secret.\n\nDescribed in `tests/src/bin/fixture.rs:",
        "| `name` | Whom to greet. | text | `world` |",
        "| `token` | Never shown. | a secret",
        "### Steps\n\n1. **shell-local**, `tests/src/bin/fixture.rs:",
        "## Last run\n\n`r",
        "- **greet.null**: ok after ",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("hunter2"), "a secret: {page}");
    let index = project.read("pages/README.md");
    assert!(
        index.contains("| [greet](greet.md) | Greets somebody and tries to leak a secret. | `null` |"),
        "{index}"
    );
    let page = project.read("pages/container.md");
    assert!(
        page.contains("Built on `oci`, ") && page.contains("- oci_archive: `"),
        "{page}"
    );
    assert!(
        page.contains("### Outputs\n\n- **checksum**, ") && page.contains("It has not been built here yet."),
        "{page}"
    );
}

#[test]
fn pages_of_images_that_are_gone_go_and_those_of_others_stay() {
    let project = fixture();
    project.run(&["docs", "--dir", "pages"]).ok();
    let mark = project
        .read("pages/hello.md")
        .lines()
        .next()
        .expect("a mark")
        .to_owned();
    project.write("pages/old.md", &format!("{mark}\n\n# old\n"));
    project.write("pages/mine.md", "# mine\n");
    let json = project.run(&["docs", "--dir", "pages", "--output", "json"]).ok().json();
    assert_eq!(json["removed"], serde_json::json!(["old.md"]));
    assert_eq!(project.read("pages/mine.md"), "# mine\n");
    project.write("pages/hello.md", "# by hand\n");
    let refused = project.run(&["docs", "--dir", "pages"]).fails(2).stderr;
    assert!(refused.contains("hello.md was not written by `docs`"), "{refused}");
    assert_eq!(project.read("pages/hello.md"), "# by hand\n");
    let refused = project.run(&["docs", "helo"]).fails(2).stderr;
    assert!(refused.contains("did you mean `hello`?"), "{refused}");
}

#[test]
fn shells_complete_commands_options_and_images() {
    let project = fixture();
    let bash = project.run(&["completions", "bash"]).ok().stdout;
    for word in ["fixture", "build", "--fail-fast", "slow-container"] {
        assert!(bash.contains(word), "{word} is not completed");
    }
    project.write("completions.sh", &bash);
    let checked = imagebake_tests::finish(&mut project.command_of("bash", &["-n", "completions.sh"])).ok();
    assert_eq!(checked.stderr, "");
    let complete = "source completions.sh; COMP_WORDS=(fixture build slow-c); COMP_CWORD=2; _fixture fixture slow-c build; echo ${COMPREPLY[@]}";
    let completed = imagebake_tests::finish(&mut project.command_of("bash", &["-c", complete])).ok();
    assert_eq!(completed.stdout, "slow-container\n");
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(
            project.run(&["completions", shell]).ok().stdout.contains("fail-fast"),
            "{shell}"
        );
    }
    project.run(&["completions", "bsah"]).fails(2);
}

#[test]
fn manual_pages_are_such() {
    let project = fixture();
    let page = project.run(&["man"]).ok().stdout;
    assert!(page.contains(".TH") && page.contains(".SH NAME\nfixture"), "{page}");
    let build = project.run(&["man", "build"]).ok().stdout;
    assert!(build.contains("fail\\-fast"), "{build}");
    let near = project.run(&["man", "biuld"]).fails(2).stderr;
    assert!(near.contains("did you mean `build`?"), "{near}");
    project.run(&["man", "--dir", "pages"]).ok();
    for name in ["fixture.1", "fixture-build.1", "fixture-plan.1"] {
        assert!(project.read(&format!("pages/{name}")).contains(".SH NAME"), "{name}");
    }
    // Where there is a formatter, it has nothing to complain of.
    let mut formatter = project.command_of("groff", &["-man", "-Tutf8", "-ww", "-P-cbou"]);
    formatter
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Ok(mut child) = formatter.spawn() {
        child
            .stdin
            .take()
            .expect("it is piped")
            .write_all(build.as_bytes())
            .expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        let (text, told) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(output.status.success() && told.is_empty(), "{told}");
        assert!(text.contains("OPTIONS"), "{text}");
    }
}
