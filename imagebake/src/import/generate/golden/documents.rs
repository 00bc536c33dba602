//! Imported from `documents.pkr.hcl`.

use imagebake::{functions, prelude::*};
use std::collections::BTreeMap;

#[derive(Variables)]
struct Inputs {
    /// What regular expressions take of text, what may be absent, and JSON of values of any types.
    #[var(default = "24.05.2-rc1")]
    release: String,
    prefix: Option<String>,
    family: Option<String>,
    base_family: Option<String>,
    #[var(default = true)]
    cuda: bool,
    #[var(default = ["a<b.patch"])]
    patches: Vec<String>,
    #[var(default = [("team", "R&D")])]
    labels: BTreeMap<String, String>,
    #[var(default = 3)]
    count: i64,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn documents(vars: Inputs) -> Result<Image> {
    let family = vars
        .family
        .clone()
        .filter(|text| !text.is_empty())
        .or_else(|| vars.base_family.clone());
    let prefix = match vars.prefix.clone().filter(|text| !text.is_empty()) {
        Some(prefix) => format!("{prefix}-"),
        None => String::new(),
    };
    let parsed = functions::groups(
        r"^(?P<major>\d+)(?:\.(?P<minor>\d+))?(?:\.(?P<patch>\d+))?|(?P<branch>\w+)$",
        &vars.release,
    )?;
    let branch = parsed.get("branch").map(|branch| branch.replace("_", "-"));
    let version = [parsed.get("major"), parsed.get("minor"), parsed.get("patch"), branch]
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let name = family
        .clone()
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| format!("{prefix}slurm-{version}"));

    let a = Null::none();

    let shell_local = ShellLocal::inline([
        format!("build {name}"),
        functions::json(&functions::object(&[
            ("version", &vars.release),
            ("cuda", &vars.cuda),
            ("patches", &vars.patches),
            ("labels", &vars.labels),
            ("count", &vars.count),
            ("prefix", &vars.prefix),
            ("name", &format!("{name}!")),
            ("fixed", &["x", "y"]),
            (
                "nested",
                &functions::object(&[("on", &true), ("none", &None::<String>)]),
            ),
        ])),
        format!("first {}", functions::found("[0-9]+", &vars.release)?),
    ]);

    Ok(Image::new().source(a.named("a")).provision(shell_local))
}
