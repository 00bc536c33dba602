//! Look-ups and the lock file, as a user meets them: real requests to a server of the tests, real git.

use imagebake_tests::{Server, TestContext, requires};
use std::{process::Command, time::Instant};

fn project() -> TestContext {
    TestContext::new(env!("CARGO_BIN_EXE_lookups"))
}

/// `--var server=…` for a command about `image`.
fn with<'a>(command: &'a str, image: &'a str, server: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&[command, image, "--var", server], more].concat()
}

#[test]
fn what_a_server_says_is_shown_pinned_checked_and_updated() {
    let (project, server) = (project(), Server::start("one\n"));
    let var = format!("server={}", server.address);
    let run = |command, more: &[&str]| project.run(&with(command, "page", &var, more));

    // A plan asks and writes nothing.
    let plan = run("plan", &[]).ok();
    assert!(
        plan.stdout.contains("looked up http http://127.0.0.1:"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("4 bytes, sha256:2c8b08da"), "{}", plan.stdout);
    assert!(
        plan.stdout.contains("with Authorization: Bearer <secret"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("SAID: \"one\\n\""), "{}", plan.stdout);
    assert!(
        server.asked()[0].contains("Bearer hunter2hunter2"),
        "the secret is sent"
    );
    assert!(!project.path().join("imagebake.lock").exists() && !project.path().join(".imagebake").exists());

    let locked = run("plan", &["--locked"]).fails(2);
    assert!(locked.stderr.contains("error[look-up-locked]"), "{}", locked.stderr);
    assert!(locked.stderr.contains("src/bin/lookups.rs:"), "{}", locked.stderr);
    let offline = run("validate", &["--offline"]).fails(2);
    assert!(offline.stderr.contains("error[look-up-offline]"), "{}", offline.stderr);
    assert!(offline.stderr.contains("image page"), "{}", offline.stderr);
    assert_eq!(server.asked().len(), 0);

    let locked = run("lock", &[]).ok();
    assert!(
        locked.stdout.starts_with("added http http://127.0.0.1:"),
        "{}",
        locked.stdout
    );
    let file = project.read("imagebake.lock");
    assert!(file.contains("version = 1\n\n[pin.\"http http://127.0.0.1:"), "{file}");
    assert!(
        file.contains("sha256 = \"2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806\"\nsize = 4\n"),
        "{file}"
    );
    assert!(!file.contains("hunter2") && !file.contains("one"), "{file}");

    // What was fetched stays in the project, so nobody is asked any more.
    server.says("two\n");
    server.asked();
    let plan = run("plan", &["--offline", "--locked", "--output", "json"]).ok().json();
    assert_eq!(
        (&plan["data"][0]["from"], &plan["data"][0]["kind"]),
        (&"pinned".into(), &"http".into())
    );
    assert!(run("build", &["--offline"]).ok().text().contains("said one"));
    assert_eq!(server.asked().len(), 0);

    // Elsewhere it is fetched again, and is not what was pinned.
    std::fs::remove_dir_all(project.path().join(".imagebake")).expect("removed");
    let changed = run("plan", &[]).fails(2);
    assert!(
        changed.stderr.contains("the document has changed"),
        "{}",
        changed.stderr
    );
    assert!(changed.stderr.contains("lock --update"), "{}", changed.stderr);
    let offline = run("plan", &["--offline"]).fails(2);
    assert!(
        offline.stderr.contains("its contents are not kept in this project"),
        "{}",
        offline.stderr
    );

    let updated = run("lock", &["--update"]).ok();
    assert!(
        updated.stdout.contains("updated http") && updated.stdout.contains("sha256 2c8b08da"),
        "{}",
        updated.stdout
    );
    assert!(run("build", &["--locked"]).ok().text().contains("said two"));
    let again = run("lock", &["--output", "json"]).ok().json();
    assert_eq!(
        (&again["unchanged"], &again["added"]),
        (&1.into(), &serde_json::json!([]))
    );
    let record = std::fs::read_dir(project.path().join(".imagebake/runs"))
        .expect("runs")
        .flatten();
    let record: Vec<String> = record
        .map(|run| std::fs::read_to_string(run.path()).expect("a record"))
        .collect();
    assert!(
        record[0].contains("\"from\": \"pinned\"") && !record[0].contains("hunter2"),
        "{}",
        record[0]
    );
}

#[test]
fn names_after_update_choose_what_is_asked_anew() {
    let (project, server) = (project(), Server::start("one"));
    let var = format!("server={}", server.address);
    let images = ["page", "tagged", "counted", "--var", &var];
    let run = |more: &[&str]| project.run(&[&["lock"][..], &images, more].concat());
    assert!(run(&[]).ok().stdout.contains("imagebake.lock: 3 look-ups, 0 unchanged"));
    let before = project.read("imagebake.lock");
    let questions: Vec<&str> = before.lines().filter(|line| line.starts_with('[')).collect();
    assert!(
        questions[0].starts_with("[pin.'command sh -c") || questions[0].contains("command sh -c"),
        "{before}"
    );
    assert_eq!(questions.len(), 3);

    server.says("two");
    assert!(run(&[]).ok().stdout.contains("3 look-ups, 3 unchanged"));
    let updated = run(&["--update", "registry *"]).ok().stdout;
    assert!(
        updated.contains("updated registry") && updated.contains("2 unchanged"),
        "{updated}"
    );
    assert_eq!(project.read("asked"), "x\n", "the command was not run again");
    let updated = run(&["--update", "http*", "command *"]).ok().stdout;
    assert!(
        updated.contains("updated http") && updated.contains("updated command"),
        "{updated}"
    );

    for (more, told) in [
        (&["--update", "registri *"][..], "no look-up is called `registri *`"),
        (&["--update", "page"], "write images before `--update`"),
    ] {
        let wrong = run(more).fails(2);
        assert!(wrong.stderr.contains(told), "{}", wrong.stderr);
    }

    // With other values other questions are asked: what the first ones need stays.
    let other = format!("server={}", Server::start("three").address);
    let locked = project
        .run(&["lock", "page", "tagged", "counted", "--var", &other])
        .ok()
        .stdout;
    assert!(locked.contains("3 look-ups, 1 unchanged"), "{locked}");
    let both = project.read("imagebake.lock");
    assert_eq!(both.lines().filter(|line| line.starts_with('[')).count(), 5, "{both}");
}

#[test]
fn a_checksum_in_the_description_needs_no_lock() {
    let (project, server) = (project(), Server::start("one\n"));
    let (var, sum) = (
        format!("server={}", server.address),
        "checksum=2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806",
    );
    let run = |command, more: &[&str]| project.run(&with(command, "checked", &var, more));
    assert!(
        run("build", &["--locked", "--var", sum])
            .ok()
            .text()
            .contains("said one")
    );
    assert!(!project.path().join("imagebake.lock").exists());
    run("plan", &["--offline", "--var", sum]).ok();
    let wrong = run("plan", &[]).fails(2);
    assert!(
        wrong.stderr.contains("the checksum in the description is e3b0c442"),
        "{}",
        wrong.stderr
    );
    let wrong = run("plan", &["--var", "checksum=sha256:12"]).fails(2);
    assert!(
        wrong.stderr.contains("`sha256:12` is not a checksum"),
        "{}",
        wrong.stderr
    );
}

#[test]
fn look_ups_that_are_joined_run_side_by_side_each_with_its_deadline() {
    let (project, server) = (project(), Server::start(""));
    let var = format!("server={}", server.address);
    let began = Instant::now();
    let plan = project.run(&["plan", "slow", "--var", &var]).fails(2);
    // Three of 0.6 s and one that is given up after 0.9 s.
    assert!(began.elapsed().as_secs_f64() < 1.7, "{:?}", began.elapsed());
    assert!(plan.stderr.contains("no answer within 900ms"), "{}", plan.stderr);
    assert_eq!(plan.stderr.matches("error[").count(), 1, "{}", plan.stderr);
    let asked = server.asked();
    assert_eq!(asked.len(), 4, "{asked:?}");
}

#[test]
fn a_server_that_is_not_there_or_has_nothing_is_told_at_the_line() {
    let project = project();
    let gone = project.run(&["plan", "page"]).fails(2);
    assert!(gone.stderr.contains("the server cannot be reached"), "{}", gone.stderr);
    assert!(
        gone.stderr.contains("lookups.rs:") && !gone.stderr.contains("hunter2"),
        "{}",
        gone.stderr
    );
    let gone = project.run(&["plan", "tagged"]).fails(2);
    assert!(gone.stderr.contains("cannot reach the registry"), "{}", gone.stderr);
    // `list` asks nobody, and says of which images it does not know everything.
    let list = project.run(&["list"]).ok();
    assert!(list.stdout.contains("not described"), "{}", list.stdout);
}

#[test]
fn a_tag_of_a_registry_becomes_a_digest() {
    let (project, server) = (project(), Server::start("one"));
    let var = format!("server={}", server.address);
    let run = |command, more: &[&str]| project.run(&with(command, "tagged", &var, more));
    let inspected = run("inspect", &[]).ok().stdout;
    assert!(
        inspected.contains("looked up registry") && inspected.contains("tagged.null"),
        "{inspected}"
    );
    assert_eq!(
        server.asked().len(),
        2,
        "whether credentials are needed, and the manifest, once"
    );
    let built = run("build", &[]).ok().text();
    assert!(
        built.contains(&format!("said {}/team/base@sha256:", server.address)),
        "{built}"
    );
    server.says("two");
    assert_eq!(
        server.asked().len(),
        2,
        "whether credentials are needed, and the manifest"
    );
    run("build", &["--locked"]).ok();
    assert_eq!(server.asked().len(), 0);
    let updated = run("lock", &["--update", "registry *"]).ok().stdout;
    assert!(
        updated.contains("digest sha256:") && updated.contains(" → sha256:"),
        "{updated}"
    );
}

#[test]
fn a_header_with_a_secret_is_not_sent_to_another_host() {
    let (project, first, second) = (project(), Server::start(""), Server::start("here"));
    let var = format!("server={}", first.address);
    first.says(&format!("http://{}/page.txt", second.address));
    let told = project.run(&["plan", "moved", "--var", &var]).fails(2).stderr;
    assert!(told.contains("leads to another host"), "{told}");
    assert_eq!(second.asked().len(), 0);
    first.says("/page.txt");
    project.run(&["plan", "moved", "--var", &var]).ok();
    assert!(
        first
            .asked()
            .iter()
            .all(|request| request.contains("x-token: hunter2hunter2"))
    );
}

#[test]
fn a_real_registry_tells_its_digests_to_who_may_know_them() {
    requires!("docker-registry", "skopeo");
    let registry = crate::docker::Registry::start(true);
    let project = project();
    let blob = |text: &str| {
        let digest = sha256(text);
        project.write(&format!("layout/blobs/sha256/{digest}"), text);
        format!("\"digest\":\"sha256:{digest}\",\"size\":{}", text.len())
    };
    let config = blob(r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]},"config":{}}"#);
    let manifest = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},"layers":[]}}"#
    );
    let digest = sha256(&manifest);
    let entry = blob(&manifest);
    project.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{entry}}}]}}"#
    );
    project.write("layout/index.json", &index);
    let address = format!("localhost:{}", registry.port);
    let pushed = Command::new("skopeo")
        .args([
            "copy",
            "--quiet",
            "--dest-tls-verify=false",
            "--dest-creds=me:hunter2hunter2",
            "oci:layout",
        ])
        .arg(format!("docker://{address}/team/base:1"))
        .current_dir(project.path())
        .output()
        .expect("skopeo runs");
    assert!(pushed.status.success(), "{pushed:?}");

    let var = format!("server={address}");
    let refused = project.run(&with("plan", "tagged", &var, &[])).fails(2).stderr;
    assert!(
        refused.contains("the registry refuses") && refused.contains("docker login"),
        "{refused}"
    );
    // bWU6aHVudGVyMmh1bnRlcjI= is me:hunter2hunter2.
    let stored = format!(r#"{{"auths": {{"{address}": {{"auth": "bWU6aHVudGVyMmh1bnRlcjI="}}}}}}"#);
    project.write("docker/config.json", &stored);
    let folder = project.path().join("docker").display().to_string();
    let project = project.env("DOCKER_CONFIG", &folder);
    let plan = project.run(&with("plan", "tagged", &var, &[])).ok().stdout;
    let found = format!("looked up registry {address}/team/base:1: sha256:{digest}");
    assert!(plan.contains(&found) && !plan.contains("hunter2"), "{plan}");
}

