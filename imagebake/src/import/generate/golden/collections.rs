//! Imported from `collections.pkr.hcl`.

use imagebake::{functions, prelude::*};
use std::collections::BTreeMap;

#[derive(Variables)]
struct Inputs {
    #[var(default = ["a", "b"])]
    names: Vec<String>,
    #[var(default = [("team", "infra")])]
    labels: BTreeMap<String, String>,
    #[var(default = default_account())]
    account: Account,
    #[var(default = "debian")]
    os: String,
}

#[derive(Clone, Variables)]
struct Account {
    home: String,
    #[var(default = "/bin/sh")]
    shell: String,
    user: String,
}

fn default_account() -> Account {
    Account {
        home: "/srv/web".to_owned(),
        shell: "/bin/sh".to_owned(),
        user: "web".to_owned(),
    }
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn collections(vars: Inputs) -> Result<Image> {
    let images = BTreeMap::from([("debian", "debian:12"), ("ubuntu", "ubuntu:24.04")]);
    let image = images.get(vars.os.as_str()).copied().unwrap_or("alpine:3");
    let merged = vars
        .labels
        .clone()
        .into_iter()
        .chain(BTreeMap::from([("os".to_owned(), vars.os.clone())]))
        .collect::<BTreeMap<_, _>>();
    let upper = vars
        .labels
        .iter()
        .map(|(key, value)| (key.to_uppercase(), value.clone()))
        .collect::<BTreeMap<_, _>>();
    let all = [vars.names.clone(), vec!["last".to_owned()]].concat();
    let joined = all.iter().map(|name| format!("x-{name}")).collect::<Vec<_>>().join(" ");
    let first = functions::element(&vars.names, 0)?.clone();
    let exact = *functions::entry(&images, &vars.os)?;
    let numbers = [1, 2, 3];

    let all_docker = docker::Container::from_image(image).commit(true).changes(
        merged
            .iter()
            .map(|(key, value)| format!("LABEL {key}={value}"))
            .collect::<Vec<_>>(),
    );

    let shell = Shell::inline([
        format!(
            "useradd -d {} -s {} {}",
            vars.account.home, vars.account.shell, vars.account.user
        ),
        format!("echo {}", upper.keys().cloned().collect::<Vec<_>>().join(",")),
    ])
    .environment_vars([
        format!("JOINED={joined}"),
        format!("FIRST={first}"),
        format!("EXACT={exact}"),
        format!("COUNT={}", numbers.len()),
    ]);

    Ok(Image::new().source(all_docker.named("all")).provision(shell))
}
