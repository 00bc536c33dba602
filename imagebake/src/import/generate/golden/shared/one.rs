//! Imported from `one.pkr.hcl`.

use super::common;
use imagebake::{prelude::*, value};

#[derive(Variables)]
struct Inputs {
    #[var(default = "debian:12")]
    image: String,
    #[var(default = 1024)]
    memory: u32,
}

#[image(dir = "../imagebake/src/import/generate/golden/shared")]
fn one(vars: Inputs) -> Image {
    let motd = common::MOTD;
    let base = common::base(vars.memory);
    let slim = docker::Container::from_image(&vars.image).commit(true);
    let file = File::content(motd, "/etc/motd");

    Image::new()
        .source(base.named("base"))
        .source(slim.named("slim"))
        .provision(file)
}

#[image(name = "installed-one", dir = "../imagebake/src/import/generate/golden/shared")]
fn installed_one(_vars: Inputs) -> Image {
    let boot = common::BOOT;
    let installed = qemu::Machine::from_iso(Iso::new(
        "https://images.example.org/debian-12.iso",
        value::Checksum::none(),
    ))
    .boot(Boot::keys(boot))
    .ssh(Ssh::user("one"));

    Image::new().source(installed.named("installed"))
}
