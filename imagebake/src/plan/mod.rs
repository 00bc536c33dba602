//! From images to units that can be built: pure, offline, all problems at once.
//!
//! `plan` calls the image functions and checks what they describe. It reads no file, starts no process and asks nobody, but what an
//! image function itself asks its [`Data`]; [`validate`](crate::engine::validate) does more.

mod check;
pub mod compare;
mod diagnostics;
pub mod json;
pub mod packer;
mod saved;
mod select;

pub use diagnostics::{Diagnostic, Diagnostics, Explanation, Severity, nearest};
pub use saved::{SavedPlan, SavedSetting, SavedStep, SavedUnit};
pub use select::Selection;

use crate::{
    chain::ErasedChain,
    data::{Data, LookedUp, Lookups, Origin, UNKNOWN},
    describe::Info,
    engine::Clock,
    error::{Error, Result as BuildResult},
    event::UnitName,
    field::{Field, Place},
    image::Image,
    names::UnitNames,
    project::Project,
    redact::Redactor,
    registry::ImageEntry,
    step::ErasedStep,
    unit::ErasedUnit,
    variables::{InputProblems, Inputs, OwnFiles},
};
use futures_util::FutureExt;
use std::{cell::Cell, collections::BTreeMap, panic::AssertUnwindSafe, path::PathBuf, sync::Arc};

/// One image × one of its sources: what is built, waited for and reported as one.
#[derive(Clone)]
pub struct PlannedUnit {
    pub(crate) names: UnitNames,
    pub(crate) unit: Arc<dyn ErasedUnit>,
    pub(crate) info: Info,
    pub(crate) steps: Vec<Arc<dyn ErasedStep>>,
    pub(crate) error_cleanup: Vec<Arc<dyn ErasedStep>>,
    /// The source's own, then the image's.
    pub(crate) chains: Vec<ErasedChain>,
    pub(crate) image_dir: PathBuf,
    pub(crate) image_place: Place,
}

/// A step or post-processor as displays see it.
#[non_exhaustive]
pub struct Described {
    /// What it is called: its kind, or what `.named` said.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Its settings, overrides for the unit applied.
    pub fields: Vec<Field>,
    /// Its settings before overrides, where one applies.
    pub base_fields: Option<Vec<Field>>,
    /// The options that every step has, where they were set: `timeout`, `max_retries`, …
    pub options: Vec<(&'static str, crate::field::Value)>,
}

impl PlannedUnit {
    /// `web.oci`.
    pub fn name(&self) -> UnitName {
        self.names.unit().into()
    }

    /// The image's name.
    pub fn image(&self) -> &str {
        &self.names.image
    }

    /// The source's name in its image.
    pub fn source(&self) -> &str {
        &self.names.source
    }

    /// The source's name within its image, its kind included: `oci`, `qemu.efi`.
    pub fn source_name(&self) -> String {
        self.names.kind_and_name()
    }

    /// The source's kind.
    pub fn kind(&self) -> &'static str {
        self.names.kind
    }

    /// Where the source stands.
    pub fn place(&self) -> Place {
        self.unit.place()
    }

    /// Where the image stands.
    pub fn image_place(&self) -> &Place {
        &self.image_place
    }

    /// The source's settings.
    pub fn fields(&self) -> Vec<Field> {
        self.unit.fields()
    }

    /// The steps of this unit, in order.
    pub fn steps(&self) -> Vec<Described> {
        self.steps.iter().map(|step| self.describe(&**step)).collect()
    }

    /// The steps that run when one has failed.
    pub fn error_cleanup(&self) -> Vec<Described> {
        self.error_cleanup.iter().map(|step| self.describe(&**step)).collect()
    }

    /// Steps and post-processors that plan and cannot be built, since their runtime does not exist yet: kind and place.
    pub(crate) fn unwritten(&self) -> Vec<(&'static str, Place)> {
        let steps = self.steps.iter().chain(&self.error_cleanup);
        let steps = steps
            .filter(|step| step.is_unwritten())
            .map(|step| (step.kind(), step.place()));
        let links = self.chains.iter().flat_map(|chain| &chain.links);
        let links = links
            .filter(|link| link.is_unwritten())
            .map(|link| (link.kind(), link.place()));
        steps.chain(links).collect()
    }

