//! What is wrong with the settings, as far as they alone tell; and what of them decides nothing.

use super::{
    arguments::{product, same},
    command_line::FIRST_DISPLAY,
    config::{Machine, size_of},
};
use crate::{
    boot_command,
    communicator::ssh::Ssh,
    groups::{Boot, Vnc},
    plan::{Diagnostic, Diagnostics},
    value::Text,
};

const ACCELERATORS: &[&str] = &["none", "kvm", "tcg", "hax", "hvf", "whpx", "xen"];
const IMAGE_FORMATS: &[&str] = &["qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx"];
const INTERFACES: &[&str] = &["virtio", "virtio-scsi", "ide", "sata", "scsi", "nvme", "sd"];
const CD_INTERFACES: &[&str] = &["virtio", "virtio-scsi", "ide", "sata", "scsi"];
const CACHES: &[&str] = &["writethrough", "writeback", "none", "unsafe", "directsync"];
/// With less no firmware starts.
const LEAST_MEMORY: u32 = 10;

impl Machine {
    pub(super) fn check_all(&self, problems: &mut Diagnostics) {
        self.check_groups(problems);
        self.check_numbers(problems);
        self.check_disks(problems);
        self.check_way_in(problems);
        if self.step_snapshots {
            self.check_snapshots(problems);
        }
        for (field, word, known) in [
            ("format", &self.format, &["qcow2", "raw"][..]),
            ("image_format", &self.image_format, IMAGE_FORMATS),
            ("disk_interface", &self.disk_interface, INTERFACES),
            ("cdrom_interface", &self.cdrom_interface, CD_INTERFACES),
            ("accelerator", &self.accelerator, ACCELERATORS),
            ("disk_cache", &self.disk_cache, CACHES),
            ("disk_discard", &self.disk_discard, &["unmap", "ignore"]),
            ("disk_detect_zeroes", &self.disk_detect_zeroes, &["unmap", "on", "off"]),
        ] {
            problems.check_word(field, word.as_ref(), known);
        }
        for (field, message) in self.idle() {
            problems.warning(field, "no-effect", message);
        }
    }

    /// Finds what cannot be stored with the machine, or would keep it from starting again.
    fn check_snapshots(&self, problems: &mut Diagnostics) {
        let mut refuse = |message: &str, help: &str| {
            let problem = Diagnostic::error("contradiction", message).field("step_snapshots");
            problems.push(problem.help(help));
        };
        if !self.wants_ssh() {
            refuse(
                "a machine is stored once what it has in memory is written out, and nobody is in it to say so",
                "use SSH, or leave `step_snapshots` out",
            );
        }
        if self.vtpm {
            refuse(
                "what is in a TPM is not stored, and a machine that has sealed something with it would not start again",
                "leave `vtpm` or `step_snapshots` out",
            );
        }
        let disks = [
            "drive", "blockdev", "hda", "hdb", "hdc", "hdd", "sd", "mtdblock", "snapshot",
        ];
        let own = self.qemuargs.iter().filter_map(|words| words.as_slice().first());
        if own
            .map(ToString::to_string)
            .any(|option| disks.iter().any(|disk| same(disk, &option)))
        {
            refuse(
                "`qemuargs` attaches disks of its own, which are not stored",
                "leave that to `disk_interface` and `additional_disk`, or leave `step_snapshots` out",
            );
        }
        let logs_in = self.communication.ssh.as_ref().is_none_or(Ssh::has_login);
        if self.tells_key() && self.cloud_init.is_none() && !logs_in {
            refuse(
                "only the key made for the build logs in, which is another one when the machine is started from its stored state",
                "give a login that stays, such as `.private_key_file(…)` or `.password(…)`, or leave `step_snapshots` out",
            );
        }
    }

    fn check_groups(&self, problems: &mut Diagnostics) {
        self.communication.check_all(problems);
        if let Some(http) = &self.http {
            http.check_all(problems);
        }
        if let Some(boot) = &self.boot {
            boot.check_all(problems);
        }
        if let Some(iso) = &self.iso {
            iso.check_all(problems);
        }
        if let Some(vnc) = &self.vnc {
            vnc.check_all(problems);
        }
        if let Some(ports) = &self.host_ports {
            ports.check_all(problems);
        }
        if let Some(http) = self.http.as_ref().filter(|_| self.net_bridge.is_none()) {
            http.warn_of_interface(problems);
        }
    }

