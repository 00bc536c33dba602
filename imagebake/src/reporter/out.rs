//! Where reporters write: a reader that has gone away ends the output, never the build.

use std::io::{self, Write};

/// A writer that forgets everything once its reader is gone.
pub struct Out(Option<Box<dyn Write + Send>>);

impl Out {
    /// Standard output.
    pub fn stdout() -> Self {
        Self::to(io::stdout())
    }

    /// Standard error.
    pub fn stderr() -> Self {
        Self::to(io::stderr())
    }

    /// Any writer; it is written to in whole lines and flushed after each batch.
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self(Some(Box::new(writer)))
    }

    /// Writes whole lines at once.
    pub(crate) fn write(&mut self, text: &[u8]) {
        if let Some(writer) = &mut self.0
            && writer.write_all(text).and_then(|()| writer.flush()).is_err()
        {
            self.0 = None;
        }
    }
}
