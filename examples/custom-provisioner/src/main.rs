//! A provisioner of one's own: a block of lines in a file of the guest, kept between two marks, so that running it again changes nothing.

use imagebake::prelude::*;
use std::process::ExitCode;

/// Keeps `lines` in a file of the guest, between marks that name the block.
#[derive(Clone, Config)]
pub struct Block {
    /// The file in the guest.
    #[field(required)]
    file: GuestPath,
    /// What the marks call the block.
    #[field(default = "imagebake")]
    mark: Text,
    /// The lines; facts are filled in.
    #[field(each = "line")]
    lines: Vec<Template>,
    at: Places,
}

impl Block {
    /// A block in `file`.
    #[track_caller]
    pub fn in_file(file: impl Into<GuestPath>) -> Self {
        Self::defaults().file(file)
    }

    /// `text` with the block in it, at the end where it is new.
    fn put(&self, text: &str, block: &str) -> String {
        let (begin, end) = (format!("# {} begin\n", self.mark), format!("# {} end\n", self.mark));
        let block = format!("{begin}{block}{end}");
        match (text.find(&begin), text.find(&end)) {
            (Some(from), Some(to)) if from < to => format!("{}{block}{}", &text[..from], &text[to + end.len()..]),
            _ if text.is_empty() || text.ends_with('\n') => format!("{text}{block}"),
            _ => format!("{text}\n{block}"),
        }
    }
}

impl Component for Block {
    const KIND: &'static str = "block";

    fn check(&self, problems: &mut Diagnostics) {
        if self.lines.is_empty() {
            problems.error("lines", "empty", "a block without lines would only leave its marks");
        }
        if self.mark.to_string().contains('\n') {
            problems.error("mark", "line-break", "the mark is one line");
        }
    }
}

imagebake::explanation!(
    "line-break",
    "A mark is one line: the block between two marks is found by them, line by line, when the step runs again."
);

impl Provisioner for Block {
    async fn provision(&self, cx: &Cx, guest: &Remote) -> Result<()> {
        let mut text = Vec::new();
        match guest.download(&self.file, &mut text).await {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let lines = self.lines.iter().map(|line| Ok(format!("{}\n", *cx.render(line)?)));
        let block = lines.collect::<Result<String>>()?;
        let new = self.put(&String::from_utf8_lossy(&text), &block);
        guest.write(&self.file, new, &FileAttrs::mode(0o644)).await
    }
}

/// A file with two blocks, on the computer that the build runs on.
#[image]
fn hosts() -> Image {
    Image::new()
        .source(Null::local())
        .provision(Block::in_file("hosts.txt").line("10.0.0.1 db").line("10.0.0.2 cache"))
        .provision(Block::in_file("hosts.txt").mark("by").line("# {{ unit }}"))
}

fn main() -> ExitCode {
    imagebake::main()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn putting_a_block_twice_replaces_it() {
        let block = Block::in_file("x");
        let once = block.put("first\n", "a\n");
        assert_eq!(once, "first\n# imagebake begin\na\n# imagebake end\n");
        assert_eq!(
            block.put(&(once + "last\n"), "b\n"),
            "first\n# imagebake begin\nb\n# imagebake end\nlast\n"
        );
    }
}