    fn describe(&self, step: &dyn ErasedStep) -> Described {
        use crate::field::Value;
        let options = step.options();
        let mut set: Vec<(&'static str, Value)> = Vec::new();
        if !options.pause_before.is_zero() {
            set.push(("pause_before", Value::Duration(options.pause_before)));
        }
        if let Some(timeout) = options.timeout {
            set.push(("timeout", Value::Duration(timeout)));
        }
        if options.max_retries > 0 {
            set.push(("max_retries", Value::Integer(options.max_retries.into())));
        }
        if options.continue_on_error {
            set.push(("continue_on_error", Value::Bool(true)));
        }
        Described {
            name: options.name.clone().unwrap_or_else(|| step.kind().to_owned()),
            kind: step.kind(),
            place: step.place(),
            fields: step.fields(&self.names),
            base_fields: step
                .override_globs()
                .iter()
                .any(|glob| self.names.matches(glob))
                .then(|| step.base_fields()),
            options: set,
        }
    }

    /// The chains of this unit: each a sequence of post-processors.
    pub fn chains(&self) -> Vec<Vec<Described>> {
        let link = |link: &Arc<dyn crate::chain::ErasedPost>| {
            let keep = link
                .options()
                .keep_input
                .map(|keep| ("keep_input_artifact", crate::field::Value::Bool(keep)));
            Described {
                name: link.name().to_owned(),
                kind: link.kind(),
                place: link.place(),
                fields: link.fields(),
                base_fields: None,
                options: keep.into_iter().collect(),
            }
        };
        self.chains
            .iter()
            .map(|chain| chain.links.iter().map(link).collect())
            .collect()
    }
}

/// What a command is about to do: the units, and everything wrong with them.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The selected units, in the order of the images' names and their sources.
    pub units: Vec<PlannedUnit>,
    /// Every problem found.
    pub problems: Diagnostics,
    /// Image → variable → its value as it was given, or its default; secrets by name.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    /// What the images have looked up.
    pub data: Vec<LookedUp>,
    /// The moment of the run.
    pub clock: Clock,
    /// Hides what is secret among the values that were given, wherever it turns up.
    pub(crate) redactor: Redactor,
}

/// An image as `list` shows it.
#[derive(Clone)]
#[non_exhaustive]
pub struct ListedImage {
    /// How it is registered.
    pub entry: ImageEntry,
    /// What it is for.
    pub description: String,
    /// Its units; none where its inputs are missing.
    pub units: Vec<PlannedUnit>,
    /// Why it cannot be described.
    pub problems: Diagnostics,
}

/// Describes every image of `entries` with `inputs`, those with problems included. Nothing outside is asked: an image that needs an
/// answer which is not pinned has a problem.
pub fn list(project: &Project, entries: &[ImageEntry], inputs: &Inputs) -> Vec<ListedImage> {
    list_with(project, entries, inputs, &Arc::new(Lookups::new(project).offline(true)))
}

/// Describes every image of `entries` with the look-ups of `lookups`, those with problems included. Waits for these.
pub fn list_with(
    project: &Project,
    entries: &[ImageEntry],
    inputs: &Inputs,
    lookups: &Arc<Lookups>,
) -> Vec<ListedImage> {
    inputs.hide_secrets(entries);
    let mut files = OwnFiles::new(project, entries);
    let chosen: Vec<&ImageEntry> = entries.iter().collect();
    let described = describe(project, &chosen, &mut files, inputs, lookups).into_iter();
    described
        .zip(entries)
        .map(|(described, entry)| {
            let image = described.image;
            let description = image.as_ref().and_then(|image| image.description.clone());
            ListedImage {
                entry: entry.clone(),
                description: description.unwrap_or_else(|| entry.doc.trim().to_owned()),
                units: image.map(|image| units(project, entry, &image)).unwrap_or_default(),
                problems: described.problems,
            }
        })
        .collect()
}