    fn check_numbers(&self, problems: &mut Diagnostics) {
        for (field, number) in [
            ("cpus", self.cpus),
            ("sockets", self.sockets),
            ("cores", self.cores),
            ("threads", self.threads),
        ] {
            if number == Some(0) {
                problems.error(field, "out-of-range", "with none of them nothing runs: 1 at least");
            }
        }
        if let (Some(cpus), Some(most)) = (self.cpus, product([self.sockets, self.cores, self.threads]))
            && cpus > most
        {
            let message =
                format!("sockets, cores and threads come to {most}: so many processors there are, not {cpus}");
            problems.warning("cpus", "no-effect", message);
        }
        if self.memory.is_some_and(|memory| memory < LEAST_MEMORY) {
            let message = format!("no machine starts with {} MB of memory", self.megabytes());
            let problem = Diagnostic::error("out-of-range", message).field("memory");
            problems.push(problem.help("memory is a number of MB: 2048 are 2 GB"));
        }
        let first = self.vnc.as_ref().and_then(|vnc| vnc.port_min);
        if let Some(first) = first.filter(|first| (1..FIRST_DISPLAY).contains(first)) {
            let message = format!("QEMU counts screens from port {FIRST_DISPLAY}, and {first} is before it");
            let problem = Diagnostic::error("out-of-range", message).field("vnc_port_min");
            problems.push(problem.help(format!("give {FIRST_DISPLAY} or more")));
        }
    }

    fn check_disks(&self, problems: &mut Diagnostics) {
        let disk = self.disk_size.iter().map(|size| ("disk_size", size));
        let more = self.disk_additional_size.iter();
        for (field, size) in disk.chain(more.map(|size| ("disk_additional_size", size))) {
            let nothing = field == "disk_additional_size" && size_of(size) == Some(0);
            if size_of(size).is_none() || nothing {
                let message = format!("`{size}` is no size: write `40G`, `40960M` or a number of MB");
                problems.error(field, "form", message);
            }
        }
        let is_qcow2 = |format: &Option<Text>| format.as_ref().is_none_or(|format| format.to_string() == "qcow2");
        if self.use_backing_file && !(self.disk_image && is_qcow2(&self.format)) {
            let problem = Diagnostic::error(
                "contradiction",
                "only a qcow2 image that starts from a disk can keep what differs",
            );
            problems.push(
                problem
                    .field("use_backing_file")
                    .help("start `from_disk`, with the form `qcow2`"),
            );
        }
        if self.skip_resize_disk && !self.disk_image {
            problems.error(
                "skip_resize_disk",
                "contradiction",
                "there is no disk to start from whose size could stay",
            );
        }
        let written = self.image_format.as_ref().map_or(&self.format, |_| &self.image_format);
        if self.disk_compression && !is_qcow2(written) {
            problems.warning("disk_compression", "no-effect", "only qcow2 images are compressed");
        }
    }

    fn check_way_in(&self, problems: &mut Diagnostics) {
        if self.tells_key() && !self.wants_ssh() {
            let problem = Diagnostic::error(
                "contradiction",
                "the key `ssh_public_key` is of a login over SSH, and nobody logs in so",
            );
            problems.push(
                problem
                    .field("communicator")
                    .help("leave the template's key out, or use SSH"),
            );
        }
        if let Some(cloud_init) = &self.cloud_init {
            cloud_init.check_all(problems);
            if self.communication.ssh.is_none() {
                let problem = Diagnostic::error("missing", "cloud-init is told who may log in, and nobody is named");
                problems.push(problem.field("cloud_init").help("say `.ssh(Ssh::user(\"debian\"))`"));
            }
        }
        for step in &self.boot_steps {
            for problem in boot_command::check("boot_steps", step.as_slice().first()) {
                problems.push(problem);
            }
        }
        if self.boot.is_some() && !self.boot_steps.is_empty() {
            problems.check_exclusive(&[("boot_command", self.types()), ("boot_steps", true)]);
        }
    }

