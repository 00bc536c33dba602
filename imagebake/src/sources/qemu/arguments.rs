//! The command line of a machine: what the settings say, one option at a time, and what the user's own arguments replace.
//!
//! The rule is the templates': an option that the user gives replaces all of ours with its name, wherever it stands, and may be given several
//! times. Exceptions keep a machine whole: a `-device` of the user's does not take the network adapter away, a `-drive` not the floppy disk, which
//! is replaced by `-fda`, and what the machine's firmware needs or imagebake talks through (the control connection, the TPM's socket) is never
//! replaced.

use std::path::{Path, PathBuf};

/// Options with their values, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments(Vec<Argument>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
    option: String,
    value: String,
    /// The user's option that takes its place.
    until: Option<String>,
}

impl Arguments {
    pub(super) fn add(&mut self, option: &str, value: impl Into<String>) {
        self.add_until(option, option, value);
    }

    /// Adds an option that the user's `until` replaces.
    pub(super) fn add_until(&mut self, until: &str, option: &str, value: impl Into<String>) {
        self.0.push(Argument {
            option: option.to_owned(),
            value: value.into(),
            until: Some(until.to_owned()),
        });
    }

    /// Adds an option that nothing replaces.
    pub(super) fn add_for_good(&mut self, option: &str, value: impl Into<String>) {
        self.0.push(Argument {
            option: option.to_owned(),
            value: value.into(),
            until: None,
        });
    }

    /// Puts the user's options in the place of ours.
    pub(super) fn replaced_by(mut self, users: &[(String, String)], adapter: Option<&str>) -> Self {
        let given = |until: &String| users.iter().any(|(given, _)| same(given, until));
        self.0.retain(|ours| !ours.until.as_ref().is_some_and(given));
        for (option, value) in users {
            self.add(option, value);
        }
        let device = |(option, value): &(String, String)| same(option, "-device").then_some(value.clone());
        if let Some(adapter) = adapter {
            let model = adapter.split(',').next().unwrap_or(adapter);
            let given: Vec<String> = users.iter().filter_map(device).collect();
            if !given.is_empty() && !given.iter().any(|value| value.contains(model)) {
                self.add("-device", adapter);
            }
        }
        self
    }

    /// As a program takes them.
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.0.iter().flat_map(|all| [&all.option, &all.value]);
        words.filter(|word| !word.is_empty()).cloned().collect()
    }
}

/// QEMU takes one dash or two.
pub(super) fn same(one: &str, other: &str) -> bool {
    one.trim_start_matches('-') == other.trim_start_matches('-')
}

/// A path as a value among others: a comma in it is written twice.
pub(super) fn value(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

/// A disk of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Drive {
    pub(super) path: PathBuf,
    pub(super) format: String,
}

/// How disks are attached and treated.
#[derive(Clone, Debug)]
pub(super) struct DriveOptions {
    pub(super) interface: String,
    pub(super) cache: String,
    pub(super) discard: String,
    pub(super) detect_zeroes: String,
    /// Whether the machine starts from the first disk: firmware has orders of its own.
    pub(super) starts: bool,
}

/// Adds the machine's disks.
pub(super) fn add_disks(arguments: &mut Arguments, disks: &[Drive], options: &DriveOptions) {
    let DriveOptions {
        interface,
        cache,
        discard,
        detect_zeroes,
        starts,
    } = options;
    let controller = match interface.as_str() {
        "virtio-scsi" => Some("virtio-scsi-pci,id=scsi0"),
        "scsi" => Some("lsi53c895a,id=scsi0"),
        "sata" => Some("ahci,id=ahci0"),
        _ => None,
    };
    if let (Some(controller), false) = (controller, disks.is_empty()) {
        arguments.add("-device", controller);
    }
    for (i, disk) in disks.iter().enumerate() {
        let device = match interface.as_str() {
            "virtio-scsi" | "scsi" => Some(format!("scsi-hd,bus=scsi0.0,drive=drive{i}")),
            "sata" => Some(format!("ide-hd,bus=ahci0.{i},drive=drive{i}")),
            "nvme" => Some(format!("nvme,serial=disk{i},drive=drive{i}")),
            _ => None,
        };
        let mut drive = format!("file={}", value(&disk.path));
        match device {
            Some(mut device) => {
                if i == 0 && *starts {
                    device.push_str(",bootindex=0");
                }
                drive.push_str(&format!(",if=none,id=drive{i}"));
                arguments.add("-device", device);
            }
            None => drive.push_str(&format!(",if={interface}")),
        }
        drive.push_str(&format!(",cache={cache},discard={discard},format={}", disk.format));
        if detect_zeroes != "off" {
            drive.push_str(&format!(",detect-zeroes={detect_zeroes}"));
        }
        arguments.add("-drive", drive);
    }
}

