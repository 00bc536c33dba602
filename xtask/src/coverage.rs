//! `cargo xtask coverage`: which attributes of templates imagebake knows, component by component.
//!
//! The reference is a folder with one JSON file per component and, beside the folder, the groups of attributes that components share
//! (`groups.json`). What imagebake knows comes from its own programs, so that both sides are data and nothing is listed here.

use crate::{cargo, output, root};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The folder of the reference's components.
    #[arg(default_value = "../shared/reference/packer/components")]
    reference: PathBuf,
    /// List the attributes that are missing, and those that the reference does not have.
    #[arg(long)]
    missing: bool,
    /// Only components whose names contain this.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// A component of the reference.
#[derive(Deserialize)]
struct Reference {
    component: String,
    kind: String,
    #[serde(default)]
    groups: Vec<GroupUse>,
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
struct GroupUse {
    group: String,
    #[serde(default)]
    omit: Vec<String>,
}

#[derive(Clone, Deserialize)]
struct Attribute {
    name: String,
    #[serde(default)]
    nested: Vec<Attribute>,
}

#[derive(Deserialize)]
struct Groups {
    groups: BTreeMap<String, Group>,
}

#[derive(Deserialize)]
struct Group {
    attributes: Vec<Attribute>,
}

/// A component of imagebake.
#[derive(Deserialize)]
struct Known {
    role: String,
    kind: String,
    attributes: Vec<KnownAttribute>,
}

#[derive(Deserialize)]
struct KnownAttribute {
    name: String,
    superseded: Option<String>,
}

/// What the peer's core hands to each component by itself: no template sets it.
const INTERNAL: &str = "packer_internal";

/// An option that every post-processor has, whatever its settings.
const OPTION_OF_POST_PROCESSORS: &str = "keep_input_artifact";

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = root().join(&arguments.reference);
    let groups: Groups = read(&folder.join("../groups.json"))?;
    let printed = output(&mut cargo(&[
        "run",
        "--quiet",
        "--package",
        "example-quickstart",
        "--",
        "components",
    ]))?;
    let known: Vec<Known> = serde_json::from_str(&printed).context("cannot read what the program prints")?;
    let mut names: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.sort();
    let (mut total, mut described) = (Count::default(), 0);
    println!(
        "{:48} {:>6} {:>11} {:>8}",
        "component", "typed", "superseded", "missing"
    );
    for path in names {
        let reference: Reference = read(&path)?;
        let name = format!("{} {}", reference.kind, reference.component);
        if arguments.only.as_ref().is_some_and(|only| !name.contains(only)) {
            continue;
        }
        let ours = known.iter().find(|known| is_same(&reference, known));
        let mut count = count(
            &attributes(&reference, &groups)?,
            ours.map_or(&[], |known| &known.attributes),
        );
        if ours.is_some() && reference.kind == "post-processor" {
            count.has(OPTION_OF_POST_PROCESSORS);
        }
        described += usize::from(ours.is_some());
        let note = if ours.is_some() { "" } else { "  not described" };
        println!(
            "{name:48} {:>6} {:>11} {:>8}{note}",
            count.typed,
            count.superseded,
            count.missing.len()
        );
        if arguments.missing && ours.is_some() {
            for (what, names) in [("missing", &count.missing), ("not in the reference", &count.beyond)] {
                names.iter().for_each(|name| println!("    {what}: {name}"));
            }
        }
        total.add(count, ours.is_some());
    }
    println!(
        "{:48} {:>6} {:>11} {:>8}",
        format!("{described} described components"),
        total.typed,
        total.superseded,
        total.missing.len()
    );
    Ok(())
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

/// The peer calls a source a builder.
fn is_same(reference: &Reference, known: &Known) -> bool {
    let role = if reference.kind == "builder" {
        "source"
    } else {
        &reference.kind
    };
    known.role == role && known.kind == reference.component
}

/// All attributes of a component, those inside blocks after a dot; what only the peer's core sets is none.
fn attributes(component: &Reference, groups: &Groups) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    flatten(&component.attributes, "", &mut names);
    for used in component.groups.iter().filter(|used| used.group != INTERNAL) {
        let group = groups.groups.get(&used.group);
        let group = group.with_context(|| format!("the reference has no group `{}`", used.group))?;
        let kept = group
            .attributes
            .iter()
            .filter(|attribute| !used.omit.contains(&attribute.name));
        flatten(&kept.cloned().collect::<Vec<_>>(), "", &mut names);
    }
    ensure!(
        !names.is_empty() || component.attributes.is_empty(),
        "`{}` has no attribute",
        component.component
    );
    Ok(names)
}

