//! The images that `cargo xtask bench` builds.

use imagebake::{
    prelude::*,
    sources::oci::{Compression, Oci},
};
use std::process::ExitCode;

/// One null source, as in the peer's template.
#[image(name = "null-1")]
fn null_1() -> Image {
    Image::new().source(Null::none())
}

/// A hundred builds side by side, one local step each.
#[image(name = "null-100")]
fn null_100() -> Image {
    let sources = (0..100).map(|i| Null::none().named(format!("n{i}")));
    sources
        .fold(Image::new(), Image::source)
        .provision(ShellLocal::inline(["echo hello"]))
}

/// A gigabyte of guest output with a secret registered.
#[image]
fn events() -> Image {
    let line = "the quick brown fox jumps over the lazy dog 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFG";
    let print = ShellLocal::inline([format!("yes '{line}' | head -c 1000000000")])
        .env("TOKEN", Secret::literal("correct-horse-battery-staple"));
    Image::new().source(Null::none()).provision(print)
}

/// A 1 GiB file, compressed and hashed.
#[image]
fn compress() -> Image {
    let input = || Artifice::from_files(["image.raw"]);
    let hashed = Chain::of(input()).then(Checksum::of(DigestKind::Sha256).output("image.sha256"));
    let packed = Chain::of(input()).then(Compress::to("image.gz").keep_input_artifact(true));
    Image::new().source(Null::none().chain(hashed).chain(packed))
}

/// The base of `oci-ten-steps`, stored and nothing else.
#[image(name = "debian-base")]
fn debian_base() -> Image {
    Image::new().source(debian())
}

/// Ten shell steps, a layer each, not compressed.
#[image(name = "oci-ten-steps")]
fn oci_ten_steps() -> Image {
    let source = debian().layer_compression(Compression::None).layout("ten-steps");
    (0..10).fold(Image::new().source(source), |image, i| {
        image.provision(Shell::inline([format!("echo {i} > /step-{i}")]))
    })
}

/// Ten shell steps in a container of a Docker engine, committed.
#[image(name = "docker-ten-steps")]
fn docker_ten_steps() -> Image {
    let source = docker::Container::from_image("imagebake-bench/debian:12");
    (0..10).fold(Image::new().source(source), |image, i| {
        image.provision(Shell::inline([format!("echo {i} > /step-{i}")]))
    })
}

/// A shell step and a file, then everything that is done with a small image.
#[image(name = "docker-chain")]
fn docker_chain() -> Image {
    let chain = Chain::of(DockerTag::new("imagebake-bench/chain").tag("1"))
        .then(DockerSave::to("chain.tar"))
        .then(Compress::to("chain.tar.gz"))
        .then(Checksum::of(DigestKind::Sha256).output("chain.sha256"))
        .then(Manifest::to("manifest.json"));
    Image::new()
        .source(docker::Container::from_image("imagebake-bench/busybox:1").chain(chain))
        .provision(Shell::inline(["echo hello > /hello"]))
        .provision(File::upload("../target/bench/data/hello.txt", "/hello.txt"))
}

/// Ten thousand small files and one of a gigabyte.
#[image(name = "docker-upload")]
fn docker_upload() -> Image {
    Image::new()
        .source(docker::Container::from_image("imagebake-bench/busybox:1").discard(true))
        .provision(File::upload("../target/bench/data/small/", "/small"))
        .provision(File::upload("../target/bench/data/image.raw", "/large"))
}

/// The server that `cargo xtask bench` started, as its environment says.
fn over_ssh() -> Null {
    let told = |name: &str| std::env::var(name).unwrap_or_default();
    let machine = Ssh::user("root")
        .host("127.0.0.1")
        .port(told("BENCH_SSH_PORT").parse().unwrap_or(22))
        .private_key_file(told("BENCH_SSH_KEY"))
        .host_key(told("BENCH_SSH_HOST_KEY"));
    Null::ssh(machine)
}

fn to(name: &str) -> String {
    format!("{}/{name}", std::env::var("BENCH_SSH_TO").unwrap_or_default())
}

/// A file of a gigabyte.
#[image(name = "ssh-upload")]
fn ssh_upload() -> Image {
    Image::new()
        .source(over_ssh())
        .provision(File::upload("../target/bench/data/image.raw", to("image.raw")))
}

/// Ten thousand small files.
#[image(name = "ssh-small-files")]
fn ssh_small_files() -> Image {
    Image::new()
        .source(over_ssh())
        .provision(File::upload("../target/bench/data/small/", to("")))
}

/// A hundred commands, each waited for.
#[derive(Clone, Debug, Config)]
struct Commands {
    at: Places,
}

impl Component for Commands {
    const KIND: &'static str = "commands";
}

impl Provisioner for Commands {
    async fn provision(&self, _: &Cx, guest: &Remote) -> Result<()> {
        for number in 0..100 {
            guest.sh(&format!("echo {number}")).await?;
        }
        Ok(())
    }
}

/// A hundred commands on one connection.
#[image(name = "ssh-100-commands")]
fn ssh_100_commands() -> Image {
    Image::new().source(over_ssh()).provision(Commands::defaults())
}

/// The root file system that `cargo xtask bench` makes once beside the folder that a run works in.
fn debian() -> Oci {
    Oci::from_rootfs("../target/bench/data/debian.tar")
}

fn main() -> ExitCode {
    let many = (0..1000).fold(imagebake::App::new(), |app, i| {
        app.image(format!("many-{i}"), || {
            let sources = (0..5).map(|i| Null::local().named(format!("s{i}")));
            let image = sources.fold(Image::new(), Image::source);
            (0..10).fold(image, |image, i| {
                image.provision(Shell::inline([format!("echo {i}")]).env("A", "b"))
            })
        })
    });
    many.run()
}
