//! The settings of `compress`.

use crate::{
    describe::Component,
    field::{FieldType, Named, Places, ToValue, Value},
    io::compress::Format,
    plan::Diagnostics,
    value::Template,
};
use imagebake_macros::Config;
use std::path::Path;

/// Compresses the artifact's files, on all cores and in one read. The output's name says the format: `.gz`, `.zst`, `.xz`, `.lz4` and `.bz2`
/// hold one file; `.tar`, alone or with any of these behind it, and `.zip` hold any number. Equal inputs give equal bytes. The input is
/// removed afterwards unless `.keep_input_artifact(true)`.
#[derive(Clone, Debug, Config)]
#[config(constructors(to(output)))]
pub struct Compress {
    /// The file to write, relative to the current folder.
    #[field(required, template = "output")]
    output: Template,
    /// The format, whatever the name of the output.
    #[field(template = "format")]
    format: Option<Format>,
    /// How hard to try. gzip, bzip2 and zip: 1 to 9; zstd: 1 to 22; xz: 0 to 9. Without it, gzip tries harder where it gains.
    #[field(template = "compression_level")]
    compression_level: Option<u32>,
    /// Whether the format is an archive.
    #[field(
        private,
        superseded = "the name of the output, or `format`, says it",
        template = "archive"
    )]
    archive: Option<String>,
    /// The codec of the format.
    #[field(
        private,
        superseded = "the name of the output, or `format`, says it",
        template = "algorithm"
    )]
    algorithm: Option<String>,
    at: Places,
}

impl Compress {
    /// The file `output`, which may use facts: `"out/{{ image }}.tar.gz"`.
    #[track_caller]
    pub fn to(output: impl Into<Template>) -> Self {
        Self::defaults().output(output)
    }

    pub(super) fn output_template(&self) -> &Template {
        &self.output
    }
    pub(super) fn stated_format(&self) -> Option<Format> {
        self.format
    }
    pub(super) fn level(&self) -> Option<u32> {
        self.compression_level
    }
}

impl Component for Compress {
    const KIND: &'static str = "compress";

    fn check(&self, problems: &mut Diagnostics) {
        if self.output.is_empty() {
            problems.error("output", "empty", "the compressed file needs a name");
            return;
        }
        if self.output.is_secret() {
            problems.error("output", "secret", "the name of a file cannot be a secret");
            return;
        }
        let name = self.output.to_string();
        // A name that ends in a fact is known only when it is rendered.
        let format = match self.format {
            Some(format) => format,
            None if name.ends_with('}') => return,
            None => match Format::of_path(Path::new(&name)) {
                Ok(format) => format,
                Err(error) => {
                    problems.error("output", "unknown-format", error.to_string());
                    return;
                }
            },
        };
        if let Err(error) = format.check_compiled() {
            problems.error("output", "format-not-compiled", error.to_string());
        }
        if let Err(error) = format.check_level(self.compression_level) {
            problems.error("compression_level", "out-of-range", error.to_string());
        }
    }
}

impl ToValue for Format {
    const TYPE: FieldType = FieldType::Named(&Named::new("Format").of("io::compress").words(&[
        ("zip", "Zip"),
        ("tar", "Tar(None)"),
        ("tar.gz", "Tar(Some(imagebake::io::compress::Codec::Gzip))"),
        ("tar.bz2", "Tar(Some(imagebake::io::compress::Codec::Bzip2))"),
        ("tar.xz", "Tar(Some(imagebake::io::compress::Codec::Xz))"),
        ("tar.zst", "Tar(Some(imagebake::io::compress::Codec::Zstd))"),
        ("tar.lz4", "Tar(Some(imagebake::io::compress::Codec::Lz4))"),
        ("gz", "Single(imagebake::io::compress::Codec::Gzip)"),
        ("bz2", "Single(imagebake::io::compress::Codec::Bzip2)"),
        ("xz", "Single(imagebake::io::compress::Codec::Xz)"),
        ("zst", "Single(imagebake::io::compress::Codec::Zstd)"),
        ("lz4", "Single(imagebake::io::compress::Codec::Lz4)"),
    ]));

    fn to_value(&self) -> Value {
        Value::Text(self.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::compress::Codec;

    fn problems(compress: &Compress) -> Vec<String> {
        let mut problems = Diagnostics::new();
        compress.check(&mut problems);
        problems.iter().map(|problem| problem.message.clone()).collect()
    }

    #[test]
    fn what_cannot_be_written_is_a_plan_error() {
        assert_eq!(
            problems(&Compress::to("out/{{ image }}.tar.gz").compression_level(9)),
            Vec::<String>::new()
        );
        assert_eq!(problems(&Compress::to("out/{{ image }}")), Vec::<String>::new());
        assert!(problems(&Compress::to("web.rar"))[0].contains(".tar.gz"));
        assert!(problems(&Compress::to("web.gz").compression_level(10))[0].contains("from 1 to 9"));
        assert_eq!(
            problems(&Compress::to("web.img").format(Format::Single(Codec::Gzip))),
            Vec::<String>::new()
        );
        assert_eq!(problems(&Compress::to("")).len(), 1);
    }
}
