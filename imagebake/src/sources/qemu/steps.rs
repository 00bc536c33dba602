//! The verbs of a build, in the order in which `source.rs` calls them.

#[cfg(feature = "ssh")]
use super::bridge;
use super::{
    config::Machine,
    resources::{Beside, Folder},
    start::Running,
};
use crate::{
    base_media::{self, Medium, Shape},
    communicator::{Command, Communicator, OutputSink},
    engine::{Cx, Output},
    error::{Context, Error, ErrorKind, Result},
    groups::Iso,
    journal::Held,
    value::{HostPath, Template},
};
#[cfg(feature = "ssh")]
use crate::{
    communicator::ssh::{Access, Ssh, SshComm},
    engine::{Backoff, wait_until},
    io::off_the_async_threads,
};
use serde_json::json;
#[cfg(feature = "ssh")]
use std::net::Ipv4Addr;
use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};

/// How long a machine may take to turn itself off.
const SHUTDOWN: Duration = Duration::from_secs(300);
/// How often its power button is pressed: one that is starting does not notice.
const PRESS_AGAIN: Duration = Duration::from_secs(10);

/// How much of a password VNC takes.
const SCREEN_PASSWORD: usize = 8;

/// Where the image goes.
pub(super) struct Place {
    pub(super) output: Output,
    pub(super) name: String,
    /// The folder beside it, in which everything is made.
    pub(super) held: Held<Folder>,
    pub(super) folder: PathBuf,
}

fn rendered(cx: &Cx, template: Option<&Template>, otherwise: String) -> Result<String> {
    match template {
        Some(template) => cx.render(template).map(|text| text.to_string()),
        None => Ok(otherwise),
    }
}

impl Machine {
    /// The machine's name, which its disk has too.
    pub(super) fn name(&self, cx: &Cx) -> Result<String> {
        let name = rendered(cx, self.vm_name.as_ref(), format!("packer-{}", cx.source()))?;
        match name.is_empty() || name.contains('/') || name == "." || name == ".." {
            true => {
                let error = Error::new(
                    ErrorKind::Config,
                    format!("`{name}` cannot be the name of a disk's file"),
                );
                let hint = "give `vm_name` without a slash; `output_directory` is where it goes";
                Err(self.set_at(error.hint(hint), "vm_name"))
            }
            false => Ok(name),
        }
    }

    /// Claims the image's place.
    pub(super) fn claim_output(&self, cx: &Cx) -> Result<Output> {
        let path = rendered(cx, self.output_directory.as_ref(), format!("output-{}", cx.source()))?;
        let claimed = cx.claim_output(cx.output_path(&HostPath::from(path)));
        claimed.map_err(|error| self.set_at(error, "output_directory"))
    }

    /// Claims the image's place and makes the folder beside it.
    pub(super) async fn claim_place(&self, cx: &Cx) -> Result<Place> {
        let name = self.name(cx)?;
        let output = self.claim_output(cx)?;
        let parent = output.path().parent().unwrap_or(Path::new("/")).to_owned();
        std::fs::create_dir_all(&parent).path("make the folder", &parent)?;
        let beside = Beside { parent };
        let held = cx.scope().create(&Folder, &beside, &beside).await?;
        let folder = beside.folder(held.id());
        for part in ["image", "done"] {
            let part = folder.join(part);
            std::fs::create_dir_all(&part).path("make the folder", &part)?;
        }
        Ok(Place {
            output,
            name,
            held,
            folder,
        })
    }

