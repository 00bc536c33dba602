//! A package: a module per template, and what holds them together.

use super::{
    Options, Project, Template, module,
    names::{Names, snake},
    share,
};
use crate::import::schema::Catalog;
use std::collections::BTreeSet;

/// The package of these templates.
pub fn project(templates: &[Template], catalog: &dyn Catalog, options: &Options) -> Project {
    let mut project = Project::default();
    let mut modules = Names::new(["main", "common"]);
    let mut images = Names::default();
    let mut features: BTreeSet<&'static str> = BTreeSet::new();
    let mut declarations = String::new();
    let mut written: Vec<module::Written> = templates
        .iter()
        .map(|template| {
            let name = modules.take(&snake(&template.name));
            module::write(template, &name, &mut images, catalog, options)
        })
        .collect();
    let mut sound: Vec<&mut module::Written> = written
        .iter_mut()
        .filter(|written| written.module.faults.is_empty())
        .collect();
    if options.share
        && let Some(items) = share::share(&mut sound)
    {
        let uses: BTreeSet<String> = sound.iter().flat_map(|written| written.uses.iter().cloned()).collect();
        let text = module::text("What several images have in common.", &uses, &items);
        project.files.insert("src/common.rs".to_owned(), text);
        declarations.push_str("mod common;\n");
    }
    for written in sound {
        let name = &written.module.name;
        project.files.insert(format!("src/{name}.rs"), written.text());
        declarations.push_str(&format!("mod {name};\n"));
        features.extend(written.features.iter().copied());
    }
    project
        .modules
        .extend(written.into_iter().map(|written| written.module));
    if project.files.is_empty() {
        return project;
    }
    project.features = features.into_iter().collect();
    project.files.insert(
        "src/main.rs".to_owned(),
        format!(
            "//! Images imported from templates: `cargo run -- list`.\n\n{declarations}\nuse std::process::ExitCode;\n\n\
             fn main() -> ExitCode {{\n    imagebake::main()\n}}\n"
        ),
    );
    project
        .files
        .insert("Cargo.toml".to_owned(), manifest(options, &project.features));
    project
}

fn manifest(options: &Options, features: &[&str]) -> String {
    let features: Vec<String> = ["cli"]
        .iter()
        .chain(features)
        .map(|feature| format!("\"{feature}\""))
        .collect();
    format!(
        "[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
         imagebake = {{ {}, default-features = false, features = [{}] }}\n\n# A package of its own, wherever it stands.\n[workspace]\n",
        options.package,
        options.dependency,
        features.join(", ")
    )
}
