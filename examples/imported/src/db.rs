//! Imported from `db.json`.

use imagebake::{functions, prelude::*};

#[derive(Variables)]
struct Inputs {
    #[var(default = "16")]
    version: String,
    #[var(default = "debian:12")]
    image: String,
    #[var(env = "DEB_MIRROR", default = "", sensitive)]
    mirror: String,
}

#[image(dir = "templates")]
fn db(vars: Inputs) -> Image {
    let postgres = docker::Container::from_image(&vars.image)
        .commit(true)
        .changes(["EXPOSE 5432".to_owned(), format!("ENV PGVERSION={}", vars.version)]);
    let shell = Shell::inline([
        "apt-get update".to_owned(),
        "apt-get install -y postgresql-$VERSION".to_owned(),
        format!("echo {SOURCE} {ISO_TIME} > /etc/baked"),
    ])
    .environment_vars([format!("VERSION={}", vars.version), format!("MIRROR={}", vars.mirror)]);
    let docker_tag = DockerTag::new("acme/postgres").tag_list(functions::cut(&vars.version));
    let docker_push = DockerPush::new();

    Image::new()
        .source(
            postgres
                .named("postgres")
                .chain(Chain::of(docker_tag).then(docker_push)),
        )
        .provision(shell)
}
