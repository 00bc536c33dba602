//! Imported from `web`.

use imagebake::{functions, prelude::*, value};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Variables)]
struct Inputs {
    /// The release to bake.
    #[var(default = "1.4.0", check = check_release)]
    release: String,
    /// What is installed.
    #[var(default = ["nginx", "curl"])]
    packages: Vec<String>,
    #[var(default = 1024)]
    memory: u32,
    #[var(default = false)]
    debug: bool,
    #[var(default = [("team", "platform"), ("tier", "web")])]
    labels: BTreeMap<String, String>,
    /// Volumes beside the first one.
    #[var(default = default_disks())]
    disks: Vec<Disk>,
    /// What the repository asks for.
    #[var(env = "WEB_TOKEN", default = "", sensitive)]
    token: String,
}

#[derive(Clone, Variables)]
struct Disk {
    device: String,
    size: u32,
}

fn check_release(value: &str) -> Result<(), &'static str> {
    if !functions::matches(r"^\d+\.\d+\.\d+$", value) {
        return Err("A release is three numbers with dots between them.");
    }
    Ok(())
}

fn default_disks() -> Vec<Disk> {
    vec![
        Disk {
            device: "/dev/sdb".to_owned(),
            size: 20,
        },
        Disk {
            device: "/dev/sdc".to_owned(),
            size: 40,
        },
    ]
}

#[image(dir = "templates/web")]
async fn web(vars: Inputs, data: &Data) -> Result<Image> {
    // Names are as long as the platforms take.
    let name = format!("Web-{}", vars.release).to_lowercase();
    let tags = vars
        .labels
        .clone()
        .into_iter()
        .chain(BTreeMap::from([("release".to_owned(), vars.release.clone())]))
        .collect::<BTreeMap<_, _>>();
    let password = Secret::literal(format!("web-{}", vars.token));
    let quiet = if vars.debug { "" } else { "-qq" };
    let greeting = format!(
        "    Release {}
{}
",
        vars.release,
        vars.packages
            .iter()
            .map(|package| format!(
                "
    - {package}
"
            ))
            .collect::<String>(),
    );
    let stamp = data.time().format("%Y-%m-%d");

    let slim = docker::Container::from_image("debian:12").commit(true).changes([
        "EXPOSE 80".to_owned(),
        format!("LABEL release={}", vars.release),
        r#"CMD ["nginx", "-g", "daemon off;"]"#.to_owned(),
    ]);
    let mut web = amazon::Ebs::from_filter(
        amazon::AmiFilter::owned_by(["136693071363"])
            .filter("name", "debian-12-amd64-*")
            .filter("root-device-type", "ebs")
            .filter("virtualization-type", "hvm")
            .most_recent(true),
        amazon::Region::EU_CENTRAL_1,
        amazon::AmiName::new(format!("{name}-{TIMESTAMP}")),
    )
    .instance(amazon::Instance::of_type("t3.small"))
    .ssh(Ssh::user("admin"))
    .ami(amazon::Ami::new().tags(tags));
    for launch_block_device_mappings in &vars.disks {
        web = web.launch_block_device(
            amazon::BlockDevice::new(&launch_block_device_mappings.device)
                .volume_size(launch_block_device_mappings.size)
                .volume_type("gp3")
                .delete_on_termination(true),
        );
    }
    let disk = qemu::Machine::from_disk(Iso::new(
        "https://images.example.org/debian-12.qcow2",
        value::Checksum::none(),
    ))
    .disk_size("8G")
    .memory(vars.memory)
    .format("qcow2")
    .headless(true)
    .http(Http::directory("files"))
    .output_directory(format!("output-{name}"))
    .ssh(
        Ssh::user("debian")
            .password(password)
            .timeout(Duration::from_secs(20 * 60)),
    )
    .boot(Boot::keys(["<enter><wait>", "debian<enter>"]).wait(Duration::from_secs(5)))
    .shutdown(Shutdown::command("sudo poweroff"))
    .vm_name(format!("web-{}.qcow2", vars.release));

    // Everything that needs the package manager comes first.
    let install = Shell::script("scripts/install.sh").environment_vars([
        format!("PACKAGES={}", vars.packages.join(" ")),
        format!("QUIET={quiet}"),
        format!("BUILDER={SOURCE_KIND}"),
    ]);
    let file = File::content(greeting, "/etc/motd");
    let shell = Shell::inline([
        format!("echo 'release {} of {stamp}' > /etc/release-web", vars.release),
        format!("echo {BUILD_ID}"),
    ])
    .except(["docker.slim"])
    .pause_before(Duration::from_secs(10))
    .max_retries(2)
    .override_for("disk", |step| {
        step.execute_command("sudo sh -c '{{ vars }} {{ path }}'")
    });
    let shell_local = ShellLocal::inline(["echo failed"]);

    let docker_tag = DockerTag::new("acme/web").tags([vars.release.clone(), "latest".to_owned()]);
    let manifest = Manifest::to("manifest.json").strip_path(true);

    Ok(Image::new()
        .source(slim.named("slim").post(docker_tag).post(manifest.clone()))
        .source(web.named("web").post(manifest.clone()))
        .source(disk.named("disk").post(manifest.clone()))
        .provision(install)
        .provision(file)
        .provision(shell)
        .error_cleanup(shell_local))
}
