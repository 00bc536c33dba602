//! A user's program for the tests of the command line: small images of every sort.

use imagebake::{communicator::contract::CommunicatorContract, prelude::*, sources::oci::Oci};
use imagebake_tests::cloud::Acme;
use std::{collections::BTreeMap, process::ExitCode, time::Duration};

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

/// How much of it is baked.
#[derive(serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Flavour {
    Small,
    Full,
}

/// A release: `1.4`.
struct Release(u32, u32);

impl std::str::FromStr for Release {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor) = text
            .split_once('.')
            .ok_or("a release has two numbers with a dot between")?;
        match (major.parse(), minor.parse()) {
            (Ok(major), Ok(minor)) => Ok(Self(major, minor)),
            _ => Err("a release has two numbers with a dot between"),
        }
    }
}

/// A disk of the machine.
#[derive(Variables)]
struct Disk {
    /// Size in GiB.
    #[var(default = 10, check = |size| if *size > 0 { Ok(()) } else { Err("an empty disk holds nothing") })]
    size: u16,
    /// Where it is mounted.
    #[var(example = "/data")]
    mount: String,
    /// What opens it.
    key: Option<Secret>,
}

/// Inputs of every sort.
#[derive(Variables)]
struct Sorts {
    #[var(default = Flavour::Small, serde, example = "full")]
    flavour: Flavour,
    #[var(from_str, default = [])]
    releases: Vec<Release>,
    /// Beside the first one.
    #[var(default = [])]
    disks: Vec<Disk>,
    root: Option<Disk>,
    #[var(default = [("team", "infra")])]
    labels: BTreeMap<String, String>,
    /// For the serial console.
    #[var(sensitive, check = |text| Err::<(), _>(format!("{text} is known")))]
    passphrase: Option<String>,
    token: Option<Secret>,
}

/// Shows what it was given.
#[image]
fn sorts(vars: Sorts) -> Image {
    let flavour = match vars.flavour {
        Flavour::Small => "small",
        Flavour::Full => "full",
    };
    let releases: Vec<String> = vars
        .releases
        .iter()
        .map(|Release(major, minor)| format!("{major}-{minor}"))
        .collect();
    let labels: Vec<String> = vars
        .labels
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect();
    let mut show = ShellLocal::inline(["env | grep ^IT_ | sort"])
        .env("IT_FLAVOUR", flavour)
        .env("IT_RELEASES", releases.join(" "))
        .env("IT_LABELS", labels.join(" "))
        .env("IT_PASSPHRASE", vars.passphrase.unwrap_or_default());
    for disk in vars.disks.iter().chain(&vars.root) {
        show = show.env(
            format!("IT_DISK{}", disk.mount.replace('/', "_")),
            disk.size.to_string(),
        );
        if let Some(key) = &disk.key {
            show = show.env(format!("IT_KEY{}", disk.mount.replace('/', "_")), key);
        }
    }
    if let Some(token) = &vars.token {
        show = show.env("IT_TOKEN", token);
    }
    Image::new().source(Null::none()).provision(show)
}

#[derive(Variables)]
struct Keeper {
    #[var(default = "env:KEEPER_TOKEN")]
    token: Secret,
    /// What the step does with it.
    #[var(default = "true")]
    leave: String,
}

