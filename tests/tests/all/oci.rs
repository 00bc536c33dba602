//! Container images built in namespaces, looked at with tools that are not ours.

use crate::fixture;
use imagebake_tests::{TestContext, example, requires};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

fn tool(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn epoch() -> TestContext {
    fixture().env("SOURCE_DATE_EPOCH", "1700000000")
}

#[test]
fn others_read_the_image_and_find_what_the_steps_made() {
    requires!("namespaces", "skopeo", "umoci");
    let project = fixture();
    project.run(&["build", "container"]).ok();
    let inspected: serde_json::Value = serde_json::from_str(&tool(
        "skopeo",
        &["inspect", "oci-archive:container.tar"],
        project.path(),
    ))
    .expect("JSON");
    assert_eq!(inspected["Os"], "linux");
    assert!(inspected["Env"].to_string().contains("GREETING=hello"), "{inspected}");
    assert_eq!(
        inspected["Layers"].as_array().map(Vec::len),
        Some(4),
        "the base and a layer for each step"
    );

    let tags = tool("umoci", &["ls", "--layout", "layout"], project.path());
    let image = format!("layout:{}", tags.lines().next().expect("a tag"));
    tool("umoci", &["unpack", "--image", &image, "bundle"], project.path());
    let data = project.path().join("bundle/rootfs/data");
    let read = |name: &str| fs::read_to_string(data.join(name)).expect(name);
    assert_eq!(
        (read("one"), read("two"), read("three")),
        ("one\n".into(), "hello\n".into(), "container\n".into())
    );
    let mode = |name: &str| fs::metadata(data.join(name)).expect(name).mode() & 0o7777;
    assert_eq!((mode("one"), mode("three")), (0o4755, 0o600));
    assert_eq!(fs::read_link(data.join("link")).expect("a link"), Path::new("one"));
    assert!(!data.join("sub").exists(), "a later layer removed it");
}

#[test]
fn two_builds_give_equal_bytes() {
    requires!("namespaces");
    let [first, second] = [epoch(), epoch()].map(|project| {
        project.run(&["build", "container"]).ok();
        fs::read(project.path().join("container.tar")).expect("made")
    });
    assert!(first == second, "the archives differ");
}

#[test]
fn steps_leave_nothing_of_themselves_in_a_guest_without_rm() {
    requires!("namespaces");
    let built = || {
        let project = epoch();
        project.write("script.sh", "#!/bin/sh\n[ -n \"$TOKEN\" ]\n");
        let project = project.env("IMAGEBAKE_TESTS", "1");
        let output = project.run(&["build", "bare"]).ok();
        assert!(!output.stderr.contains("stays in the guest"), "{}", output.stderr);
        (fs::read(project.path().join("bare.tar")).expect("made"), project)
    };
    let (first, project) = built();
    let blobs = project.path().join("bare/blobs/sha256");
    let mut layers = 0;
    for blob in fs::read_dir(blobs).expect("a layout").flatten() {
        // Those that are no layer are no archive either.
        let listed = Command::new("tar")
            .arg("-tzf")
            .arg(blob.path())
            .output()
            .expect("tar runs");
        layers += usize::from(listed.status.success());
        let names = String::from_utf8_lossy(&listed.stdout);
        assert!(!names.contains("imagebake"), "{names}");
    }
    assert!(layers > 1, "the base and what the steps changed");
    let (second, _project) = built();
    assert!(first == second, "the archives differ");
}

#[test]
fn without_root_and_without_ranges_of_ids_a_change_of_owners_names_the_package() {
    requires!("namespaces", "setpriv");
    let project = fixture();
    // A user that no file gives ranges of ids, and who may not enter the folders that the program was built in.
    let program = project.path().join("program");
    fs::copy(env!("CARGO_BIN_EXE_fixture"), &program).expect("copied");
    let nobody = ["--reuid=64321", "--regid=64321", "--clear-groups"];
    std::os::unix::fs::chown(project.path(), Some(64_321), Some(64_321)).expect("this is root");
    let build = |image: &str| {
        let mut command = Command::new("setpriv");
        command
            .args(nobody)
            .arg(&program)
            .args(["build", image])
            .current_dir(project.path());
        // Cargo's variables would lead to the workspace, which that user may not write.
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        let output = command.output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, told) = build("owned");
    assert_eq!(code, Some(1), "{told}");
    let failure = told.split("owned.oci failed").nth(1).expect("it is told again");
    assert!(failure.contains("package `uidmap`"), "{told}");
    project.write("script.sh", "#!/bin/sh\n");
    let (code, told) = build("bare");
    assert_eq!(code, Some(0), "one user is enough for the rest: {told}");
}

#[test]
fn a_second_build_takes_its_steps_from_the_first_and_gives_the_same() {
    requires!("namespaces");
    let project = epoch();
    project.run(&["build", "container"]).ok();
    let first = fs::read(project.path().join("container.tar")).expect("made");
    let events = project
        .run(&["build", "container", "--output", "json"])
        .ok()
        .json_lines();
    let skipped = events
        .iter()
        .filter(|event| event["event"] == "step-finished" && event["status"] == "skipped")
        .count();
    assert_eq!(skipped, 3, "every step is stored");
    assert!(fs::read(project.path().join("container.tar")).expect("made") == first);
    let events = project
        .run(&["build", "container", "--no-cache", "--output", "json"])
        .ok()
        .json_lines();
    assert_eq!(events.iter().filter(|event| event["status"] == "skipped").count(), 0);
}

#[test]
fn a_step_whose_failure_is_passed_over_is_tried_again_and_so_is_what_comes_after_it() {
    requires!("namespaces");
    let project = fixture();
    project.run(&["build", "forgiven"]).ok();
    let mut command = project.command(&["build", "forgiven", "--output", "json"]);
    // Where the image goes and what is written on it concerns no step.
    let again = imagebake_tests::finish(command.env("VERSION", "2").env("ARCHIVE", "other.tar")).ok();
    let steps: Vec<_> = again.json_lines();
    let steps: Vec<_> = steps
        .iter()
        .filter(|event| event["event"] == "step-finished")
        .map(|event| event["status"].as_str().expect("a status"))
        .collect();
    assert_eq!(steps, ["skipped", "failed", "ok"]);
    assert!(project.path().join("other.tar").is_file());
}

#[test]
fn a_killed_build_leaves_no_process_and_no_folder() {
    requires!("namespaces");
    let project = fixture();
    let mut child = project.spawn(&["build", "slow-container"]);
    let began = Instant::now();
    let sleeping = || {
        let found = Command::new("pgrep")
            .args(["-f", "^sleep 317$"])
            .output()
            .expect("pgrep runs");
        !found.stdout.is_empty()
    };
    while !sleeping() {
        assert!(began.elapsed() < Duration::from_secs(60), "the step does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it ended");
    let began = Instant::now();
    while sleeping() {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "a process outlives its builder"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = project.run(&["cleanup", "--output", "json"]).ok().json();
    assert_eq!(report["runs"][0]["state"], "clean");
    assert!(!project.path().join("slow.tar").exists());
    let again = project.run(&["cleanup", "--output", "json"]).ok().json();
    assert_eq!(again["runs"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_upload_does_not_follow_a_link_out_of_the_guest() {
    requires!("namespaces");
    let project = fixture();
    project.run(&["build", "escape"]);
    assert!(!Path::new("/escaped-by-link").exists());
}

#[test]
fn the_quickstart_bakes_a_server_that_answers() {
    requires!("namespaces", "skopeo", "umoci");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace");
    let project = TestContext::new(example("quickstart"));
    let state = project.path().join("state").display().to_string();
    let project = project
        .env("IMAGEBAKE_PROJECT", &root.display().to_string())
        .env("IMAGEBAKE_STATE_DIR", &state);
    project
        .run(&["build", "web", "--var", "port=18437", "--var", "title=Hi there"])
        .ok();
    tool("sha256sum", &["--check", "--status", "web.sha256"], project.path());
    tool(
        "skopeo",
        &["copy", "docker-archive:web.tar", "oci:out:web"],
        project.path(),
    );
    tool("umoci", &["unpack", "--image", "out:web", "bundle"], project.path());
    let rootfs = project.path().join("bundle/rootfs");
    let mut server = Command::new("chroot")
        .arg(&rootfs)
        .arg("/usr/local/bin/hello-server")
        .env("PORT", "18437")
        .spawn()
        .expect("it starts");
    let began = Instant::now();
    let answer = loop {
        if let Ok(mut connection) = std::net::TcpStream::connect("127.0.0.1:18437") {
            use std::io::{Read, Write};
            connection.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
            let mut text = String::new();
            connection.read_to_string(&mut text).expect("an answer");
            break text;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "the server does not answer");
        std::thread::sleep(Duration::from_millis(20));
    };
    server.kill().expect("killed");
    server.wait().expect("ended");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("<h1>Hi there</h1>"),
        "{answer}"
    );
}

#[test]
fn communicators_in_place_keep_their_contract() {
    requires!("namespaces");
    fixture().run(&["build", "contract"]).ok();
}
