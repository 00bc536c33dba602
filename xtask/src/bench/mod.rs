//! `cargo xtask bench`: whole processes of the release build, alternating with the peer on the same work.
//!
//! The peer is Packer: `packer` on PATH, or `PACKER=`. Each case writes `target/bench/<case>.json`. CPU is that of the process and all
//! its children; memory is the largest sum over the process tree, sampled, and never less than the kernel's own maximum.

mod cases;
mod docker;
mod import;
mod iso;
mod measure;
mod qemu;
mod ssh;

use crate::{cargo, check, root};
use anyhow::{Context, Result, bail};
use cases::Case;
use measure::{Figures, Measured};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    process::{Child, Command},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The cases; all when none is named.
    cases: Vec<String>,
    /// How often each side runs.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Processes that do nothing but burn, at the same priority, while the cases run.
    #[arg(long, default_value_t = 0)]
    load: usize,
    /// Runs unoptimised programs: for how often something fails, not for how long it takes.
    #[arg(long)]
    debug: bool,
    /// Name the cases and what each asks for.
    #[arg(long)]
    list: bool,
}

/// Where a case finds what it needs.
pub(crate) struct Bench {
    /// The release program with the benchmarks' images.
    pub(crate) ours: PathBuf,
    /// The release quickstart.
    pub(crate) quickstart: PathBuf,
    /// The peer, where it is installed.
    pub(crate) peer: Option<PathBuf>,
    /// Inputs that are made once.
    pub(crate) data: PathBuf,
    /// A folder that each run begins with empty.
    pub(crate) scratch: PathBuf,
}

#[derive(Serialize)]
struct Report<'a> {
    case: &'a str,
    ours: &'a Figures,
    peer: Option<PeerFigures<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<PeerFigures<'a>>,
    ratio: Option<f64>,
    target: &'a str,
    met: Option<bool>,
}

#[derive(Serialize)]
struct PeerFigures<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    version: &'a str,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let all = cases::all();
    if arguments.list {
        for case in &all {
            println!("{:<18} {}", case.name, case.target);
        }
        return Ok(());
    }
    for name in &arguments.cases {
        if !all.iter().any(|case| case.name == name) {
            bail!("there is no case `{name}`; `cargo xtask bench --list` names them");
        }
    }
    let chosen = all
        .iter()
        .filter(|case| arguments.cases.is_empty() || arguments.cases.iter().any(|name| name == case.name));
    let (profile, adjective) = if arguments.debug {
        ("debug", "unoptimised")
    } else {
        ("release", "release")
    };
    println!("building the {adjective} programs");
    let programs = ["bench-images", "quickstart", "debian-disk", "install-iso"];
    let chosen_programs = programs.iter().flat_map(|program| ["--bin", program]);
    let mut build = cargo(&["build", "--locked", "--features", "imagebake-tests/tools"]);
    if !arguments.debug {
        build.arg("--release");
    }
    check(
        build
            .args(["-p", "imagebake-tests", "-p", "example-quickstart"])
            .args(chosen_programs),
    )?;
    let target = root().join("target");
    let bench = Bench {
        ours: target.join(profile).join("bench-images"),
        quickstart: target.join(profile).join("quickstart"),
        peer: peer(),
        data: target.join("bench/data"),
        scratch: target.join("bench/scratch"),
    };
    std::fs::create_dir_all(&bench.data).context("cannot make target/bench/data")?;
    let version = bench.peer.as_deref().map(peer_version).unwrap_or_default();
    match &bench.peer {
        Some(peer) => println!("the peer: {} ({version})", peer.display()),
        None => println!("the peer is not installed: put `packer` on PATH or name it with PACKER="),
    }
    let _load = Load::start(arguments.load)?;
    let mut missed = Vec::new();
    for case in chosen {
        if let Some(why) = (case.unavailable)(&bench) {
            println!("{:<18} not measured: {why}", case.name);
            continue;
        }
        let met = measure_case(case, &bench, arguments.runs, &version)?;
        if met == Some(false) {
            missed.push(case.name);
        }
    }
    let _ = std::fs::remove_dir_all(&bench.scratch);
    if !missed.is_empty() {
        println!("\nbelow their targets: {}", missed.join(", "));
    }
    Ok(())
}

