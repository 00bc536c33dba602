//! Where packer was started: relative paths in settings start there, and nothing in a template says where it is.

use crate::{
    catalog,
    field::{FieldMeta, FieldType, TemplateName, Value as Described},
    import::{
        plan::{Plan, Step},
        schema::Role,
    },
};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Settings that name what is made and not what is read.
const MADE: [&str; 5] = ["output", "export", "manifest", "destination", "vm_"];

/// Which settings of the known components name files on the builder.
pub(super) struct Named(BTreeMap<(Role, &'static str), BTreeSet<&'static str>>);

impl Named {
    pub(super) fn new() -> Self {
        let mut all = BTreeMap::new();
        for entry in catalog::components() {
            let role = match entry.role {
                catalog::Role::Source => Role::Source,
                catalog::Role::Provisioner => Role::Provisioner,
                catalog::Role::PostProcessor => Role::PostProcessor,
            };
            let mut names = BTreeSet::new();
            collect(entry.fields, &mut names);
            all.insert((role, entry.kind), names);
        }
        Self(all)
    }

    /// Every relative path that the settings of a template name, as it is written.
    pub(super) fn of(&self, plan: &Plan) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for unit in &plan.units {
            self.step(Role::Source, &unit.step, &mut paths);
            let provisioners = unit.provisioners.iter().chain(&unit.error_cleanup);
            provisioners.for_each(|step| self.step(Role::Provisioner, step, &mut paths));
            let steps = unit.chains.iter().flatten();
            steps.for_each(|step| self.step(Role::PostProcessor, step, &mut paths));
        }
        paths
    }

    fn step(&self, role: Role, step: &Step, paths: &mut BTreeSet<String>) {
        let Some(names) = self.0.get(&(role, step.kind.as_str())) else {
            return;
        };
        let config = step.config.to_json();
        // What a download names is made.
        if config["direction"] == "download" {
            return;
        }
        for name in names {
            let mut texts = Vec::new();
            match &config[*name] {
                Json::String(text) => texts.push(text.as_str()),
                Json::Array(items) => texts.extend(items.iter().filter_map(Json::as_str)),
                _ => {}
            }
            let named = |text: &&str| {
                let unknown = text.is_empty() || text.contains("<unknown>") || text.contains("{{");
                !unknown && !text.contains("://") && !text.starts_with(['/', '~'])
            };
            paths.extend(texts.into_iter().filter(named).map(str::to_owned));
        }
    }
}

fn collect(rows: &[FieldMeta], names: &mut BTreeSet<&'static str>) {
    for row in rows {
        let is_path = match row.ty {
            FieldType::Group(group) if matches!(row.template, TemplateName::None) => {
                collect(group.rows, names);
                continue;
            }
            FieldType::HostPath | FieldType::List(FieldType::HostPath) => true,
            // What may name files among other things, as keys to be typed do, says nothing about a folder.
            _ => false,
        };
        if !is_path {
            continue;
        }
        let mut add = |name: &'static str| {
            if !MADE.iter().any(|made| name.contains(made)) {
                names.insert(name);
            }
        };
        match row.template {
            TemplateName::Is(name) => add(name),
            TemplateName::Parts(parts) => parts(&Described::Null).into_iter().for_each(|(name, _)| add(name)),
            _ => {}
        }
    }
}

/// The folders in which packer may have been started for a template: its own and those above, up to the repository's or the current one.
pub(super) fn candidates(basedir: &Path, current: &Path) -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    for folder in basedir.ancestors() {
        candidates.push(folder.to_owned());
        if folder.join(".git").exists() || folder == current {
            break;
        }
    }
    // Outside of a repository, and not below where the user stands: nothing says where to stop.
    let bounded = candidates
        .last()
        .is_some_and(|top| top.join(".git").exists() || top == current);
    if !bounded {
        candidates.truncate(3);
    }
    candidates
}

/// How many of the paths exist below a folder.
pub(super) fn existing(folder: &Path, paths: &BTreeSet<String>) -> usize {
    paths.iter().filter(|path| exists(folder, path)).count()
}

/// Whether a file, or something that a pattern may stand for, is there.
pub(super) fn exists(folder: &Path, path: &str) -> bool {
    let part = |part: &&str| !part.contains(['*', '?', '[']);
    let certain: Vec<&str> = path.split('/').take_while(part).collect();
    folder.join(certain.join("/")).exists()
}

/// `to` as seen from the folder `from`, with `/`; both absolute.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from[common..].iter().map(|_| "..".to_owned());
    let down = to[common..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn settings_that_name_files_are_known_from_the_rows() {
        let named = Named::new();
        let of = |role, kind| &named.0[&(role, kind)];
        assert!(of(Role::Provisioner, "shell").contains("script"));
        assert!(of(Role::Provisioner, "ansible").contains("playbook_file"));
        assert!(of(Role::Source, "qemu").contains("http_directory"));
        assert!(!of(Role::Source, "qemu").contains("output_directory"));
    }

    #[test]
    fn the_folders_above_are_tried_up_to_the_repository() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        fs::create_dir_all(root.join("repo/.git")).expect("made");
        fs::create_dir_all(root.join("repo/images/web/scripts")).expect("made");
        fs::write(root.join("repo/images/web/scripts/a.sh"), "").expect("written");
        let base = root.join("repo/images/web");
        let tried = candidates(&base, Path::new("/elsewhere"));
        assert_eq!(tried, [base.clone(), root.join("repo/images"), root.join("repo")]);
        assert_eq!(candidates(&base, &base), std::slice::from_ref(&base));
        let paths = ["scripts/a.sh", "web/scripts/*.sh", "no/file"]
            .map(str::to_owned)
            .into();
        assert_eq!(existing(&base, &paths), 1);
        assert!(exists(&root.join("repo/images"), "web/scripts/*.sh"));
    }

    #[test]
    fn a_folder_is_seen_from_another() {
        let seen = |from, to| relative(Path::new(from), Path::new(to));
        assert_eq!(seen("/a/b/project", "/a/b"), "..");
        assert_eq!(seen("/a/b/project", "/a/c/d"), "../../c/d");
        assert_eq!(seen("/a", "/a/b"), "b");
        assert_eq!(seen("/a", "/a"), "");
    }
}
