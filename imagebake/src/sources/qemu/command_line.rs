//! What the settings come to on QEMU's command line, and what the user's own arguments make of it.
//!
//! Everything is looked up and rendered beforehand, so that nothing here reads a file or starts a program.

use super::{
    arguments::{self, Arguments, DriveOptions},
    bridge,
    config::Machine,
    firmware::Firmware,
    start::Setup,
};
use crate::{engine::Cx, error::Result, value::Text};
use serde_json::json;
use std::path::{Path, PathBuf};

/// QEMU counts displays from this port.
pub(super) const FIRST_DISPLAY: u16 = 5900;

/// What a command line needs to know besides settings, disks and media.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// What accelerates the machine; `none` leaves it to QEMU.
    pub(super) accelerator: &'a str,
    /// UEFI, and the machine's own copy of its variables.
    pub(super) uefi: Option<(&'a Firmware, PathBuf)>,
    /// The firmware of the user's.
    pub(super) firmware: Option<PathBuf>,
    /// Where the user's control socket is.
    pub(super) monitor: Option<String>,
    /// The builder's port that leads to the machine, where it has to be known beforehand.
    pub(super) port: Option<u16>,
    /// The user's own options with their values.
    pub(super) own: Vec<(String, String)>,
}

pub(super) fn text(setting: Option<&Text>, otherwise: &str) -> String {
    setting.map_or_else(|| otherwise.to_owned(), Text::to_string)
}

impl Machine {
    pub(super) fn uefi(&self) -> bool {
        self.efi_boot || self.efi_firmware_code.is_some() || self.efi_firmware_vars.is_some()
    }

    pub(super) fn machine(&self) -> String {
        text(self.machine_type.as_ref(), "pc")
    }

    pub(super) fn adapter(&self) -> String {
        text(self.net_device.as_ref(), "virtio-net")
    }

    pub(super) fn tpm_device(&self) -> String {
        text(self.tpm_device_type.as_ref(), "tpm-tis")
    }

    pub(super) fn ssh_port(&self) -> u16 {
        self.communication.ssh.as_ref().map_or(22, |ssh| ssh.port)
    }

    /// The user's arguments with their templates rendered. A value in several parts is one value, without anything between them.
    pub(super) fn own_arguments(&self, cx: &Cx, with: &Setup<'_>, port: Option<u16>) -> Result<Vec<(String, String)>> {
        let mut facts = with.facts.clone();
        let folder = with.folder.join("image").display().to_string();
        facts.insert("name".into(), json!(with.name));
        facts.insert("output_dir".into(), json!(folder));
        facts.insert("ssh_host_port".into(), json!(port.unwrap_or(self.ssh_port())));
        let mut all = Vec::new();
        for words in &self.qemuargs {
            let rendered = words.as_slice().iter().map(|word| {
                let text = cx.render_with(word, facts.clone());
                text.map(|text| text.to_string())
            });
            let rendered: Vec<String> = rendered.collect::<Result<_>>()?;
            if let Some((option, values)) = rendered.split_first() {
                all.push((option.clone(), values.concat()));
            }
        }
        Ok(all)
    }

    /// The command line, without what imagebake talks to the machine through.
    pub(super) fn command_line(&self, with: &Setup<'_>, known: &Known<'_>) -> Arguments {
        let mut all = Arguments::default();
        all.add("-name", with.name);
        let mut machine = format!("type={}", self.machine());
        if known.accelerator != "none" {
            machine.push_str(&format!(",accel={}", known.accelerator));
        }
        if known.uefi.as_ref().is_some_and(|(firmware, _)| firmware.protected) {
            machine.push_str(",smm=on");
            all.add_for_good("-global", "driver=cfi.pflash01,property=secure,value=on");
        }
        all.add("-machine", machine);
        if let Some(model) = &self.cpu_model {
            all.add("-cpu", model.to_string());
        }
        let processors = arguments::processors(self.cpus, self.sockets, self.cores, self.threads);
        all.add("-smp", processors);
        all.add("-m", format!("{}M", self.megabytes()));
        self.add_firmware(known, &mut all);
        self.add_drives(with, &mut all);
        let adapter = self.add_network(known.port, &mut all);
        self.add_randomness(&mut all);
        self.add_screen(&mut all);
        all.add("-serial", format!("file:{}", with.folder.join("serial.log").display()));
        if self.vtpm {
            all.add("-tpmdev", "emulator,id=tpm0,chardev=imagebake-tpm");
            all.add("-device", format!("{},tpmdev=tpm0", self.tpm_device()));
        }
        if let Some(path) = &known.monitor {
            all.add("-qmp", format!("unix:{},server=on,wait=off", path.replace(',', ",,")));
        }
        all.replaced_by(&known.own, Some(&adapter))
    }