    fn types(&self) -> bool {
        self.boot.as_ref().is_some_and(Boot::types)
    }

    /// Whether a key is made for the build: then somebody is told of it.
    fn makes_key(&self) -> bool {
        let ssh = self.communication.ssh.as_ref().filter(|_| self.wants_ssh());
        ssh.is_some_and(|ssh| self.cloud_init.is_some() || self.tells_key() && !ssh.has_key())
    }

    /// Settings that decide nothing as things stand, and why.
    fn idle(&self) -> Vec<(&'static str, &'static str)> {
        const WINDOWLESS: &str = "`headless` says that nothing shows the screen";
        let ssh = self.communication.ssh.as_ref().filter(|_| self.wants_ssh());
        let off = self.vnc.as_ref().is_some_and(Vnc::is_disabled);
        let screen = |vnc: &Vnc| vnc.bind_address.is_some() || vnc.port_min.is_some() || vnc.port_max.is_some();
        let typed = self.types() || !self.boot_steps.is_empty();
        let display = self.display.as_ref().map(Text::to_string);
        let own_drives = self.qemuargs.iter().any(|words| {
            let option = words.as_slice().first().map(ToString::to_string);
            option.is_some_and(|option| same(&option, "drive"))
        });
        let command = self
            .shutdown
            .as_ref()
            .is_some_and(|shutdown| shutdown.command.is_some());
        let silent = !self.wants_ssh() && self.communication.winrm.is_none();
        [
            (
                "run_once",
                self.run_once,
                "a machine is started once in any case: one that turns itself off is not started again",
            ),
            (
                "iso_skip_cache",
                self.iso_skip_cache,
                "a file of the builder is used where it is in any case, and what is fetched is kept for the next build",
            ),
            (
                "use_pflash",
                self.use_pflash && self.firmware.is_none(),
                "no `firmware` is named that could be attached so",
            ),
            (
                "use_tpm1",
                self.use_tpm1 && !self.vtpm,
                "the machine has no TPM: that is `vtpm`",
            ),
            (
                "tpm_device_type",
                self.tpm_device_type.is_some() && !self.vtpm,
                "the machine has no TPM: that is `vtpm`",
            ),
            (
                "efi_drop_efivars",
                self.efi_drop_efivars && !self.uefi(),
                "the firmware is not EFI, and has no such file",
            ),
            (
                "vnc_password",
                self.vnc_password.is_some() && !self.vnc_use_password,
                "the screen asks for no password: that is `vnc_use_password`",
            ),
            (
                "vnc_use_password",
                self.vnc_use_password && off,
                "no screen is offered that could ask for one",
            ),
            (
                "disable_vnc",
                off && self.vnc.as_ref().is_some_and(screen),
                "no screen is offered, so that neither its address nor its port counts",
            ),
            (
                "qmp_socket_path",
                self.qmp_socket_path.is_some() && !self.qmp_enable,
                "no control socket is offered: that is `qmp_enable`",
            ),
            (
                "display",
                self.headless && display.as_ref().is_some_and(|display| display != "none"),
                WINDOWLESS,
            ),
            (
                "display",
                !self.headless && self.use_default_display && display.is_some(),
                "`use_default_display` leaves it to QEMU",
            ),
            ("use_default_display", self.headless && self.use_default_display, WINDOWLESS),
            (
                "boot_key_interval",
                self.boot_key_interval.is_some() && !typed,
                "nothing is typed",
            ),
            (
                "shutdown_command",
                command && silent,
                "nobody is in the machine who could run it: it has to turn itself off",
            ),
            (
                "host_port_min",
                self.net_bridge.is_some() && self.host_ports.as_ref().is_some_and(|ports| !ports.skip_nat_mapping),
                "a machine on a bridge is reached at its own address, and not by a port of the builder",
            ),
            (
                "cloud_init",
                self.cloud_init.is_some() && own_drives,
                "`-drive` in `qemuargs` replaces all drives, and the CD that tells cloud-init who may log in is one of them",
            ),
            (
                "ssh_keypair_name",
                ssh.is_some_and(|ssh| ssh.keypair_name.is_some()),
                "QEMU keeps no key pairs: name the key with `private_key_file`",
            ),
            (
                "ssh_temporary_key_pair_name",
                ssh.is_some_and(|ssh| ssh.temporary_key_pair_name.is_some()) && !self.makes_key(),
                "no key is made for the build: that is what `cloud_init` and templates with `ssh_public_key` need one for",
            ),
            (
                "ssh_clear_authorized_keys",
                ssh.is_some_and(|ssh| ssh.clear_authorized_keys) && !self.makes_key(),
                "no key is made for the build that could be taken out again",
            ),
        ]
        .into_iter()
        .filter(|(_, idle, _)| *idle)
        .map(|(field, _, why)| (field, why))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        communicator::ssh::Ssh,
        describe::Component,
        groups::{CloudInit, HostPorts, Http, Iso, Shutdown},
        value::{Checksum, Secret},
    };
    use std::time::Duration;