/// Plans the selected images.
pub fn plan(project: &Project, entries: &[ImageEntry], inputs: &Inputs, selection: &Selection) -> Plan {
    plan_with(project, entries, inputs, selection, &Arc::new(Lookups::new(project)))
}

/// Plans the selected images with the look-ups of `lookups`. Waits for these, so async code calls it by `spawn_blocking`.
pub fn plan_with(
    project: &Project,
    entries: &[ImageEntry],
    inputs: &Inputs,
    selection: &Selection,
    lookups: &Arc<Lookups>,
) -> Plan {
    inputs.hide_secrets(entries);
    let mut plan = Plan {
        clock: lookups.clock(),
        redactor: inputs.redactor().clone(),
        ..Plan::default()
    };
    plan.problems.extend(
        Clock::problem(std::env::var_os("SOURCE_DATE_EPOCH"))
            .into_iter()
            .collect(),
    );
    check::duplicate_images(entries, &mut plan.problems);
    let chosen = selection.images(entries, &mut plan.problems);
    plan.problems.extend(inputs.unknown(&chosen, entries));
    let mut files = OwnFiles::new(project, entries);
    let described = describe(project, &chosen, &mut files, inputs, lookups);
    plan.problems
        .extend(lookups.lock_problems().cloned().unwrap_or_default());
    for (entry, described) in chosen.into_iter().zip(described) {
        plan.problems.extend(described.problems);
        plan.data.extend(described.data);
        let Some(image) = described.image else { continue };
        let units = units(project, entry, &image);
        check::image(entry, &image, &units, &mut plan.problems);
        plan.units.extend(units);
        plan.values.insert(entry.name.clone().into_owned(), described.values);
    }
    selection.units(&mut plan);
    // What an image function says of a mistake may hold a value that it was given.
    for problem in plan.problems.iter_mut() {
        problem.message = plan.redactor.redact_str(&problem.message).into_owned();
        problem.help = problem
            .help
            .take()
            .map(|help| plan.redactor.redact_str(&help).into_owned());
    }
    plan
}

/// What came of an image function.
#[derive(Default)]
struct DescribedImage {
    image: Option<Image>,
    values: BTreeMap<String, String>,
    data: Vec<LookedUp>,
    problems: Diagnostics,
}

/// Calls the image functions; those that look things up are called side by side.
fn describe(
    project: &Project,
    entries: &[&ImageEntry],
    files: &mut OwnFiles<'_>,
    inputs: &Inputs,
    lookups: &Arc<Lookups>,
) -> Vec<DescribedImage> {
    let mut described = Vec::new();
    let mut looking = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let mut one = DescribedImage::default();
        if let Some(inputs) = files.inputs_of(entry, inputs, &mut one.problems) {
            one.values = inputs.shown((entry.variables)());
            if entry.looks_up() {
                let data = Data::new(lookups.clone(), &entry.name, project.image_dir(entry));
                looking.push(look(index, entry, inputs, data));
            } else {
                // A description is the user's code: a panic in it is a problem of that image, not of the program.
                let made = std::panic::catch_unwind(AssertUnwindSafe(|| entry.make(&inputs)));
                one.image = made_by(entry, made, Diagnostics::new(), &mut one.problems);
            }
        }
        described.push(one);
    }
    if looking.is_empty() {
        return described;
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("nothing can be looked up here: {error}");
            let problem = Diagnostic::error("look-up", message).help("is there a limit on open files?");
            described.iter_mut().for_each(|one| one.problems.push(problem.clone()));
            return described;
        }
    };
    let looked = runtime.block_on(futures_util::future::join_all(looking));
    // A look-up that was given up must not hold the program.
    runtime.shutdown_background();
    for (index, image, data, problems) in looked {
        let one = &mut described[index];
        (one.image, one.data) = (image, data);
        one.problems.extend(problems);
    }
    described
}

