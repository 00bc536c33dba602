//! Containers on a real Docker engine, looked at with the Docker program.

use imagebake_tests::{TestContext, example, requires, sshd::free_port};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// Its tag is counted up when what is in it changes: an engine that has it keeps it, since others may be using it.
pub(crate) const BASE: &str = "imagebake-tests/base:2";

/// What the Docker program prints.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "docker {arguments:?}: {text}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A base image of a few megabytes: busybox with its applets, and a user who is not root.
pub(crate) fn make_base() {
    static MADE: OnceLock<()> = OnceLock::new();
    MADE.get_or_init(|| {
        let known = Command::new("docker").args(["image", "inspect", BASE]).output();
        if known.is_ok_and(|known| known.status.success()) {
            return;
        }
        let root = tempfile::tempdir().expect("a folder");
        let path = |name: &str| root.path().join(name);
        for folder in ["bin", "tmp", "etc", "root", "srv", "proc", "sys", "dev"] {
            fs::create_dir(path(folder)).expect("made");
        }
        fs::set_permissions(path("tmp"), fs::Permissions::from_mode(0o1777)).expect("set");
        let which = Command::new("sh")
            .args(["-c", "command -v busybox"])
            .output()
            .expect("sh runs");
        let busybox = String::from_utf8_lossy(&which.stdout).trim().to_owned();
        fs::copy(&busybox, path("bin/busybox")).expect("copied");
        let applets = Command::new(&busybox).arg("--list").output().expect("it runs");
        for applet in String::from_utf8_lossy(&applets.stdout)
            .lines()
            .filter(|name| *name != "busybox")
        {
            symlink("busybox", path("bin").join(applet)).expect("linked");
        }
        fs::write(
            path("etc/passwd"),
            "root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/:/bin/sh\n",
        )
        .expect("written");
        fs::write(path("etc/group"), "root:x:0:\nwww:x:33:\n").expect("written");
        let mut import = Command::new("docker")
            // Whatever is built on it inherits the label, by which `cargo xtask test` removes what lost its name.
            .args(["import", "--change", "LABEL imagebake-tests=1", "-", BASE])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("docker runs");
        let packed = Command::new("tar")
            .args(["--numeric-owner", "--owner=0", "--group=0", "-c", "."])
            .current_dir(root.path())
            .stdout(import.stdin.take().expect("it is piped"))
            .status();
        assert!(packed.expect("tar runs").success());
        assert!(import.wait().expect("it ended").success());
    });
}

/// A project on the engine; its images are gone when the test ends.
struct OnEngine {
    project: TestContext,
    suffix: String,
}

impl OnEngine {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        make_base();
        let suffix = format!("{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let project = TestContext::new(env!("CARGO_BIN_EXE_docker-images"))
            .env("BASE", BASE)
            .env("SUFFIX", &suffix);
        Self { project, suffix }
    }

    fn image(&self, name: &str) -> String {
        format!("imagebake-tests/{name}-{}", self.suffix)
    }

    /// What the project has in the engine: containers, then images, by what their names say.
    fn objects(&self) -> Vec<String> {
        let mark = self.mark();
        let containers = docker(&["ps", "-a", "--format", "{{.Names}}"]);
        let images = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        let ours = containers
            .lines()
            .chain(images.lines())
            .filter(|name| name.contains(&mark));
        ours.map(str::to_owned).collect()
    }

    /// How the project is called in names: a hash of its id, which is in every plan's facts.
    fn mark(&self) -> String {
        let root = self.project.path().canonicalize().expect("a folder");
        let name: String = root.file_name().expect("a name").to_string_lossy().into_owned();
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(30)
            .collect();
        let hash = imagebake_tests::blake3_hex(root.as_os_str().as_encoded_bytes());
        let id = format!("{name}-{}", &hash[..8]);
        format!("imagebake-{}", &imagebake_tests::blake3_hex(id.as_bytes())[..16])
    }
}

impl Drop for OnEngine {
    fn drop(&mut self) {
        let images = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}"]);
        for name in images
            .lines()
            .filter(|name| name.contains(&format!("-{}:", self.suffix)))
        {
            let _ = Command::new("docker").args(["rmi", "-f", name]).output();
        }
    }
}

pub(crate) fn make_tree(project: &TestContext) {
    project.write("tree/a", "a\n");
    project.write("tree/sub/b", "b\n");
    let path = |name: &str| project.path().join(name);
    fs::set_permissions(path("tree/sub"), fs::Permissions::from_mode(0o751)).expect("set");
    fs::set_permissions(path("tree/a"), fs::Permissions::from_mode(0o604)).expect("set");
    symlink("a", path("tree/link")).expect("linked");
    fs::hard_link(path("tree/a"), path("tree/hard")).expect("linked");
    let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000);
    let file = fs::File::options().write(true).open(path("tree/a")).expect("opened");
    file.set_modified(long_ago).expect("set");
    let noise: Vec<u8> = (0..3_000_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    fs::write(path("big.bin"), noise).expect("written");
}

