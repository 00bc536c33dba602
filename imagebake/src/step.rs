//! A provisioner in an image, with the options that every step has.

use crate::{
    cache::StepKey,
    communicator::Remote,
    describe::Component,
    engine::Cx,
    error::Result,
    field::{Field, Place},
    names,
    plan::Diagnostics,
    provisioner::Provisioner,
    value::HostPath,
};
use std::{future::Future, panic::Location, pin::Pin, sync::Arc, time::Duration};

/// Which units a step or post-processor is for: globs on the unit (`web.docker`), on `kind.name` or on the source's name.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub(crate) only: Vec<String>,
    pub(crate) except: Vec<String>,
}

impl Filter {
    /// Whether it lets the unit through.
    pub(crate) fn admits(&self, unit: &names::UnitNames) -> bool {
        (self.only.is_empty() || self.only.iter().any(|glob| unit.matches(glob)))
            && !self.except.iter().any(|glob| unit.matches(glob))
    }

    pub(crate) fn globs(&self) -> impl Iterator<Item = &str> {
        self.only.iter().chain(&self.except).map(String::as_str)
    }
}

/// What every step has besides its provisioner.
#[derive(Clone, Debug, Default)]
pub struct StepOptions {
    pub(crate) filter: Filter,
    pub(crate) pause_before: Duration,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_retries: u32,
    pub(crate) continue_on_error: bool,
    pub(crate) name: Option<String>,
}

/// A provisioner with options and overrides. Any provisioner becomes one by [`StepExt`].
#[derive(Clone)]
pub struct Step<P> {
    provisioner: P,
    options: StepOptions,
    overrides: Vec<(String, P)>,
    place: &'static Location<'static>,
}

impl<P: Provisioner> Step<P> {
    /// Only in the units that one of `globs` matches.
    #[must_use]
    pub fn only<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.options.filter.only = globs.into_iter().map(Into::into).collect();
        self
    }

    /// Not in the units that one of `globs` matches.
    #[must_use]
    pub fn except<T: Into<String>>(mut self, globs: impl IntoIterator<Item = T>) -> Self {
        self.options.filter.except = globs.into_iter().map(Into::into).collect();
        self
    }

    /// Waits this long before the step.
    #[must_use]
    pub fn pause_before(mut self, pause: Duration) -> Self {
        self.options.pause_before = pause;
        self
    }

    /// Ends the step with an error after this long, each try on its own.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Tries again this many times when the step fails.
    #[must_use]
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.options.max_retries = retries;
        self
    }

    /// Goes on with the next step when this one fails; the failure is reported.
    #[must_use]
    pub fn continue_on_error(mut self) -> Self {
        self.options.continue_on_error = true;
        self
    }

    /// The step's name in messages and for `--break`; its kind otherwise.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.options.name = Some(name.into());
        self
    }

    /// Changes the provisioner in the units that `glob` matches. Later overrides build on the earlier ones that match the same
    /// glob.
    #[must_use]
    pub fn override_for(mut self, glob: impl Into<String>, change: impl FnOnce(P) -> P) -> Self {
        let glob = glob.into();
        let earlier = self.overrides.iter().position(|(other, _)| *other == glob);
        let base = earlier.map_or_else(|| self.provisioner.clone(), |at| self.overrides.remove(at).1);
        self.overrides.push((glob, change(base)));
        self
    }

    fn for_unit(&self, unit: &names::UnitNames) -> &P {
        let chosen = self.overrides.iter().rev().find(|(glob, _)| unit.matches(glob));
        chosen.map_or(&self.provisioner, |(_, provisioner)| provisioner)
    }
}

/// Turns any provisioner into a step with options.
pub trait StepExt: Provisioner {
    /// A step without options.
    #[track_caller]
    fn step(self) -> Step<Self> {
        Step {
            provisioner: self,
            options: StepOptions::default(),
            overrides: Vec::new(),
            place: Location::caller(),
        }
    }

    /// See [`Step::only`].
    #[track_caller]
    fn only<T: Into<String>>(self, globs: impl IntoIterator<Item = T>) -> Step<Self> {
        self.step().only(globs)
    }

    /// See [`Step::except`].
    #[track_caller]
    fn except<T: Into<String>>(self, globs: impl IntoIterator<Item = T>) -> Step<Self> {
        self.step().except(globs)
    }

    /// See [`Step::pause_before`].
    #[track_caller]
    fn pause_before(self, pause: Duration) -> Step<Self> {
        self.step().pause_before(pause)
    }

    /// See [`Step::timeout`].
    #[track_caller]
    fn timeout(self, timeout: Duration) -> Step<Self> {
        self.step().timeout(timeout)
    }

    /// See [`Step::max_retries`].
    #[track_caller]
    fn max_retries(self, retries: u32) -> Step<Self> {
        self.step().max_retries(retries)
    }