/// Adds media that can only be read, in drives for CDs.
pub(super) fn add_cds(arguments: &mut Arguments, media: &[PathBuf], interface: Option<&str>) {
    let controller = match interface {
        Some("virtio-scsi") => Some("virtio-scsi-pci,id=cds"),
        Some("scsi") => Some("lsi53c895a,id=cds"),
        Some("sata") => Some("ahci,id=cds"),
        _ => None,
    };
    if let (Some(controller), false) = (controller, media.is_empty()) {
        arguments.add("-device", controller);
    }
    for (i, medium) in media.iter().enumerate() {
        let file = value(medium);
        let attached = match (controller, interface) {
            (Some(_), Some("sata")) => Some(format!("ide-cd,bus=cds.{i},drive=cdrom{i}")),
            (Some(_), _) => Some(format!("scsi-cd,bus=cds.0,drive=cdrom{i}")),
            (None, _) => None,
        };
        let on = match (&attached, interface) {
            (Some(_), _) => format!("if=none,id=cdrom{i},"),
            (None, Some(interface)) => format!("if={interface},"),
            (None, None) => String::new(),
        };
        arguments.add("-drive", format!("file={file},{on}media=cdrom,readonly=on"));
        if let Some(attached) = attached {
            arguments.add("-device", attached);
        }
    }
}

/// How many processors sockets, cores and threads come to, where any of them is given.
pub(super) fn product(of: [Option<u32>; 3]) -> Option<u32> {
    let given = of.iter().any(Option::is_some);
    given.then(|| of.iter().fold(1, |all: u32, one| all.saturating_mul(one.unwrap_or(1))))
}

/// Processors as sockets, cores and threads: no more than those come to, where they are given.
pub(super) fn processors(cpus: Option<u32>, sockets: Option<u32>, cores: Option<u32>, threads: Option<u32>) -> String {
    let most = product([sockets, cores, threads]);
    let count = cpus.unwrap_or(u32::MAX).min(most.or(cpus).unwrap_or(1));
    let mut text = format!("cpus={count}");
    for (name, number) in [("sockets", sockets), ("cores", cores), ("threads", threads)] {
        if let Some(number) = number {
            text.push_str(&format!(",{name}={number}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(arguments: &Arguments) -> String {
        arguments.words().join(" ")
    }

    fn given(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(option, value)| ((*option).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_users_options_replace_ours_by_name() {
        let mut ours = Arguments::default();
        for (option, value) in [("-m", "512M"), ("-drive", "a"), ("-drive", "b"), ("-vga", "std")] {
            ours.add(option, value);
        }
        let users = given(&[("-drive", "c"), ("--m", "1G"), ("-nographic", ""), ("-drive", "d")]);
        let both = ours.clone().replaced_by(&users, Some("virtio-net,netdev=user.0"));
        assert_eq!(words(&both), "-vga std -drive c --m 1G -nographic -drive d");
        assert_eq!(ours.clone().replaced_by(&[], None), ours);
    }

    #[test]
    fn a_device_of_the_users_leaves_the_network_adapter() {
        let mut ours = Arguments::default();
        ours.add("-device", "virtio-net,netdev=user.0");
        let adapter = Some("virtio-net,netdev=user.0");
        let more = ours
            .clone()
            .replaced_by(&given(&[("-device", "virtio-rng-pci")]), adapter);
        assert_eq!(words(&more), "-device virtio-rng-pci -device virtio-net,netdev=user.0");
        let own = ours.replaced_by(&given(&[("-device", "virtio-net,netdev=mine")]), adapter);
        assert_eq!(words(&own), "-device virtio-net,netdev=mine");
    }

    #[test]
    fn disks_are_attached_as_their_interface_wants() {
        let disks = ["a,b", "c"].map(|path| Drive {
            path: path.into(),
            format: "qcow2".to_owned(),
        });
        let of = |interface: &str| {
            let mut arguments = Arguments::default();
            let options = DriveOptions {
                interface: interface.to_owned(),
                cache: "writeback".to_owned(),
                discard: "ignore".to_owned(),
                detect_zeroes: "off".to_owned(),
                starts: interface == "nvme",
            };
            add_disks(&mut arguments, &disks, &options);
            words(&arguments)
        };
        let rest = "cache=writeback,discard=ignore,format=qcow2";
        assert_eq!(
            of("virtio"),
            format!("-drive file=a,,b,if=virtio,{rest} -drive file=c,if=virtio,{rest}")
        );
        let scsi = of("virtio-scsi");
        assert!(scsi.starts_with("-device virtio-scsi-pci,id=scsi0 -device scsi-hd,bus=scsi0.0,drive=drive0 -drive"));
        assert!(scsi.contains("file=c,if=none,id=drive1,"), "{scsi}");
        let nvme = of("nvme");
        assert!(
            nvme.contains("-device nvme,serial=disk0,drive=drive0,bootindex=0 "),
            "{nvme}"
        );
        assert!(nvme.contains("-device nvme,serial=disk1,drive=drive1 "), "{nvme}");
        assert!(of("sata").contains("-device ide-hd,bus=ahci0.1,drive=drive1"));
    }

    #[test]
    fn processors_are_what_they_are_made_of() {
        assert_eq!(processors(None, None, None, None), "cpus=1");
        assert_eq!(processors(Some(4), None, None, None), "cpus=4");
        assert_eq!(processors(None, Some(2), Some(3), None), "cpus=6,sockets=2,cores=3");
        assert_eq!(
            processors(Some(2), Some(2), Some(3), Some(1)),
            "cpus=2,sockets=2,cores=3,threads=1"
        );
        assert_eq!(processors(Some(8), None, Some(3), None), "cpus=3,cores=3");
        assert_eq!(product([Some(u32::MAX), Some(2), None]), Some(u32::MAX));
    }
}
