//! A user's program for the tests on a Docker engine. The base is in the variable `BASE`, made by the tests.

use imagebake::{communicator::contract::CommunicatorContract, prelude::*};
use std::{process::ExitCode, time::Duration};

fn base() -> String {
    std::env::var("BASE").unwrap_or_else(|_| "imagebake-tests/base:2".to_owned())
}

fn name(of: &str) -> String {
    format!(
        "imagebake-tests/{of}-{}",
        std::env::var("SUFFIX").unwrap_or_else(|_| "x".to_owned())
    )
}

/// Everything that an image keeps: files with owners and modes, and what `changes` say.
#[image]
fn web() -> Image {
    let container = docker::Container::from_image(base())
        .changes([
            "CMD [\"httpd\", \"-f\"]",
            "ENV COLOUR=blue",
            "EXPOSE 80",
            "USER www",
            "LABEL a=\"b c\"",
        ])
        .author("the tests")
        .message(format!("made by {IMAGE}"));
    let tag = DockerTag::new(name("web")).tags(["1", "latest"]);
    let chain = Chain::of(tag)
        .then(DockerSave::to("web.tar"))
        .then(Checksum::of(DigestKind::Sha256).output("web.sha256"));
    Image::new()
        .source(container.chain(chain))
        .provision(
            Shell::inline([
                "echo \"$GREETING\" > /greeting",
                "mkdir -p /data/sub",
                "chmod 700 /data/sub",
                "id -u",
            ])
            .env("GREETING", "it's\n\"hello\" $HOME"),
        )
        .provision(File::upload("tree/", "/data/tree"))
        .provision(File::content("secret\n", "/data/secret").mode(0o600).owner("www"))
        .provision(File::upload("big.bin", "/data/big.bin").mode(0o640))
        .provision(File::download("/data/big.bin", "back.bin"))
        .provision(File::download("/data/tree/", "back"))
        .post(Manifest::to("manifest.json"))
}

/// Runs its steps as somebody who is not root.
#[image]
fn user() -> Image {
    let container = docker::Container::from_image(base()).exec_user("www").discard(true);
    Image::new()
        .source(container)
        .provision(Shell::inline(["id -un > /tmp/who", "cat /tmp/who"]))
        .provision(File::upload("tree/", "/tmp/tree"))
        .provision(File::upload("big.bin", "/srv/big.bin"))
        .provision(Shell::inline(["stat -c %U:%G /tmp/tree/a /srv/big.bin"]))
}

/// A large file goes wherever a file can go: where an archive would put it, and where it would not.
#[image]
fn large() -> Image {
    let container = docker::Container::from_image(base())
        .tmpfs(["/scratch"])
        .volumes([(std::env::var("KEPT").unwrap_or_default(), "/kept".to_owned())]);
    let upload = |to: &'static str| File::upload("large.bin", to).mode(0o640);
    Image::new()
        .source(container.post(DockerTag::new(name("large"))))
        .provision(Shell::inline([
            "mkdir /srv/folder && ln -s folder /srv/by-folder && ln -s folder/linked /srv/by-link",
            "echo before > /srv/before && chmod 604 /srv/before && mkdir /scratch/folder",
        ]))
        .provision(upload("/srv/plain").owner("www"))
        .provision(upload("/srv/before"))
        .provision(upload("/srv/by-folder/large"))
        .provision(upload("/srv/by-link"))
        .provision(upload("/scratch/folder/large"))
        .provision(upload("/kept/large"))
        .provision(Shell::inline([
            "cd / && sha256sum /srv/plain /srv/before /srv/folder/* /scratch/folder/large /kept/large | cut -d' ' -f1 | uniq -c",
            "test -L /srv/by-link && stat -c %U:%a /srv/plain",
        ]))
}

/// Files for a container in which nothing can run but what it runs: no shell, no `tar`.
#[image]
fn bare() -> Image {
    let bare = std::env::var("BARE").unwrap_or_default();
    let container =
        docker::Container::from_image(bare).run_command(["-d", "--entrypoint=/bin/sleep", "{{.Image}}", "600"]);
    Image::new()
        .source(container.post(DockerTag::new(name("bare"))))
        .provision(File::upload("tree/", "/tree"))
        .provision(File::upload("big.bin", "/big.bin").mode(0o640))
        .provision(File::upload("huge.bin", "/huge.bin"))
        .provision(File::upload("bytes.bin", "/bytes.bin"))
        .provision(File::content("text\n", "/text"))
}

/// What every communicator must do, done by an engine's: as root, as somebody else.
#[image]
fn contract() -> Image {
    let container = || docker::Container::from_image(base());
    Image::new()
        .source(container().discard(true).named("root"))
        .source(container().exec_user("www").discard(true).named("user"))
        .source(container().fix_upload_owner(false).discard(true).named("owners"))
        .source(container().tmpfs(["/tmp"]).discard(true).named("in-memory"))
        .provision(
            CommunicatorContract::in_folder("/tmp/a contract").override_for("owners", |step| step.keeps_owners(true)),
        )
}

