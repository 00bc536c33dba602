//! What `#[image]` registers.

use super::*;
use crate::prelude::*;

#[derive(Variables)]
#[variables(values = "second.values.toml")]
struct Inputs2 {
    /// How many.
    #[var(default = 2)]
    count: u8,
}

/// The first
/// image.
#[image]
fn registered_first() -> Image {
    Image::new()
}

#[image(name = "registered-second", dir = "images/second")]
fn second(inputs: Inputs2) -> Result<Image> {
    match inputs.count {
        2 => Ok(Image::new()),
        other => Err(Error::new(ErrorKind::Config, format!("{other} is not 2"))),
    }
}

#[image]
fn registered_third() -> Result<Image, std::num::ParseIntError> {
    "x".parse::<u8>().map(|_| Image::new())
}

fn entry(name: &str) -> ImageEntry {
    registered()
        .into_iter()
        .find(|entry| entry.name == name)
        .unwrap_or_else(|| panic!("{name} is registered"))
}

#[test]
fn an_image_is_named_as_its_function_and_knows_where_it_stands() {
    let entry = entry("registered_first");
    assert_eq!(entry.doc, "The first\nimage.");
    assert!(entry.file.ends_with("registry/tests.rs"), "{}", entry.file);
    let source = include_str!("tests.rs")
        .lines()
        .position(|line| line.starts_with("fn registered_first"));
    assert_eq!(entry.line as usize, source.expect("it is in this file") + 1);
    assert_eq!((entry.crate_dir, entry.dir, entry.values_file), ("imagebake", "", None));
    assert!((entry.variables)().is_empty());
    let _image = entry.make(&Inputs::default()).expect("it is described");
}

#[test]
fn name_folder_and_inputs_come_from_the_attribute_and_the_argument() {
    let entry = entry("registered-second");
    assert_eq!(
        (entry.dir, entry.values_file),
        ("images/second", Some("second.values.toml"))
    );
    assert_eq!((entry.variables)()[0].name, "count");
    let _image = entry.make(&Inputs::default()).expect("the default is 2");
    let given = |value: &str| Inputs::new([("count".to_owned(), value.to_owned())]);
    assert_eq!(
        entry.make(&given("3")).err().map(|error| error.full()).as_deref(),
        Some("3 is not 2")
    );
    let error = entry.make(&given("many")).err().expect("it is no number");
    assert!(
        error
            .message()
            .contains("\"many\" from --var count is not a whole number"),
        "{error}"
    );
}

#[test]
fn an_error_of_the_function_is_the_images() {
    let error = entry("registered_third")
        .make(&Inputs::default())
        .err()
        .expect("`x` is no number");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.full().contains("invalid digit"), "{error}");
}
