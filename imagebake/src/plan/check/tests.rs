//! What is wrong with a description is told before anything is made, with the lines that it is about.

use crate::{
    plan::{Diagnostic, Selection, plan},
    prelude::*,
    project::Project,
    registry::{ImageEntry, Make},
    variables::Inputs,
};

fn entry(name: &'static str, line: u32, make: fn(&Inputs) -> Result<Image>) -> ImageEntry {
    ImageEntry {
        name: name.into(),
        doc: "",
        file: "src/main.rs",
        line,
        crate_dir: "",
        dir: "",
        variables: || &[],
        values_file: None,
        make: Make::Function(make),
    }
}

/// The problems of images that look nothing up.
fn problems(entries: &[ImageEntry]) -> Vec<Diagnostic> {
    let folder = tempfile::tempdir().expect("a folder");
    let project = Project::find(Some(folder.path()), None).expect("it exists");
    let plan = plan(&project, entries, &Inputs::default(), &Selection::default());
    plan.problems.iter().cloned().collect()
}

/// The one problem, its code and what it is about.
fn only(entries: &[ImageEntry], code: &str) -> Diagnostic {
    let found = problems(entries);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].code, code, "{found:?}");
    assert!(found[0].help.is_some(), "it says what to do: {found:?}");
    found.into_iter().next().expect("one")
}

fn sound(_: &Inputs) -> Result<Image> {
    Ok(Image::new().source(Null::none()))
}

#[test]
fn two_images_of_one_name_are_both_named() {
    let found = only(
        &[entry("web", 3, sound), entry("db", 5, sound), entry("web", 9, sound)],
        "duplicate-image",
    );
    let lines: Vec<u32> = found.places.iter().map(|place| place.line).collect();
    assert_eq!(lines, [3, 9]);
}

#[test]
fn two_sources_of_one_name_are_both_named() {
    fn twice(_: &Inputs) -> Result<Image> {
        Ok(Image::new()
            .source(Null::none().named("a"))
            .source(Null::local().named("a")))
    }
    let found = only(&[entry("web", 1, twice)], "duplicate-source");
    assert!(found.message.contains("null.a"), "{}", found.message);
    assert_eq!(found.places.len(), 2);
}

#[test]
fn an_image_needs_a_source() {
    fn nothing(_: &Inputs) -> Result<Image> {
        Ok(Image::new().provision(ShellLocal::inline(["true"])))
    }
    let found = only(&[entry("web", 7, nothing)], "no-source");
    assert_eq!(found.places[0].line, 7);
}

#[test]
fn a_template_knows_its_variables_and_what_its_place_offers() {
    fn misspelt(_: &Inputs) -> Result<Image> {
        Ok(Image::new()
            .source(Null::none())
            .post(Manifest::to("{{ projct }}.json")))
    }
    let found = only(&[entry("web", 1, misspelt)], "template-variable");
    assert!(found.message.contains("projct"), "{}", found.message);
    assert!(
        found.help.as_deref().is_some_and(|help| help.contains("project")),
        "{found:?}"
    );

    // A source is described before there is a machine that could have an id.
    fn early(_: &Inputs) -> Result<Image> {
        Ok(Image::new().source(crate::sources::file::File::content("x", "{{ build.id }}.txt")))
    }
    let found = only(&[entry("web", 1, early)], "template-variable");
    assert!(found.message.contains("build.id"), "{}", found.message);

    fn torn(_: &Inputs) -> Result<Image> {
        Ok(Image::new().source(Null::none()).post(Manifest::to("{{ image.json")))
    }
    only(&[entry("web", 1, torn)], "template");
}
