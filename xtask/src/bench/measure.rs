//! Time, CPU and memory of one process with its children.

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use std::{
    fmt,
    fs::File,
    io::Read,
    os::unix::process::{CommandExt, ExitStatusExt},
    process::{Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// One run.
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) cpu: f64,
    pub(crate) rss_mib: f64,
    pub(crate) output_bytes: Option<u64>,
}

/// Several runs.
#[derive(Serialize)]
pub(crate) struct Figures {
    pub(crate) runs: usize,
    pub(crate) median_s: f64,
    pub(crate) min_s: f64,
    pub(crate) max_s: f64,
    pub(crate) cpu_s: f64,
    pub(crate) max_rss_mib: f64,
    pub(crate) output_bytes: Option<u64>,
}

impl Figures {
    /// Medians of time and CPU, the largest of memory.
    pub(crate) fn of(runs: &[Measured]) -> Self {
        let median = |value: fn(&Measured) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let seconds = runs.iter().map(|run| run.seconds);
        Self {
            runs: runs.len(),
            median_s: median(|run| run.seconds),
            min_s: seconds.clone().fold(f64::INFINITY, f64::min),
            max_s: seconds.fold(0.0, f64::max),
            cpu_s: median(|run| run.cpu),
            max_rss_mib: runs.iter().map(|run| run.rss_mib).fold(0.0, f64::max),
            output_bytes: runs.last().and_then(|run| run.output_bytes),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>8.3} s ({:.3}–{:.3})", self.median_s, self.min_s, self.max_s)?;
        write!(f, "  {:>7.3} CPU-s  {:>6.1} MiB", self.cpu_s, self.max_rss_mib)?;
        match self.output_bytes {
            Some(bytes) => write!(f, "  {bytes} bytes"),
            None => Ok(()),
        }
    }
}

/// Runs `command`, which must succeed; what it prints goes nowhere, unless it fails.
pub(crate) fn run(command: &mut Command) -> Result<Measured> {
    let log = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    command
        .stdin(Stdio::null())
        .stdout(log.reopen()?)
        .stderr(log.reopen()?)
        .process_group(0);
    let began = Instant::now();
    let child = command
        .spawn()
        .with_context(|| format!("cannot start {}", command.get_program().display()))?;
    let pid = child.id();
    let over = Arc::new(AtomicBool::new(false));
    let sampler = thread::spawn({
        let over = over.clone();
        move || {
            let mut most = 0;
            while !over.load(Ordering::Relaxed) {
                most = most.max(tree_rss_kib(pid));
                thread::sleep(Duration::from_millis(5));
            }
            most
        }
    });
    let (status, usage) = wait(pid)?;
    let seconds = began.elapsed().as_secs_f64();
    over.store(true, Ordering::Relaxed);
    let sampled = sampler.join().unwrap_or(0);
    if !status.success() {
        let mut text = String::new();
        let _ = File::open(log.path()).and_then(|mut file| file.read_to_string(&mut text));
        let tail: Vec<&str> = text.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        ensure!(
            false,
            "{} ended with {status}:\n{}",
            command.get_program().display(),
            tail.join("\n")
        );
    }
    let time = |value: libc::timeval| value.tv_sec as f64 + value.tv_usec as f64 / 1e6;
    Ok(Measured {
        seconds,
        cpu: time(usage.ru_utime) + time(usage.ru_stime),
        rss_mib: sampled.max(usage.ru_maxrss as u64) as f64 / 1024.0,
        output_bytes: None,
    })
}

/// Waits for the child and takes its and its waited-for children's usage.
fn wait(pid: u32) -> Result<(ExitStatus, libc::rusage)> {
    let mut status = 0;
    // SAFETY: a plain structure of numbers, for which zeroes are a value.
    #[expect(unsafe_code, reason = "the standard library does not give the usage of a child")]
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types; the child is ours and waited for only here.
    #[expect(unsafe_code, reason = "the standard library does not give the usage of a child")]
    let waited = unsafe { libc::wait4(pid as libc::pid_t, &mut status, 0, &mut usage) };
    ensure!(
        waited == pid as libc::pid_t,
        "cannot wait for the process: {}",
        std::io::Error::last_os_error()
    );
    Ok((ExitStatus::from_raw(status), usage))
}

/// The memory of every process in the group of `pid`, and of their children, in KiB.
fn tree_rss_kib(pid: u32) -> u64 {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return 0;
    };
    let mut members = vec![pid];
    let mut others: Vec<(u32, u32, u32)> = Vec::new();
    for entry in entries.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{id}/stat")) else {
            continue;
        };
        let Some((_, rest)) = stat.rsplit_once(") ") else {
            continue;
        };
        let mut words = rest.split_whitespace().skip(1);
        let mut next = || words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or(0);
        let (parent, group) = (next(), next());
        others.push((id, parent, group));
    }
    loop {
        let before = members.len();
        for (id, parent, group) in &others {
            if !members.contains(id) && (members.contains(parent) || *group == pid) {
                members.push(*id);
            }
        }
        if members.len() == before {
            break;
        }
    }
    let rss = |id: &u32| {
        let text = std::fs::read_to_string(format!("/proc/{id}/statm")).ok()?;
        text.split_whitespace()
            .nth(1)?
            .parse::<u64>()
            .ok()
            .map(|pages| pages * 4)
    };
    members.iter().filter_map(rss).sum()
}