fn sha256(text: &str) -> String {
    let digests = imagebake::io::digest_bytes(text.as_bytes(), [imagebake::io::DigestKind::Sha256]);
    digests
        .get(imagebake::io::DigestKind::Sha256)
        .expect("it was computed")
        .to_owned()
}

#[test]
fn the_revision_and_the_moment_of_the_run() {
    requires!("git");
    let project = project().env("SOURCE_DATE_EPOCH", "1700000000");
    let none = project.run(&["plan", "stamp"]).fails(2);
    assert!(none.stderr.contains("not a git repository"), "{}", none.stderr);
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments);
        let output = git.current_dir(project.path()).output().expect("git runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["init", "--quiet"]);
    let none = project.run(&["plan", "stamp"]).fails(2);
    assert!(none.stderr.contains("has no commit yet"), "{}", none.stderr);
    git(&["add", "imagebake.toml"]);
    git(&["commit", "--quiet", "-m", "first"]);
    let commit = git(&["rev-parse", "HEAD"]);
    project.write("unknown-to-git.txt", "");
    let built = project.run(&["build", "stamp", "--offline", "--locked"]).ok().text();
    let said = format!("said {} 1700000000 1700000000", &commit[..12]);
    assert!(built.contains(&said), "{built}");
    project.write("imagebake.toml", "# changed\n");
    let plan = project.run(&["plan", "stamp"]).ok().stdout;
    assert!(
        plan.contains(&format!("looked up git HEAD: {commit}-dirty on ")),
        "{plan}"
    );
    assert!(
        plan.contains("looked up time of the run: 2023-11-14T22:13:20Z"),
        "{plan}"
    );

    let project = project.env("SOURCE_DATE_EPOCH", "yesterday");
    let told = project.run(&["plan", "stamp"]).fails(2);
    assert!(
        told.stderr.contains("SOURCE_DATE_EPOCH=yesterday is not a moment"),
        "{}",
        told.stderr
    );
}

