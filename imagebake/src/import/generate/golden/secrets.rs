//! Imported from `secrets.pkr.hcl`.

use imagebake::prelude::*;

#[derive(Variables)]
struct Inputs {
    token: Secret,
    #[var(default = "vagrant", sensitive)]
    password: String,
    #[var(env = "SIGNING_KEY", default = "")]
    key: String,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn secrets(vars: Inputs) -> Image {
    let hidden = docker::Container::from_image("debian:12")
        .commit(true)
        .login(docker::Login::new("ann", Secret::literal(&vars.password)));
    let shell = Shell::inline(["true"]).environment_vars([
        Template::from(text!("TOKEN={token}", token = vars.token)),
        Template::from("STAGE=prod"),
        Template::from(format!("KEY={}", vars.key)),
    ]);

    Image::new().source(hidden.named("hidden")).provision(shell)
}