#[test]
fn an_image_has_what_the_steps_made_and_the_changes_say() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    make_tree(&on.project);
    on.project.run(&["build", "web"]).ok();
    let image = format!("{}:1", on.image("web"));
    let told: serde_json::Value = serde_json::from_str(&docker(&["image", "inspect", &image])).expect("JSON");
    let config = &told[0]["Config"];
    assert_eq!(config["Cmd"], serde_json::json!(["httpd", "-f"]));
    assert!(config["Entrypoint"].as_array().is_none_or(Vec::is_empty), "{config}");
    assert_eq!((&config["User"], &config["Tty"]), (&"www".into(), &false.into()));
    // The base has the other one: no label is ours.
    assert_eq!(
        config["Labels"],
        serde_json::json!({"a": "b c", "imagebake-tests": "1"})
    );
    assert!(config["Env"].to_string().contains("COLOUR=blue"), "{config}");
    assert_eq!(
        (&told[0]["Author"], &told[0]["Comment"]),
        (&"the tests".into(), &"made by web".into())
    );

    let look = "cat /greeting; cd /data; stat -c '%n %U %a' secret sub big.bin tree/sub tree/a; \
                stat -c '%n %h %Y' tree/a tree/hard; readlink tree/link";
    let seen = docker(&["run", "--rm", "-u", "0", "--entrypoint", "/bin/sh", &image, "-c", look]);
    let expected = "it's\n\"hello\" $HOME\nsecret www 600\nsub root 700\nbig.bin root 640\ntree/sub root 751\n\
                    tree/a root 604\ntree/a 2 1600000000\ntree/hard 2 1600000000\na";
    assert_eq!(seen, expected);

    // What went in comes out again as it was.
    let read = |name: &str| fs::read(on.project.path().join(name)).expect(name);
    assert!(read("back.bin") == read("big.bin"));
    let back = fs::metadata(on.project.path().join("back/a")).expect("there");
    assert_eq!(
        (back.mode() & 0o7777, back.mtime(), back.nlink()),
        (0o604, 1_600_000_000, 2)
    );
    assert_eq!(
        fs::read_link(on.project.path().join("back/link")).expect("a link"),
        Path::new("a")
    );

    // The checksum behind `docker-save` is the file's, and the file is one that the engine loads.
    let sum = Command::new("sha256sum")
        .args(["-c", "web.sha256"])
        .current_dir(on.project.path())
        .output();
    assert!(sum.expect("it runs").status.success());
    let archive = on.project.path().join("web.tar").display().to_string();
    assert!(docker(&["load", "-i", &archive]).contains(&image));
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn steps_run_as_the_user_and_uploads_are_the_users() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    make_tree(&on.project);
    let text = on.project.run(&["build", "user"]).ok().text();
    assert!(text.contains("user.docker: www\n"), "{text}");
    assert_eq!(text.matches("www:www").count(), 2, "{text}");
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn a_large_file_arrives_on_every_file_system() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    let kept = on.project.path().join("kept");
    fs::create_dir(&kept).expect("made");
    let large = fs::File::create(on.project.path().join("large.bin")).expect("made");
    large.set_len((64 << 20) + 1).expect("set");
    let mut build = on.project.command(&["build", "large"]);
    let ended = build.env("KEPT", &kept).output().expect("it runs");
    let text = String::from_utf8_lossy(&ended.stderr).into_owned() + &String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{text}");
    let sum = Command::new("sha256sum")
        .arg(on.project.path().join("large.bin"))
        .output()
        .expect("it runs");
    let sum = String::from_utf8_lossy(&sum.stdout)
        .split(' ')
        .next()
        .expect("a sum")
        .to_owned();
    assert!(
        text.contains(&format!("6 {sum}\n")) && text.contains("www:640\n"),
        "{text}"
    );

    // Files of a container that is removed are emptied first: those of its image and of its volumes are not.
    assert_eq!(fs::metadata(kept.join("large")).expect("there").len(), (64 << 20) + 1);
    let look = "stat -c '%n %s' /srv/plain /srv/folder/*";
    let image = on.image("large");
    let seen = docker(&["run", "--rm", "--entrypoint", "/bin/sh", &image, "-c", look]);
    assert_eq!(
        seen,
        "/srv/plain 67108865\n/srv/folder/large 67108865\n/srv/folder/linked 67108865"
    );
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn files_reach_a_container_without_a_shell() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    make_tree(&on.project);
    fs::write(on.project.path().join("bytes.bin"), [0, 255, 1]).expect("written");
    let huge = fs::File::create(on.project.path().join("huge.bin")).expect("made");
    huge.set_len((4 << 20) + 1).expect("set");
    // A file system with one program in it.
    let bare = format!("{}:1", on.image("nothing"));
    let from = on.project.path().join("from");
    fs::create_dir_all(from.join("bin")).expect("made");
    let which = Command::new("sh")
        .args(["-c", "command -v busybox"])
        .output()
        .expect("sh runs");
    let busybox = String::from_utf8_lossy(&which.stdout).trim().to_owned();
    fs::copy(busybox, from.join("bin/sleep")).expect("copied");
    let archive = on.project.path().join("from.tar");
    let mut pack = Command::new("tar");
    pack.args(["-c", "--owner=0", "--group=0", "-C"])
        .arg(&from)
        .arg("-f")
        .arg(&archive)
        .arg("bin");
    assert!(pack.status().expect("tar runs").success());
    docker(&[
        "import",
        "--change",
        "LABEL imagebake-tests=1",
        &archive.display().to_string(),
        &bare,
    ]);

    let mut build = on.project.command(&["build", "bare"]);
    let ended = build.env("BARE", &bare).output().expect("it runs");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let made = docker(&["create", &on.image("bare"), "/bin/sleep"]);
    let back = on.project.path().join("back");
    fs::create_dir(&back).expect("made");
    let export = format!("docker export {made} | tar -x -C back");
    let exported = Command::new("sh")
        .args(["-c", &export])
        .current_dir(on.project.path())
        .status()
        .expect("sh runs");
    docker(&["rm", &made]);
    assert!(exported.success());
    for (sent, found) in [
        ("tree/a", "tree/a"),
        ("tree/sub/b", "tree/sub/b"),
        ("big.bin", "big.bin"),
        ("huge.bin", "huge.bin"),
        ("bytes.bin", "bytes.bin"),
    ] {
        let read = |path: std::path::PathBuf| fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        assert!(read(on.project.path().join(sent)) == read(back.join(found)), "{sent}");
    }
    assert_eq!(fs::read_to_string(back.join("text")).expect("there"), "text\n");
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn the_communicator_keeps_its_contract() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    on.project.run(&["build", "contract"]).ok();
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn an_export_becomes_an_image_again() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    on.project.run(&["build", "export"]).ok();
    let seen = docker(&[
        "run",
        "--rm",
        &format!("{}:2", on.image("imported")),
        "sh",
        "-c",
        "cat /exported; echo $A",
    ]);
    assert_eq!(seen, "exported\nb");
    docker(&["run", "--rm", &on.image("gz"), "/bin/cat", "/exported"]);
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn a_dockerfile_makes_the_base() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    write_dockerfile(&on.project);
    let text = on.project.run(&["build", "dockerfile"]).ok().text();
    assert!(text.contains("built\n") && text.contains("copied"), "{text}");
    let image = on.image("dockerfile");
    assert_eq!(
        docker(&["run", "--rm", "--entrypoint", "/bin/ls", &image, "-A", "/context"]),
        "copied"
    );
    // What has not changed is not made again: not for a second build, not with the Dockerfile elsewhere.
    let parent = || docker(&["image", "inspect", "--format", "{{.Parent}}", &image]);
    let first = parent();
    on.project.run(&["build", "dockerfile"]).ok();
    assert_eq!(parent(), first);
    on.project.write("copied", "other\n");
    on.project.run(&["build", "dockerfile"]).ok();
    assert_ne!(parent(), first);
    assert_eq!(on.objects(), Vec::<String>::new());
}