    /// See [`Step::continue_on_error`].
    #[track_caller]
    fn continue_on_error(self) -> Step<Self> {
        self.step().continue_on_error()
    }

    /// See [`Step::named`].
    #[track_caller]
    fn named(self, name: impl Into<String>) -> Step<Self> {
        self.step().named(name)
    }

    /// See [`Step::override_for`].
    #[track_caller]
    fn override_for(self, glob: impl Into<String>, change: impl FnOnce(Self) -> Self) -> Step<Self> {
        self.step().override_for(glob, change)
    }
}

impl<P: Provisioner> StepExt for P {}

/// A provisioner, or one with options.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a provisioner",
    note = "steps are `Shell`, `File`, `ShellLocal`, … and whatever implements `imagebake::provisioner::Provisioner`"
)]
pub trait IntoStep {
    /// The provisioner.
    type Provisioner: Provisioner;
    /// The step.
    fn into_step(self, place: &'static Location<'static>) -> Step<Self::Provisioner>;
}

#[diagnostic::do_not_recommend]
impl<P: Provisioner> IntoStep for P {
    type Provisioner = P;
    fn into_step(self, place: &'static Location<'static>) -> Step<P> {
        Step {
            provisioner: self,
            options: StepOptions::default(),
            overrides: Vec::new(),
            place,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<P: Provisioner> IntoStep for Step<P> {
    type Provisioner = P;
    fn into_step(mut self, place: &'static Location<'static>) -> Step<P> {
        self.place = place;
        self
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The sealed, type-erased twin of [`Step`].
pub(crate) trait ErasedStep: Send + Sync {
    fn kind(&self) -> &'static str;
    fn needs_guest(&self) -> bool;
    fn is_unwritten(&self) -> bool;
    fn options(&self) -> &StepOptions;
    fn place(&self) -> Place;
    fn override_globs(&self) -> Vec<&str>;
    /// The settings before any override.
    fn base_fields(&self) -> Vec<Field>;
    fn fields(&self, unit: &names::UnitNames) -> Vec<Field>;
    fn check(&self, unit: &names::UnitNames, problems: &mut Diagnostics);
    fn inputs(&self, unit: &names::UnitNames) -> Vec<HostPath>;
    fn cacheable(&self, unit: &names::UnitNames) -> bool;
    fn provision<'a>(&'a self, unit: &'a names::UnitNames, cx: &'a Cx, guest: &'a Remote) -> Boxed<'a, ()>;
}

impl<P: Provisioner> ErasedStep for Step<P> {
    fn kind(&self) -> &'static str {
        P::KIND
    }
    fn needs_guest(&self) -> bool {
        P::NEEDS_GUEST
    }
    fn is_unwritten(&self) -> bool {
        P::UNWRITTEN
    }
    fn options(&self) -> &StepOptions {
        &self.options
    }
    fn place(&self) -> Place {
        self.place.into()
    }
    fn override_globs(&self) -> Vec<&str> {
        self.overrides.iter().map(|(glob, _)| glob.as_str()).collect()
    }
    fn base_fields(&self) -> Vec<Field> {
        self.provisioner.fields()
    }
    fn fields(&self, unit: &names::UnitNames) -> Vec<Field> {
        self.for_unit(unit).fields()
    }
    fn check(&self, unit: &names::UnitNames, problems: &mut Diagnostics) {
        Component::check(self.for_unit(unit), problems);
    }
    fn inputs(&self, unit: &names::UnitNames) -> Vec<HostPath> {
        self.for_unit(unit).inputs()
    }
    fn cacheable(&self, unit: &names::UnitNames) -> bool {
        self.for_unit(unit).cacheable()
    }
    fn provision<'a>(&'a self, unit: &'a names::UnitNames, cx: &'a Cx, guest: &'a Remote) -> Boxed<'a, ()> {
        Box::pin(self.for_unit(unit).provision(cx, guest))
    }
}

/// A step of one unit, ready to run: what of an image's steps is left for it.
#[derive(Clone)]
pub(crate) struct UnitStep {
    pub(crate) step: Arc<dyn ErasedStep>,
    /// From 1.
    pub(crate) number: usize,
    pub(crate) of: usize,
    /// `None` where the step, or one before it, must run every time.
    pub(crate) key: Option<StepKey>,
}

impl UnitStep {
    /// Steps in their order, none with a key yet.
    pub(crate) fn numbered(steps: &[Arc<dyn ErasedStep>]) -> Vec<Self> {
        let of = steps.len();
        let number = |(i, step): (usize, &Arc<dyn ErasedStep>)| Self {
            step: step.clone(),
            number: i + 1,
            of,
            key: None,
        };
        steps.iter().enumerate().map(number).collect()
    }

    pub(crate) fn name(&self) -> &str {
        self.step.options().name.as_deref().unwrap_or(self.step.kind())
    }
}