fn measure_case(case: &Case, bench: &Bench, runs: usize, version: &str) -> Result<Option<bool>> {
    (case.prepare)(bench).with_context(|| format!("preparing `{}`", case.name))?;
    let (mut ours, mut peers, mut besides): (Runs, Runs, Runs) = Default::default();
    for _ in 0..runs {
        ours.add(once(bench, (case.ours)(bench)?, case));
        if let (Some(peer), Some(command)) = (&bench.peer, case.peer) {
            peers.add(once(bench, command(bench, peer)?, case));
        }
        if let Some(beside) = case.beside {
            besides.add(once(bench, (beside.command)(bench)?, case));
        }
    }
    let failures = ours.failures;
    let ours = ours.done().with_context(|| format!("`{}`, ours", case.name))?;
    let peers = peers.done().with_context(|| format!("`{}`, the peer", case.name))?;
    let besides = besides.done().with_context(|| format!("`{}`, beside", case.name))?;
    let ours = Figures::of(&ours);
    let peers = (!peers.is_empty()).then(|| Figures::of(&peers));
    let ratio = peers.as_ref().map(|peer| peer.median_s / ours.median_s);
    let beside = case.beside.map(|beside| (beside, Figures::of(&besides)));
    let against = beside.as_ref().map(|(beside, figures)| (beside.met)(&ours, figures));
    // Where one comparison is not to be had, the other decides.
    let met = match ((case.met)(&ours, peers.as_ref()), against) {
        (Some(peer), Some(beside)) => Some(peer && beside),
        (one, other) => one.or(other),
    };
    let met = met.map(|met| met && failures == 0);
    println!("{:<18} ours  {ours}", case.name);
    if let Some(peer) = &peers {
        println!("{:<18} peer  {peer}   {:.1} times ours", "", ratio.unwrap_or_default());
    }
    if let Some((beside, figures)) = &beside {
        let ratio = figures.median_s / ours.median_s;
        println!("{:<18} {}  {figures}   {ratio:.1} times ours", "", beside.name);
        if let Some(beyond) = beside.beyond {
            println!("{:<18} {:+.3} s beyond {beyond}", "", ours.median_s - figures.median_s);
        }
    }
    let verdict = match met {
        Some(true) => "met",
        Some(false) => "NOT MET",
        None => "not comparable here",
    };
    println!("{:<18} {verdict}: {}", "", case.target);
    let peer = peers.as_ref().map(|figures| PeerFigures { figures, version });
    let report = Report {
        case: case.name,
        ours: &ours,
        peer,
        beside: beside.as_ref().map(|(beside, figures)| PeerFigures {
            figures,
            version: beside.name,
        }),
        ratio,
        target: case.target,
        met,
    };
    let path = root().join("target/bench").join(format!("{}.json", case.name));
    std::fs::write(&path, serde_json::to_vec_pretty(&report)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(met)
}

/// What one side did: a run that fails is told and counted, and the others are measured.
#[derive(Default)]
struct Runs {
    measured: Vec<Measured>,
    failures: usize,
    last: Option<anyhow::Error>,
}

impl Runs {
    fn add(&mut self, run: Result<Measured>) {
        match run {
            Ok(measured) => self.measured.push(measured),
            Err(error) => {
                self.failures += 1;
                println!("failed: {error:#}");
                self.last = Some(error);
            }
        }
    }

    /// The runs that succeeded. None is a failure of the whole.
    fn done(self) -> Result<Vec<Measured>> {
        match self.last {
            Some(error) if self.measured.is_empty() => Err(error),
            Some(_) => {
                let of = self.measured.len() + self.failures;
                println!("{} of {of} runs failed", self.failures);
                Ok(self.measured)
            }
            None => Ok(self.measured),
        }
    }
}

/// Processes that take what the processors have, until this is dropped.
struct Load(Vec<Child>);

impl Load {
    fn start(processes: usize) -> Result<Self> {
        let mut load = Self(Vec::new());
        for _ in 0..processes {
            let burn = Command::new("sh").args(["-c", "while :; do :; done"]).spawn();
            load.0.push(burn.context("cannot start a load")?);
        }
        Ok(load)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        for process in &mut self.0 {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn once(bench: &Bench, mut command: Command, case: &Case) -> Result<Measured> {
    let _ = std::fs::remove_dir_all(&bench.scratch);
    std::fs::create_dir_all(&bench.scratch).context("cannot make the scratch folder")?;
    if !case.own_folder {
        command.current_dir(&bench.scratch);
    }
    (case.before)(bench)?;
    write_out();
    let mut measured = measure::run(&mut command)?;
    measured.output_bytes = (case.output)(bench);
    Ok(measured)
}

/// What the run before left to the disk is not for this one to wait for.
fn write_out() {
    // SAFETY: it takes nothing and cannot fail.
    unsafe { libc::sync() };
}

/// Has the kernel forget which inodes are free since a minute ago. Ext4 gives none of them away again, and looks at each of them for every
/// new file: with ten thousand files of the run before that is seconds of one run, of which the first knows nothing. What is read is in
/// memory again afterwards. Only root can do it; for others the runs are as slow as the file system makes them, on both sides.
fn forget_removed_files(bench: &Bench) -> Result<()> {
    write_out();
    let forgot = std::fs::write("/proc/sys/vm/drop_caches", "1");
    if let Err(error) = forgot {
        println!("the file system remembers the files of the run before: {error}");
    }
    let mut folders = vec![bench.data.clone()];
    let mut files: Vec<PathBuf> = [Some(bench.ours.clone()), bench.peer.clone()]
        .into_iter()
        .flatten()
        .collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).context("cannot read the inputs")? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => folders.push(entry.path()),
                false => files.push(entry.path()),
            }
        }
    }
    for file in files {
        let mut file = std::fs::File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        std::io::copy(&mut file, &mut std::io::sink())?;
    }
    Ok(())
}

fn peer() -> Option<PathBuf> {
    if let Some(told) = std::env::var_os("PACKER") {
        return Some(PathBuf::from(told));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("packer"))
        .find(|program| program.is_file())
}

fn peer_version(peer: &Path) -> String {
    let told = Command::new(peer)
        .arg("version")
        .env("CHECKPOINT_DISABLE", "1")
        .output();
    let text = told
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
