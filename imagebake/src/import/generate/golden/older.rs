//! Imported from `older.json`.

use imagebake::prelude::*;
use std::time::Duration;

#[derive(Variables)]
struct Inputs {
    #[var(default = "1.4")]
    version: String,
    name: Option<String>,
    #[var(default = 1024)]
    memory: u16,
    #[var(env = "TOKEN", default = "")]
    token: String,
    #[var(default = "true")]
    #[expect(dead_code, reason = "nothing in the template uses it")]
    headless: String,
    release: Option<String>,
    password: Secret,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn older(vars: Inputs, data: &Data) -> Result<Image> {
    let name = vars.name.clone().unwrap_or_else(|| format!("web-{}", vars.version));
    let release = vars
        .release
        .clone()
        .unwrap_or_else(|| format!("1.16.0/b/{}", data.folder()));

    let docker = docker::Container::from_image("debian:12")
        .commit(true)
        .changes([
            format!("LABEL version={}", vars.version),
            format!("LABEL built={}", data.time().seconds()),
        ])
        .message(format!("{name} on {}", data.time().format("%Y-%m-%d")));
    let far = Null::ssh(
        Ssh::user("root")
            .host(format!("{name}.example.org"))
            .password(vars.password.clone())
            .port(vars.memory),
    );

    let shell = Shell::scripts(["scripts/base.sh".to_owned(), format!("scripts/{}.sh", vars.version)])
        .execute_command(format!(
            "echo {}; {{{{ vars }}}} sh {{{{ path }}}}",
            data.time().format("%Y-%m")
        ))
        .environment_vars([format!("TOKEN={}", vars.token)])
        .only(["docker"])
        .override_for("docker", |step| step.remote_folder("/var/tmp"));
    let shell_local = ShellLocal::inline([
        format!("echo {SOURCE} {SOURCE_KIND} {BUILD_ID} {UUID}"),
        format!("echo {} {release}", data.time().format("%Y")),
        format!("echo {} A b ba bb", data.folder()),
        format!("echo a {}", data.folder()),
    ]);
    let upload_web = File::upload("files/web.conf", "/etc/web.conf").pause_before(Duration::from_secs(5));

    let docker_tag = DockerTag::new("acme/web").tag(&vars.version);
    let docker_push = DockerPush::new();
    let manifest = Manifest::to("manifest.json");

    Ok(Image::new()
        .source(
            docker
                .chain(Chain::of(docker_tag).then(docker_push))
                .post(manifest.clone()),
        )
        .source(far.named("far").post(manifest.clone()))
        .provision(shell)
        .provision(shell_local)
        .provision(upload_web))
}
