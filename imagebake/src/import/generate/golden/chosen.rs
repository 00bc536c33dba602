//! Imported from `chosen.pkr.hcl`.

use imagebake::{functions, prelude::*};

#[derive(Variables)]
struct Inputs {
    /// Which sources are built, and how many steps there are, whoever builds says.
    #[var(default = "")]
    only: String,
    #[var(default = ["a.json", "b.json"])]
    reports: Vec<String>,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn chosen(vars: Inputs) -> Result<Image> {
    let sources = [if vars.only.is_empty() {
        "source.null.web".to_owned()
    } else {
        vars.only.clone()
    }];

    let web = Null::none();
    let db = Null::none();

    let shell_local = ShellLocal::inline([format!("echo {SOURCE}")]);

    let shell_local_2 = ShellLocal::inline(["echo done"]);

    let mut image = Image::new();
    for source in &sources {
        image = match &**source {
            "null.web" | "source.null.web" => image.source(web.clone().named("web")),
            "null.db" | "source.null.db" => image.source(db.clone().named("db")),
            other => return Err(functions::no_source(other, &["null.web", "null.db"])),
        };
    }
    image = image.provision(shell_local).post(shell_local_2);
    for report in &vars.reports {
        let manifest = Manifest::to(report);
        image = image.post(manifest);
    }

    Ok(image)
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn either(vars: Inputs) -> Result<Image> {
    let web = Null::none();
    let db = Null::none();
    let shell_local = ShellLocal::inline(["true"]);
    let mut image = Image::new();
    image = match format!("source.null.{}", if vars.only.is_empty() { "web" } else { "db" }).as_str() {
        "null.web" | "source.null.web" => image.source(web.named("web")),
        "null.db" | "source.null.db" => image.source(db.named("db")),
        other => return Err(functions::no_source(other, &["null.web", "null.db"])),
    };

    Ok(image.provision(shell_local))
}
