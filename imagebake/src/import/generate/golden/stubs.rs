//! Imported from `stubs.pkr.hcl`.

use imagebake::prelude::*;

imagebake::unported!(source Digitalocean, "digitalocean");
imagebake::unported!(provisioner Goss, "goss");
imagebake::unported!(post_processor Upload, "upload");

#[derive(Variables)]
struct Inputs {
    #[expect(dead_code, reason = "what uses it is yet to be written")]
    token: Secret,
    #[var(default = "1.2")]
    release: String,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn stubs(vars: Inputs) -> Image {
    let name = format!("web-{}", vars.release);

    let web = docker::Container::from_image("debian:12").commit(true);
    // A machine of a plugin.
    // TODO: the source `digitalocean` is yet to be written. The template says of it:
    //     api_token     = var.token
    //     image         = "debian-12-x64"
    //     # Where most of the users are.
    //     region        = "ams3"
    //     snapshot_name = local.name
    //     metadata {
    //       owner = "platform"
    //     }
    let web_2 = Digitalocean::of("stubs.pkr.hcl:17");

    let shell = Shell::inline([format!("echo {name} > /etc/release")]).only(["digitalocean.web"]);
    // TODO: the provisioner `goss` is yet to be written. The template says of it:
    //     tests       = ["goss/web.yaml"]
    //     for web:
    //         {
    //         vars_inline = { release = var.release }
    //         }
    let goss = Goss::of("stubs.pkr.hcl:33").except(["docker.web"]).max_retries(2);

    let docker_tag = DockerTag::new("acme/web");
    // TODO: the post-processor `upload` is yet to be written. The template says of it:
    //     to = "https://images.example.org/${local.name}"
    let upload = Upload::of("stubs.pkr.hcl:48");
    let docker_push = DockerPush::new();
    // TODO: `web_2` is given: .chain(Chain::of(upload).then(docker_push))

    Image::new()
        .source(
            web.named("web")
                .post(docker_tag)
                .chain(Chain::of(upload).then(docker_push)),
        )
        .source(web_2.named("web"))
        .provision(shell)
        .provision(goss)
}