    /// Whether the machine asks for more memory than there is.
    pub(super) fn check_memory(&self) -> Result<()> {
        let wanted = u64::from(self.megabytes());
        let about = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let total = about
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kib| kib >> 10);
        match total {
            Some(total) if wanted > total => {
                let message = format!("the machine wants {wanted} MB of memory, and this builder has {total} MB");
                let error = Error::new(ErrorKind::Unsupported, message).hint("give it less with `.memory(…)`");
                Err(self.set_at(error, "memory"))
            }
            _ => Ok(()),
        }
    }

    /// Logs in as soon as the machine's server answers; an end of the machine is told at once.
    #[cfg(feature = "ssh")]
    pub(super) async fn get_in(&self, cx: &Cx, running: &Running, access: Access) -> Result<SshComm> {
        let ssh = self.communication.ssh.as_ref().ok_or_else(no_login)?;
        let access = match (&self.net_bridge, &ssh.host) {
            (Some(bridge), None) => {
                let bridge = bridge.to_string();
                let found = running.while_it_runs(self.find_on(cx, running, &bridge, ssh));
                access.at(found.await?.to_string())
            }
            _ => access,
        };
        let connected = Box::pin(SshComm::connect(cx, ssh, access));
        running.while_it_runs(connected).await
    }

    /// Waits until the machine has an address on a bridge.
    #[cfg(feature = "ssh")]
    async fn find_on(&self, cx: &Cx, running: &Running, bridge: &str, ssh: &Ssh) -> Result<Ipv4Addr> {
        let networks = running.qmp.monitor("info network").await?;
        let mac = bridge::mac_in(&networks).ok_or_else(|| {
            Error::new(ErrorKind::Config, "the machine has no network adapter on the bridge")
                .hint("an adapter of `qemuargs` has to be attached to `netdev=user.0`")
        })?;
        let what = format!("the machine's address on `{bridge}`, where its adapter is {mac}");
        let pauses = Backoff::new(Duration::from_millis(100), Duration::from_millis(500));
        let found = wait_until(cx, &what, ssh.time_to_connect(), pauses, || {
            let (bridge, mac) = (bridge.to_owned(), mac.clone());
            off_the_async_threads(move || Ok(bridge::machine_on(&bridge, &mac)))
        });
        let found = found.await.map_err(|error| match error.kind() {
            ErrorKind::Timeout => error.hint(
                "the builder knows it once the machine has asked it for something, or its DHCP server gave it: say `.ssh(Ssh::user(…).host(…))` where neither is so",
            ),
            _ => error,
        })?;
        cx.say(format!("the machine's address on `{bridge}` is {found}"));
        Ok(found)
    }

    /// Turns the machine off by the user's command, else by its power button, and waits for its end.
    pub(super) async fn shut_down<C: Communicator>(&self, cx: &Cx, running: &Running, comm: Option<&C>) -> Result<()> {
        let shutdown = self.shutdown.as_ref();
        let limit = shutdown.and_then(|shutdown| shutdown.timeout).unwrap_or(SHUTDOWN);
        let command = shutdown.and_then(|shutdown| shutdown.command.as_ref());
        let turn_off = async {
            match (command, comm) {
                (Some(command), Some(comm)) => {
                    let line = cx.render(command)?;
                    tell(comm, Command::shell(line.as_str())).await
                }
                // Nobody is in it: it turns itself off when it is done.
                (_, None) => Ok(()),
                (None, Some(_)) => loop {
                    running.qmp.execute("system_powerdown", json!({})).await?;
                    cx.pause(PRESS_AGAIN).await?;
                },
            }
        };
        let ended = async {
            tokio::select! {
                status = running.ended() => status,
                // With `-no-shutdown` among the user's arguments QEMU stays.
                () = running.qmp.event("SHUTDOWN") => {
                    let _ = running.qmp.execute("quit", json!({})).await;
                    running.ended().await
                }
            }
        };
        tokio::pin!(ended);
        let both = async {
            tokio::select! {
                biased;
                status = &mut ended => match status {
                    Some(status) if status.success() => Ok(()),
                    _ => Err(running.broke(status)),
                },
                failed = async {
                    match turn_off.await {
                        Ok(()) => std::future::pending().await,
                        Err(error) => error,
                    }
                } => Err(failed),
                stuck = running.stuck() => Err(stuck),
            }
        };
        match tokio::time::timeout(limit, cx.until_cancelled(both)).await {
            Ok(ended) => ended,
            Err(_) => {
                let error = Error::new(
                    ErrorKind::Timeout,
                    format!(
                        "the machine did not turn off within {}",
                        humantime::format_duration(limit)
                    ),
                );
                Err(match command {
                    Some(_) => error.hint("look at `shutdown_command`: does it turn the machine off, and may this user do so?"),
                    None => error.hint(
                        "say how: `.shutdown(Shutdown::command(\"sudo poweroff\"))`; the power button needs somebody in the guest who hears it",
                    ),
                })
            }
        }
    }
}

