//! The quickstart: `cargo run -- build web` bakes the web server in `server/` into a container image, without Docker.

use imagebake::{prelude::*, sources::oci::Oci};
use std::process::ExitCode;

/// Inputs of `web`: `cargo run -- build web --var title=Hello`.
#[derive(Variables)]
struct Web {
    /// The heading of the page.
    #[var(default = "Baked in Rust")]
    title: String,
    /// The port that the server listens on.
    #[var(default = 8080_u16)]
    port: u16,
}

/// A web server in a container image: `web.tar`, ready for `docker load`.
#[image]
fn web(vars: Web) -> Image {
    // A handful of this computer's own programs is all that the image needs to be built on any Linux, offline.
    let container = Oci::host_userland(["sh", "mkdir", "cat", "ls", "chmod"])
        .entrypoint(["/usr/local/bin/hello-server"])
        .env("PORT", vars.port)
        .expose([vars.port])
        .label("org.opencontainers.image.title", "imagebake quickstart")
        .tag("imagebake/web:latest")
        .docker_archive("web.tar");

    Image::new()
        .source(container)
        .provision(Shell::inline([
            "mkdir -p /srv/www /usr/local/bin",
            "chmod 755 /srv/www",
        ]))
        .provision(Shell::script("files/page.sh").env("TITLE", vars.title))
        .provision(File::upload("files/about.txt", "/srv/www/about.txt"))
        .provision(Cargo::bin("hello-server").package("hello-server").static_linking(true))
        .post(Manifest::to("manifest.json"))
        .post(Checksum::of(DigestKind::Sha256).output("web.sha256"))
}

fn main() -> ExitCode {
    imagebake::main()
}