fn write_dockerfile(project: &TestContext) {
    project.write(
        "Dockerfile",
        "ARG FROM\nFROM $FROM\nARG WORD\nRUN echo $WORD > /word\nCOPY . /context\nCOPY copied /copied\n",
    );
    project.write("copied", "copied\n");
    project.write(".dockerignore", "*\n!copied\n");
}

#[test]
fn nothing_is_left_after_a_crash_at_any_boundary() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    write_dockerfile(&on.project);
    let mut crashes = 0;
    for boundary in 1.. {
        let ended = on
            .project
            .command(&["build", "dockerfile"])
            .env("IMAGEBAKE_CRASH_AT", boundary.to_string())
            .output()
            .expect("it runs");
        if ended.status.success() {
            break;
        }
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), None, "boundary {boundary}: {text}");
        crashes += 1;
        on.project.run(&["cleanup"]).ok();
        assert_eq!(on.objects(), Vec::<String>::new(), "boundary {boundary}");
    }
    assert!(crashes > 12, "only {crashes} boundaries were crossed");
}

/// A build whose step sleeps in its container.
fn sleeping(on: &OnEngine) -> std::process::Child {
    let child = on.project.spawn(&["build", "slow"]);
    let began = Instant::now();
    while !on.project.path().join("started").exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "the step does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn a_killed_build_is_cleaned_up_and_swept() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    let kill = || {
        let mut child = sleeping(&on);
        child.kill().expect("SIGKILL");
        child.wait().expect("it ended");
        fs::remove_file(on.project.path().join("started")).expect("removed");
        assert_eq!(on.objects().len(), 1);
    };
    kill();
    on.project.run(&["cleanup"]).ok();
    assert_eq!(on.objects(), Vec::<String>::new());

    // With the state lost there are only names; what has not expired is left alone.
    kill();
    fs::remove_dir_all(on.project.path().join(".imagebake")).expect("the state is lost");
    let sweep = || {
        on.project
            .run(&["cleanup", "--sweep", "docker", "--older-than", "0s"])
            .ok()
    };
    sweep();
    let [name] = &on.objects()[..] else {
        panic!("it has not expired")
    };
    let mut parts: Vec<&str> = name.splitn(5, '-').collect();
    parts[3] = "1";
    docker(&["rename", name, &parts.join("-")]);
    docker(&["tag", BASE, &format!("{}:rx-1-ib-forgotten", on.mark())]);
    assert_eq!(on.objects().len(), 2);
    sweep();
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn a_signal_removes_the_container_at_once() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    let mut child = sleeping(&on);
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let began = Instant::now();
    assert_eq!(child.wait().expect("it ended").code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn what_goes_wrong_is_told_and_leaves_nothing() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    for (image, told) in [
        ("no-image", "the engine has no image imagebake-tests/nowhere:1"),
        ("dies", "the container ended"),
        ("fails", "exit code 7"),
        ("no-name", "no name to push it under"),
    ] {
        let code = if image == "no-image" { 2 } else { 1 };
        let text = on.project.run(&["build", image]).fails(code).text();
        assert!(text.contains(told) && text.contains("help:"), "{image}: {text}");
        assert_eq!(on.objects(), Vec::<String>::new(), "{image}");
    }
    on.project.run(&["build", "kills-its-shell"]).ok();
    on.project.run(&["build", "hangs"]).ok();
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let project = TestContext::new(env!("CARGO_BIN_EXE_docker-images"));
    for (host, told) in [
        ("unix:///nowhere/docker.sock", "/nowhere/docker.sock"),
        ("tcp://127.0.0.1:1", "127.0.0.1:1"),
        ("http:/x", "is not an engine's address"),
    ] {
        let output = project
            .command(&["validate", "fails"])
            .env("DOCKER_HOST", host)
            .output()
            .expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_ne!(output.status.code(), Some(0), "{host}");
        assert!(text.contains(told) && text.contains("DOCKER_HOST"), "{host}: {text}");
    }
}

