//! What differs between two plans: units, steps and settings, each with the line of the newer one.
//!
//! Pure: both plans are in their written form, so that a plan of now, a saved one and that of an earlier run compare alike. Lines that
//! have only shifted are no difference, nor is a setting that is now set to what was its default.
//!
//! Steps have no identity of their own. Those that are equal belong together first, then those with the same kind and name that have
//! the most in common; what is left was added or removed. Of the pairs, the fewest that explain the new order have moved. Post-processors
//! are compared as one list in which each knows whether it begins a chain, which says as much as the chains themselves.

use super::{SavedPlan, SavedSetting, SavedStep, SavedUnit};
use crate::field::Place;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::HashMap;

/// What `.named` says, among the options.
const NAME: &str = "named";

/// What differs: `{"units":[…],"compared":{"units":2,"steps":5}}`.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The units that differ, in the order of the newer plan; those that are gone last.
    pub units: Vec<UnitDifference>,
    /// How much was looked at.
    pub compared: Compared,
}

/// How much was compared, in the newer plan.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Compared {
    /// Units.
    pub units: usize,
    /// Steps, those that run after a failure included, and post-processors.
    pub steps: usize,
}

/// What became of a unit or a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its settings differ; a step may have moved besides.
    Changed,
    /// It stands elsewhere in the order, and is the same.
    Moved,
}

/// A unit that differs: `{name, change, place, settings:[…], steps:[…]}`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct UnitDifference {
    /// `web.oci`.
    pub name: String,
    /// Never `moved`.
    pub change: Change,
    /// Where the source stands, or stood.
    pub place: Place,
    /// The source's settings that differ; none where the unit was added or removed.
    pub settings: Vec<SettingDifference>,
    /// The steps that differ; none where the unit was added or removed.
    pub steps: Vec<StepDifference>,
}

/// Which list of a unit a step is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Part {
    /// The steps.
    Step,
    /// The steps that run after a failure.
    ErrorCleanup,
    /// The post-processors, chain after chain.
    Post,
}

/// A step that differs: `{part, name, kind, change, old_number, new_number, place, settings:[…]}`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepDifference {
    /// Which list it is in.
    pub part: Part,
    /// Its kind, or what `.named` said.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// What became of it.
    pub change: Change,
    /// Whether it stands elsewhere in the order; also where it has changed besides.
    pub moved: bool,
    /// Its number then, from 1; `null` where it was added.
    pub old_number: Option<usize>,
    /// Its number now, from 1; `null` where it was removed.
    pub new_number: Option<usize>,
    /// Where it stands, or stood.
    pub place: Place,
    /// Settings and options that differ; none where it was added or removed.
    pub settings: Vec<SettingDifference>,
}

/// A setting that differs: `{name, old, new, old_is_default, new_is_default, place}`.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct SettingDifference {
    /// Its name.
    pub name: String,
    /// The value then, `null` where there was none; secrets by name.
    pub old: Json,
    /// The value now.
    pub new: Json,
    /// Whether the old value was the default.
    pub old_is_default: bool,
    /// Whether the new value is the default. Where both are, the default itself has changed.
    pub new_is_default: bool,
    /// Where the new value was set; where its default stands, the line of what it belongs to.
    pub place: Place,
}

impl Comparison {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }
}

/// Compares `new` with `old`.
pub fn compare(old: &SavedPlan, new: &SavedPlan) -> Comparison {
    let steps = |unit: &SavedUnit| {
        unit.steps.len() + unit.error_cleanup.len() + unit.chains.iter().map(Vec::len).sum::<usize>()
    };
    let compared = Compared {
        units: new.units.len(),
        steps: new.units.iter().map(steps).sum(),
    };
    let earlier: HashMap<&str, &SavedUnit> = old.units.iter().map(|unit| (unit.name.as_str(), unit)).collect();
    let whole = |unit: &SavedUnit, change| UnitDifference {
        name: unit.name.clone(),
        change,
        place: unit.place.clone(),
        settings: Vec::new(),
        steps: Vec::new(),
    };
    let mut units: Vec<UnitDifference> = new
        .units
        .iter()
        .filter_map(|unit| match earlier.get(unit.name.as_str()) {
            Some(old) => self::unit(old, unit),
            None => Some(whole(unit, Change::Added)),
        })
        .collect();
    let gone = |unit: &&SavedUnit| !new.units.iter().any(|other| other.name == unit.name);
    units.extend(old.units.iter().filter(gone).map(|unit| whole(unit, Change::Removed)));
    Comparison { units, compared }
}

