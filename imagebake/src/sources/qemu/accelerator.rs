//! Which accelerator a machine gets: one that runs a guest here, found out by running one.
//!
//! That `/dev/kvm` is there says little: it may be forbidden, or offered by a system that is itself a guest and emulates it badly. So a machine
//! of the same kind starts from a disk of one sector whose program ends it with a number. Emulation needs no try.

use super::driver;
use crate::{
    engine::Cx,
    error::{Error, ErrorKind, Result},
};
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// A machine that runs at its processor's speed needs a fraction of this.
const WITHIN: Duration = Duration::from_secs(3);
/// `mov al, 0x10; out 0xf4, al; hlt`, and the mark of a sector that can be started from.
const PROGRAM: [u8; 5] = [0xb0, 0x10, 0xe6, 0xf4, 0xf4];
/// What the device at that port makes of the number: twice it, and one.
const ENDED: i32 = 0x21;

/// What was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chosen {
    /// As QEMU calls it.
    pub(super) name: String,
    /// Why not a faster one.
    pub(super) because: Option<String>,
}

/// What is tried for: an answer holds for as long as all of it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct For {
    #[serde(with = "crate::value::path_text::exact")]
    pub(super) program: PathBuf,
    pub(super) architecture: String,
    pub(super) machine: String,
    pub(super) cpu_model: Option<String>,
    pub(super) wanted: Option<String>,
}

/// Kept from build to build: a try takes seconds where it fails.
#[derive(Serialize, Deserialize)]
struct Kept {
    of: For,
    /// The run of the system in which it was found out.
    boot: String,
    chosen: Chosen,
}

/// The accelerators of this system, best first.
fn candidates() -> &'static [&'static str] {
    match std::env::consts::OS {
        "linux" => &["kvm"],
        "macos" => &["hvf"],
        "windows" => &["whpx"],
        _ => &[],
    }
}

/// The best accelerator that works, or the wanted one.
///
/// # Errors
/// When the wanted one does not work here.
pub(super) async fn choose(cx: &Cx, of: For) -> Result<Chosen> {
    if let Some(name @ ("tcg" | "none")) = of.wanted.as_deref() {
        return Ok(Chosen {
            name: name.to_owned(),
            because: None,
        });
    }
    let file = cx.state_dir().join("qemu/accelerator.json");
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let kept = fs::read(&file)
        .ok()
        .and_then(|text| serde_json::from_slice::<Kept>(&text).ok());
    let known = kept
        .filter(|kept| kept.of == of && kept.boot == boot)
        .map(|kept| kept.chosen);
    if let Some(chosen) = known.filter(|_| of.wanted.is_none()) {
        return Ok(chosen);
    }
    let mut reasons = Vec::new();
    let wanted: Vec<&str> = match &of.wanted {
        Some(name) => vec![name.as_str()],
        None => candidates().to_vec(),
    };
    let mut works = None;
    for name in wanted {
        match attempt(&of, name).await? {
            None => {
                works = Some(name.to_owned());
                break;
            }
            Some(reason) => reasons.push(format!("{name} does not work here: {reason}")),
        }
    }
    let because = (!reasons.is_empty()).then(|| reasons.join("; "));
    let chosen = match (works, &of.wanted) {
        (Some(name), _) => Chosen { name, because: None },
        (None, Some(_)) => {
            let why = because.unwrap_or_default();
            return Err(Error::new(ErrorKind::Unsupported, why).hint(
                "leave `accelerator` out to get the best one that works, or say `tcg`, which emulates and always does",
            ));
        }
        (None, None) => Chosen {
            name: "tcg".to_owned(),
            because,
        },
    };
    let kept = Kept {
        of,
        boot,
        chosen: chosen.clone(),
    };
    // What cannot be kept is found out again.
    let text = serde_json::to_vec(&kept).unwrap_or_default();
    let _ = fs::create_dir_all(cx.state_dir().join("qemu")).map(|()| crate::io::write_atomically(&file, &text));
    Ok(chosen)
}

/// Why an accelerator does not work; `None` when it does.
async fn attempt(of: &For, name: &str) -> Result<Option<String>> {
    let mut device = fs::File::options();
    device.read(true).write(true);
    if name == "kvm"
        && let Err(error) = device.open("/dev/kvm")
    {
        return Ok(Some(format!("/dev/kvm cannot be opened: {error}")));
    }
    // Other processors have other firmware: there it must start at least.
    let runs = matches!(of.architecture.as_str(), "x86_64" | "i386") && matches!(of.machine.as_str(), "pc" | "q35");
    let folder = tempfile::tempdir()?;
    let disk = folder.path().join("disk.raw");
    fs::write(&disk, sector())?;
    let (code, said) = driver::attempt(&of.program, &trial(of, name, runs.then_some(&disk)), WITHIN).await?;
    Ok(match (runs, code) {
        (true, Some(ENDED)) => None,
        // A paused machine does not end by itself.
        (false, None) => None,
        (_, None) => Some(said),
        (_, Some(_)) if said.is_empty() => Some("the guest did not run".to_owned()),
        (_, Some(_)) => Some(said),
    })
}

fn sector() -> Vec<u8> {
    let mut disk = vec![0; 32 << 10];
    disk[..PROGRAM.len()].copy_from_slice(&PROGRAM);
    disk[510..512].copy_from_slice(&[0x55, 0xaa]);
    disk
}

fn trial(of: &For, name: &str, disk: Option<&PathBuf>) -> Vec<OsString> {
    let mut words: Vec<OsString> = ["-nodefaults", "-display", "none", "-m", "64", "-smp", "2"]
        .map(OsString::from)
        .to_vec();
    words.extend(["-machine".into(), format!("type={},accel={name}", of.machine).into()]);
    if let Some(model) = &of.cpu_model {
        words.extend(["-cpu".into(), model.into()]);
    }
    match disk {
        Some(disk) => {
            let drive = format!(
                "file={},format=raw,if=none,id=d",
                super::arguments::value(Path::new(disk))
            );
            words.extend([
                "-drive".into(),
                drive.into(),
                "-device".into(),
                "virtio-blk-pci,drive=d".into(),
            ]);
            words.extend(["-device".into(), "isa-debug-exit,iobase=0xf4,iosize=4".into()]);
        }
        None => words.push("-S".into()),
    }
    words
}