#[test]
fn the_example_bakes_a_server() {
    requires!("dockerd", "docker", "busybox");
    make_base();
    // The base has the server already: nothing is fetched in a test.
    let name = format!("imagebake-tests/example-{}", std::process::id());
    let project = TestContext::new(example("docker-web"));
    let plan = project
        .run(&["plan", "web", "--var", &format!("repository={name}")])
        .ok();
    assert!(
        plan.stdout.contains("docker-tag") && plan.stdout.contains("nginx"),
        "{}",
        plan.stdout
    );
}

/// A registry of one's own; ended with its value.
pub(crate) struct Registry {
    process: std::process::Child,
    pub(crate) port: u16,
    _folder: tempfile::TempDir,
}

/// `me` with the password `hunter2hunter2`.
const HTPASSWD: &str = "me:$2b$04$k79dVwjkJAvinJlPo7BM1uZaIiXT8yX3KzoDdfIOngVcfIcHFpJ.2\n";

impl Registry {
    pub(crate) fn start(with_password: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("htpasswd"), HTPASSWD).expect("written");
        let auth = match with_password {
            true => format!("auth: {{htpasswd: {{realm: test, path: {}}}}}\n", path("htpasswd")),
            false => String::new(),
        };
        let config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: \"127.0.0.1:{port}\"}}\n{auth}",
            path("data")
        );
        fs::write(path("registry.yml"), config).expect("written");
        let process = Command::new("docker-registry")
            .args(["serve", &path("registry.yml")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "the registry does not answer"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self {
            process,
            port,
            _folder: folder,
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A home without anybody's credentials, or with those in `config`.
fn pushing(on: &OnEngine, arguments: &[&str], to: &str, user: &str, config: &str) -> (i32, String) {
    let home = on.project.path().join("docker-config");
    fs::create_dir_all(&home).expect("made");
    fs::write(home.join("config.json"), config).expect("written");
    let output = on
        .project
        .command(arguments)
        .env("PUSH_TO", to)
        .env("PULL", format!("{to}:2"))
        .env("PUSH_USER", user)
        .env("PUSH_PASSWORD", "hunter2hunter2")
        .env("DOCKER_CONFIG", &home)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_push_gives_the_digest_and_a_pull_brings_it_back() {
    requires!("dockerd", "docker", "busybox", "docker-registry");
    let on = OnEngine::new();
    let registry = Registry::start(false);
    let to = format!("localhost:{}/team/web-{}", registry.port, on.suffix);
    let (code, text) = pushing(&on, &["build", "push"], &to, "", "{}");
    assert_eq!(code, 0, "{text}");
    let digest = text
        .lines()
        .find_map(|line| {
            line.split_once(&format!("pushed {to}:2 as "))
                .map(|(_, digest)| digest.to_owned())
        })
        .expect("the digest is told");
    let known = docker(&[
        "image",
        "inspect",
        "--format",
        "{{json .RepoDigests}}",
        &format!("{to}:2"),
    ]);
    assert!(known.contains(&digest), "{known} {digest}");
    assert!(on.project.read("manifest.json").contains("docker"), "a manifest");

    docker(&["rmi", "-f", &format!("{to}:1"), &format!("{to}:2")]);
    let (code, text) = pushing(&on, &["build", "pull"], &to, "", "{}");
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("pull.docker: pushed\n") && text.contains("there already"),
        "{text}"
    );
    docker(&["rmi", "-f", &format!("{to}:2")]);
    assert_eq!(on.objects(), Vec::<String>::new());
}

#[test]
fn credentials_come_from_the_description_or_the_docker_login() {
    requires!("dockerd", "docker", "busybox", "docker-registry");
    let on = OnEngine::new();
    let registry = Registry::start(true);
    let to = format!("localhost:{}/team/private-{}", registry.port, on.suffix);
    let (code, text) = pushing(&on, &["build", "push"], &to, "", "{}");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("Login::new") && !text.contains("again"),
        "401 is not tried again: {text}"
    );
    let (code, text) = pushing(&on, &["build", "push"], &to, "me", "{}");
    assert_eq!(code, 0, "{text}");
    assert!(!text.contains("hunter2hunter2"), "{text}");
    // bWU6aHVudGVyMmh1bnRlcjI= is me:hunter2hunter2.
    let stored = format!(
        r#"{{"auths": {{"localhost:{}": {{"auth": "bWU6aHVudGVyMmh1bnRlcjI="}}}}}}"#,
        registry.port
    );
    let (code, text) = pushing(&on, &["build", "push"], &to, "", &stored);
    assert_eq!(code, 0, "{text}");
    docker(&["rmi", "-f", &format!("{to}:1"), &format!("{to}:2")]);
    assert_eq!(on.objects(), Vec::<String>::new());
}

/// A registry that gives one answer to everything.
fn stubborn(answer: &'static str) -> u16 {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                while connection.read(&mut request).is_ok_and(|count| count > 0) {
                    if connection.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

#[test]
fn what_a_registry_answers_decides_whether_to_try_again() {
    requires!("dockerd", "docker", "busybox");
    let on = OnEngine::new();
    let denied = "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 63\r\n\r\n\
                  {\"errors\":[{\"code\":\"DENIED\",\"message\":\"the tag is immutable\"}]}\n";
    let busy = "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\r\n\
                {\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow down!\"}]}\n";
    let broken = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: 58\r\n\r\n\
                  {\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"out of order\"}]} \n";
    for (answer, again) in [(denied, false), (busy, true), (broken, true)] {
        let to = format!("localhost:{}/web-{}", stubborn(answer), on.suffix);
        let (code, text) = pushing(&on, &["build", "push"], &to, "", "{}");
        assert_eq!(code, 1, "{text}");
        assert_eq!(
            text.contains("attempt 2") || text.contains("try 2"),
            again,
            "{answer}: {text}"
        );
        docker(&["rmi", "-f", &format!("{to}:1"), &format!("{to}:2")]);
        assert_eq!(on.objects(), Vec::<String>::new());
    }
}