fn unit(old: &SavedUnit, new: &SavedUnit) -> Option<UnitDifference> {
    let mut steps = self::steps(Part::Step, &old.steps, &new.steps);
    steps.extend(self::steps(Part::ErrorCleanup, &old.error_cleanup, &new.error_cleanup));
    steps.extend(self::steps(Part::Post, &links(&old.chains), &links(&new.chains)));
    let settings = settings(&old.settings, &new.settings, &new.place);
    (!steps.is_empty() || !settings.is_empty()).then(|| UnitDifference {
        name: new.name.clone(),
        change: Change::Changed,
        place: new.place.clone(),
        settings,
        steps,
    })
}

/// The post-processors of all chains in one list.
fn links(chains: &[Vec<SavedStep>]) -> Vec<SavedStep> {
    let numbered = chains.iter().flat_map(|chain| chain.iter().enumerate());
    let link = |(i, link): (usize, &SavedStep)| {
        let mut link = link.clone();
        let takes = if i == 0 {
            "the source's artifact"
        } else {
            "what the one before it made"
        };
        link.options.insert("takes".to_owned(), takes.into());
        link
    };
    numbered.map(link).collect()
}

fn steps(part: Part, old: &[SavedStep], new: &[SavedStep]) -> Vec<StepDifference> {
    let pairs = pairs(old, new);
    let stay = longest_rising(&pairs.iter().copied().flatten().collect::<Vec<_>>());
    let mut found = Vec::new();
    for (i, (step, pair)) in new.iter().zip(&pairs).enumerate() {
        let (change, moved, settings) = match pair {
            None => (Change::Added, false, Vec::new()),
            Some(at) => match (differences(&old[*at], step), !stay.contains(at)) {
                (settings, false) if settings.is_empty() => continue,
                (settings, true) if settings.is_empty() => (Change::Moved, true, settings),
                (settings, moved) => (Change::Changed, moved, settings),
            },
        };
        found.push(StepDifference {
            settings,
            moved,
            ..difference(part, step, change, *pair, Some(i))
        });
    }
    let gone = (0..old.len()).filter(|at| !pairs.contains(&Some(*at)));
    found.extend(gone.map(|at| difference(part, &old[at], Change::Removed, Some(at), None)));
    found
}

fn difference(part: Part, step: &SavedStep, change: Change, old: Option<usize>, new: Option<usize>) -> StepDifference {
    StepDifference {
        part,
        name: step.name.clone(),
        kind: step.kind.clone(),
        change,
        moved: false,
        old_number: old.map(|at| at + 1),
        new_number: new.map(|at| at + 1),
        place: step.place.clone(),
        settings: Vec::new(),
    }
}

/// For each new step the old one that it was.
fn pairs(old: &[SavedStep], new: &[SavedStep]) -> Vec<Option<usize>> {
    let mut pairs = vec![None; new.len()];
    let mut free = vec![true; old.len()];
    for (step, pair) in new.iter().zip(&mut pairs) {
        let equal = |at: &usize| free[*at] && old[*at].kind == step.kind && differences(&old[*at], step).is_empty();
        *pair = (0..old.len()).find(equal);
        if let Some(at) = *pair {
            free[at] = false;
        }
    }
    let mut candidates = Vec::new();
    for (i, step) in new.iter().enumerate().filter(|(i, _)| pairs[*i].is_none()) {
        for at in (0..old.len()).filter(|at| free[*at] && alike(&old[*at], step)) {
            candidates.push((in_common(&old[at], step), at.abs_diff(i), i, at));
        }
    }
    // The most in common first; among equals, the nearest.
    candidates.sort_by_key(|&(common, far, i, at)| (std::cmp::Reverse(common), far, i, at));
    for (_, _, i, at) in candidates {
        if pairs[i].is_none() && free[at] {
            (pairs[i], free[at]) = (Some(at), false);
        }
    }
    pairs
}

