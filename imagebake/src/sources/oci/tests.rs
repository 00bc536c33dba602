//! Whole builds through the library, where this machine can.

use super::*;
use crate::{
    communicator::{Command, HostFolder, OutputSink},
    prelude::*,
};
use std::path::{Path, PathBuf};

/// Why namespaces cannot be tried here; fails instead when `IMAGEBAKE_REQUIRE` says that they must.
pub(super) fn without_namespaces() -> bool {
    let tried = std::process::Command::new("unshare")
        .args(if rustix::process::geteuid().is_root() {
            ["-m", "true"]
        } else {
            ["-Um", "true"]
        })
        .output();
    let works = tried.is_ok_and(|output| output.status.success());
    let required =
        std::env::var("IMAGEBAKE_REQUIRE").is_ok_and(|list| list.split(',').any(|item| item == "namespaces"));
    assert!(
        works || !required,
        "IMAGEBAKE_REQUIRE names namespaces, and they cannot be made here"
    );
    if !works {
        #[expect(clippy::print_stderr, reason = "the harness shows why a test did nothing")]
        {
            eprintln!("ignored: namespaces cannot be made here");
        }
    }
    !works
}

pub(super) struct Bench {
    folder: tempfile::TempDir,
    store: store::Store,
}

impl Bench {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store::Store::open(folder.path(), flavor()).expect("a store");
        Self { folder, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn machine(&self, chain: store::Chain, name: &str) -> machine::OciMachine {
        let setup = machine::Setup {
            store: self.store.clone(),
            workspace: name.to_owned(),
            hostname: "test".to_owned(),
            env: vec![("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned())],
            dir: "/".to_owned(),
            user: "root".to_owned(),
            compression: Compression::None,
            latest: Some(1_700_000_000),
            created: "2026-01-01T00:00:00Z".to_owned(),
            redactor: crate::redact::Redactor::new(),
        };
        machine::OciMachine::new(setup, chain).expect("a machine")
    }

    pub(super) fn userland(&self) -> base::Base {
        let names: Vec<String> = [
            "sh", "cat", "ls", "rm", "mkdir", "ln", "chmod", "touch", "id", "sleep", "stat", "mknod",
        ]
        .map(str::to_owned)
        .into();
        base::of_programs(&self.store, &names).expect("programs of the builder")
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = runtime::run(
            runtime::Work::Remove {
                folder: self.folder.path().join("oci"),
            },
            &mut std::io::sink(),
        );
    }
}

pub(super) async fn sh(machine: &machine::OciMachine, line: &str) -> (i32, String) {
    run(machine, Command::shell(line)).await
}

pub(super) async fn run(machine: &machine::OciMachine, command: Command) -> (i32, String) {
    let (sink, mut printed) = OutputSink::channel();
    let mut text = Vec::new();
    let read = async {
        while let Some((_, bytes)) = printed.recv().await {
            text.extend_from_slice(&bytes);
        }
    };
    let (exit, ()) = tokio::join!(Communicator::exec(machine, command, sink), read);
    let text = String::from_utf8_lossy(&text).into_owned();
    match exit {
        Ok(exit) => (exit.code(), text),
        Err(error) => (-1, error.full()),
    }
}

fn names(path: &Path) -> Vec<String> {
    let file = std::fs::File::open(path).expect("the layer");
    let mut archive = tar::Archive::new(file);
    let entries = archive.entries().expect("entries");
    entries
        .map(|entry| entry.expect("an entry").path().expect("a name").display().to_string())
        .collect()
}

#[tokio::test]
async fn steps_become_layers_and_removals_whiteouts() {
    if without_namespaces() {
        return;
    }
    use crate::guest::Snapshots;
    let bench = Bench::new();
    let machine = bench.machine(bench.userland().chain, "one");
    let (code, said) = sh(
        &machine,
        "echo hi > /new && mkdir /d && echo x > /d/f && id -u && cat /proc/1/comm && ls /dev",
    )
    .await;
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("0\n"), "{said}");
    Snapshots::take(&machine, None, "first").await.expect("a layer");
    let (code, said) = sh(&machine, "cat /new && rm /new && rm -r /d && mkdir /d && echo y > /d/g").await;
    assert_eq!((code, said.as_str()), (0, "hi\n"));
    Snapshots::take(&machine, None, "second").await.expect("a layer");
    let (code, said) = sh(&machine, "ls /d; ls /new 2>&1").await;
    assert!(code != 0 && said.starts_with("g\n"), "{said}");
    let chain = machine.finish().await;
    assert_eq!(chain.layers.len(), 3);
    assert_eq!(names(&bench.store.blob(&chain.layers[1].digest)), ["d/", "d/f", "new"]);
    let second = names(&bench.store.blob(&chain.layers[2].digest));
    assert_eq!(second, ["d/", "d/.wh..wh..opq", "d/g", ".wh.new"]);
}

#[tokio::test]
async fn files_go_in_and_out_and_never_out_of_the_guest() {
    if without_namespaces() {
        return;
    }
    let bench = Bench::new();
    let machine = bench.machine(bench.userland().chain, "files");
    let outside = bench.path("outside");
    std::fs::write(&outside, "untouched").expect("written");
    let (code, said) = sh(
        &machine,
        &format!("mkdir -p {0} && ln -s {0} /way", bench.folder.path().display()),
    )
    .await;
    assert_eq!(code, 0, "{said}");
    let attrs = FileAttrs::mode(0o4750);
    let to = GuestPath::from("/way/outside");
    Communicator::upload(&machine, &mut &b"inside"[..], &to, &attrs)
        .await
        .expect("uploaded");
    assert_eq!(std::fs::read_to_string(&outside).expect("read"), "untouched");
    let mut read = Vec::new();
    Communicator::download(&machine, &to, &mut read)
        .await
        .expect("downloaded");
    assert_eq!(read, b"inside");
    let (_, said) = sh(&machine, "stat -c '%a %u %F' /way/outside; ls /etc").await;
    assert!(said.starts_with("4750 0 regular file\n"), "{said}");

    let from = bench.path("tree");
    std::fs::create_dir_all(from.join("a/b")).expect("made");
    std::fs::write(from.join("a/b/f"), "x").expect("written");
    std::os::unix::fs::symlink("f", from.join("a/b/l")).expect("linked");
    Communicator::upload_dir(&machine, &HostFolder::new(&from), &"/srv/new".into())
        .await
        .expect("uploaded");
    let back = bench.path("back");
    Communicator::download_dir(&machine, &"/srv/new".into(), &back)
        .await
        .expect("downloaded");
    assert_eq!(std::fs::read_to_string(back.join("a/b/l")).expect("read"), "x");
    assert_eq!(std::fs::read_link(back.join("a/b/l")).expect("a link"), Path::new("f"));

    let missing = Communicator::download(&machine, &"/no/such".into(), &mut Vec::new()).await;
    let missing = missing.expect_err("it does not exist");
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{}", missing.full());
    let nobody = FileAttrs {
        owner: Some("nosuchuser".to_owned()),
        ..FileAttrs::default()
    };
    let error = Communicator::upload(&machine, &mut &b""[..], &"/f".into(), &nobody)
        .await
        .expect_err("no such user");
    assert!(error.full().contains("nosuchuser"), "{}", error.full());
    machine.finish().await;
}

#[tokio::test]
async fn commands_have_users_folders_input_time_limits_and_exits() {
    if without_namespaces() {
        return;
    }
    let bench = Bench::new();
    let machine = bench.machine(bench.userland().chain, "commands");
    let echo = Command::program(["cat"]).stdin("from outside");
    assert_eq!(run(&machine, echo).await, (0, "from outside".to_owned()));
    assert_eq!(sh(&machine, "exit 7").await.0, 7);
    assert_eq!(sh(&machine, "kill -TERM $$").await.0, 128 + 15);
    assert_eq!(
        run(
            &machine,
            Command::shell("cd .; echo $PWD $X").dir("/etc").env("X", "a b")
        )
        .await
        .1,
        "/etc a b\n"
    );
    let (code, said) = run(&machine, Command::program(["no-such-program"])).await;
    assert!(code == -1 && said.contains("no-such-program"), "{said}");
    let (_, said) = run(&machine, Command::shell("id -u").user("nosuchuser")).await;
    assert!(said.contains("nosuchuser"), "{said}");
    if flavor() != layer::Flavor::Single {
        assert_eq!(
            run(&machine, Command::shell("id -u; echo $HOME").user("1000:100"))
                .await
                .1,
            "1000\n/\n"
        );
    }
    let began = std::time::Instant::now();
    let slow = Command::shell("sleep 1000 & sleep 1000").timeout(std::time::Duration::from_millis(300));
    let (_, said) = run(&machine, slow).await;
    assert!(said.contains("did not end"), "{said}");
    // A process in the background does not hold its command, and ends with the guest.
    let (code, _) = sh(&machine, "sleep 1000 & echo started").await;
    assert_eq!(code, 0);
    machine.finish().await;
    assert!(began.elapsed() < std::time::Duration::from_secs(60));
}

/// A chain of two layers as an image, without running anything.
fn finished(bench: &Bench) -> (output::Finished, super::image::ImageConfig) {
    let tree = bench.path("second");
    std::fs::create_dir(&tree).expect("made");
    std::fs::write(tree.join("added"), "content").expect("written");
    let userland = bench.userland();
    let platform = super::image::Platform::host();
    let second = base::of_rootfs(&bench.store, &tree, &platform, Compression::Zstd).expect("imported");
    let mut chain = userland.chain;
    chain.layers.extend(second.chain.layers);
    chain.history.extend(second.chain.history);
    let mut config = userland.config;
    let diff_ids: Vec<&str> = chain.layers.iter().map(|layer| layer.diff_id.as_str()).collect();
    config.complete("2026-01-01T00:00:00Z", Some("me"), &diff_ids, &chain.history);
    let image = output::finish(&bench.store, chain, &config, &platform, Some("acme/web:1".to_owned()));
    (image.expect("stored"), config)
}

#[test]
fn every_output_is_a_base_again_with_the_same_layers() {
    let bench = Bench::new();
    let (image, config) = finished(&bench);
    let (layout, oci, docker) = (bench.path("layout"), bench.path("a/oci.tar"), bench.path("docker.tar"));
    output::write_layout(&bench.store, &image, &layout).expect("written");
    // A second time it replaces the first.
    output::write_layout(&bench.store, &image, &layout).expect("written");
    let digest = output::write_oci_archive(&bench.store, &image, &oci, &[DigestKind::Sha256]).expect("written");
    let known = digest.digests().clone();
    let read = crate::io::digest_bytes(&std::fs::read(&oci).expect("read"), [DigestKind::Sha256]);
    assert_eq!(known, read);
    output::write_docker_archive(&bench.store, &image, &docker, &[]).expect("written");

    let other = Bench::new();
    for (path, reference) in [(&layout, Some("1")), (&oci, None), (&docker, Some("acme/web:1"))] {
        let base = base::of_stored(&other.store, path, reference).expect("imported");
        let diff_ids: Vec<String> = base.chain.layers.iter().map(|layer| layer.diff_id.clone()).collect();
        assert_eq!(diff_ids, config.diff_ids(), "{}", path.display());
        let added = other.store.layer(&diff_ids[1]).join("added");
        assert_eq!(std::fs::read_to_string(added).expect("unpacked"), "content");
    }
    let error = base::of_stored(&other.store, &layout, Some("no")).expect_err("no such reference");
    assert!(
        error.hints().iter().any(|hint| hint.contains('1')),
        "{:?}",
        error.hints()
    );
}

#[test]
fn a_damaged_blob_a_foreign_file_and_a_missing_one_are_told() {
    let bench = Bench::new();
    let (image, _) = finished(&bench);
    let layout = bench.path("layout");
    output::write_layout(&bench.store, &image, &layout).expect("written");
    let blob = layout
        .join("blobs/sha256")
        .join(image.layers[1].digest.trim_start_matches("sha256:"));
    std::fs::remove_file(&blob).expect("removed");
    let other = Bench::new();
    let error = base::of_stored(&other.store, &layout, None).expect_err("a blob is missing");
    assert_eq!(error.kind(), ErrorKind::Integrity, "{}", error.full());
    std::fs::write(&blob, "something else").expect("written");
    let error = base::of_stored(&other.store, &layout, None).expect_err("a blob is wrong");
    assert!(error.full().contains("digest"), "{}", error.full());

    let foreign = bench.path("foreign.tar");
    std::fs::write(&foreign, vec![b'x'; 4096]).expect("written");
    let error = base::of_stored(&other.store, &foreign, None).expect_err("not an archive");
    assert!(!error.hints().is_empty(), "{}", error.full());
    let platform = super::image::Platform::host();
    let error = base::of_rootfs(&other.store, &foreign, &platform, Compression::None).expect_err("not an archive");
    assert_eq!(error.kind(), ErrorKind::Integrity, "{}", error.full());
    let error = base::of_rootfs(&other.store, &bench.path("none"), &platform, Compression::None);
    assert_eq!(error.expect_err("missing").kind(), ErrorKind::NotFound);
}

#[test]
fn an_unknown_program_is_answered_with_the_nearest() {
    let bench = Bench::new();
    let error = base::of_programs(&bench.store, &["mkdri".to_owned()]).expect_err("no such program");
    assert!(
        error.hints().iter().any(|hint| hint.contains("mkdir")),
        "{:?}",
        error.hints()
    );
}

#[tokio::test]
async fn equal_steps_give_equal_layers_in_another_store() {
    if without_namespaces() {
        return;
    }
    use crate::guest::Snapshots;
    let mut digests = Vec::new();
    for _ in 0..2 {
        let bench = Bench::new();
        let machine = bench.machine(bench.userland().chain, "again");
        let (code, said) = sh(
            &machine,
            "mkdir -p /b/c /a && echo x > /b/c/f && ln /b/c/f /a/f && chmod 4755 /a/f",
        )
        .await;
        assert_eq!(code, 0, "{said}");
        Snapshots::take(&machine, None, "step").await.expect("a layer");
        let chain = machine.finish().await;
        digests.push(
            chain
                .layers
                .iter()
                .map(|layer| layer.digest.clone())
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(digests[0], digests[1]);
}
