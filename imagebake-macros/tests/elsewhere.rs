//! The macros in a crate that is not imagebake's, imports nothing and calls its own things as the standard library does.

#![allow(dead_code, missing_docs, reason = "the names are here to be in the way")]

mod team {
    // Whoever the macros mean by these names, it is not these.
    struct Some;
    struct None;
    struct Ok;
    struct Into;
    struct Field;
    struct Config;
    struct Default;
    struct IntoIterator;
    mod core {}
    mod std {}
    trait Iterator {}

    /// A tool of the team.
    #[derive(Clone, ::imagebake::field::Config)]
    pub struct Tool {
        /// Its name.
        #[field(required)]
        pub name: ::imagebake::value::Text,
        /// Options.
        #[field(each = "option", default = ["-q"])]
        options: ::std::vec::Vec<::imagebake::value::Text>,
        #[field(each = "limit")]
        limits: ::std::collections::BTreeMap<::std::string::String, u32>,
        wait: ::core::option::Option<::core::time::Duration>,
        value: bool,
        rows: u8,
        places: ::imagebake::field::Places,
    }

    impl Tool {
        #[track_caller]
        pub fn new(name: impl ::core::convert::Into<::imagebake::value::Text>) -> Self {
            Self::defaults().name(name)
        }
    }

    fn only_a(text: &str) -> ::core::result::Result<(), usize> {
        match text {
            "a" => ::core::result::Result::Ok(()),
            other => ::core::result::Result::Err(other.len()),
        }
    }

    #[derive(::imagebake::variables::Variables)]
    struct Inputs {
        #[var(default = "a", matches = "^a$", check = only_a)]
        inputs: ::std::string::String,
        problems: ::core::option::Option<u8>,
        #[var(default = [1])]
        rows: ::std::vec::Vec<u8>,
    }

    /// The team's image.
    #[::imagebake::image(name = "elsewhere")]
    fn inputs(vars: Inputs) -> ::imagebake::image::Image {
        let secret = ::imagebake::value::Secret::literal(vars.inputs);
        let text = ::imagebake::text!("{secret}:{rows}", rows = vars.rows.len());
        ::imagebake::image::Image::new().description(::std::format!("{text}{:?}", vars.problems))
    }

    /// An image that looks something up.
    #[::imagebake::image]
    async fn data(
        vars: Inputs,
        data: &::imagebake::data::Data,
    ) -> ::imagebake::error::Result<::imagebake::image::Image> {
        let found = data.env("ELSEWHERE").or(vars.inputs).await?;
        ::core::result::Result::Ok(::imagebake::image::Image::new().description(found))
    }
}

use imagebake::{field::Config, registry, variables::Inputs};

#[test]
fn generated_code_finds_imagebake_by_itself() {
    let tool = team::Tool::new("curl")
        .option("-f")
        .limit("time", 3)
        .value(true)
        .rows(2);
    let tool = tool.wait(std::time::Duration::from_secs(1));
    let shown: Vec<_> = tool
        .fields()
        .iter()
        .map(|field| format!("{}={}", field.meta.name, field.value))
        .collect();
    assert_eq!(
        shown,
        [
            "name=\"curl\"",
            "options=[\"-q\", \"-f\"]",
            "limits={time: 3}",
            "wait=1s",
            "value=true",
            "rows=2"
        ]
    );
}

#[test]
fn an_image_of_another_crate_is_registered_with_its_folder() {
    let entries = registry::registered();
    let entry = entries
        .iter()
        .find(|entry| entry.name == "elsewhere")
        .expect("it is registered");
    assert_eq!((entry.crate_dir, entry.doc), ("imagebake-macros", "The team's image."));
    assert_eq!(entry.file, "imagebake-macros/tests/elsewhere.rs");
    let _image = entry.make(&Inputs::default()).expect("its inputs have defaults");
    let looking = entries
        .iter()
        .find(|entry| entry.name == "data")
        .expect("it is registered");
    assert!(looking.looks_up() && !entry.looks_up());
    let told = looking.make(&Inputs::default()).err().map(|error| error.full());
    assert!(told.is_some_and(|told| told.contains("looks things up")));
}
