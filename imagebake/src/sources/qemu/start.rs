//! Starting a machine: its command line, its helpers, its processes.

use super::{
    accelerator::{self, Chosen},
    arguments::{self, Arguments, DriveOptions},
    bridge,
    config::Machine,
    disks::Disks,
    driver::{self, Img, Start},
    firmware::{self, Firmware},
    ports,
    qmp::Qmp,
    resources::{Boot, Process},
};
use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    journal::Held,
    value::{Secret, Text, Vars},
};
use serde_json::json;
use std::{
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;

/// How long QEMU may take until it answers: it reads no more than its command line.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// How long a machine that ends may stay behind its TPM.
const BEHIND: Duration = Duration::from_secs(1);

/// The programs and what was found out of them.
pub(super) struct Tools {
    pub(super) qemu: PathBuf,
    pub(super) img: Img,
    swtpm: Option<PathBuf>,
    pub(super) accelerator: Chosen,
    firmware: Option<Firmware>,
}

/// What a machine starts with, besides its settings.
pub(super) struct Setup<'a> {
    /// Its folder.
    pub(super) folder: &'a Path,
    pub(super) name: &'a str,
    pub(super) disks: &'a Disks,
    /// Media in drives for CDs, the one that it is installed from first.
    pub(super) cds: &'a [PathBuf],
    pub(super) floppy: Option<&'a Path>,
    /// What templates of `qemuargs` may use, such as where files are served.
    pub(super) facts: Vars,
}

/// Where a machine's screen is reached.
#[cfg_attr(not(feature = "machines"), expect(dead_code, reason = "only typing goes there"))]
pub(super) struct ScreenAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) password: Option<Secret>,
    /// For people.
    pub(super) shown: String,
}

/// A machine that runs.
pub(super) struct Running {
    pub(super) qmp: Qmp,
    /// The builder's port that leads to its SSH.
    pub(super) port: Option<u16>,
    /// Where its screen is.
    pub(super) screen: Option<ScreenAddress>,
    pub(super) process: Held<Process>,
    pub(super) tpm: Option<Held<Process>>,
    tpm_ended: Option<watch::Receiver<Option<ExitStatus>>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    log: PathBuf,
}

impl Running {
    /// Comes back when the machine's process has ended.
    pub(super) async fn ended(&self) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        let told = ended.wait_for(Option::is_some).await;
        told.ok().and_then(|status| *status)
    }

    /// Comes back when the program of the machine's TPM has ended though the machine goes on: it ends by itself behind the machine.
    async fn tpm_lost(&self) -> Error {
        let told = match &self.tpm_ended {
            Some(ended) => ended
                .clone()
                .wait_for(Option::is_some)
                .await
                .ok()
                .and_then(|status| *status),
            None => std::future::pending().await,
        };
        if tokio::time::timeout(BEHIND, self.ended()).await.is_ok() {
            std::future::pending::<()>().await;
        }
        let how = told.map(|status| format!(" ({status})")).unwrap_or_default();
        Error::new(
            ErrorKind::Unreachable,
            format!("the machine's TPM is gone: `swtpm` ended{how} while the machine was in use"),
        )
        .hint("run the build again; if nobody ended it, look at swtpm's log")
    }

    /// Comes back when the machine cannot go on, though its process does.
    pub(super) async fn stuck(&self) -> Error {
        tokio::select! {
            lost = self.tpm_lost() => lost,
            () = self.qmp.event("BLOCK_IO_ERROR stop") => Error::new(
                ErrorKind::NoSpace,
                "the machine stopped because one of its disks could not be written: there may be no room left on the builder",
            )
            .hint("make room on the disk with the image's folder, or choose an `output_directory` on another one"),
        }
    }

    /// What QEMU said before it ended.
    pub(super) fn last_words(&self) -> String {
        last_words(&self.log)
    }
}

pub(super) fn last_words(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    // A warning about the processor is no reason to end.
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.contains(": warning: "))
        .collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

fn text(setting: Option<&Text>, otherwise: &str) -> String {
    setting.map_or_else(|| otherwise.to_owned(), Text::to_string)
}

