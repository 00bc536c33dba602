//! Values with a meaning: one type each, so that a swap does not compile.

mod checksum;
pub(crate) mod facts;
mod path;
pub(crate) mod path_text;
mod secret;
mod template;
mod text;
mod words;

pub use checksum::Checksum;
pub use facts::{BUILD_ID, Fact, IMAGE, ISO_TIME, RUN_ID, SOURCE, SOURCE_KIND, TIMESTAMP, UNIT, UUID};
pub use path::{GuestPath, HostPath};
pub use secret::{Secret, SecretRef};
pub use template::{Template, Vars};
pub(crate) use template::{TemplatePiece, render_file};
pub use text::{Text, TextPart};
pub use words::Words;
