//! A post-processor of one's own: release notes with the digest of every file of the artifact. It takes any artifact that has files, and
//! asks for the digests beforehand, so that nobody reads the files again.

use imagebake::{prelude::*, sources::file};
use std::process::ExitCode;

/// Writes a page that names the artifact's files, their sizes and their SHA-256.
#[derive(Clone, Config)]
pub struct ReleaseNotes {
    /// The page to write; relative to the current folder.
    #[field(required)]
    page: Template,
    /// What stands above the list.
    #[field(default = "{{ image }}, built {{ iso_time }}")]
    title: Template,
    at: Places,
}

impl ReleaseNotes {
    /// The page `page`.
    #[track_caller]
    pub fn to(page: impl Into<Template>) -> Self {
        Self::defaults().page(page)
    }
}

impl Component for ReleaseNotes {
    const KIND: &'static str = "release-notes";
}

impl<A: HasFiles> PostProcessor<A> for ReleaseNotes {
    type Output = A;

    fn wants(&self) -> Vec<DigestKind> {
        vec![DigestKind::Sha256]
    }

    fn needs_files(&self) -> bool {
        true
    }

    async fn process(&self, cx: &Cx, input: A) -> Result<A> {
        let mut text = format!("# {}\n\n", *cx.render(&self.title)?);
        for file in input.files() {
            let file = file
                .digest_async([DigestKind::Sha256].into(), Default::default())
                .await?;
            let digest = file.digests().get(DigestKind::Sha256).unwrap_or_default();
            let name = file
                .path()
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            text.push_str(&format!("- `{name}`: {} bytes, `{digest}`\n", file.size()));
        }
        let page = cx.output_path(&HostPath::from(cx.render(&self.page)?.as_str()));
        let output = cx.claim_output(&page)?;
        tokio::fs::write(&page, text).await.path("write", &page)?;
        output.done()?;
        Ok(input)
    }
}

/// A file and its release notes.
#[image]
fn release() -> Image {
    let data = file::File::content("hello {{ image }}\n", "hello.txt");
    Image::new().source(data.post(ReleaseNotes::to("NOTES.md")))
}

fn main() -> ExitCode {
    imagebake::main()
}
