//! A user's program for the tests of the command line: small images of every sort.

use imagebake::prelude::*;
use imagebake_tests::cloud::Acme;
use std::{process::ExitCode, time::Duration};

/// Says hello on the builder.
#[image]
fn hello() -> Image {
    Image::new()
        .source(Null::none())
        .provision(ShellLocal::inline([
            "echo hello from $IMAGEBAKE_SOURCE",
            "echo done >&2",
        ]))
        .post(Manifest::to("manifest.json").custom("team", "infra"))
}

#[derive(Variables)]
struct Greeting {
    /// Whom to greet.
    #[var(default = "world")]
    name: String,
    /// Never shown.
    #[var(env = "GREETING_TOKEN", default = "hunter2hunter2")]
    token: Secret,
}

/// Greets somebody and tries to leak a secret.
#[image]
fn greet(vars: Greeting) -> Image {
    let leak = ShellLocal::inline([
        "echo \"$NAME $TOKEN\"",
        "printf %s \"$TOKEN\" | base64",
        "printf %s \"$TOKEN\" | rev | rev",
    ])
    .env("NAME", vars.name)
    .env("TOKEN", &vars.token);
    Image::new().source(Null::none()).provision(leak)
}

/// A machine of a third party's platform.
#[image]
fn machine() -> Image {
    Image::new()
        .source(Acme::new("cloud"))
        .provision(Shell::inline(["echo in the machine"]))
        .post(Manifest::to("manifest.json"))
}

/// A machine in which somebody has time to interrupt.
#[image]
fn slow() -> Image {
    Image::new()
        .source(Acme::new("cloud"))
        .provision(Shell::inline(["echo $$ > pid", "sleep 300"]))
        .error_cleanup(ShellLocal::inline(["echo cleaned > error-cleanup"]))
}

/// Fails in its second command.
#[image]
fn broken() -> Image {
    Image::new()
        .source(Acme::new("cloud"))
        .provision(Shell::inline([
            "echo before",
            "echo the reason >&2; exit 7",
            "echo never",
        ]))
        .error_cleanup(ShellLocal::inline(["echo cleaned > error-cleanup"]))
}

/// Two sources, one of which fails.
#[image]
fn pair() -> Image {
    Image::new()
        .source(Null::none().named("good"))
        .source(Null::none().named("bad"))
        .provision(ShellLocal::inline(["true"]))
        .provision(ShellLocal::inline(["exit 3"]).only(["bad"]))
}

/// Succeeds at the third try.
#[image]
fn flaky() -> Image {
    Image::new()
        .source(Null::none())
        .provision(ShellLocal::inline(["echo x >> tries", "test $(wc -l < tries) -ge 3"]).max_retries(4))
        .provision(ShellLocal::inline(["exit 1"]).continue_on_error())
        .provision(
            ShellLocal::inline(["sleep 60"])
                .timeout(Duration::from_millis(200))
                .continue_on_error(),
        )
}

/// Files of the builder as artifacts.
#[image]
fn files() -> Image {
    let data = || Artifice::from_files(["data.bin"]);
    let sums = Checksum::all([DigestKind::Md5, DigestKind::Sha256]).output("sums-{{ checksum_type }}.txt");
    let files = Chain::of(data()).then(sums);
    let packed = Chain::of(data()).then(Compress::to("data.tar.gz").keep_input_artifact(true));
    Image::new()
        .source(Null::none().chain(files).chain(packed))
        .post(Manifest::to("manifest.json"))
}

fn main() -> ExitCode {
    imagebake::main()
}
