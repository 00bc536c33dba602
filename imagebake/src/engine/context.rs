//! What a unit's parts share: who they are, the clock, paths, facts, events, the scope of its resources.

use super::{
    ProgressBar,
    digests::{RunDigests, WantedDigests},
    dispatcher::{Decisions, placed},
    events::{EventSender, OutputStreams},
    outputs::{Output, Outputs},
    run::BuildOptions,
};
use crate::{
    error::{Error, Result},
    event::{Event, Level, StepRef, Timing, UnitName, UnitStatus},
    io::DigestKind,
    journal::Scope,
    names::UnitNames,
    plan::{Diagnostic, Plan, PlannedUnit},
    project::{Project, resolve},
    redact::Redactor,
    runs::{self, Origin},
    value::{HostPath, Template, Vars},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    future::Future,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The moment of a run, fixed once; `SOURCE_DATE_EPOCH` wins, so that a build can be repeated.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    seconds: i64,
    fixed: bool,
}

impl Clock {
    /// The environment's moment, else now.
    pub fn now() -> Self {
        let told = std::env::var("SOURCE_DATE_EPOCH")
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let now = || {
            SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .map_or(0, |since| since.as_secs() as i64)
        };
        Self {
            seconds: told.unwrap_or_else(now),
            fixed: told.is_some(),
        }
    }

    /// What is wrong with the moment that the environment tells: it is not used then.
    pub(crate) fn problem(told: Option<std::ffi::OsString>) -> Option<Diagnostic> {
        let told = told?;
        let valid = told.to_str().is_some_and(|text| text.trim().parse::<i64>().is_ok());
        (!valid).then(|| {
            let message = format!("SOURCE_DATE_EPOCH={} is not a moment", told.to_string_lossy());
            Diagnostic::error("source-date-epoch", message)
                .help("give the seconds since 1970, as `git log -1 --format=%ct` prints them, or unset it")
        })
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// Whether `SOURCE_DATE_EPOCH` fixed it: then times in what is made are clamped to it.
    pub fn is_fixed(self) -> bool {
        self.fixed
    }

    /// `2026-11-24T12:00:00Z`.
    pub fn iso(self) -> String {
        jiff::Timestamp::from_second(self.seconds)
            .map(|moment| moment.to_string())
            .unwrap_or_default()
    }

    /// The moment in UTC as `format` says: `%F` is `2026-11-24`, `%Y%m%d-%H%M%S` is `20261124-120000`. A format that is not understood
    /// is given back as it is.
    pub fn format(self, format: &str) -> String {
        let moment = jiff::Timestamp::from_second(self.seconds).unwrap_or_default();
        let text = jiff::fmt::strtime::format(format, moment);
        text.unwrap_or_else(|_| format.to_owned())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::now()
    }
}

/// A UUID (version 8) of a unit in a run.
fn unit_uuid(run: &str, unit: &str) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("imagebake unit uuid");
    for part in [run, unit] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    parts.join("-")
}

/// What all units of a run share.
pub(crate) struct RunContext {
    pub(crate) id: String,
    pub(crate) clock: Clock,
    pub(crate) project: Project,
    pub(crate) events: EventSender,
    pub(crate) redactor: Redactor,
    pub(crate) outputs: Outputs,
    pub(crate) options: BuildOptions,
    pub(crate) plan: Plan,
    pub(crate) digests: RunDigests,
}

/// A unit's context, handed to sources, provisioners and post-processors. Cheap to clone.
#[derive(Clone)]
pub struct Cx(Arc<Inner>);

struct Inner {
    run: Arc<RunContext>,
    names: UnitNames,
    unit: UnitName,
    image_dir: PathBuf,
    scope: Scope,
    cancel: CancellationToken,
    decisions: Decisions,
    state: Mutex<State>,
    settling: Mutex<JoinSet<()>>,
}

/// How long a unit waits for what its parts have left to do.
const SETTLE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct State {
    facts: BTreeMap<&'static str, String>,
    step: Option<StepRef>,
    failed_step: Option<StepRef>,
    timings: Vec<Timing>,
    wanted: WantedDigests,
}

