//! Machines of QEMU that are stored between their steps, and started again from there.
//!
//! The machine is small, so that it starts in a moment: its system is in memory, and what its steps keep is in some sectors of its disk.

use crate::machines::{medium, project_of, requires_medium, sh};
use imagebake_tests::{Output, TestContext};
use std::{
    fs,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

/// A project, and in `served` a disk that starts the medium's system by itself.
fn project() -> TestContext {
    let port = imagebake_tests::sshd::free_port();
    let medium = medium().display().to_string();
    let project = project_of(env!("CARGO_BIN_EXE_iso-images"))
        .env("PORT", &port.to_string())
        .env("ISO", &medium);
    let folder = project.path().display().to_string();
    let script = r#"
mkdir -p small/boot/grub served
xorriso -osirrox on -indev "$MEDIUM" -extract /vmlinuz small/vmlinuz -extract /initrd.gz small/initrd.gz 2>log || { cat log >&2; exit 1; }
echo "set timeout=0; menuentry small { linux /vmlinuz console=ttyS0 cfg=http://10.0.2.2:$PORT/start.sh; initrd /initrd.gz; }" > small/boot/grub/grub.cfg
grub-mkrescue -o served/small.img small >log 2>&1 || { cat log >&2; exit 1; }
truncate -s 64M served/small.img
rm -r small log
"#;
    sh(&format!(
        "set -eu; cd '{folder}'; MEDIUM='{medium}'; PORT={port}; {script}"
    ));
    project
}

/// How each step ended.
fn steps(output: &Output) -> Vec<String> {
    let events = output.json_lines();
    let finished = events.iter().filter(|event| event["event"] == "step-finished");
    finished
        .map(|event| event["status"].as_str().expect("a status").to_owned())
        .collect()
}

fn build(project: &TestContext, image: &str, env: &[(&str, &str)]) -> Output {
    let mut command = project.command(&["build", image, "--output", "json"]);
    imagebake_tests::finish(command.envs(env.iter().copied()))
}

fn files(project: &TestContext, of: &str) -> Vec<PathBuf> {
    let folder = project.path().join(".imagebake/machines").join(of);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// How many states and layers are stored.
fn stored(project: &TestContext) -> (usize, usize) {
    (files(project, "states").len(), files(project, "layers").len())
}

/// What the first two steps left on the disk of an image.
fn left_by_steps(image: &Path) -> [String; 2] {
    let raw = image.with_extension("copy");
    sh(&format!(
        "qemu-img convert -O raw '{}' '{}'",
        image.display(),
        raw.display()
    ));
    let mut disk = fs::File::open(&raw).expect("there");
    fs::remove_file(&raw).expect("removed");
    [0, 1].map(|sector| {
        let mut bytes = [0; 512];
        disk.seek(SeekFrom::Start((48 << 20) + 512 * sector)).expect("so far");
        disk.read_exact(&mut bytes).expect("read");
        String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\0', '\n'])
            .to_owned()
    })
}

#[test]
fn a_build_begins_where_the_one_before_it_failed() {
    requires_medium!();
    let project = project();
    let disk = project.path().join("served/small.img").display().to_string();
    let project = project.env("SMALL", &disk);
    project.write("third.sh", "exit 1\n");
    let failed = build(&project, "stepped", &[]).fails(1);
    assert_eq!(steps(&failed), ["ok", "ok", "failed"]);
    assert_eq!(stored(&project), (2, 2), "{}", failed.text());

    // The third step finds what the others left on the disk, and nothing of what was in memory.
    project.write(
        "third.sh",
        "ls /in-memory || echo from the disk alone: $(dd if=/dev/vda bs=512 skip=98304 count=1)\n",
    );
    let mended = build(&project, "stepped", &[("MEMORY", "200")]).ok();
    assert_eq!(steps(&mended), ["skipped", "skipped", "ok"]);
    let image = project.path().join("out/stepped");
    let about = sh(&format!("qemu-img info '{}'", image.display()));
    assert!(!about.contains("backing file"), "{about}");
    let [first, second] = left_by_steps(&image);
    assert!(first.starts_with("one ") && first.len() > 30, "{first}");
    assert_eq!(first, second);
    let said = |output: &Output, words: &str| output.stdout.contains(words);
    assert!(said(&mended, &format!("from the disk alone: {first}")) && said(&failed, &first));

    assert_eq!(stored(&project), (3, 3));

    // A form of its own, in need of the disk that the machine began with and of nothing between.
    let backing = build(&project, "stepped", &[("BACKING", "1")]).ok();
    assert_eq!(steps(&backing), ["skipped", "skipped", "skipped"]);
    let about = sh(&format!("qemu-img info '{}'", image.display()));
    assert!(about.contains(&format!("backing file: {disk}")), "{about}");
    assert_eq!(left_by_steps(&image), [first.clone(), first.clone()]);

    // Another first step is the beginning of another machine. Killed while its first state is stored.
    let mut command = project.command(&["build", "stepped"]);
    let command = command
        .env("FIRST", "another")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    let began = Instant::now();
    // Its own, and the one that comes on top of that.
    while files(&project, "layers").len() < 3 + 2 {
        assert!(began.elapsed() < Duration::from_secs(120), "nothing is stored");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("it ended");
    let cleaned = project.run(&["cleanup"]).ok().text();
    for kind in ["qemu-process", "qemu-folder", "qemu-layers"] {
        assert!(cleaned.contains(&format!("removed imagebake/{kind}")), "{cleaned}");
    }
    assert_eq!(files(&project, "uses").len(), 0);
    let named: String = files(&project, "states")
        .iter()
        .map(|path| fs::read_to_string(path).expect("a state"))
        .collect();
    for layer in files(&project, "layers") {
        let name = layer.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(named.contains(&name), "{name} is in no state");
        sh(&format!("qemu-img check -q '{}'", layer.display()));
    }

    // So are other files that the machine finds without any step. The states of the former ones go.
    project.write("served/answers", "other");
    let another = build(&project, "stepped", &[("FIRST", "another")]).ok();
    assert_eq!(steps(&another), ["ok", "ok", "ok"]);
    let [first, second] = left_by_steps(&image);
    assert!(first.starts_with("another "), "{first}");
    assert_eq!(first, second);
    assert_eq!(stored(&project), (3, 3));

    let cleared = project.run(&["cleanup", "--cache"]).ok().text();
    assert!(cleared.contains("3 stored machines"), "{cleared}");
    assert_eq!(
        (files(&project, "states").len(), files(&project, "layers").len()),
        (0, 0)
    );
}

#[test]
fn an_installation_is_not_repeated() {
    requires_medium!();
    let project = project();
    project.write("third.sh", "exit 1\n");
    let failed = build(&project, "stepped", &[("FIRST", "no\nexit 1")]).fails(1);
    assert_eq!(steps(&failed), ["failed"]);
    assert!(failed.stdout.contains("typing the boot command"));
    project.write("third.sh", "echo done\n");
    let built = build(&project, "stepped", &[]).ok();
    assert_eq!(steps(&built), ["ok", "ok", "ok"]);
    assert!(!built.stdout.contains("typing the boot command"), "it is installed");
    let [first, second] = left_by_steps(&project.path().join("out/stepped"));
    assert!(first.starts_with("one "), "{first}");
    assert_eq!(first, second);
    assert_eq!(stored(&project), (4, 4), "before the first step, and after each");
}