    #[test]
    fn a_key_that_nobody_logs_in_with_is_refused() {
        let machine = |key: &'static str| {
            let machine = Machine::from_disk(Iso::new("debian.qcow2", Checksum::none()));
            machine.boot(Boot::keys([key])).communicator("none")
        };
        for (keys, refused) in [("<enter>", false), ("key={{ ssh_public_key }}<enter>", true)] {
            let mut problems = Diagnostics::new();
            machine(keys).check(&mut problems);
            assert_eq!(
                problems.iter().any(|problem| problem.code == "contradiction"),
                refused,
                "{keys}"
            );
        }
    }

    fn machine() -> Machine {
        Machine::from_disk(Iso::new("debian.qcow2", Checksum::none()))
    }

    fn found(machine: &Machine, code: &str) -> Vec<String> {
        let mut problems = Diagnostics::new();
        machine.check(&mut problems);
        let of = problems.iter().filter(|problem| problem.code == code);
        of.map(|problem| problem.field.clone().unwrap_or_default()).collect()
    }

    #[test]
    fn a_machine_that_could_not_start_again_from_what_is_stored_is_refused() {
        let key = || Boot::keys(["key={{ ssh_public_key }}<enter>"]);
        let root = || Ssh::user("root");
        let stored = || machine().step_snapshots(true);
        let cases = [
            (stored().ssh(root()), false),
            (machine().vtpm(true).ssh(root()), false),
            (stored().vtpm(true).ssh(root()), true),
            (stored().communicator("none"), true),
            (stored().ssh(root()).qemuarg(["-drive", "file=more.img"]), true),
            (stored().ssh(root()).qemuarg(["-cpu", "max"]), false),
            (stored().ssh(root()).boot(key()), true),
            (stored().ssh(root().password(Secret::literal("pw"))).boot(key()), false),
            (stored().ssh(root()).boot(key()).cloud_init(CloudInit::new()), false),
        ];
        for (i, (machine, refused)) in cases.iter().enumerate() {
            let fields = found(machine, "contradiction");
            assert_eq!(
                fields.contains(&"step_snapshots".to_owned()),
                *refused,
                "case {i}: {fields:?}"
            );
        }
    }

    #[test]
    fn what_decides_nothing_is_told() {
        let root = || Ssh::user("root").password(Secret::literal("pw"));
        let named = |ssh: Ssh| ssh.temporary_key_pair_name("mine").clear_authorized_keys(true);
        let cases: Vec<(Machine, &[&str])> = vec![
            (machine(), &[]),
            (
                machine().http(Http::new().interface("eth0")).run_once(true),
                &["http_interface", "run_once"],
            ),
            (machine().http(Http::new().interface("eth0")).net_bridge("br0"), &[]),
            (machine().iso_skip_cache(true), &["iso_skip_cache"]),
            (machine().use_pflash(true), &["use_pflash"]),
            (machine().use_pflash(true).firmware("bios.bin"), &[]),
            (
                machine().use_tpm1(true).tpm_device_type("tpm-tis-device"),
                &["use_tpm1", "tpm_device_type"],
            ),
            (machine().use_tpm1(true).vtpm(true), &[]),
            (machine().efi_drop_efivars(true), &["efi_drop_efivars"]),
            (machine().efi_drop_efivars(true).efi_boot(true), &[]),
            (machine().vnc_password(Secret::literal("pw")), &["vnc_password"]),
            (
                machine().vnc_use_password(true).vnc(Vnc::new().disable(true)),
                &["vnc_use_password"],
            ),
            (machine().vnc(Vnc::new().disable(true).port_min(5990)), &["disable_vnc"]),
            (machine().qmp_socket_path("qmp"), &["qmp_socket_path"]),
            (machine().headless(true).display("gtk"), &["display"]),
            (machine().headless(true).display("none"), &[]),
            (machine().use_default_display(true).display("gtk"), &["display"]),
            (
                machine().headless(true).use_default_display(true),
                &["use_default_display"],
            ),
            (
                machine().boot_key_interval(Duration::from_millis(10)),
                &["boot_key_interval"],
            ),
            (
                machine().communicator("none").shutdown(Shutdown::command("off")),
                &["shutdown_command"],
            ),
            (
                machine().net_bridge("br0").host_ports(HostPorts::range(2200, 2201)),
                &["host_port_min"],
            ),
            (
                machine().host_ports(HostPorts::range(2200, 2201).skip_nat_mapping(true)),
                &["host_port_min"],
            ),
            (machine().ssh(root().keypair_name("mine")), &["ssh_keypair_name"]),
            (
                machine().ssh(named(root())),
                &["ssh_temporary_key_pair_name", "ssh_clear_authorized_keys"],
            ),
            (machine().ssh(named(root())).cloud_init(CloudInit::new()), &[]),
            (
                machine()
                    .ssh(root())
                    .cloud_init(CloudInit::new())
                    .qemuarg(["-drive", "file=mine"]),
                &["cloud_init"],
            ),
            (
                machine().disk_compression(true).image_format("vmdk"),
                &["disk_compression"],
            ),
            (
                machine().disk_compression(true).format("raw").image_format("qcow2"),
                &[],
            ),
            (machine().cpus(8).cores(2), &["cpus"]),
        ];
        for (number, (machine, fields)) in cases.iter().enumerate() {
            assert_eq!(found(machine, "no-effect"), *fields, "case {number}");
        }
    }

    #[test]
    fn what_cannot_be_is_told() {
        let cases: Vec<(Machine, &str, &[&str])> = vec![
            (machine().memory(4), "out-of-range", &["memory"]),
            (machine().cpus(0).threads(0), "out-of-range", &["cpus", "threads"]),
            (
                machine().vnc(Vnc::new().port_min(5000)),
                "out-of-range",
                &["vnc_port_min"],
            ),
            (
                machine().vnc(Vnc::new().port_min(5910).port_max(5905)),
                "out-of-range",
                &["vnc_port_min"],
            ),
            (
                machine().host_ports(HostPorts::range(2300, 2200)),
                "out-of-range",
                &["host_port_min"],
            ),
            (
                machine().host_ports(HostPorts::new().ssh_host_port_min(4500)),
                "out-of-range",
                &["ssh_host_port_min"],
            ),
            (machine().disk_size("10 parsecs"), "form", &["disk_size"]),
            (machine().disk_size("0"), "form", &[]),
            (machine().additional_disk("0"), "form", &["disk_additional_size"]),
            (machine().disk_interface("virto"), "unknown-value", &["disk_interface"]),
            (machine().disk_interface("sd"), "unknown-value", &[]),
            (machine().cdrom_interface("usb"), "unknown-value", &["cdrom_interface"]),
        ];
        for (number, (machine, code, fields)) in cases.iter().enumerate() {
            assert_eq!(found(machine, code), *fields, "case {number}");
        }
    }

    #[test]
    fn sizes_are_read_as_templates_have_them() {
        let bytes = |text: &'static str| size_of(&Text::from(text));
        for (text, is) in [
            ("40960", Some(40960 << 20)),
            ("40G", Some(40 << 30)),
            ("40gb", Some(40 << 30)),
            ("1t", Some(1 << 40)),
            ("512b", Some(512)),
            ("", None),
            ("G", None),
            ("20Gi", None),
            ("99999999999999G", None),
        ] {
            assert_eq!(bytes(text), is, "{text}");
        }
    }
}
