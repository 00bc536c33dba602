//! What is measured: our side and the peer's of the same work.

use super::{Bench, measure::Figures};
use crate::root;
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::Path,
    process::Command,
};

/// One case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// In words, for reports.
    pub(crate) target: &'static str,
    /// Why it cannot be measured here.
    pub(crate) unavailable: fn(&Bench) -> Option<String>,
    /// Makes inputs, once.
    pub(crate) prepare: fn(&Bench) -> Result<()>,
    /// Before each run, not measured.
    pub(crate) before: fn(&Bench) -> Result<()>,
    pub(crate) ours: fn(&Bench) -> Result<Command>,
    pub(crate) peer: Option<fn(&Bench, &Path) -> Result<Command>>,
    /// A program that does a part of it and nothing else.
    pub(crate) beside: Option<Beside>,
    /// The size of what was made.
    pub(crate) output: fn(&Bench) -> Option<u64>,
    pub(crate) met: fn(&Figures, Option<&Figures>) -> Option<bool>,
    /// The command sets its own folder.
    pub(crate) own_folder: bool,
}

/// A program to be measured with.
#[derive(Clone, Copy)]
pub(crate) struct Beside {
    pub(crate) name: &'static str,
    pub(crate) command: fn(&Bench) -> Result<Command>,
    pub(crate) met: fn(&Figures, &Figures) -> bool,
    /// Where it is a part of our work that nobody can do without: in words, and the difference is shown.
    pub(crate) beyond: Option<&'static str>,
}

pub(super) const CASE: Case = Case {
    name: "",
    target: "",
    unavailable: |_| None,
    prepare: |_| Ok(()),
    before: |_| Ok(()),
    ours: |_| anyhow::bail!("a case without our side"),
    peer: None,
    beside: None,
    output: |_| None,
    met: |_, _| None,
    own_folder: false,
};