    fn add_firmware(&self, known: &Known<'_>, all: &mut Arguments) {
        if let Some((Firmware { code, .. }, own)) = &known.uefi {
            let code = arguments::value(code);
            all.add("-drive", format!("file={code},if=pflash,unit=0,format=raw,readonly=on"));
            // The machine writes into its variables.
            let own = arguments::value(own);
            all.add("-drive", format!("file={own},if=pflash,unit=1,format=raw"));
        }
        match &known.firmware {
            Some(path) if self.use_pflash => all.add(
                "-drive",
                format!("file={},if=pflash,format=raw,readonly=on", arguments::value(path)),
            ),
            Some(path) => all.add("-bios", path.display().to_string()),
            None => {}
        }
    }

    fn add_drives(&self, with: &Setup<'_>, all: &mut Arguments) {
        let discard = text(self.disk_discard.as_ref(), "ignore");
        let zeroes = match discard.as_str() {
            "unmap" => "unmap",
            _ => "off",
        };
        let options = DriveOptions {
            interface: text(self.disk_interface.as_ref(), "virtio"),
            cache: text(self.disk_cache.as_ref(), "unsafe"),
            detect_zeroes: text(self.disk_detect_zeroes.as_ref(), zeroes),
            discard,
            starts: with.disks.started,
        };
        arguments::add_disks(all, &with.disks.drives, &options);
        let interface = self.cdrom_interface.as_ref().map(Text::to_string);
        arguments::add_cds(all, with.cds, interface.as_deref());
        if let Some(floppy) = with.floppy {
            let drive = format!("file={},if=floppy,format=raw", arguments::value(floppy));
            // Whoever replaces the disks does not mean it.
            all.add_until("-fda", "-drive", drive);
        }
        all.add("-boot", if with.disks.started { "c" } else { "once=d" });
    }

    /// The network; gives the adapter.
    fn add_network(&self, port: Option<u16>, all: &mut Arguments) -> String {
        let mut adapter = format!("{},netdev=user.0", self.adapter());
        if self.net_bridge.is_some() {
            adapter.push_str(&format!(",mac={}", bridge::new_mac()));
        }
        let network = match (&self.net_bridge, port) {
            (Some(bridge), _) => format!("bridge,id=user.0,br={bridge}"),
            (None, Some(port)) => format!("user,id=user.0,hostfwd=tcp:127.0.0.1:{port}-:{}", self.ssh_port()),
            (None, None) => "user,id=user.0".to_owned(),
        };
        all.add("-netdev", network);
        all.add("-device", adapter.clone());
        adapter
    }

    /// Randomness of the builder's. A machine that is just starting has none of its own, and what it needs for the keys of its SSH server costs
    /// an emulated processor without such an instruction seconds (4 of 26 until somebody can log in to Debian). Behind the network's
    /// adapter, which keeps its place on the bus.
    fn add_randomness(&self, all: &mut Arguments) {
        let machine = self.machine();
        let no_bus = ["none", "isapc", "microvm"]
            .iter()
            .any(|name| machine.starts_with(name));
        if !no_bus {
            all.add("-device", "virtio-rng");
        }
    }

    fn add_screen(&self, all: &mut Arguments) {
        let vnc = self.vnc.as_ref();
        if !vnc.is_some_and(|vnc| vnc.disable) {
            let host = text(vnc.and_then(|vnc| vnc.bind_address.as_ref()), "127.0.0.1");
            let host = match host.contains(':') && !host.starts_with('[') {
                true => format!("[{host}]"),
                false => host,
            };
            let first = vnc.and_then(|vnc| vnc.port_min).unwrap_or(FIRST_DISPLAY);
            let last = vnc.and_then(|vnc| vnc.port_max).unwrap_or(6000);
            let display = first.saturating_sub(FIRST_DISPLAY);
            // QEMU takes the first that is free.
            let mut value = format!(
                "{host}:{display},to={}",
                last.saturating_sub(FIRST_DISPLAY).max(display)
            );
            if self.vnc_use_password {
                value.push_str(",password=on");
            }
            all.add("-vnc", value);
        }
        if let Some(vga) = &self.vga {
            all.add("-vga", vga.to_string());
        }
        let somebody_looks = ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
        match &self.display {
            _ if self.headless => all.add("-display", "none"),
            _ if self.use_default_display => {}
            Some(display) => all.add("-display", display.to_string()),
            None if !somebody_looks => all.add("-display", "none"),
            None => all.add("-display", "gtk"),
        }
    }
}

