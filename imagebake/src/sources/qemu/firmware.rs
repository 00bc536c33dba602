//! Firmware of the builder: UEFI code and variables, by the descriptors that distributions install for it, else in their usual places.

use crate::error::{Error, ErrorKind, Result};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// UEFI code with the variables that it starts with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Firmware {
    pub(super) code: PathBuf,
    pub(super) vars: PathBuf,
    /// Whether it works only where its memory is protected from the system: Secure Boot.
    pub(super) protected: bool,
}

/// A descriptor, as `docs/interop/firmware.json` of QEMU has it.
#[derive(Deserialize)]
struct Descriptor {
    #[serde(rename = "interface-types")]
    interfaces: Vec<String>,
    mapping: Mapping,
    targets: Vec<Target>,
    features: Vec<String>,
}

#[derive(Deserialize)]
struct Mapping {
    device: String,
    executable: Option<File>,
    #[serde(rename = "nvram-template")]
    vars: Option<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    format: String,
}

#[derive(Deserialize)]
struct Target {
    architecture: String,
    machines: Vec<String>,
}

const FOLDERS: &[&str] = &["/etc/qemu/firmware", "/usr/share/qemu/firmware"];

/// Where there are no descriptors.
const PLACES: &[(&str, &str, &str)] = &[
    (
        "x86_64",
        "/usr/share/OVMF/OVMF_CODE_4M.fd",
        "/usr/share/OVMF/OVMF_VARS_4M.fd",
    ),
    ("x86_64", "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    (
        "x86_64",
        "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
        "/usr/share/edk2/x64/OVMF_VARS.4m.fd",
    ),
    (
        "x86_64",
        "/usr/share/edk2/ovmf/OVMF_CODE.fd",
        "/usr/share/edk2/ovmf/OVMF_VARS.fd",
    ),
    (
        "x86_64",
        "/usr/share/qemu/edk2-x86_64-code.fd",
        "/usr/share/qemu/edk2-i386-vars.fd",
    ),
    (
        "aarch64",
        "/usr/share/AAVMF/AAVMF_CODE.fd",
        "/usr/share/AAVMF/AAVMF_VARS.fd",
    ),
    (
        "aarch64",
        "/usr/share/qemu/edk2-aarch64-code.fd",
        "/usr/share/qemu/edk2-arm-vars.fd",
    ),
];

/// The architecture of a `qemu-system-…`.
pub(super) fn architecture(program: &Path) -> String {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix("qemu-system-").unwrap_or("x86_64").to_owned()
}

fn descriptors(folders: &[&Path]) -> Vec<Descriptor> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        // One in an earlier folder hides those with its name.
        paths.retain(|path| !found.iter().any(|known| known.file_name() == path.file_name()));
        found.extend(paths);
    }
    let read = |path: PathBuf| serde_json::from_slice(&fs::read(path).ok()?).ok();
    found.into_iter().filter_map(read).collect()
}

/// Whether a descriptor's machine, `pc-q35-*`, is what the user calls `q35`.
fn fits(pattern: &str, machine: &str) -> bool {
    let full = match machine {
        "pc" => "pc-i440fx-7.2".to_owned(),
        "q35" => "pc-q35-7.2".to_owned(),
        "virt" => "virt-7.2".to_owned(),
        other => other.to_owned(),
    };
    let pattern = pattern.strip_suffix('*').unwrap_or(pattern);
    full.starts_with(pattern) || machine == pattern
}

/// Whether two paths name one file.
fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// Code and variables that go together on this builder.
fn pairs() -> Vec<(PathBuf, PathBuf)> {
    let folders: Vec<&Path> = FOLDERS.iter().map(Path::new).collect();
    let described = descriptors(&folders).into_iter();
    let described =
        described.filter_map(|found| Some((found.mapping.executable?.filename, found.mapping.vars?.filename)));
    let usual = PLACES
        .iter()
        .map(|(_, code, vars)| (PathBuf::from(code), PathBuf::from(vars)));
    described.chain(usual).collect()
}

