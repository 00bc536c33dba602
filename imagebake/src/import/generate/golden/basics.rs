//! Imported from `basics.pkr.hcl`.

use imagebake::{functions, prelude::*};

#[derive(Variables)]
struct Inputs {
    /// The base image.
    #[var(default = "ubuntu:22.04")]
    image: String,
    #[var(default = ["nginx", "curl"])]
    packages: Vec<String>,
    #[var(default = 8080)]
    port: i64,
    #[var(check = check_version)]
    version: String,
    #[expect(dead_code, reason = "nothing in the template uses it")]
    proxy: Option<String>,
}

fn check_version(value: &str) -> Result<(), &'static str> {
    if !functions::matches("^[0-9.]+$", value) {
        return Err("The version is made of numbers.");
    }
    Ok(())
}

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn basics(vars: Inputs, data: &Data) -> Result<Image> {
    let timestamp = data.time().format("%Y%m%d%H%M%S");
    let tag = format!("{}-{timestamp}", vars.version);
    let upper = vars
        .packages
        .iter()
        .filter(|&p| p != "curl")
        .map(|p| p.to_uppercase())
        .collect::<Vec<_>>();

    // The base of it all.
    let web = docker::Container::from_image(&vars.image).commit(true).changes([
        format!("EXPOSE {}", vars.port),
        r#"CMD ["nginx", "-g", "daemon off;"]"#.to_owned(),
    ]);

    let install = Shell::script("scripts/install.sh")
        .environment_vars([format!("PACKAGES={}", vars.packages.join(" ")), format!("TAG={tag}")]);
    let shell = Shell::inline([
        format!("echo {}", if vars.version == "1" { "one" } else { "other" }),
        format!("echo {}", upper.join(",")),
    ])
    .execute_command("{{ vars }} sudo -E sh '{{ path }}'")
    .max_retries(3);

    let docker_tag = DockerTag::new("acme/web").tags([tag.clone(), "latest".to_owned()]);
    let docker_push = DockerPush::new();

    Ok(Image::new()
        .source(web.named("web").chain(Chain::of(docker_tag).then(docker_push)))
        .provision(install)
        .provision(shell))
}
