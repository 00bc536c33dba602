//! The images of a program: functions with `#[image]`, collected by the linker, and those given to `App`.
//!
//! An image in a crate that nothing refers to is dropped by the linker: `imagebake::main!(that_crate)` refers to it, and `list`
//! prints where each image was found.

use crate::{
    data::Data,
    error::{Error, ErrorKind, Result},
    field::Place,
    image::Image,
    variables::{Inputs, VariableMeta},
};
use std::{borrow::Cow, fmt, pin::Pin, sync::Arc};

/// An image of the program, as `#[image]` registers it.
#[derive(Clone)]
pub struct ImageEntry {
    /// Its name: the function's, or `#[image(name = "…")]`.
    pub name: Cow<'static, str>,
    /// The doc comment of the function.
    pub doc: &'static str,
    /// Where the function stands.
    pub file: &'static str,
    /// Where the function stands, from 1.
    pub line: u32,
    /// The folder of its crate below the root of its workspace: `examples/quickstart`; empty for the root itself.
    pub crate_dir: &'static str,
    /// `#[image(dir = "…")]`, as seen from the crate's folder.
    pub dir: &'static str,
    /// The inputs it takes.
    pub variables: fn() -> &'static [VariableMeta],
    /// The values file of its inputs, where it has one.
    pub values_file: Option<&'static str>,
    /// Makes the image.
    pub make: Make,
}

/// A closure that describes an image.
pub type Describing = dyn Fn(&Inputs) -> Result<Image> + Send + Sync;

/// An image that is being described.
pub type ImageFuture<'a> = Pin<Box<dyn Future<Output = Result<Image>> + 'a>>;

/// How an image is made from its inputs.
#[derive(Clone)]
#[non_exhaustive]
pub enum Make {
    /// By a function that `#[image]` wrote.
    Function(fn(&Inputs) -> Result<Image>),
    /// By an `async` function, which looks things up.
    Looking(for<'a> fn(&'a Inputs, &'a Data) -> ImageFuture<'a>),
    /// By whatever was given to `App`.
    Closure(Arc<Describing>),
}

impl ImageEntry {
    /// Whether it has to look things up: it is described by [`describe`](Self::describe) then.
    pub fn looks_up(&self) -> bool {
        matches!(self.make, Make::Looking(_))
    }

    /// Describes the image with `inputs`, looking up what it asks `data`.
    ///
    /// # Errors
    /// The image function's own, what is wrong with the inputs, and look-ups that fail.
    pub async fn describe(&self, inputs: &Inputs, data: &Data) -> Result<Image> {
        match &self.make {
            Make::Looking(function) => function(inputs, data).await,
            _ => self.make(inputs),
        }
    }

    /// Describes the image with `inputs`, for one that looks nothing up.
    ///
    /// # Errors
    /// The image function's own, and what is wrong with the inputs.
    pub fn make(&self, inputs: &Inputs) -> Result<Image> {
        match &self.make {
            Make::Function(function) => function(inputs),
            Make::Looking(_) => Err(Error::new(
                ErrorKind::Unsupported,
                format!("`{}` looks things up, so it is described with its data", self.name),
            )),
            Make::Closure(closure) => closure(inputs),
        }
    }

    /// Where the function stands.
    pub fn place(&self) -> Place {
        Place::in_file(self.file, self.line, 1)
    }
}

impl fmt::Debug for ImageEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.name, self.file, self.line)
    }
}

inventory::collect!(ImageEntry);

/// The images that `#[image]` registered, by name.
pub fn registered() -> Vec<ImageEntry> {
    let mut entries: Vec<ImageEntry> = inventory::iter::<ImageEntry>().cloned().collect();
    entries.sort_by(|a, b| (&a.name, a.file, a.line).cmp(&(&b.name, b.file, b.line)));
    entries
}

/// What an `#[image]` function may return.
#[diagnostic::on_unimplemented(
    message = "an image function returns `Image` or `Result<Image, E>`, not `{Self}`",
    note = "is there a `;` after the last line?"
)]
pub trait IntoImage {
    /// The image, or why there is none.
    ///
    /// # Errors
    /// The function's own.
    fn into_image(self) -> Result<Image>;
}

#[diagnostic::do_not_recommend]
impl IntoImage for Image {
    fn into_image(self) -> Result<Image> {
        Ok(self)
    }
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> IntoImage for Result<Image, E> {
    fn into_image(self) -> Result<Image> {
        self.map_err(|error| {
            let source: Box<dyn std::error::Error + Send + Sync> = error.into();
            match source.downcast::<Error>() {
                Ok(own) => *own,
                Err(other) => Error::new(ErrorKind::Config, other.to_string()).because(other),
            }
        })
    }
}

#[cfg(test)]
mod tests;