impl Firmware {
    /// UEFI for such a machine, without Secure Boot.
    pub(super) fn find(architecture: &str, machine: &str) -> Result<Self> {
        let folders: Vec<&Path> = FOLDERS.iter().map(Path::new).collect();
        Self::described(&folders, architecture, machine)
            .or_else(|| Self::usual(architecture))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("there is no UEFI firmware for {architecture} and the machine `{machine}` on this builder"),
                )
                .hint(
                    "install it (`ovmf` on Debian, `edk2-ovmf` on Fedora), or name it with `efi_firmware_code` and `efi_firmware_vars`",
                )
            })
    }

    fn described(folders: &[&Path], architecture: &str, machine: &str) -> Option<Self> {
        descriptors(folders).into_iter().find_map(|found| {
            let target = found.targets.iter().any(|target| {
                target.architecture == architecture && target.machines.iter().any(|pattern| fits(pattern, machine))
            });
            let secure = found.features.iter().any(|feature| feature == "secure-boot");
            let uefi = found.interfaces.iter().any(|interface| interface == "uefi");
            let (code, vars) = (found.mapping.executable?, found.mapping.vars?);
            let raw = code.format == "raw" && vars.format == "raw" && found.mapping.device == "flash";
            let there = code.filename.is_file() && vars.filename.is_file();
            (target && uefi && raw && there && !secure).then_some(Self {
                code: code.filename,
                vars: vars.filename,
                protected: false,
            })
        })
    }

    fn usual(architecture: &str) -> Option<Self> {
        let found = PLACES
            .iter()
            .find(|(of, code, vars)| *of == architecture && Path::new(code).is_file() && Path::new(vars).is_file());
        found.map(|(_, code, vars)| Self {
            code: code.into(),
            vars: vars.into(),
            protected: false,
        })
    }

    /// The code that the user named, with the variables that its distribution has for it.
    pub(super) fn with_code(code: PathBuf) -> Result<Self> {
        let pairs = pairs().into_iter();
        let described = pairs.filter(|(of, _)| same(of, &code)).map(|(_, vars)| vars);
        let name = code.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // `OVMF_CODE_4M.secboot.fd` and `OVMF_VARS_4M.fd` are beside each other.
        let (first, rest) = name.split_once('.').unwrap_or((&name, "fd"));
        let end = rest.rsplit('.').next().unwrap_or(rest);
        let beside = [("CODE", "VARS"), ("code", "vars")]
            .map(|(from, to)| code.with_file_name(format!("{}.{end}", first.replace(from, to))));
        let mut all = described.chain(beside).filter(|vars| *vars != code && vars.is_file());
        match all.next() {
            Some(vars) => Ok(Self::named(code, vars)),
            None => Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "nothing on this builder says which variables go with the firmware {}",
                    code.display()
                ),
            )
            .hint("name them with `efi_firmware_vars`: a machine with UEFI needs both")),
        }
    }

    /// The code that goes with variables, where something says so.
    pub(super) fn code_for(vars: &Path) -> Option<PathBuf> {
        let found = pairs().into_iter().find(|(code, of)| same(of, vars) && code.is_file());
        found.map(|(code, _)| code)
    }

    /// What the user named.
    pub(super) fn named(code: PathBuf, vars: PathBuf) -> Self {
        let folders: Vec<&Path> = FOLDERS.iter().map(Path::new).collect();
        let described = descriptors(&folders).into_iter().any(|found| {
            let is = found.mapping.executable.is_some_and(|file| same(&file.filename, &code));
            is && found.features.iter().any(|feature| feature == "requires-smm")
        });
        let name = code.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        Self {
            protected: described || name.contains("secboot") || name.contains(".secure."),
            code,
            vars,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_for_the_machine_without_secure_boot_is_chosen() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["code.fd", "vars.fd"] {
            fs::write(at(name), "").expect("written");
        }
        let descriptor = |features: &str, machine: &str| {
            format!(
                r#"{{"description": "x", "interface-types": ["uefi"], "features": [{features}], "tags": [],
                    "mapping": {{"device": "flash", "executable": {{"filename": "{0}/code.fd", "format": "raw"}},
                                 "nvram-template": {{"filename": "{0}/vars.fd", "format": "raw"}}}},
                    "targets": [{{"architecture": "x86_64", "machines": ["{machine}"]}}]}}"#,
                folder.path().display()
            )
        };
        fs::write(at("40-secure.json"), descriptor("\"secure-boot\"", "pc-q35-*")).expect("written");
        let find = |machine| Firmware::described(&[folder.path()], "x86_64", machine);
        assert_eq!(find("q35"), None);
        fs::write(at("50-plain.json"), descriptor("", "pc-q35-*")).expect("written");
        fs::write(at("60-broken.json"), "{").expect("written");
        assert_eq!(find("q35").map(|found| found.code), Some(at("code.fd")));
        assert_eq!(find("pc"), None);
        assert_eq!(Firmware::described(&[folder.path()], "aarch64", "q35"), None);
    }

    #[test]
    fn a_name_tells_what_secure_boot_needs() {
        let of = |code: &str| Firmware::named(code.into(), "vars.fd".into()).protected;
        assert!(of("/nowhere/OVMF_CODE_4M.secboot.fd"));
        assert!(!of("/nowhere/OVMF_CODE_4M.fd"));
    }

    #[test]
    fn variables_are_found_beside_the_code() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("MY_CODE_4M.secboot.fd"), "").expect("written");
        let error = Firmware::with_code(at("MY_CODE_4M.secboot.fd")).expect_err("there are none");
        assert!(error.message().contains("MY_CODE_4M.secboot.fd"), "{}", error.message());
        fs::write(at("MY_VARS_4M.fd"), "").expect("written");
        let found = Firmware::with_code(at("MY_CODE_4M.secboot.fd")).expect("found");
        assert_eq!((found.vars, found.protected), (at("MY_VARS_4M.fd"), true));
        assert!(Firmware::with_code(at("MY_VARS_4M.fd")).is_err(), "not its own");
        assert_eq!(Firmware::code_for(&at("MY_VARS_4M.fd")), None);
    }

    #[test]
    fn a_program_says_its_architecture() {
        assert_eq!(architecture(Path::new("/usr/bin/qemu-system-aarch64")), "aarch64");
        assert_eq!(architecture(Path::new("/usr/libexec/qemu-kvm")), "x86_64");
    }
}