#[test]
fn a_lock_file_that_is_not_understood_stops_everything_that_needs_it() {
    let project = project();
    for (text, told) in [
        (
            "version = 9\n",
            "imagebake.lock is in version 9 of the format, and this program reads version 1",
        ),
        ("version = 1\n[pin\n", "imagebake.lock is not TOML"),
    ] {
        project.write("imagebake.lock", text);
        for arguments in [
            &["plan", "counted"][..],
            &["build", "counted"],
            &["lock", "counted"],
            &["lock", "--update"],
        ] {
            let output = project.run(arguments).fails(2);
            assert!(output.stderr.contains(told), "{arguments:?}: {}", output.stderr);
            assert_eq!(output.stderr.matches(told).count(), 1, "{}", output.stderr);
        }
        assert_eq!(project.read("imagebake.lock"), text);
    }
    // Who needs nothing of it is not held up.
    project.write("data/motd.txt", "hello\n");
    project.run(&["plan", "reads"]).ok();
    let stale = "version = 1\n\n[pin.\"command sh -c 'echo x >> asked; wc -l < asked'\"]\nprinted = \"1\"\n";
    project.write("imagebake.lock", stale);
    let output = project.run(&["plan", "counted"]).fails(2);
    assert!(
        output.stderr.contains("error[lock-stale]") && output.stderr.contains("imagebake.lock:3"),
        "{}",
        output.stderr
    );
    assert!(!project.path().join("asked").exists());
}

#[test]
fn what_nobody_asks_for_is_told_and_pruned() {
    let project = crate::fixture();
    project.write(
        "imagebake.lock",
        "version = 1\n\n[pin.\"registry old:1\"]\ndigest = \"sha256:00\"\n",
    );
    let told = project.run(&["lock"]).ok().stdout;
    assert!(
        told.contains("look nothing up") && told.contains("`registry old:1`"),
        "{told}"
    );
    assert!(project.read("imagebake.lock").contains("old:1"));
    let told = project.run(&["lock", "--prune"]).ok().stdout;
    assert!(told.contains("removed registry old:1"), "{told}");
    assert!(!project.read("imagebake.lock").contains("old:1"));
}
