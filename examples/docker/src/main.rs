//! A web server in a container of a Docker engine: `cargo run -p example-docker -- build web` installs nginx in a base image, commits it,
//! names it and saves it. `--var push=true` sends it to the registry in its name.

use imagebake::prelude::*;
use std::process::ExitCode;

/// Inputs of `web`: `cargo run -p example-docker -- build web --var title=Hello`.
#[derive(Variables)]
struct Web {
    /// The base image: any of the Debian family.
    #[var(default = "debian:12")]
    base: String,
    /// What to install.
    #[var(default = vec!["nginx-light".to_owned()])]
    packages: Vec<String>,
    /// The heading of the page.
    #[var(default = "Baked in Rust")]
    title: String,
    /// The image's name, with the registry in front where it is to be pushed.
    #[var(default = "acme/web")]
    repository: String,
    /// Whether it is pushed.
    #[var(default = false)]
    push: bool,
}

/// nginx with a page of its own, as an image of the engine and as `web.tar`, ready for `docker load`.
#[image]
fn web(vars: Web) -> Image {
    let container = docker::Container::from_image(vars.base)
        .change(r#"ENTRYPOINT ["nginx", "-g", "daemon off;"]"#)
        .change("EXPOSE 80")
        .change("LABEL org.opencontainers.image.title=web")
        .message("nginx and a page");
    let install = Shell::inline([
        "apt-get update -qq",
        "apt-get install -qq -y --no-install-recommends $PACKAGES",
    ])
    .env("DEBIAN_FRONTEND", "noninteractive")
    .env("PACKAGES", vars.packages.join(" "));
    let page = File::content(format!("<h1>{}</h1>\n", vars.title), "/var/www/html/index.html");

    let tag = || DockerTag::new(vars.repository.clone()).tags(["latest", "1.4"]);
    let mut container = container.chain(Chain::of(tag()).then(DockerSave::to("web.tar")));
    if vars.push {
        container = container.chain(Chain::of(tag()).then(DockerPush::new()));
    }
    Image::new()
        .source(container)
        .provision(install)
        .provision(page)
        .post(Manifest::to("manifest.json"))
}

fn main() -> ExitCode {
    imagebake::main()
}
