//! The image `web`: a page in a container image.

use imagebake::{prelude::*, sources::oci::Oci};

/// Inputs of `web`: from `web.values.toml`, or `--var title=Hello`.
#[derive(Variables)]
#[variables(values = "web.values.toml")]
struct Web {
    /// The heading of the page.
    title: String,
    /// The lines below the heading.
    lines: Vec<String>,
}

/// A page in a container image: `web.tar`, ready for `docker load`.
#[image]
fn web(vars: Web) -> Image {
    // This computer's own programs are enough to begin with, and need no network: `Oci::from_registry("debian:12")` is a real beginning.
    let base = Oci::host_userland(["sh", "cat", "mkdir"])
        .cmd(["cat", "/srv/page.txt"])
        .tag("@NAME@/web:latest")
        .docker_archive("web.tar");

    Image::new()
        .source(base)
        .provision(
            Shell::script("files/page.sh")
                .env("TITLE", vars.title)
                .env("LINES", vars.lines.join("\n")),
        )
        .post(Manifest::to("manifest.json"))
}
