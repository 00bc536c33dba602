//! Imported from `language.pkr.hcl`.

use imagebake::{functions, prelude::*};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Variables)]
struct Inputs {
    #[var(default = [80, 443])]
    ports: Vec<i64>,
    #[var(default = default_users())]
    users: Vec<User>,
    #[var(default = 3)]
    level: i64,
    #[var(default = 1.5)]
    ratio: f64,
    #[var(default = true)]
    loud: bool,
    #[var(default = r#"é "quoted" \ ${not} %{not}"#)]
    anything: String,
    #[var(env = "LANGUAGE_OWNER", default = "")]
    home: String,
}

#[derive(Clone, Variables)]
struct User {
    name: String,
    #[var(default = "/bin/bash")]
    shell: String,
}

fn default_users() -> Vec<User> {
    vec![
        User {
            name: "ann".to_owned(),
            shell: "/bin/bash".to_owned(),
        },
        User {
            name: "bob".to_owned(),
            shell: "/bin/sh".to_owned(),
        },
    ]
}

/// Two lines
/// of it.
#[image(dir = "../imagebake/src/import/generate/golden")]
fn language(vars: Inputs) -> Result<Image> {
    let plain = format!("  kept as it is: {}\n\ttab and \"quotes\" \\n no escape\n", vars.ratio);
    let names = vars.users.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
    let trimmed = format!(
        "first
  second, deeper

{}      {}      last
",
        if vars.loud { "      loud\n" } else { "      quiet\n" },
        names.iter().map(|name| format!("      - {name}\n")).collect::<String>(),
    );
    let nested = format!(
        "a b {}",
        names
            .iter()
            .map(|name| name.to_uppercase())
            .collect::<Vec<_>>()
            .join("-")
    );
    let secret = Secret::literal(format!("{}!", vars.anything)).named("secret");
    let shells = vars.users.iter().map(|item| item.shell.clone()).collect::<Vec<_>>();
    let numbered = vars
        .users
        .iter()
        .enumerate()
        .map(|(number, user)| (user.name.clone(), format!("{number}:{}", user.shell)))
        .collect::<BTreeMap<_, _>>();
    let doubled = vars
        .ports
        .iter()
        .filter(|&port| *port > 100)
        .map(|port| *port * 2)
        .collect::<Vec<_>>();
    let level = (vars.level + 1) * 2 - 7;
    let loud = !vars.loud || (vars.ratio >= 2.0 && names.len() != 3);

    let two = Null::none();
    let first = Null::none();

    let greet = ShellLocal::inline([plain, trimmed, nested])
        .environment_vars([
            Template::from(text!("SECRET={secret}")),
            Template::from("HERE=."),
            Template::from(format!("NAME={SOURCE}")),
        ])
        .named("greet")
        .only(["null.first"])
        .timeout(Duration::from_secs(5 * 60))
        .max_retries(functions::number::<u32>(&(vars.level - 1))?);
    let shell_local = ShellLocal::inline(
        [
            names.to_vec(),
            shells.to_vec(),
            numbered
                .iter()
                .map(|(name, what)| format!("{name} {what}"))
                .collect::<Vec<_>>(),
        ]
        .concat(),
    )
    .except(["null.first"])
    .override_for("two", |step| step.environment_vars(["ONLY=two"]));
    let shell_local_2 = ShellLocal::inline([format!("echo {} {level} {loud}", doubled.len())]);
    let shell_local_3 = ShellLocal::inline([format!("echo {BUILD_ID} failed in {}", vars.home)]);

    let artifice = Artifice::from_files(["out/*.img"]);
    let checksum = Checksum::all([DigestKind::Sha256, DigestKind::Md5]);
    let compress = Compress::to(format!("out/{SOURCE}.tar.gz")).keep_input_artifact(true);
    let note = Manifest::to("manifest.json").except_for(["null.two"]).named("note");

    Ok(Image::new()
        .source(two.named("two"))
        .source(first.named("first"))
        .provision(greet)
        .provision(shell_local)
        .provision(shell_local_2)
        .error_cleanup(shell_local_3)
        .chain(Chain::of(artifice).then(checksum).then(compress))
        .post(note))
}