/// Every case, in the order of how long they take.
pub(crate) fn all() -> Vec<Case> {
    vec![
        Case {
            name: "list-quickstart",
            target: "`list`: at most 10 ms and 15 MiB",
            ours: |bench| Ok(quickstart(bench, &["list"])),
            met: |ours, _| Some(ours.median_s <= 0.010 && ours.max_rss_mib <= 15.0),
            ..CASE
        },
        Case {
            name: "plan-quickstart",
            target: "`plan`: at most 10 ms and 15 MiB",
            ours: |bench| Ok(quickstart(bench, &["plan", "web"])),
            met: |ours, _| Some(ours.median_s <= 0.010 && ours.max_rss_mib <= 15.0),
            ..CASE
        },
        Case {
            name: "validate-null",
            target: "`validate` of one null source: at most 10 ms and 15 MiB",
            prepare: |bench| template(bench, "null-1", NULL_1),
            ours: |bench| Ok(ours(bench, &["validate", "null-1"])),
            peer: Some(|bench, peer| {
                Ok(packer(
                    peer,
                    &["validate", &bench.data.join("null-1.json").to_string_lossy()],
                ))
            }),
            met: |ours, _| Some(ours.median_s <= 0.010 && ours.max_rss_mib <= 15.0),
            ..CASE
        },
        Case {
            name: "plan-files",
            target: "`plan` of an image that reads 50 files: under 30 ms",
            prepare: |bench| {
                let folder = bench.data.join("files");
                fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
                (0..50).try_for_each(|i| {
                    let text = format!("file {i}\n").repeat(500);
                    fs::write(folder.join(format!("{i}.txt")), text).context("cannot write a file to read")
                })
            },
            ours: |bench| Ok(ours(bench, &["plan", "files-50", "--output", "json"])),
            met: |ours, _| Some(ours.median_s <= 0.030),
            ..CASE
        },
        Case {
            name: "plan-1000",
            target: "1,000 images of 5 sources and 10 provisioners planned in under 200 ms",
            ours: |bench| Ok(ours(bench, &["plan", "--output", "json", "many-*"])),
            met: |ours, _| Some(ours.median_s < 0.2),
            ..CASE
        },
        Case {
            name: "values-to-plan",
            target: "a changed values file of 200 values to the plan: at most 15 ms",
            before: |bench| values(&bench.scratch.join("values.toml")),
            ours: |bench| {
                let file = bench.scratch.join("values.toml");
                Ok(ours(
                    bench,
                    &["plan", "inputs-200", "--values", &file.to_string_lossy()],
                ))
            },
            met: |ours, _| Some(ours.median_s <= 0.015),
            ..CASE
        },
        Case {
            name: "plan-200-files-50",
            target: "a plan with 200 variables and 50 read files: at most 30 ms",
            prepare: |bench| {
                let folder = bench.data.join("files");
                fs::create_dir_all(&folder).context("cannot make the inputs")?;
                (0..50).try_for_each(|i| {
                    let text = format!("file {i}: the quick brown fox\n").repeat(40);
                    fs::write(folder.join(format!("{i}.txt")), text).context("cannot write an input")
                })
            },
            before: |bench| values(&bench.scratch.join("values.toml")),
            ours: |bench| {
                let file = bench.scratch.join("values.toml");
                Ok(ours(
                    bench,
                    &["plan", "inputs-200-files-50", "--values", &file.to_string_lossy()],
                ))
            },
            met: |ours, _| Some(ours.median_s <= 0.030),
            ..CASE
        },
        super::import::folder(),
        Case {
            name: "null-100",
            target: "100 parallel null builds: at most a twentieth of the peer's time, CPU and memory",
            prepare: |bench| template(bench, "null-100", &null_100()),
            ours: |bench| Ok(ours(bench, &["build", "null-100"])),
            peer: Some(|bench, peer| {
                Ok(packer(
                    peer,
                    &["build", &bench.data.join("null-100.json").to_string_lossy()],
                ))
            }),
            met: |ours, peer| {
                peer.map(|peer| {
                    ours.median_s * 20.0 <= peer.median_s
                        && ours.cpu_s * 20.0 <= peer.cpu_s
                        && ours.max_rss_mib * 20.0 <= peer.max_rss_mib
                })
            },
            ..CASE
        },
        Case {
            name: "events-1gb",
            target: "1 GB of output through redaction and logs at over 500 MB/s",
            ours: |bench| Ok(ours(bench, &["build", "events", "--quiet"])),
            // A gigabyte of a log is looked for where the state is.
            output: |bench| {
                fs::metadata(bench.scratch.join("logs/events.null.log"))
                    .ok()
                    .map(|about| about.len())
            },
            met: |ours, _| Some(ours.median_s <= 2.0 && ours.max_rss_mib <= 128.0),
            ..CASE
        },
        Case {
            name: "compress-1gib",
            target: "compress and checksum a 1 GiB image: twice the peer's throughput, no larger, under 256 MiB",
            prepare: |bench| {
                image_1gib(&bench.data.join("image.raw"))?;
                template(bench, "compress", COMPRESS)
            },
            before: |bench| {
                // Both sides read the same input under a name of their own.
                fs::hard_link(bench.data.join("image.raw"), bench.scratch.join("image.raw"))
                    .context("cannot link the input")
            },
            ours: |bench| Ok(ours(bench, &["build", "compress"])),
            peer: Some(|bench, peer| {
                Ok(packer(
                    peer,
                    &["build", &bench.data.join("compress.json").to_string_lossy()],
                ))
            }),
            output: |bench| {
                fs::metadata(bench.scratch.join("image.gz"))
                    .ok()
                    .map(|about| about.len())
            },
            met: |ours, peer| {
                let small = ours.max_rss_mib < 256.0;
                peer.map(|peer| small && ours.median_s * 2.0 <= peer.median_s && ours.output_bytes <= peer.output_bytes)
            },
            ..CASE
        },
        Case {
            name: "oci-ten-steps",
            target: "ten shell steps on a 200 MB Debian base: at most half of the peer's 4.7 s and 2.3 CPU-s with Docker",
            unavailable: |_| (!crate::setup::on_path("mmdebstrap")).then(|| "mmdebstrap makes its base".to_owned()),
            prepare: |bench| debian(&bench.data.join("debian.tar")),
            before: |bench| {
                // The base is in the store before the clock runs; what the last run made is not.
                let state = bench.data.join("oci-state");
                let mut warm = ours(bench, &["build", "debian-base"]);
                warm.env("IMAGEBAKE_STATE_DIR", &state).current_dir(&bench.scratch);
                crate::output(&mut warm).map(drop)
            },
            ours: |bench| {
                let mut command = ours(bench, &["build", "oci-ten-steps", "--no-cache"]);
                command.env("IMAGEBAKE_STATE_DIR", bench.data.join("oci-state"));
                Ok(command)
            },
            met: |ours, _| Some(ours.median_s <= 4.7 / 2.0 && ours.cpu_s <= 2.3 / 2.0),
            ..CASE
        },
        super::docker::ten_steps(),
        super::docker::chain(),
        super::docker::upload(),
        super::ssh::commands(),
        super::ssh::small(),
        super::ssh::upload(),
        super::qemu::disk_image(),
        super::iso::installed(),
        Case {
            name: "edit-to-run",
            target: "the quickstart runs within 3 s of an edit",
            before: |_| {
                let main = root().join("examples/quickstart/src/main.rs");
                let text = fs::read(&main).context("cannot read the quickstart")?;
                crate::check(&mut crate::cargo(&["build", "--quiet", "-p", "example-quickstart"]))?;
                // The same text: what counts for cargo is the time of the file.
                fs::write(&main, text).context("cannot write the quickstart")
            },
            ours: |_| {
                Ok(crate::cargo(&[
                    "run",
                    "--quiet",
                    "-p",
                    "example-quickstart",
                    "--",
                    "list",
                ]))
            },
            met: |ours, _| Some(ours.median_s < 3.0),
            own_folder: true,
            ..CASE
        },
        Case {
            name: "first-build",
            target: "the quickstart's first `cargo build` under 3 minutes",
            ours: |bench| {
                let mut command = crate::cargo(&["build", "--quiet", "-p", "example-quickstart"]);
                command.env("CARGO_TARGET_DIR", bench.scratch.join("target"));
                Ok(command)
            },
            met: |ours, _| Some(ours.median_s < 180.0),
            own_folder: true,
            ..CASE
        },
    ]
}