/// The file system as an archive, and an image of it again.
#[image]
fn export() -> Image {
    let container = docker::Container::from_image(base()).export_path("rootfs.tar");
    let import = DockerImport::new(name("imported"))
        .tag("2")
        .change("CMD [\"sh\"]")
        .change("ENV A=b");
    let packed = Chain::of(Compress::to("rootfs.gz").keep_input_artifact(true)).then(DockerImport::new(name("gz")));
    Image::new()
        .source(container.post(import).chain(packed))
        .provision(Shell::inline(["echo exported > /exported"]))
}

/// A step in which somebody has time to interrupt.
#[image]
fn slow() -> Image {
    Image::new()
        .source(docker::Container::from_image(base()).volumes([("/cache", "/cache")]))
        .provision(ShellLocal::inline(["echo > started"]))
        .provision(Shell::inline(["sleep 300"]))
}

/// Crosses every boundary quickly: a Dockerfile, a container, an image, a name.
#[image]
fn dockerfile() -> Image {
    let build = docker::Dockerfile::new("Dockerfile")
        .argument("FROM", base())
        .argument("WORD", "built");
    let container = docker::Container::from_build(build).change("CMD [\"sh\"]");
    Image::new()
        .source(container.post(DockerTag::new(name("dockerfile"))))
        .provision(Shell::inline(["cat /word /copied"]))
}

/// An archive that was imported.
#[image]
fn import() -> Image {
    Image::new().source(
        Null::none().chain(Chain::of(Artifice::from_files(["rootfs.tar"])).then(DockerImport::new(name("crash")))),
    )
}

/// An image by its name.
type Named = (&'static str, fn() -> Image);

/// What goes wrong, one image for each.
fn broken() -> Vec<Named> {
    vec![
        ("no-image", || {
            Image::new().source(
                docker::Container::from_image("imagebake-tests/nowhere:1")
                    .pull(false)
                    .discard(true),
            )
        }),
        ("dies", || {
            Image::new()
                .source(docker::Container::from_image(base()).discard(true))
                .provision(ShellLocal::inline([format!(
                    "(sleep 1; docker kill {BUILD_ID}) > /dev/null &"
                )]))
                .provision(Shell::inline(["sleep 20"]))
        }),
        ("fails", || {
            Image::new()
                .source(docker::Container::from_image(base()))
                .provision(Shell::inline(["echo before", "exit 7"]))
        }),
        ("kills-its-shell", || {
            Image::new()
                .source(docker::Container::from_image(base()).discard(true))
                .provision(Shell::inline(["kill -9 $PPID; kill -9 $$"]).valid_exit_codes([137]))
                .provision(Shell::inline(["echo still here"]))
        }),
        ("hangs", || {
            Image::new()
                .source(docker::Container::from_image(base()).discard(true))
                .provision(
                    Shell::inline(["sleep 377"])
                        .timeout(Duration::from_secs(1))
                        .continue_on_error(),
                )
                .provision(Shell::inline([
                    "sleep 1",
                    "! ps -o args | grep -v grep | grep 'sleep 377'",
                ]))
        }),
        ("unwritten-source", || {
            Image::new()
                .source(vagrant::Machine::from_box("debian/bookworm64"))
                .provision(ShellLocal::inline(["echo > made"]))
        }),
        ("unwritten-post", || {
            Image::new()
                .source(Null::none().post(VagrantCloud::new("acme/web", "1.0")))
                .provision(ShellLocal::inline(["echo > made"]))
        }),
        ("no-name", || {
            Image::new().source(docker::Container::from_image(base()).post(DockerPush::new()))
        }),
    ]
}

fn push() -> Image {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let push = match variable("PUSH_USER") {
        user if user.is_empty() => DockerPush::new(),
        user => DockerPush::new().login(docker::Login::new(user, Secret::env("PUSH_PASSWORD"))),
    };
    let chain = Chain::of(DockerTag::new(variable("PUSH_TO")).tags(["1", "2"])).then(push);
    Image::new()
        .source(docker::Container::from_image(base()).chain(chain))
        .provision(Shell::inline(["echo pushed > /pushed"]))
        .post(Manifest::to("manifest.json"))
}

fn pull() -> Image {
    let from = docker::Container::from_image(std::env::var("PULL").unwrap_or_default()).pull(docker::Pull::Always);
    let from = match std::env::var("PUSH_USER") {
        Ok(user) if !user.is_empty() => from.login(docker::Login::new(user, Secret::env("PUSH_PASSWORD"))),
        _ => from,
    };
    Image::new()
        .source(from.discard(true))
        .provision(Shell::inline(["cat /pushed"]))
}

fn main() -> ExitCode {
    let app = imagebake::App::new().image("push", push).image("pull", pull);
    broken()
        .into_iter()
        .fold(app, |app, (name, make)| app.image(name, make))
        .run()
}
