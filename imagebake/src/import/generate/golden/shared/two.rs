//! Imported from `two.pkr.hcl`.

use super::common;
use imagebake::{prelude::*, value};

#[derive(Variables)]
struct Inputs {
    #[var(default = "debian:13")]
    image: String,
    #[var(default = 2048)]
    memory: u32,
}

#[image(dir = "../imagebake/src/import/generate/golden/shared")]
fn two(vars: Inputs) -> Image {
    let motd = common::MOTD;
    let base = common::base(vars.memory);
    let slim = docker::Container::from_image(&vars.image).commit(true);
    let file = File::content(motd, "/etc/issue");

    Image::new()
        .source(base.named("base"))
        .source(slim.named("slim"))
        .provision(file)
}

#[image(name = "installed-two", dir = "../imagebake/src/import/generate/golden/shared")]
fn installed_two(_vars: Inputs) -> Image {
    let boot = common::BOOT;
    let installed = qemu::Machine::from_iso(Iso::new(
        "https://images.example.org/debian-12.iso",
        value::Checksum::none(),
    ))
    .boot(Boot::keys(boot))
    .ssh(Ssh::user("two"));

    Image::new().source(installed.named("installed"))
}