impl Cx {
    pub(crate) fn new(
        run: Arc<RunContext>,
        unit: &PlannedUnit,
        scope: Scope,
        cancel: CancellationToken,
        decisions: Decisions,
    ) -> Self {
        Self(Arc::new(Inner {
            run,
            names: unit.names.clone(),
            unit: unit.name(),
            image_dir: unit.image_dir.clone(),
            scope,
            cancel,
            decisions,
            state: Mutex::default(),
            settling: Mutex::default(),
        }))
    }

    /// `web.oci`.
    pub fn unit(&self) -> &UnitName {
        &self.0.unit
    }

    /// The image's name.
    pub fn image(&self) -> &str {
        &self.0.names.image
    }

    /// The source's name in its image.
    pub fn source(&self) -> &str {
        &self.0.names.source
    }

    /// The source's kind.
    pub fn source_kind(&self) -> &'static str {
        self.0.names.kind
    }

    pub(crate) fn names(&self) -> &UnitNames {
        &self.0.names
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.0.run.id
    }

    /// The moment of the run.
    pub fn clock(&self) -> Clock {
        self.0.run.clock
    }

    /// The user's project.
    pub fn project(&self) -> &Project {
        &self.0.run.project
    }

    /// Where the project's journals, logs and stores are.
    pub fn state_dir(&self) -> &std::path::Path {
        &self.0.run.project.state_dir
    }

    /// Whether `--force` was given: what is in the way is replaced.
    pub fn force(&self) -> bool {
        self.0.run.options.force
    }

    /// Where the units' logs go, and what else is kept of a failure.
    pub fn log_dir(&self) -> PathBuf {
        let run = &self.0.run;
        run.options.logs_of(&run.project, &run.id)
    }

    pub(crate) fn options(&self) -> &BuildOptions {
        &self.0.run.options
    }

    /// The unit's outside objects: the only way to make one.
    pub fn scope(&self) -> &Scope {
        &self.0.scope
    }

    /// What is registered here is never shown.
    pub fn redactor(&self) -> &Redactor {
        &self.0.run.redactor
    }

    /// What the unit is made from. Blocking: reads the files that its steps read.
    pub(crate) fn origin(&self) -> Origin {
        let run = &self.0.run;
        let unit = run.plan.units.iter().find(|unit| unit.names == self.0.names);
        unit.map(|unit| runs::origin_of_unit(&run.project, &run.plan, unit, run.digests.known()))
            .unwrap_or_default()
    }

    /// An input of the image, on the builder: relative paths start at the folder of the image's crate.
    pub fn input_path(&self, path: &HostPath) -> PathBuf {
        resolve(&self.0.image_dir, path)
    }

    /// An output, on the builder: relative paths start at the current folder.
    pub fn output_path(&self, path: &HostPath) -> PathBuf {
        resolve(&self.0.run.project.current_dir, path)
    }

    /// Claims `path` as an output of this unit: what an earlier run of the same unit wrote may be replaced, anything else is
    /// refused without `--force`. Call [`Output::done`] once the new one is complete.
    ///
    /// # Errors
    /// When something stands there that this unit did not write.
    pub fn claim_output(&self, path: impl Into<PathBuf>) -> Result<Output> {
        self.0.run.outputs.claim(path.into(), self.unit(), self.force())
    }

    // ---- facts

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn set_fact(&self, name: &'static str, value: String) {
        self.state().facts.insert(name, value);
    }

    /// A fact of the started machine, as templates know it under `build.`: `id`, `host`, `port`, `user`.
    pub fn fact(&self, name: &str) -> Option<String> {
        self.state().facts.get(name).cloned()
    }

    /// How somebody who wants to look at the started machine finds it.
    pub(crate) fn machine(&self) -> Vec<(&'static str, String)> {
        let facts = ["id", "host", "port", "user"].map(|name| (name, self.fact(name)));
        facts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// What templates are rendered with.
    pub fn vars(&self) -> Vars {
        let names = &self.0.names;
        let mut build: Vars = self
            .state()
            .facts
            .iter()
            .map(|(name, value)| ((*name).into(), json!(value)))
            .collect();
        build.entry("name").or_insert_with(|| json!(names.image));
        build.entry("source").or_insert_with(|| json!(names.source));
        let vars = json!({
            "timestamp": self.clock().seconds(), "iso_time": self.clock().iso(), "run": {"id": self.run_id()},
            "uuid": unit_uuid(self.run_id(), self.unit()),
            "image": names.image, "source": names.source, "source_kind": names.kind, "unit": &**self.unit(),
            "project": self.project().id, "build": build,
        });
        match vars {
            serde_json::Value::Object(vars) => vars,
            _ => Vars::new(),
        }
    }

    /// Renders a template with the unit's facts.
    ///
    /// # Errors
    /// When it uses a fact that is not known now, or a secret cannot be resolved.
    pub fn render(&self, template: &Template) -> Result<Zeroizing<String>> {
        template.render(&self.vars())
    }

    /// Renders a template with the unit's facts and `more`.
    ///
    /// # Errors
    /// As [`Cx::render`].
    pub fn render_with(&self, template: &Template, more: Vars) -> Result<Zeroizing<String>> {
        let mut vars = self.vars();
        vars.extend(more);
        template.render(&vars)
    }

    /// The variables that scripts written for Packer look for, and ours: `PACKER_BUILD_NAME`, `IMAGEBAKE_IMAGE`, …
    pub fn script_env(&self) -> Vec<(String, String)> {
        let names = &self.0.names;
        let mut env = vec![
            ("PACKER_BUILD_NAME", names.source.clone()),
            ("PACKER_BUILDER_TYPE", names.kind.to_owned()),
            ("PACKER_RUN_UUID", self.run_id().to_owned()),
            ("IMAGEBAKE_IMAGE", names.image.clone()),
            ("IMAGEBAKE_SOURCE", names.source.clone()),
            ("IMAGEBAKE_SOURCE_KIND", names.kind.to_owned()),
            ("IMAGEBAKE_RUN", self.run_id().to_owned()),
        ];
        if let Some(addr) = self.fact("http_addr") {
            if let Some((host, port)) = addr.rsplit_once(':') {
                env.push(("PACKER_HTTP_IP", host.trim_matches(['[', ']']).to_owned()));
                env.push(("PACKER_HTTP_PORT", port.to_owned()));
            }
            env.push(("PACKER_HTTP_ADDR", addr));
        }
        env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(super) fn run_digests(&self) -> &RunDigests {
        &self.0.run.digests
    }

    pub(crate) fn set_wanted_digests(&self, wanted: WantedDigests) {
        self.state().wanted = wanted;
    }

    /// The digests that the next post-processor of the chain wants of the files that are being made: computing them while writing
    /// saves it from reading them again.
    pub fn wanted_digests(&self) -> Vec<DigestKind> {
        self.state().wanted.of_output.clone()
    }

    /// The digests that somebody will want of the files that are being read: the build's summary of files that stay, and the
    /// chains that come later. Computing them in passing, and telling them by [`Cx::reading`], saves another read.
    pub fn wanted_input_digests(&self) -> Vec<DigestKind> {
        self.state().wanted.of_input.clone()
    }

    // ---- events

    pub(crate) fn emit(&self, event: Event) {
        self.0.run.events.send(event);
    }

    fn message(&self, level: Level, text: &str) {
        let text = self.0.run.redactor.redact_str(text).into_owned();
        self.emit(Event::Message {
            unit: Some(self.unit().clone()),
            level,
            text,
        });
    }

    /// A line for the user.
    pub fn say(&self, text: impl AsRef<str>) {
        self.message(Level::Info, text.as_ref());
    }

    /// A line for the unit's log only.
    pub fn note(&self, text: impl AsRef<str>) {
        self.message(Level::Debug, text.as_ref());
    }

    /// A line that the user should not miss.
    pub fn warn(&self, text: impl AsRef<str>) {
        self.message(Level::Warning, text.as_ref());
    }

    /// Shows the progress of a transfer of `total` bytes, where known.
    pub fn progress(&self, what: &str, total: Option<u64>) -> ProgressBar {
        let what = self.0.run.redactor.redact_str(what);
        ProgressBar::new(self.0.run.events.clone(), self.unit().clone(), &what, total)
    }

    /// Where output of one command goes: redacted, into the unit's log and to the reporters.
    pub(crate) fn output_streams(&self) -> OutputStreams {
        OutputStreams::new(self.0.run.events.clone(), self.unit().clone(), &self.0.run.redactor)
    }

    // ---- steps and cancelling

    /// Runs `work` as `step`: reported, timed, and named in its error.
    pub(crate) async fn in_step<T>(&self, step: StepRef, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.state().step = Some(step.clone());
        self.emit(Event::StepStarted {
            unit: self.unit().clone(),
            step: step.clone(),
        });
        let began = Instant::now();
        let result = self.until_cancelled(work).await;
        let seconds = began.elapsed().as_secs_f64();
        let status = match &result {
            Ok(_) => UnitStatus::Ok,
            Err(error) if error.kind() == crate::error::ErrorKind::Cancelled => UnitStatus::Cancelled,
            Err(_) => UnitStatus::Failed,
        };
        {
            let mut state = self.state();
            state.timings.push(Timing::new(part(&step), seconds, false));
            state.step = None;
            if result.is_err() {
                state.failed_step = Some(step.clone());
            }
        }
        let place = step.place.clone();
        self.emit(Event::StepFinished {
            unit: self.unit().clone(),
            step,
            seconds,
            status,
        });
        result.map_err(|error| match place {
            Some(place) => error.at(place),
            None => error,
        })
    }

    /// A step whose failure was forgiven is not what failed the unit.
    pub(crate) fn forgive_step(&self) {
        self.state().failed_step = None;
    }

    /// Puts back which step failed, after steps that ran because of it.
    pub(crate) fn restore_failed_step(&self, step: Option<StepRef>) {
        self.state().failed_step = step;
    }

    pub(crate) fn failed_step(&self) -> Option<StepRef> {
        self.state().failed_step.clone()
    }

    pub(crate) fn current_step(&self) -> Option<StepRef> {
        self.state().step.clone()
    }

    pub(crate) fn note_timing(&self, timing: Timing) {
        self.state().timings.push(timing);
    }

    pub(crate) fn take_timings(&self) -> Vec<Timing> {
        std::mem::take(&mut self.state().timings)
    }

    /// Whether the user cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancel.is_cancelled()
    }

    /// Comes back when the user cancels.
    pub async fn cancelled(&self) {
        self.0.cancel.cancelled().await;
    }

    /// `work`, or the error that the user cancelled; `work` is dropped then.
    ///
    /// # Errors
    /// Those of `work`, and [`Error::cancelled`].
    pub async fn until_cancelled<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.cancelled() => Err(Error::cancelled()),
            result = work => result,
        }
    }

    /// Waits, unless the user cancels.
    ///
    /// # Errors
    /// [`Error::cancelled`].
    pub async fn pause(&self, how_long: Duration) -> Result<()> {
        self.until_cancelled(async {
            tokio::time::sleep(how_long).await;
            Ok(())
        })
        .await
    }

    /// Does `work` on the side: what a part has to do after its future was dropped, such as ending a command in the machine. The unit is
    /// not over before it is done, within bounds.
    pub fn settle_later(&self, work: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime the program is at its end.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let mut settling = self.0.settling.lock().unwrap_or_else(PoisonError::into_inner);
            settling.spawn_on(work, &runtime);
        }
    }

    /// Waits for what was left to be done.
    pub(crate) async fn settle(&self) {
        let take = || std::mem::take(&mut *self.0.settling.lock().unwrap_or_else(PoisonError::into_inner));
        let mut left = take();
        let wait = async { while left.join_next().await.is_some() {} };
        if tokio::time::timeout(SETTLE, wait).await.is_err() {
            tracing::warn!("something of the unit did not come to its end in time");
        }
    }

    /// Stops until the user says how to go on; `note` is what they should know.
    ///
    /// # Errors
    /// When the user ends the build here.
    pub async fn breakpoint(&self, note: Option<String>) -> Result<()> {
        let at = self.current_step().map(|step| format!("at {}", placed(&step)));
        self.0.decisions.pause(self, at.unwrap_or_default(), note).await
    }
}

/// `step 2 shell`, `post manifest`: how timings and failures call a step.
pub(crate) fn part(step: &StepRef) -> String {
    match step.phase {
        crate::event::Phase::Provision => format!("step {} {}", step.number, step.name),
        crate::event::Phase::ErrorCleanup => format!("error-cleanup {}", step.name),
        crate::event::Phase::PostProcess => format!("post {}", step.name),
    }
}