impl Machine {
    /// Looks for all that the machine needs of the builder.
    pub(super) async fn tools(&self, cx: &Cx) -> Result<Tools> {
        let qemu = driver::find(&text(self.qemu_binary.as_ref(), "qemu-system-x86_64"))?;
        let img = Img::find()?;
        if let Some(bridge) = &self.net_bridge {
            bridge::check(&bridge.to_string()).map_err(|error| match self.at.get("net_bridge") {
                Some(place) => error.at(place.clone()),
                None => error,
            })?;
        }
        let swtpm = self.vtpm.then(|| driver::find("swtpm")).transpose()?;
        let architecture = firmware::architecture(&qemu);
        let machine = text(self.machine_type.as_ref(), "pc");
        let firmware = match (&self.efi_firmware_code, &self.efi_firmware_vars) {
            _ if !self.uefi() => None,
            (Some(code), Some(vars)) => {
                let (code, vars) = (cx.input_path(code), cx.input_path(vars));
                let hint = "name one that is there, or leave both out to get the builder's own";
                self.readable(&code, "efi_firmware_code", hint)?;
                self.readable(&vars, "efi_firmware_vars", hint)?;
                Some(Firmware::named(code, vars))
            }
            _ => Some(Firmware::find(&architecture, &machine)?),
        };
        if let Some(path) = &self.firmware {
            let hint = "name one that is there, or leave it out to get the machine's own";
            self.readable(&cx.input_path(path), "firmware", hint)?;
        }
        let wanted = self.accelerator.as_ref().map(Text::to_string);
        let of = accelerator::For {
            program: qemu.clone(),
            architecture,
            machine,
            cpu_model: self.cpu_model.as_ref().map(Text::to_string),
            wanted,
        };
        let accelerator = accelerator::choose(cx, of).await?;
        Ok(Tools {
            qemu,
            img,
            swtpm,
            accelerator,
            firmware,
        })
    }

    /// Refuses firmware that is not there.
    fn readable(&self, path: &Path, field: &'static str, hint: &str) -> Result<()> {
        let opened = std::fs::File::open(path).path("read the firmware", path);
        opened.map(drop).map_err(|error| {
            let error = error.context("field", field).hint(hint);
            match self.at.get(field) {
                Some(place) => error.at(place.clone()),
                None => error,
            }
        })
    }

    fn uefi(&self) -> bool {
        self.efi_boot || self.efi_firmware_code.is_some() || self.efi_firmware_vars.is_some()
    }

    /// Whether the user's own arguments say how it is on the network, or want to know the port.
    fn own_network(&self) -> bool {
        self.qemuargs.iter().any(|words| {
            let words: Vec<String> = words.as_slice().iter().map(ToString::to_string).collect();
            let option = words.first().is_some_and(|option| {
                ["netdev", "net", "nic"]
                    .iter()
                    .any(|network| arguments::same(option, network))
            });
            option || words.iter().any(|word| word.contains("ssh_host_port"))
        })
    }

