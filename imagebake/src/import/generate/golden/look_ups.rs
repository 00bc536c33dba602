//! Imported from `look_ups.pkr.hcl`.

use imagebake::{functions, prelude::*};

#[derive(Variables)]
struct Inputs {
    #[var(default = "eu-central-1")]
    region: String,
    /// The newest one without.
    runner_version: Option<String>,
    /// Who builds, and where.
    builder: Option<String>,
    #[var(default = "platform")]
    team: String,
    #[var(default = default_mirrors())]
    mirrors: Vec<Mirror>,
    #[var(name = "USER", env = "USER", default = "")]
    user: String,
    #[var(name = "CI_RUNNER", env = "CI_RUNNER", default = "")]
    ci_runner: String,
}

#[derive(Clone, Variables)]
struct Mirror {
    host: String,
    zone: String,
}

fn default_mirrors() -> Vec<Mirror> {
    vec![
        Mirror {
            host: "a.example.org".to_owned(),
            zone: "eu".to_owned(),
        },
        Mirror {
            host: "b.example.org".to_owned(),
            zone: "us".to_owned(),
        },
        Mirror {
            host: "c.example.org".to_owned(),
            zone: "eu".to_owned(),
        },
    ]
}

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn look_ups(vars: Inputs, data: &Data) -> Result<Image> {
    // The newest Debian.
    let debian = data
        .look_up(amazon::FindAmi::by(
            amazon::AmiFilter::owned_by(["136693071363"])
                .filter("architecture", "arm64")
                .filter("name", "debian-12-arm64-*")
                .most_recent(true),
            amazon::Region::new(&vars.region),
        ))
        .await?;
    let release = data
        .http("https://api.github.com/repos/actions/runner/releases/latest")
        .header("Accept", "application/vnd.github+json")
        .await?;
    let tag_name = release.json_text("/tag_name")?;
    let version = vars
        .runner_version
        .clone()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| tag_name.strip_prefix("v").unwrap_or(&tag_name).to_owned());
    let builder = vars
        .builder
        .clone()
        .unwrap_or_else(|| format!("{}@{}", vars.user, vars.ci_runner));
    let by_zone = functions::grouped(
        vars.mirrors
            .iter()
            .map(|mirror| (mirror.zone.clone(), mirror.host.clone())),
    );
    let motd_files = ["10-banner", "20-updates"];

    let runner = amazon::Ebs::from_ami(
        amazon::AmiId::new(&debian.id),
        amazon::Region::new(&vars.region),
        amazon::AmiName::new(format!("runner-{}", data.time().format("%Y%m%d"))),
    )
    .instance(amazon::Instance::of_type("t4g.small"))
    .ssh(Ssh::user("admin"))
    .ami(amazon::Ami::new().tags([("Base", debian.name.clone()), ("Stage", "test".to_owned())]));

    let shell = Shell::inline([
        format!("install-runner {version}"),
        format!("echo '{builder} for {}' > /etc/built-by", vars.team),
    ]);
    let file = File::content(
        functions::filled(
            &data.file("files/banner").await?,
            &[("team", &vars.team), ("builder", &builder)],
        )?,
        "/etc/issue",
    );
    let shell_2 = Shell::inline(
        by_zone
            .iter()
            .map(|(zone, hosts)| format!("echo '{zone} {}' >> /etc/mirrors", hosts.join(",")))
            .collect::<Vec<_>>(),
    );
    let shell_3 = Shell::inline(["chmod +x /etc/update-motd.d/*"]);

    let mut image = Image::new()
        .source(runner.named("runner"))
        .provision(shell)
        .provision(file)
        .provision(shell_2);
    for motd_file in &motd_files {
        let file_2 = File::upload(format!("files/{motd_file}"), format!("/etc/update-motd.d/{motd_file}"));
        image = image.provision(file_2);
    }

    Ok(image.provision(shell_3))
}