pub(super) fn ours(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(&bench.ours);
    command
        .args(arguments)
        .env("IMAGEBAKE_PROJECT", root())
        .env("IMAGEBAKE_STATE_DIR", &bench.scratch);
    command
}

fn quickstart(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = Command::new(&bench.quickstart);
    command
        .args(arguments)
        .env("IMAGEBAKE_PROJECT", root())
        .env("IMAGEBAKE_STATE_DIR", &bench.scratch);
    command
}

pub(super) fn packer(peer: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(peer);
    command.args(arguments).env("CHECKPOINT_DISABLE", "1");
    command
}

const NULL_1: &str = r#"{"builders": [{"type": "null", "communicator": "none"}]}"#;

const COMPRESS: &str = r#"{
  "builders": [{"type": "null", "communicator": "none"}],
  "post-processors": [[
    {"type": "artifice", "files": ["image.raw"], "keep_input_artifact": true},
    {"type": "checksum", "checksum_types": ["sha256"], "output": "image.sha256"}
  ], [
    {"type": "artifice", "files": ["image.raw"], "keep_input_artifact": true},
    {"type": "compress", "output": "image.gz", "keep_input_artifact": true}
  ]]
}"#;

fn null_100() -> String {
    let builders: Vec<String> = (0..100)
        .map(|i| format!(r#"{{"type": "null", "name": "n{i}", "communicator": "none"}}"#))
        .collect();
    format!(
        r#"{{"builders": [{}], "provisioners": [{{"type": "shell-local", "inline": ["echo hello"]}}]}}"#,
        builders.join(", ")
    )
}

/// A values file that no run has seen before.
fn values(path: &Path) -> Result<()> {
    let now = std::time::SystemTime::now();
    let stamp = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos());
    let rows: String = (0..200).map(|i| format!("v{i} = \"value-{i}-{stamp}\"\n")).collect();
    fs::write(path, rows).context("cannot write the values")
}

pub(super) fn template(bench: &Bench, name: &str, text: &str) -> Result<()> {
    fs::write(bench.data.join(format!("{name}.json")), text).context("cannot write the peer's template")
}

/// Half programs of this machine, a quarter zeros, a quarter noise from a fixed seed.
pub(super) fn image_1gib(path: &Path) -> Result<()> {
    const QUARTER: u64 = 256 << 20;
    if fs::metadata(path).is_ok_and(|about| about.len() == 4 * QUARTER) {
        return Ok(());
    }
    let mut out = BufWriter::new(File::create(path).context("cannot write the input")?);
    let mut left = 2 * QUARTER;
    let mut programs: Vec<_> = ["/usr/bin", "/usr/lib/x86_64-linux-gnu", "/usr/sbin"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| fs::symlink_metadata(path).is_ok_and(|about| about.is_file()))
        .collect();
    programs.sort();
    while left > 0 {
        for program in &programs {
            let Ok(file) = File::open(program) else { continue };
            left -= std::io::copy(&mut file.take(left), &mut out).context("cannot write the input")?;
        }
    }
    std::io::copy(&mut std::io::repeat(0).take(QUARTER), &mut out)?;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..QUARTER / 8 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        out.write_all(&seed.to_le_bytes())?;
    }
    out.flush().context("cannot write the input")
}

/// Files of 1 KiB on average, a hundred to a folder.
pub(super) fn small_files(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let text = "the quick brown fox jumps over the lazy dog\n".repeat(50);
    for i in 0..10_000 {
        let below = folder.join(format!("{:02}", i / 100));
        fs::create_dir_all(&below)?;
        fs::write(below.join(format!("file-{i}")), &text[..i * 7 % 2048]).context("cannot write the input")?;
    }
    Ok(())
}

pub(super) fn debian(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let mut command = Command::new("mmdebstrap");
    command.args(["--variant=minbase", "bookworm"]).arg(path);
    crate::check(&mut command)
}