    /// The user's arguments with their templates rendered.
    fn own_arguments(&self, cx: &Cx, facts: &Vars) -> Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        for words in &self.qemuargs {
            let rendered = words.as_slice().iter().map(|word| {
                let text = cx.render_with(word, facts.clone());
                text.map(|text| text.to_string())
            });
            let rendered: Vec<String> = rendered.collect::<Result<_>>()?;
            if let Some((option, values)) = rendered.split_first() {
                all.push((option.clone(), values.join(" ")));
            }
        }
        Ok(all)
    }

    /// Starts the machine. Another port is tried where one was taken just now.
    pub(super) async fn start(&self, cx: &Cx, tools: &Tools, with: Setup<'_>) -> Result<Running> {
        let range = self.host_range();
        let own = self.own_network();
        let mut tried = Vec::new();
        loop {
            let chosen = match range {
                Some(range) if own => Some(ports::free(range, &tried)?),
                _ => None,
            };
            let started = self.start_once(cx, tools, &with, chosen).await;
            let (mut running, taken) = match (started, chosen) {
                (Ok(running), chosen) => (running, chosen),
                (Err(_), Some(port)) if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() => {
                    tried.push(port);
                    continue;
                }
                (Err(error), _) => return Err(error),
            };
            running.port = match (taken, range) {
                (None, Some(range)) if self.wants_ssh() => {
                    Some(ports::open(&running.qmp, range, self.ssh_port()).await?)
                }
                (taken, _) => taken,
            };
            return Ok(running);
        }
    }

    fn ssh_port(&self) -> u16 {
        self.communication.ssh.as_ref().map_or(22, |ssh| ssh.port)
    }

    async fn start_once(&self, cx: &Cx, tools: &Tools, with: &Setup<'_>, port: Option<u16>) -> Result<Running> {
        let boot = Boot::here();
        let log = with.folder.join("qemu.log");
        let pair = || UnixStream::pair().map_err(Error::from);
        let (ours, theirs) = pair()?;
        let mut sockets = vec![theirs.into()];
        let (mut tpm, mut tpm_ended) = (None, None);
        if let Some(swtpm) = &tools.swtpm {
            let (of_tpm, of_qemu) = pair()?;
            let state = with.folder.join("tpm");
            std::fs::create_dir_all(&state).path("make the folder", &state)?;
            let process = Process::new(self.tpm(swtpm, &state, of_tpm.into(), with.folder));
            tpm = Some(cx.scope().create(&process, &boot, &boot).await?);
            tpm_ended = Some(reap(&process));
            sockets.push(of_qemu.into());
        }
        let mut words: Vec<String> = self.command_line(cx, tools, with, port)?.words();
        words.extend(
            [
                "-chardev",
                "socket,id=imagebake-qmp,fd=3",
                "-mon",
                "chardev=imagebake-qmp,mode=control",
            ]
            .map(str::to_owned),
        );
        if tpm.is_some() {
            words.extend(["-chardev", "socket,id=imagebake-tpm,fd=4"].map(str::to_owned));
        }
        tracing::debug!(program = %tools.qemu.display(), arguments = cx.redactor().redact_str(&words.join(" ")).as_ref(), "start");
        let process = Process::new(Start {
            program: tools.qemu.clone(),
            arguments: words.into_iter().map(Into::into).collect(),
            sockets,
            log: log.clone(),
            folder: cx.project().current_dir.clone(),
        });
        let held = cx.scope().create(&process, &boot, &boot).await?;
        let ended = reap(&process);
        ours.set_nonblocking(true)?;
        let socket = tokio::net::UnixStream::from_std(ours)?;
        let qmp = match tokio::time::timeout(ANSWERS_WITHIN, Qmp::connect(socket)).await {
            Ok(Ok(qmp)) => qmp,
            failed => {
                cx.scope().delete(held).await?;
                if let Some(tpm) = tpm {
                    cx.scope().delete(tpm).await?;
                }
                let why = last_words(&log);
                let error = Error::new(ErrorKind::CommandFailed, format!("QEMU did not start: {why}"));
                let error = error.hint("look at the settings, and at `qemuargs` where there are any");
                return Err(match failed {
                    Ok(Err(cause)) if why.is_empty() => error.because(cause),
                    _ => error,
                });
            }
        };
        let mut running = Running {
            qmp,
            port,
            screen: None,
            process: held,
            tpm,
            tpm_ended,
            ended,
            log,
        };
        running.screen = self.open_screen(cx, &running.qmp).await?;
        Ok(running)
    }

    fn tpm(&self, swtpm: &Path, state: &Path, socket: std::os::fd::OwnedFd, folder: &Path) -> Start {
        let mut words: Vec<String> = [
            "socket",
            "--ctrl",
            "type=unixio,clientfd=3",
            "--terminate",
            "--tpmstate",
        ]
        .map(str::to_owned)
        .to_vec();
        words.push(format!("dir={}", state.display()));
        words.extend((!self.use_tpm1).then(|| "--tpm2".to_owned()));
        Start {
            program: swtpm.to_owned(),
            arguments: words.into_iter().map(Into::into).collect(),
            sockets: vec![socket],
            log: folder.join("swtpm.log"),
            folder: folder.to_owned(),
        }
    }

    /// Sets the screen's password and says where it is.
    async fn open_screen(&self, cx: &Cx, qmp: &Qmp) -> Result<Option<ScreenAddress>> {
        let about = qmp.execute("query-vnc", json!({})).await.unwrap_or_default();
        if about["enabled"].as_bool() != Some(true) {
            return Ok(None);
        }
        let (host, port) = (
            about["host"].as_str().unwrap_or_default(),
            about["service"].as_str().unwrap_or_default(),
        );
        let mut address = ScreenAddress {
            // One that listens everywhere listens here.
            host: match host {
                "0.0.0.0" | "::" | "" => "127.0.0.1".to_owned(),
                host => host.to_owned(),
            },
            port: port.parse().unwrap_or_default(),
            password: None,
            shown: format!("vnc://{host}:{port}"),
        };
        if self.vnc_use_password {
            let password = match &self.vnc_password {
                Some(secret) => secret.expose()?.to_owned(),
                None => crate::engine::random_id().chars().take(8).collect(),
            };
            let made = self.vnc_password.is_none();
            let set = json!({"protocol": "vnc", "password": password});
            qmp.execute("set_password", set).await?;
            if made {
                address.shown.push_str(&format!(", password {password}"));
            } else {
                cx.redactor().register("vnc_password", &password);
            }
            address.password = Some(Secret::literal(password));
        }
        Ok(Some(address))
    }

    /// What the settings and the user's arguments come to.
    fn command_line(&self, cx: &Cx, tools: &Tools, with: &Setup<'_>, port: Option<u16>) -> Result<Arguments> {
        let mut all = Arguments::default();
        all.add("-name", with.name);
        let protected = tools.firmware.as_ref().is_some_and(|firmware| firmware.protected);
        let mut machine = format!("type={}", text(self.machine_type.as_ref(), "pc"));
        if tools.accelerator.name != "none" {
            machine.push_str(&format!(",accel={}", tools.accelerator.name));
        }
        if protected {
            machine.push_str(",smm=on");
            all.add("-global", "driver=cfi.pflash01,property=secure,value=on");
        }
        all.add("-machine", machine);
        if let Some(model) = &self.cpu_model {
            all.add("-cpu", model.to_string());
        }
        all.add(
            "-smp",
            arguments::processors(self.cpus, self.sockets, self.cores, self.threads),
        );
        all.add("-m", format!("{}M", self.memory.unwrap_or(512)));
        self.add_firmware(cx, tools, with, &mut all)?;
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
            starts: self.disk_image,
        };
        arguments::add_disks(&mut all, &with.disks.drives, &options);
        let interface = self.cdrom_interface.as_ref().map(Text::to_string);
        arguments::add_cds(&mut all, with.cds, interface.as_deref());
        if let Some(floppy) = with.floppy {
            all.add(
                "-drive",
                format!("file={},if=floppy,format=raw", arguments::value(floppy)),
            );
        }
        all.add("-boot", if self.disk_image { "c" } else { "once=d" });
        let adapter = self.add_network(port, &mut all);
        self.add_randomness(&mut all);
        self.add_screen(&mut all);
        all.add("-serial", format!("file:{}", with.folder.join("serial.log").display()));
        if self.vtpm {
            all.add("-tpmdev", "emulator,id=tpm0,chardev=imagebake-tpm");
            let device = text(self.tpm_device_type.as_ref(), "tpm-tis");
            all.add("-device", format!("{device},tpmdev=tpm0"));
        }
        if self.qmp_enable {
            let path = match &self.qmp_socket_path {
                Some(path) => cx.render(path)?.to_string(),
                None => with.folder.join("monitor.sock").display().to_string(),
            };
            all.add("-qmp", format!("unix:{},server=on,wait=off", path.replace(',', ",,")));
        }
        let mut facts = with.facts.clone();
        facts.insert("name".into(), json!(with.name));
        facts.insert(
            "output_dir".into(),
            json!(with.folder.join("image").display().to_string()),
        );
        facts.insert("ssh_host_port".into(), json!(port));
        Ok(all.replaced_by(&self.own_arguments(cx, &facts)?, Some(&adapter)))
    }

    fn add_firmware(&self, cx: &Cx, tools: &Tools, with: &Setup<'_>, all: &mut Arguments) -> Result<()> {
        if let Some(Firmware { code, vars, .. }) = &tools.firmware {
            // The machine writes into its variables.
            let own = with.folder.join("image/efivars.fd");
            if !own.exists() {
                std::fs::copy(vars, &own).path("copy the firmware's variables to", &own)?;
                let writable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                std::fs::set_permissions(&own, writable).path("write", &own)?;
            }
            let code = arguments::value(code);
            all.add("-drive", format!("file={code},if=pflash,unit=0,format=raw,readonly=on"));
            let own = arguments::value(&own);
            all.add("-drive", format!("file={own},if=pflash,unit=1,format=raw"));
        }
        if let Some(firmware) = &self.firmware {
            let path = cx.input_path(firmware);
            match self.use_pflash {
                true => all.add(
                    "-drive",
                    format!("file={},if=pflash,format=raw,readonly=on", arguments::value(&path)),
                ),
                false => all.add("-bios", path.display().to_string()),
            }
        }
        Ok(())
    }

    /// The network; gives the adapter.
    fn add_network(&self, port: Option<u16>, all: &mut Arguments) -> String {
        let mut adapter = format!("{},netdev=user.0", text(self.net_device.as_ref(), "virtio-net"));
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
        let machine = text(self.machine_type.as_ref(), "pc");
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
            let first = vnc.and_then(|vnc| vnc.port_min).unwrap_or(5900);
            let last = vnc.and_then(|vnc| vnc.port_max).unwrap_or(6000);
            let display = first.saturating_sub(5900);
            // Displays are counted from port 5900; QEMU takes the first that is free.
            let mut value = format!("{host}:{display},to={}", last.saturating_sub(5900).max(display));
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
            _ if self.use_default_display => {}
            Some(display) => all.add("-display", display.to_string()),
            None if self.headless || !somebody_looks => all.add("-display", "none"),
            None => all.add("-display", "gtk"),
        }
    }
}

/// Waits for a process's end on the side, so that none is left as a zombie.
fn reap(process: &Process) -> watch::Receiver<Option<ExitStatus>> {
    let (told, ended) = watch::channel(None);
    let told = Arc::new(told);
    if let Some(mut child) = process.child() {
        tokio::spawn(async move {
            if let Ok(status) = child.wait().await {
                let _ = told.send(Some(status));
            }
        });
    }
    ended
}