/// Whether one step can have become the other: a new name is believed only where nothing else differs.
fn alike(old: &SavedStep, new: &SavedStep) -> bool {
    old.kind == new.kind && (old.name == new.name || differences(old, new).iter().all(|found| found.name == NAME))
}

/// How much two steps have in common: 100 for each setting that is equal, less for lists that share entries.
fn in_common(old: &SavedStep, new: &SavedStep) -> usize {
    let value = |setting: &SavedSetting| {
        Some(match (&find(&old.settings, &setting.name)?.value, &setting.value) {
            (a, b) if a == b => 100,
            (Json::Array(a), Json::Array(b)) => {
                100 * b.iter().filter(|item| a.contains(item)).count() / a.len().max(b.len()).max(1)
            }
            _ => 0,
        })
    };
    new.settings.iter().filter_map(value).sum()
}

/// The old numbers of those that stay in order when all others move.
fn longest_rising(numbers: &[usize]) -> Vec<usize> {
    // For each number the length of the longest rising row that ends with it, and the place of the one before.
    let mut rows: Vec<(usize, Option<usize>)> = Vec::with_capacity(numbers.len());
    for (i, number) in numbers.iter().enumerate() {
        let before = (0..i).filter(|at| numbers[*at] < *number).max_by_key(|at| rows[*at].0);
        rows.push((before.map_or(1, |at| rows[at].0 + 1), before));
    }
    let mut stay = Vec::new();
    let mut at = (0..rows.len()).max_by_key(|at| rows[*at].0);
    while let Some(place) = at {
        stay.push(numbers[place]);
        at = rows[place].1;
    }
    stay
}

/// Name, settings and options that differ between two steps.
fn differences(old: &SavedStep, new: &SavedStep) -> Vec<SettingDifference> {
    let mut found = settings(&options(old), &options(new), &new.place);
    found.extend(settings(&old.settings, &new.settings, &new.place));
    found
}

/// The name, where it is not the kind, and the options that were set: as settings, which they are to people.
fn options(step: &SavedStep) -> Vec<SavedSetting> {
    let option = |name: &str, value: &Json| SavedSetting {
        name: name.to_owned(),
        value: value.clone(),
        place: Some(step.place.clone()),
    };
    let mut found: Vec<_> = step.options.iter().map(|(name, value)| option(name, value)).collect();
    if step.name != step.kind {
        found.push(option(NAME, &step.name.clone().into()));
    }
    found
}

fn settings(old: &[SavedSetting], new: &[SavedSetting], owner: &Place) -> Vec<SettingDifference> {
    let gone = old.iter().filter(|setting| find(new, &setting.name).is_none());
    let compared = new.iter().chain(gone).filter_map(|setting| {
        let (old, new) = (find(old, &setting.name), find(new, &setting.name));
        // A setting that an earlier or later imagebake does not know is as good as not set.
        let value = |setting: Option<&SavedSetting>| setting.map_or(Json::Null, |setting| setting.value.clone());
        let place = |setting: Option<&SavedSetting>| setting.and_then(|setting| setting.place.clone());
        let (before, after) = (value(old), value(new));
        (before != after).then(|| SettingDifference {
            name: setting.name.clone(),
            old: before,
            new: after,
            old_is_default: place(old).is_none(),
            new_is_default: place(new).is_none(),
            place: place(new).unwrap_or_else(|| owner.clone()),
        })
    });
    compared.collect()
}

fn find<'a>(settings: &'a [SavedSetting], name: &str) -> Option<&'a SavedSetting> {
    settings.iter().find(|setting| setting.name == name)
}

#[cfg(test)]
mod tests;