/// Where the machine's own copy of the firmware's variables is.
pub(super) fn own_variables(folder: &Path) -> PathBuf {
    folder.join("image/efivars.fd")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        communicator::ssh::Ssh,
        groups::{Iso, Vnc},
        sources::qemu::{arguments::Drive, disks::Disks},
        value::{Checksum, Secret, Vars},
    };

    /// The command line of a machine with a disk, a medium besides, and a floppy disk.
    fn line(machine: &Machine, known: &Known<'_>) -> String {
        let drive = |name: &str| Drive {
            path: name.into(),
            format: machine.disk_format(),
        };
        let disks = Disks {
            drives: vec![drive("one"), drive("two")],
            base: None,
            layered: false,
            started: machine.disk_image,
        };
        let setup = Setup {
            folder: Path::new("/f"),
            name: "web",
            disks: &disks,
            cds: &["a.iso".into(), "b,c.iso".into()],
            floppy: Some(Path::new("floppy.img")),
            facts: Vars::default(),
        };
        machine.command_line(&setup, known).words().join(" ")
    }

    fn of_disk() -> Machine {
        Machine::from_disk(Iso::new("debian.qcow2", Checksum::none())).headless(true)
    }

    fn of_iso() -> Machine {
        Machine::from_iso(Iso::new("debian.iso", Checksum::none())).headless(true)
    }

    #[test]
    fn every_setting_is_seen_on_the_command_line() {
        let root = || Ssh::user("root").password(Secret::literal("pw"));
        let cases: Vec<(Machine, &[&str])> = vec![
            (
                of_disk(),
                &[
                    "-name web",
                    "-machine type=pc,accel=tcg",
                    "-smp cpus=1",
                    "-m 512M",
                    "-drive file=one,if=virtio,cache=unsafe,discard=ignore,format=qcow2",
                    "-drive file=two,if=virtio",
                    "-drive file=a.iso,media=cdrom,readonly=on -drive file=b,,c.iso,media=cdrom,readonly=on",
                    "-drive file=floppy.img,if=floppy,format=raw",
                    "-boot c",
                    "-netdev user,id=user.0 -device virtio-net,netdev=user.0",
                    "-vnc 127.0.0.1:0,to=100",
                    "-display none",
                    "-serial file:/f/serial.log",
                ],
            ),
            (of_iso(), &["-boot once=d"]),
            (of_disk().machine_type("q35"), &["-machine type=q35,accel=tcg"]),
            (of_disk().cpu_model("max"), &["-cpu max"]),
            (of_disk().cpus(3), &["-smp cpus=3"]),
            (
                of_disk().sockets(2).cores(3).threads(1),
                &["-smp cpus=6,sockets=2,cores=3,threads=1"],
            ),
            (of_disk().memory(2048), &["-m 2048M"]),
            (of_disk().format("raw"), &["discard=ignore,format=raw"]),
            (
                of_disk().disk_interface("virtio-scsi"),
                &["-device virtio-scsi-pci,id=scsi0", "scsi-hd,bus=scsi0.0,drive=drive1"],
            ),
            (of_disk().disk_interface("sd"), &["file=one,if=sd,"]),
            (of_disk().disk_cache("none"), &["if=virtio,cache=none,"]),
            (
                of_disk().disk_discard("unmap"),
                &["discard=unmap,format=qcow2,detect-zeroes=unmap"],
            ),
            (of_disk().disk_detect_zeroes("on"), &["format=qcow2,detect-zeroes=on"]),
            (of_disk().cdrom_interface("ide"), &["file=a.iso,if=ide,media=cdrom"]),
            (
                of_disk().cdrom_interface("sata"),
                &[
                    "-device ahci,id=cds",
                    "file=b,,c.iso,if=none,id=cdrom1,media=cdrom,readonly=on -device ide-cd,bus=cds.1,drive=cdrom1",
                ],
            ),
            (
                of_disk().cdrom_interface("virtio-scsi"),
                &[
                    "-device virtio-scsi-pci,id=cds",
                    "-device scsi-cd,bus=cds.0,drive=cdrom0",
                ],
            ),
            (of_disk().cdrom_interface("scsi"), &["-device lsi53c895a,id=cds"]),
            (of_disk().net_device("e1000"), &["-device e1000,netdev=user.0"]),
            (
                of_disk().net_bridge("br7"),
                &["-netdev bridge,id=user.0,br=br7", "netdev=user.0,mac=52:54:00:"],
            ),
            (of_disk().vga("qxl"), &["-vga qxl"]),
            (of_disk().headless(false).display("curses"), &["-display curses"]),
            (of_disk().display("gtk"), &["-display none"]),
            (
                of_disk().vnc(Vnc::new().port_min(5905).port_max(5907)),
                &["-vnc 127.0.0.1:5,to=7"],
            ),
            (of_disk().vnc(Vnc::new().bind_address("0.0.0.0")), &["-vnc 0.0.0.0:0,"]),
            (of_disk().vnc(Vnc::new().bind_address("::1")), &["-vnc [::1]:0,"]),
            (of_disk().vnc_use_password(true), &["to=100,password=on"]),
            (
                of_disk().vtpm(true),
                &["-tpmdev emulator,id=tpm0", "-device tpm-tis,tpmdev=tpm0"],
            ),
            (
                of_disk().vtpm(true).tpm_device_type("tpm-crb"),
                &["-device tpm-crb,tpmdev=tpm0"],
            ),
            (of_disk().ssh(root().port(2200)), &["-netdev user,id=user.0 "]),
        ];
        let known = Known {
            accelerator: "tcg",
            ..Known::default()
        };
        for (machine, parts) in &cases {
            let line = format!("{} ", line(machine, &known));
            for part in *parts {
                assert!(line.contains(part), "{part:?} is missing:\n{line}");
            }
        }
        let windowed = of_disk().headless(false).use_default_display(true);
        assert!(!line(&windowed, &known).contains("-display"));
        let off = of_disk().vnc(Vnc::new().disable(true));
        assert!(!line(&off, &known).contains("-vnc"));
        assert!(!line(&of_disk().machine_type("isapc"), &known).contains("virtio-rng"));
    }

    #[test]
    fn what_is_looked_up_is_seen_on_the_command_line() {
        let firmware = Firmware {
            code: "code.fd".into(),
            vars: "vars.fd".into(),
            protected: true,
        };
        let known = || Known {
            accelerator: "none",
            uefi: Some((&firmware, "own.fd".into())),
            firmware: Some("bios,1.bin".into()),
            monitor: Some("/a,b/qmp".into()),
            port: Some(2201),
            own: Vec::new(),
        };
        let all = line(&of_disk().ssh(Ssh::user("root").port(2200)), &known());
        for part in [
            "-machine type=pc,smm=on",
            "-global driver=cfi.pflash01,property=secure,value=on",
            "file=code.fd,if=pflash,unit=0,format=raw,readonly=on",
            "file=own.fd,if=pflash,unit=1,format=raw",
            "-bios bios,1.bin",
            "-qmp unix:/a,,b/qmp,server=on,wait=off",
            "hostfwd=tcp:127.0.0.1:2201-:2200",
        ] {
            assert!(all.contains(part), "{part:?} is missing:\n{all}");
        }
        let flash = line(&of_disk().use_pflash(true), &known());
        assert!(
            flash.contains("file=bios,,1.bin,if=pflash,format=raw,readonly=on"),
            "{flash}"
        );
    }

    #[test]
    fn the_users_options_replace_those_of_the_settings() {
        let firmware = Firmware {
            code: "code.fd".into(),
            vars: "vars.fd".into(),
            protected: true,
        };
        let with = |own: &[(&str, &str)]| {
            let own = own
                .iter()
                .map(|(option, value)| ((*option).to_owned(), (*value).to_owned()));
            let known = Known {
                accelerator: "tcg",
                uefi: Some((&firmware, "own.fd".into())),
                own: own.collect(),
                ..Known::default()
            };
            format!("{} ", line(&of_disk().vtpm(true).vga("std"), &known))
        };
        // Each option that settings make gives way to the user's, wherever those come from.
        for option in [
            "-name", "-machine", "-smp", "-m", "-boot", "-netdev", "-vnc", "-vga", "-display", "-serial", "-tpmdev",
        ] {
            let line = with(&[(option, "first"), (option, "second")]);
            let count = line.matches(&format!(" {option} ")).count() + usize::from(line.starts_with(option));
            assert_eq!(count, 2, "{option}: {line}");
            assert!(line.ends_with(&format!("{option} first {option} second ")), "{line}");
        }
        let drives = with(&[("-drive", "mine")]);
        assert!(
            !drives.contains("file=one") && !drives.contains("a.iso") && !drives.contains("pflash,"),
            "{drives}"
        );
        assert!(
            drives.contains("file=floppy.img"),
            "no drive of the user's is it: {drives}"
        );
        assert!(!with(&[("-fda", "mine")]).contains("file=floppy.img"));
        let devices = with(&[("-device", "virtio-balloon")]);
        assert!(
            devices.contains("-device virtio-net,netdev=user.0") && !devices.contains("tpm-tis"),
            "{devices}"
        );
        assert!(with(&[("-global", "mine")]).contains("-global driver=cfi.pflash01"));
    }
}
