//! Imported from `functions.pkr.hcl`.

use imagebake::{functions, prelude::*};
use std::collections::BTreeMap;

#[derive(Variables)]
struct Inputs {
    /// Functions whose arguments only whoever builds knows.
    #[var(default = "  Hello, wörld-1.2.3  ")]
    text: String,
    #[var(default = ["b", "a", "", "b"])]
    list: Vec<String>,
    #[var(default = [("k", "v"), ("other", "x y")])]
    map: BTreeMap<String, String>,
    #[var(default = 7)]
    number: i64,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn functions(vars: Inputs) -> Result<Image> {
    let texts = [
        vars.text.to_uppercase(),
        vars.text.to_lowercase(),
        vars.text.trim().to_owned(),
        vars.text.trim_matches(|c| " ".contains(c)).to_owned(),
        vars.text.strip_prefix("  ").unwrap_or(&vars.text).to_owned(),
        vars.text.strip_suffix("  ").unwrap_or(&vars.text).to_owned(),
        vars.text.replace("l", "L"),
        vars.text.replace("/[0-9]+/", "#"),
        functions::regex_replace("[0-9]", &vars.text, "n"),
        functions::substr(&vars.text, 2, 5),
        functions::substr(&vars.text, -4, -1),
        vars.text.replace('\n', &format!("\n{}", " ".repeat(2))),
        format!("{}\n", vars.text).trim_end_matches(['\r', '\n']).to_owned(),
        functions::base64(&vars.text),
        functions::sha256(&vars.text),
        functions::sha1(&vars.text),
        functions::md5(&vars.text),
        functions::urlencode(&vars.text),
        functions::basename(&format!("/srv/{}", vars.text)),
        functions::dirname(&format!("/srv/{}/x", vars.text)),
        vars.text.clone(),
        vars.map.get("none").cloned().unwrap_or_else(|| "fallback".to_owned()),
        vars.map.get("k").cloned().unwrap_or_else(|| "none".to_owned()),
        functions::element_modulo(&vars.list, 1)?.clone(),
        (if vars.text.starts_with("  H") { "yes" } else { "no" }).to_owned(),
        (if vars.text.ends_with("x") { "yes" } else { "no" }).to_owned(),
        (if vars.text.contains("wör") { "yes" } else { "no" }).to_owned(),
        (if functions::matches("^[a-z]+$", &vars.text) {
            "yes"
        } else {
            "no"
        })
        .to_owned(),
        (if vars.list.iter().any(|item| item == "a") {
            "yes"
        } else {
            "no"
        })
        .to_owned(),
        format!(
            "{}-{:03}: {}% of {} in '{:<24}|{:>8}'",
            vars.text,
            vars.number,
            vars.number,
            vars.list.len(),
            vars.text,
            "x",
        ),
        format!(
            "{} {}",
            i64::max(vars.number, 3).max(100),
            i64::min(vars.number, functions::number::<i64>(&vars.list.len())?) - 1,
        ),
        format!(
            "{} {} {} {}",
            vars.list.len(),
            vars.text.chars().count(),
            vars.map.len(),
            3 + vars.number,
        ),
    ];
    let lists = [
        vars.list
            .clone()
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>(),
        functions::distinct(&vars.list),
        functions::sorted(&vars.list),
        vars.list.iter().rev().cloned().collect::<Vec<_>>(),
        vars.text.split(",").map(str::to_owned).collect::<Vec<_>>(),
        vars.map.keys().cloned().collect::<Vec<_>>(),
        vars.map
            .clone()
            .into_iter()
            .chain(BTreeMap::from([("z".to_owned(), "last".to_owned())]))
            .collect::<BTreeMap<_, _>>()
            .values()
            .cloned()
            .collect::<Vec<_>>(),
    ]
    .concat();

    let a = Null::none();

    let shell_local = ShellLocal::inline(texts);
    let shell_local_2 = ShellLocal::inline(lists.iter().map(|item| format!("<{item}>")).collect::<Vec<_>>());

    Ok(Image::new()
        .source(a.named("a"))
        .provision(shell_local)
        .provision(shell_local_2))
}