fn flatten(attributes: &[Attribute], block: &str, names: &mut BTreeSet<String>) {
    for attribute in attributes {
        let name = format!("{block}{}", attribute.name);
        flatten(&attribute.nested, &format!("{name}."), names);
        names.insert(name);
    }
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Count {
    typed: usize,
    superseded: usize,
    missing: Vec<String>,
    /// Attributes that imagebake knows and the reference does not: older names, or misspelt ones.
    beyond: Vec<String>,
}

impl Count {
    /// An attribute that is an option of the component's role, and no setting of its own.
    fn has(&mut self, name: &str) {
        let missing = self.missing.len();
        self.missing.retain(|other| other != name);
        self.typed += missing - self.missing.len();
    }

    /// What nobody describes is not missing from a description.
    fn add(&mut self, other: Count, described: bool) {
        self.typed += other.typed;
        self.superseded += other.superseded;
        if described {
            self.missing.extend(other.missing);
            self.beyond.extend(other.beyond);
        }
    }
}

/// How each attribute of the reference is known. What is in a block goes with the block, where that is superseded, or a type of its own.
fn count(reference: &BTreeSet<String>, known: &[KnownAttribute]) -> Count {
    let by_name: BTreeMap<&str, bool> = known
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.superseded.is_some()))
        .collect();
    let opaque = |block: &str| {
        !by_name
            .keys()
            .any(|name| name.strip_prefix(block).is_some_and(|rest| rest.starts_with('.')))
    };
    let mut count = Count::default();
    for name in reference {
        let blocks = name.match_indices('.').map(|(at, _)| &name[..at]);
        let whole = blocks
            .filter(|block| opaque(block))
            .find_map(|block| by_name.get(block));
        match by_name.get(name.as_str()).or(whole) {
            Some(true) => count.superseded += 1,
            Some(false) => count.typed += 1,
            None => count.missing.push(name.clone()),
        }
    }
    let beyond = by_name.keys().filter(|name| !reference.contains(**name));
    count.beyond = beyond.map(|name| (*name).to_owned()).collect();
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[(&str, bool)]) -> Vec<KnownAttribute> {
        let attribute = |(name, superseded): &(&str, bool)| KnownAttribute {
            name: (*name).to_owned(),
            superseded: superseded.then(|| "why".to_owned()),
        };
        names.iter().map(attribute).collect()
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn each_attribute_is_typed_superseded_or_missing() {
        let reference = names(&["image", "docker_path", "author"]);
        let found = count(
            &reference,
            &known(&[("image", false), ("docker_path", true), ("imge", false)]),
        );
        assert_eq!((found.typed, found.superseded), (1, 1));
        assert_eq!(
            (found.missing, found.beyond),
            (vec!["author".to_owned()], vec!["imge".to_owned()])
        );
    }

    #[test]
    fn an_option_of_the_role_is_not_missing() {
        let mut found = count(&names(&["files", "keep_input_artifact"]), &known(&[("files", false)]));
        found.has("keep_input_artifact");
        found.has("tags");
        assert_eq!((found.typed, found.missing.len()), (2, 0));
    }

    #[test]
    fn a_block_is_counted_inside_unless_it_is_one_value() {
        let reference = names(&["disk", "disk.size", "disk.type", "tag", "tag.key", "old", "old.name"]);
        let ours = known(&[("disk", false), ("disk.size", false), ("tag", false), ("old", true)]);
        let found = count(&reference, &ours);
        assert_eq!((found.typed, found.superseded), (4, 2));
        assert_eq!(found.missing, ["disk.type"]);
    }

    #[test]
    fn a_group_adds_what_the_component_does_not_leave_out() {
        let component: Reference = serde_json::from_str(
            r#"{"component": "qemu", "kind": "builder",
                "groups": [{"group": "packer_internal"}, {"group": "iso", "omit": ["iso_url"]}],
                "attributes": [{"name": "disk", "nested": [{"name": "size"}]}]}"#,
        )
        .unwrap();
        let groups: Groups = serde_json::from_str(
            r#"{"groups": {"iso": {"attributes": [{"name": "iso_url"}, {"name": "iso_checksum"}]},
                "packer_internal": {"attributes": [{"name": "packer_debug"}]}}}"#,
        )
        .unwrap();
        let found = attributes(&component, &groups).unwrap();
        assert_eq!(found, names(&["disk", "disk.size", "iso_checksum"]));
        let groups = Groups {
            groups: BTreeMap::new(),
        };
        assert!(attributes(&component, &groups).is_err());
    }

    #[test]
    fn the_peer_calls_a_source_a_builder() {
        let reference = |kind: &str| Reference {
            component: "file".to_owned(),
            kind: kind.to_owned(),
            groups: Vec::new(),
            attributes: Vec::new(),
        };
        let ours = Known {
            role: "source".to_owned(),
            kind: "file".to_owned(),
            attributes: Vec::new(),
        };
        assert!(is_same(&reference("builder"), &ours));
        assert!(!is_same(&reference("provisioner"), &ours));
    }
}
