//! Imported from `conditions.pkr.hcl`.

use imagebake::prelude::*;
use std::time::Duration;

#[derive(Variables)]
struct Inputs {
    /// Where it will run.
    #[var(default = "dev", check = check_stage)]
    stage: String,
    #[var(default = false)]
    debug: bool,
    mirror: Option<String>,
    #[var(default = "")]
    author: String,
    #[var(default = ["make"])]
    extra: Vec<String>,
}

fn check_stage(value: &str) -> Result<(), &'static str> {
    if !["dev", "prod"].contains(&value) {
        return Err("The stage is dev or prod.");
    }
    if value.chars().count() <= 2 {
        return Err("The stage is too short.");
    }
    Ok(())
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn conditions(vars: Inputs) -> Image {
    let author = if vars.author.is_empty() {
        "nobody".to_owned()
    } else {
        vars.author.clone()
    };
    let is_prod = vars.stage == "prod";
    let user = if is_prod && !vars.debug { "app" } else { "root" };

    let mut app = docker::Container::from_image(match &vars.mirror {
        Some(mirror) => format!("{mirror}/debian:12"),
        None => "debian:12".to_owned(),
    })
    .commit(true)
    .exec_user(user)
    .author(author);
    if let Some(message) = vars.debug.then_some("debug") {
        app = app.message(message);
    }
    if let Some(platform) = &vars.mirror {
        app = app.platform(platform);
    }

    let mut shell = Shell::inline(if vars.extra.is_empty() {
        vec!["true".to_owned()]
    } else {
        vars.extra.clone()
    })
    .env("STAGE", &vars.stage);
    if let Some(env) = vars.debug.then_some("1") {
        shell = shell.env("DEBUG", env);
    }
    if let Some(env) = &vars.mirror {
        shell = shell.env("MIRROR", env);
    }
    let shell_2 = Shell::inline(
        vars.extra
            .iter()
            .enumerate()
            .filter(|&(_, line)| !line.is_empty())
            .map(|(i, line)| format!("echo {i}: {line}"))
            .collect::<Vec<_>>(),
    )
    .pause_before(Duration::from_secs(10))
    .max_retries(2);

    Image::new()
        .source(app.named("app"))
        .provision(shell.only(["docker.app"]))
        .provision(shell_2)
}
