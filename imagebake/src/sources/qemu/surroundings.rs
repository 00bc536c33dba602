//! The way into a machine before anything in it listens: what is served to it, what is in its drives, what is typed at its screen.

use super::{bridge, config::Machine, keyboard::Console, start::Running, steps::Place};
use crate::{
    boot_command::{Action, Keyboard, Pace, SerialLog, Typing},
    engine::Cx,
    error::{Error, ErrorKind, Result},
    groups::{Boot, Http},
    guest_http::{Server, Serving},
    screen::{Screen, Vnc},
    value::Vars,
};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where the builder is for a machine in a network of its own behind it.
const BUILDER: &str = "10.0.2.2";

/// What a machine finds besides its disks.
#[derive(Default)]
pub(super) struct Surroundings {
    /// For templates: `http_ip`, `http_port`.
    pub(super) facts: Vars,
    pub(super) floppy: Option<PathBuf>,
    pub(super) cd: Option<PathBuf>,
    /// Ends when this is dropped.
    _serving: Option<Serving>,
}

impl Machine {
    /// Looks whether everything is there that would be served, or put on media.
    pub(super) async fn check_surroundings(&self, cx: &Cx) -> Result<()> {
        if let Some(http) = &self.http {
            http.probe(cx)?;
        }
        if let Some(floppy) = &self.floppy {
            floppy.probe(cx).await?;
        }
        if let Some(cd) = &self.cd {
            cd.probe(cx).await?;
        }
        self.builder().map(drop)
    }

    /// Serves the machine's files and makes the media for its drives, in `folder`.
    /// Templates know `facts` besides.
    pub(super) async fn surround(&self, cx: &Cx, folder: &Path, name: &str, facts: Vars) -> Result<Surroundings> {
        let mut around = Surroundings {
            facts,
            ..Surroundings::default()
        };
        let facts = &mut around.facts;
        facts.insert("name".into(), json!(name));
        let builder = self.builder()?;
        facts.insert("http_ip".into(), json!(builder));
        facts.insert("http_port".into(), json!(0));
        let served = self.http.as_ref().and_then(Http::folder);
        let served = served.map(|folder| cx.input_path(folder).display().to_string());
        facts.insert("http_dir".into(), json!(served.unwrap_or_default()));
        if let Some(http) = self.http.as_ref().filter(|http| http.serves()) {
            let server = Server::bind(cx, http).await?;
            facts.insert("http_port".into(), json!(server.port()));
            cx.set_fact("http_addr", format!("{builder}:{}", server.port()));
            cx.say(format!("files are served on port {}", server.port()));
            around._serving = Some(server.serve(cx, http, facts)?);
        }
        if let Some(floppy) = self.floppy.as_ref().filter(|floppy| floppy.has_files()) {
            let to = folder.join("floppy.img");
            floppy.make(cx, &to).await?;
            around.floppy = Some(to);
        }
        if let Some(cd) = self.cd.as_ref().filter(|cd| cd.has_files()) {
            let to = folder.join("cd.iso");
            cd.make(cx, &to).await?;
            around.cd = Some(to);
        }
        Ok(around)
    }

    /// The builder's address as the machine sees it: the one that files are served at, where that is a particular one.
    fn builder(&self) -> Result<String> {
        if let Some(address) = self.http.as_ref().and_then(Http::reached_at) {
            return Ok(address.to_string());
        }
        let Some(bridge) = &self.net_bridge else {
            return Ok(BUILDER.to_owned());
        };
        let interface = self.http.as_ref().and_then(Http::interface_name);
        let field = if interface.is_some() {
            "http_interface"
        } else {
            "net_bridge"
        };
        let interface = interface.unwrap_or_else(|| bridge.to_string());
        let found = bridge::builder_on(&interface).map(|address| address.to_string());
        let places = match (field, &self.http) {
            ("http_interface", Some(http)) => http.set_at("http_interface"),
            _ => self.at.get(field),
        };
        found.map_err(|error| error.of_setting(field, places))
    }

    /// Types the boot command, over VNC where there is a screen, else over the control connection.
    pub(super) async fn type_boot_command(
        &self,
        cx: &Cx,
        running: &Running,
        place: &Place,
        facts: &Vars,
    ) -> Result<()> {
        let wait = self.boot.as_ref().map(Boot::first_wait);
        let steps = self.boot.as_ref().map(Boot::actions).unwrap_or_default();
        if steps.is_empty() && self.boot_steps.is_empty() {
            // Only what was said: nothing is typed, so that nobody has to wait for a screen.
            return match self.boot.as_ref().and_then(Boot::said_wait) {
                Some(wait) => cx.pause(wait).await,
                None => Ok(()),
            };
        }
        if let Some(wait) = wait.or(Some(Boot::USUAL_WAIT)).filter(|wait| !wait.is_zero()) {
            cx.pause(wait).await?;
        }
        cx.say("typing the boot command");
        let picture = place.folder.join("screen.ppm");
        match &running.screen {
            Some(address) => {
                let stream = tokio::net::TcpStream::connect((address.host.as_str(), address.port)).await;
                let stream = stream.map_err(|error| {
                    Error::new(ErrorKind::Unreachable, "the machine's screen cannot be reached").because(error)
                })?;
                let _ = stream.set_nodelay(true);
                let vnc = Vnc::connect(stream, address.password.as_ref()).await?;
                self.type_at(cx, &vnc, place, facts).await
            }
            None => {
                self.type_at(cx, &Console::new(cx, &running.qmp, picture), place, facts)
                    .await
            }
        }
    }

    async fn type_at<C: Keyboard + Screen>(&self, cx: &Cx, console: &C, place: &Place, facts: &Vars) -> Result<()> {
        let mut typing = Typing::new(cx, console, Some(console))
            .serial(SerialLog::new(place.folder.join("serial.log")))
            .pace(self.boot_key_interval.map_or(Pace::Guest, Pace::Fixed));
        if let Some(boot) = &self.boot {
            typing = typing.between_groups(boot.between_groups()).within(boot.deadline());
            typing.perform(boot.actions(), facts).await?;
        }
        for step in &self.boot_steps {
            let [keys, rest @ ..] = step.as_slice() else { continue };
            if let Some(about) = rest.first() {
                cx.say(cx.render_with(about, facts.clone())?.as_str());
            }
            typing.perform(&[Action::Keys(keys.clone())], facts).await?;
        }
        Ok(())
    }
}