async fn look(
    index: usize,
    entry: &ImageEntry,
    inputs: Inputs,
    data: Data,
) -> (usize, Option<Image>, Vec<LookedUp>, Diagnostics) {
    let made = AssertUnwindSafe(entry.describe(&inputs, &data)).catch_unwind().await;
    let (answers, failures) = data.into_told();
    let mut problems = Diagnostics::new();
    for open in answers.iter().filter(|answer| answer.from == Origin::Unknown) {
        let name = format!("{} {}", open.kind, open.question);
        let message = format!(
            "`{}` was not asked for: what depends on it is `{UNKNOWN}`",
            name.trim_end()
        );
        let problem = Diagnostic::warning("look-up-unknown", message).at(open.place.clone());
        problems.push(problem.help("run `lock` where it may be asked; pinned answers are used"));
    }
    let image = made_by(entry, made, failures, &mut problems);
    (index, image, answers, problems)
}

/// The image, or what kept it from being described.
fn made_by(
    entry: &ImageEntry,
    made: std::thread::Result<BuildResult<Image>>,
    failures: Diagnostics,
    problems: &mut Diagnostics,
) -> Option<Image> {
    let mut own = Diagnostics::new();
    let image = match made {
        // What it could do without is no problem.
        Ok(Ok(image)) => Some(image),
        Ok(Err(error)) => {
            // The error of a look-up may come back in another type, that of the function.
            let told = error.full();
            let because_of_data = failures.iter().any(|failure| told.contains(&failure.message));
            // What is wrong with the lock file is told once, for all images.
            own.extend(
                failures
                    .into_iter()
                    .filter(|failure| failure.code != "lock-file")
                    .collect(),
            );
            if !because_of_data {
                own.extend(problems_of(&error));
            }
            None
        }
        Err(panic) => {
            let message = format!("the image function panicked: {}", panic_text(&*panic));
            let mut problem = Diagnostic::error("image-panic", message);
            problem.places.extend(PANICKED.take());
            problem.places.push(entry.place());
            own.push(problem);
            None
        }
    };
    own.locate(&[], Some(&entry.place()));
    own.within(&entry.name, None, None);
    problems.extend(own);
    image
}

fn problems_of(error: &Error) -> Diagnostics {
    let source = std::error::Error::source(error);
    if let Some(InputProblems(found)) = source.and_then(|source| source.downcast_ref()) {
        return found.clone();
    }
    let problem = Diagnostic::error("image", error.full());
    let problem = error
        .hints()
        .iter()
        .fold(problem, |problem, hint| problem.help(hint.clone()));
    error.place().cloned().into_iter().fold(problem, Diagnostic::at).into()
}

thread_local! {
    static PANICKED: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Where the image function that is being called has panicked; the command line hears of it first.
#[cfg(feature = "cli")]
pub(crate) fn note_panic(place: Option<Place>) {
    PANICKED.set(place);
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

fn units(project: &Project, entry: &ImageEntry, image: &Image) -> Vec<PlannedUnit> {
    let image_dir = project.image_dir(entry);
    image
        .units
        .iter()
        .map(|unit| {
            let kind = unit.kind();
            let source = unit.name().unwrap_or(kind).to_owned();
            let names = UnitNames {
                image: entry.name.clone().into_owned(),
                kind,
                source,
            };
            let own = unit.chains().iter().chain(&image.chains);
            let admitted = |step: &&Arc<dyn ErasedStep>| step.options().filter.admits(&names);
            PlannedUnit {
                unit: unit.clone(),
                info: unit.info(),
                steps: image.steps.iter().filter(admitted).cloned().collect(),
                error_cleanup: image.error_cleanup.iter().filter(admitted).cloned().collect(),
                chains: own.filter(|chain| chain.admits(&names)).cloned().collect(),
                image_dir: image_dir.clone(),
                image_place: entry.place(),
                names,
            }
        })
        .collect()
}
