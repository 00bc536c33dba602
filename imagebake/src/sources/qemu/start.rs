//! Starting a machine: its command line, its helpers, its processes.

use super::{
    accelerator::{self, Chosen},
    bridge,
    command_line::{Known, own_variables, text},
    config::Machine,
    disks::Disks,
    driver::{self, Img, Start},
    firmware::{self, Firmware},
    ports::{self, Way},
    qmp::Qmp,
    resources::{Boot, Process},
};
use crate::{
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    journal::Held,
    value::{HostPath, Secret, Text, Vars},
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
            .hint("make room where its disks are: beside the image, or below the state folder with `step_snapshots`; or choose another `output_directory` or `--state-dir`"),
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

impl Machine {
    /// Looks for all that the machine needs of the builder.
    pub(super) async fn tools(&self, cx: &Cx) -> Result<Tools> {
        let qemu = driver::find(&text(self.qemu_binary.as_ref(), "qemu-system-x86_64"))?;
        let img = Img::find()?;
        if let Some(bridge) = &self.net_bridge {
            bridge::check(&bridge.to_string()).map_err(|error| self.set_at(error, "net_bridge"))?;
        }
        let swtpm = self.vtpm.then(|| driver::find("swtpm")).transpose()?;
        let architecture = firmware::architecture(&qemu);
        let machine = self.machine();
        let firmware = match self.uefi() {
            true => Some(self.uefi_firmware(cx, &architecture, &machine)?),
            false => None,
        };
        if let Some(path) = &self.firmware {
            self.readable(
                cx,
                path,
                "firmware",
                "name one that is there, or leave it out to get the machine's own",
            )?;
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

    /// UEFI: what the user named, and for what was not named the builder's own that goes with it.
    fn uefi_firmware(&self, cx: &Cx, architecture: &str, machine: &str) -> Result<Firmware> {
        let hint = "name one that is there, or leave both out to get the builder's own";
        let named = |path: &Option<HostPath>, field| {
            let path = path.as_ref().map(|path| self.readable(cx, path, field, hint));
            path.transpose()
        };
        let code = named(&self.efi_firmware_code, "efi_firmware_code")?;
        let vars = named(&self.efi_firmware_vars, "efi_firmware_vars")?;
        match (code, vars) {
            (Some(code), Some(vars)) => Ok(Firmware::named(code, vars)),
            (Some(code), None) => Firmware::with_code(code).map_err(|error| self.set_at(error, "efi_firmware_code")),
            (None, Some(vars)) => {
                let code = Firmware::code_for(&vars)
                    .map_or_else(|| Firmware::find(architecture, machine).map(|found| found.code), Ok)?;
                Ok(Firmware::named(code, vars))
            }
            (None, None) => Firmware::find(architecture, machine),
        }
    }

    /// Refuses firmware that is not there; gives its path.
    fn readable(&self, cx: &Cx, path: &HostPath, field: &'static str, hint: &str) -> Result<PathBuf> {
        let path = cx.input_path(path);
        let opened = std::fs::File::open(&path).path("read the firmware", &path);
        opened.map_err(|error| self.set_at(error.hint(hint), field))?;
        Ok(path)
    }

    /// An error that the setting `field` is to blame for, with the place where it was set.
    pub(super) fn set_at(&self, error: Error, field: &'static str) -> Error {
        error.of_setting(field, self.at.get(field))
    }

    /// Starts the machine. Another port is tried where one was taken just now.
    pub(super) async fn start(&self, cx: &Cx, tools: &Tools, with: Setup<'_>) -> Result<Running> {
        let way = self.way_in().await?;
        let mut tried = Vec::new();
        loop {
            let chosen = match way {
                Way::Told(range) => Some(ports::free(range, &tried)?),
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
            running.port = match way {
                Way::Opened(address, range) if self.wants_ssh() => {
                    Some(ports::open(&running.qmp, address, range, self.ssh_port()).await?)
                }
                _ => taken,
            };
            return Ok(running);
        }
    }

    /// What the command line needs to know besides the settings.
    fn known<'a>(&self, cx: &Cx, tools: &'a Tools, with: &Setup<'_>, port: Option<u16>) -> Result<Known<'a>> {
        let uefi = match &tools.firmware {
            Some(firmware) => {
                let own = own_variables(with.folder);
                if !own.exists() {
                    std::fs::copy(&firmware.vars, &own).path("copy the firmware's variables to", &own)?;
                    let writable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                    std::fs::set_permissions(&own, writable).path("write", &own)?;
                }
                Some((firmware, own))
            }
            None => None,
        };
        let monitor = match (self.qmp_enable, &self.qmp_socket_path) {
            (true, Some(path)) => Some(cx.render(path)?.to_string()),
            (true, None) => Some(with.folder.join("monitor.sock").display().to_string()),
            (false, _) => None,
        };
        if let Some(path) = &monitor {
            cx.say(format!("QEMU's control socket is {path}"));
        }
        Ok(Known {
            accelerator: &tools.accelerator.name,
            uefi,
            firmware: self.firmware.as_ref().map(|path| cx.input_path(path)),
            monitor,
            port,
            own: self.own_arguments(cx, with, port)?,
        })
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
        let mut words: Vec<String> = self.command_line(with, &self.known(cx, tools, with, port)?).words();
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