/// A container image whose step has a secret.
#[image]
fn keeper(vars: Keeper) -> Image {
    let base = Oci::host_userland(["sh", "cat", "mkdir", "rm", "base64"]).oci_archive("keeper.tar");
    let step = Shell::inline(["mkdir -p /etc /tmp".to_owned(), vars.leave]).env("TOKEN", &vars.token);
    Image::new().source(base).provision(step)
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

/// A step that takes its time and names a file that it leaves to the run to read.
#[derive(Clone, Config)]
struct Reads {
    #[field(required, path)]
    file: HostPath,
    at: Places,
}

impl Component for Reads {
    const KIND: &'static str = "reads";
}

impl Provisioner for Reads {
    async fn provision(&self, cx: &Cx, _: &Remote) -> Result<()> {
        cx.pause(Duration::from_secs(300)).await
    }
}

/// A machine whose step has a file that nobody could read to its end.
#[image]
fn reader() -> Image {
    Image::new()
        .source(Acme::new("cloud"))
        .provision(Reads::defaults().file("huge"))
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

#[derive(Variables)]
struct Traced {
    /// Release to bake.
    #[var(default = "1")]
    version: String,
}

/// A machine whose manifest says what it was made from.
#[image]
fn traced(vars: Traced) -> Image {
    Image::new()
        .source(Acme::new("cloud"))
        .provision(Shell::script("script.sh").env("VERSION", vars.version))
        .post(Manifest::to("traced.json").provenance(true))
}

/// A folder of the builder, whatever its files are called.
#[image]
fn copied() -> Image {
    Image::new()
        .source(Null::local())
        .provision(ShellLocal::inline(["mkdir -p out"]))
        .provision(File::upload("in/", "out/"))
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

/// A container image with an owner, a mode, a link and a file that a later step removes.
#[image]
fn container() -> Image {
    let base = Oci::host_userland(["sh", "cat", "chmod", "ln", "mkdir", "rm"])
        .cmd(["/bin/sh"])
        .env("GREETING", "hello")
        .tag("test/container:1")
        .layout("layout")
        .oci_archive("container.tar");
    Image::new()
        .source(base)
        .provision(Shell::inline([
            "mkdir -p /data/sub",
            "echo one > /data/one",
            "chmod 4755 /data/one",
            "ln -s one /data/link",
        ]))
        .provision(Shell::inline(["rm -r /data/sub", "echo $GREETING > /data/two"]))
        .provision(File::content("{{ image }}\n", "/data/three").mode(0o600))
        .post(
            Checksum::of(DigestKind::Sha256)
                .output("container.sha256")
                .only_for(["oci"]),
        )
}

/// A container image whose programs are two, with steps that leave nothing of themselves in it.
#[image]
fn bare() -> Image {
    let base = Oci::host_userland(["sh", "ls"]).oci_archive("bare.tar").layout("bare");
    let greet = || {
        Shell::inline(["echo hello $WHO", "echo twice"])
            .env("WHO", "you")
            .use_env_var_file(true)
    };
    Image::new()
        .source(base)
        .provision(greet())
        .provision(Shell::script("script.sh").env("TOKEN", Secret::literal("hunter2hunter2").named("token")))
        .provision(greet().execute_command(". {{ env_var_file }}; sh {{ path }}"))
        .provision(Shell::inline(["ls /tmp"]))
}

/// A container image with a step that fails and may. What does not concern its steps is in the environment.
#[image]
fn forgiven() -> Image {
    let told = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let base = Oci::host_userland(["sh"])
        .label("version", told("VERSION", "1"))
        .oci_archive(told("ARCHIVE", "forgiven.tar"));
    Image::new()
        .source(base)
        .provision(Shell::inline(["echo one > /one"]))
        .provision(Shell::inline(["exit 1"]).continue_on_error())
        .provision(Shell::inline(["echo three > /three"]))
}

/// A container image with a file of another user.
#[image]
fn owned() -> Image {
    Image::new()
        .source(Oci::host_userland(["sh", "chown"]).oci_archive("owned.tar"))
        .provision(Shell::inline(["echo mine > /file", "chown 12:34 /file"]))
}

/// A container image in which somebody has time to interrupt.
#[image(name = "slow-container")]
fn slow_container() -> Image {
    let base = Oci::host_userland(["sh", "sleep"]).oci_archive("slow.tar");
    Image::new()
        .source(base)
        .provision(ShellLocal::inline(["echo > started"]))
        .provision(Shell::inline(["sleep 317"]))
}

/// What every communicator must do, done in place and on the builder itself.
#[image]
fn contract() -> Image {
    let programs = [
        "sh", "cat", "chmod", "id", "ls", "mkdir", "printf", "readlink", "rm", "rmdir", "sleep", "stat", "touch", "tr",
        "wc",
    ];
    Image::new()
        .source(Oci::host_userland(programs).oci_archive("contract.tar"))
        .source(Null::local())
        .provision(CommunicatorContract::in_folder(format!(
            "/tmp/a contract of {}",
            std::process::id()
        )))
}

/// A step that leaves the image when it is uploaded wrongly.
#[image(name = "escape")]
fn escape() -> Image {
    let base = Oci::host_userland(["sh", "ln"]).oci_archive("escape.tar");
    Image::new()
        .source(base)
        .provision(Shell::inline(["ln -s /../../../../../../escaped-by-link /out"]))
        .provision(File::content("no\n", "/out"))
}

fn main() -> ExitCode {
    imagebake::main()
}