impl Machine {
    /// Refuses a password of the screen that its protocol would cut off.
    pub(super) fn check_screen(&self) -> Result<()> {
        let password = self.vnc_password.as_ref().filter(|_| self.vnc_use_password);
        let length = password.map(|password| password.expose().map(str::len)).transpose()?;
        match length {
            Some(length) if length > SCREEN_PASSWORD => {
                let message = format!(
                    "the screen's password has {length} letters, and VNC knows the first {SCREEN_PASSWORD} only"
                );
                let error = Error::new(ErrorKind::Config, message)
                    .hint("give a shorter one, or leave it out: one is made then");
                Err(self.set_at(error, "vnc_password"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what would log in to the builder itself: a machine with an address of its own that nobody names.
    #[cfg(feature = "ssh")]
    pub(super) fn check_way(&self) -> Result<()> {
        let ssh = self.communication.ssh.as_ref().ok_or_else(no_login)?;
        let named = ssh.host.is_some() || self.net_bridge.is_some() || ssh.port != 22;
        if self.host_range().is_some() || named {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Config,
            "no port of the builder leads to the machine, and nothing says where it is: its SSH would be looked for on the builder itself",
        )
        .hint("say `.ssh(Ssh::user(…).host(…))`, or the port that your own `-netdev` forwards with `.port(…)`"))
    }
}

#[cfg(feature = "ssh")]
pub(super) fn no_login() -> Error {
    Error::new(ErrorKind::Config, "nothing says who logs in")
        .hint("say `.ssh(Ssh::user(\"root\").password(…))`, or `.communicator(\"none\")` where no step is to run in the machine")
}

/// Runs the command that turns the machine off. It usually takes the connection with it.
async fn tell<C: Communicator>(comm: &C, command: Command) -> Result<()> {
    let (sink, mut printed) = OutputSink::channel();
    let mut said = Vec::new();
    let read = async {
        while let Some((_, bytes)) = printed.recv().await {
            said.extend_from_slice(&bytes);
        }
    };
    let (ended, ()) = tokio::join!(Box::pin(comm.exec(command, sink)), read);
    match ended {
        Ok(exit) if !exit.success() && exit.code() < 128 && exit.code() != 255 => {
            let said = String::from_utf8_lossy(&said);
            Err(Error::new(
                ErrorKind::CommandFailed,
                format!(
                    "`shutdown_command` ended with exit code {}: {}",
                    exit.code(),
                    said.trim()
                ),
            )
            .hint("run it by hand in the machine as this user"))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
        // Cut off: whether it worked is seen by the machine's end.
        Err(_) => Ok(()),
    }
}

/// How long steps may take to notice that their machine has ended.
const NOTICE: Duration = Duration::from_secs(5);

impl Running {
    /// The machine's end as an error.
    fn broke(&self, status: Option<ExitStatus>) -> Error {
        let said = self.last_words();
        let what = match status {
            Some(status) if status.success() => "the machine turned itself off while it was in use".to_owned(),
            Some(status) => format!("QEMU ended ({status}) while the machine was in use: {said}"),
            None => format!("QEMU ended while the machine was in use: {said}"),
        };
        Error::new(ErrorKind::Unreachable, what.trim_end_matches(": ").to_owned()).hint("look at its serial log")
    }

    /// `work`, unless the machine ends or cannot go on: then that is the error, and not whatever `work` makes of it.
    pub(super) async fn while_it_runs<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // On the heap: steps and connections are large.
        let mut work = Box::pin(work);
        tokio::select! {
            biased;
            done = &mut work => done,
            stuck = self.stuck() => Err(stuck),
            status = self.ended() => {
                // A step that turns the machine off may be the last one.
                if let Ok(Ok(done)) = tokio::time::timeout(NOTICE, &mut work).await {
                    return Ok(done);
                }
                Err(self.broke(status))
            }
        }
    }
}

impl Machine {
    fn iso(&self) -> Result<&Iso> {
        let nothing = || Error::new(ErrorKind::Config, "nothing says what the machine is made from");
        self.iso.as_ref().ok_or_else(nothing)
    }

    /// What the machine starts from, fetched where that is needed.
    pub(super) async fn medium(&self, cx: &Cx) -> Result<Medium> {
        let medium = base_media::fetch(cx, self.iso()?).await?;
        base_media::check(&medium.path, self.shape())?;
        Ok(medium)
    }

    /// Looks whether that could be there.
    pub(super) async fn look_at_medium(&self, cx: &Cx) -> Result<()> {
        if let Some(doubt) = base_media::look(cx, self.iso()?, self.shape()).await? {
            cx.warn(doubt);
        }
        Ok(())
    }

    fn shape(&self) -> Shape {
        match self.disk_image {
            true => Shape::Disk,
            false => Shape::Cd,
        }
    }
}
