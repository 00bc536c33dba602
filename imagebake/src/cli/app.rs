//! A program of images: `imagebake::main()`, `imagebake::main!(crate_a)`, `App::new()`.

use super::panics;
use crate::{
    error::Result,
    image::Image,
    registry::{self, ImageEntry, IntoImage, Make},
    variables::{self, Inputs, VariableMeta, Variables},
};
use std::{borrow::Cow, panic::Location, process::ExitCode, sync::Arc};

/// Runs the command line with every image that `#[image]` registered.
///
/// Call it first thing in `main`, before any thread is started, and return what it returns:
///
/// ```no_run
/// fn main() -> std::process::ExitCode {
///     imagebake::main()
/// }
/// ```
pub fn main() -> ExitCode {
    App::new().run()
}

/// Runs the command line with the images of other crates too: `imagebake::main!(images_a, images_b)`.
///
/// A crate that nothing refers to is left out by the linker, and its images with it; the macro refers to it. Each crate must be
/// a dependency of the program.
#[macro_export]
macro_rules! main {
    ($($krate:ident),* $(,)?) => {{
        $(
            #[allow(unused_imports, reason = "naming the crate links it")]
            use $krate as _;
        )*
        $crate::main()
    }};
}

/// A program of images, for those that are not found by themselves.
///
/// ```no_run
/// use imagebake::prelude::*;
///
/// fn main() -> std::process::ExitCode {
///     imagebake::App::new().image("web", || Image::new()).run()
/// }
/// ```
#[derive(Debug, Default)]
#[must_use = "call `run`"]
pub struct App {
    added: Vec<ImageEntry>,
}

impl App {
    /// The images that `#[image]` registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image without variables; a name that exists already is an error of every command that plans.
    #[track_caller]
    pub fn image<I: IntoImage>(
        self,
        name: impl Into<String>,
        describe: impl Fn() -> I + Send + Sync + 'static,
    ) -> Self {
        self.add(name.into(), || &[], None, move |_| describe().into_image())
    }

    /// Adds an image that takes variables.
    #[track_caller]
    pub fn image_with<V: Variables, I: IntoImage>(
        self,
        name: impl Into<String>,
        describe: impl Fn(V) -> I + Send + Sync + 'static,
    ) -> Self {
        let make = move |inputs: &Inputs| describe(variables::read::<V>(inputs)?).into_image();
        self.add(name.into(), || V::VARIABLES, V::VALUES_FILE, make)
    }

    #[track_caller]
    fn add(
        mut self,
        name: String,
        variables: fn() -> &'static [VariableMeta],
        values_file: Option<&'static str>,
        make: impl Fn(&Inputs) -> Result<Image> + Send + Sync + 'static,
    ) -> Self {
        let at = Location::caller();
        self.added.push(ImageEntry {
            name: Cow::Owned(name),
            doc: "",
            file: at.file(),
            line: at.line(),
            crate_dir: "",
            dir: "",
            variables,
            values_file,
            make: Make::Closure(Arc::new(make)),
        });
        self
    }

    /// Runs the command that the program was called with.
    #[must_use = "return it from `main`"]
    pub fn run(self) -> ExitCode {
        // A guest's processes are this program, started again.
        crate::sources::oci::enter_if_asked();
        self.run_with(std::env::args_os().collect())
    }

    fn run_with(self, words: Vec<std::ffi::OsString>) -> ExitCode {
        panics::install_hook();
        let mut entries = registry::registered();
        entries.extend(self.added);
        super::run(entries, words)
    }
}
