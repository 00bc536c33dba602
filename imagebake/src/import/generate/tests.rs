//! What is written of each construct: `golden/NAME.pkr.hcl` or `NAME.json`, and beside it `NAME.rs`, which the integration tests compile
//! and compare with what the template says. `IMAGEBAKE_GOLDEN=overwrite` writes the latter anew.

use super::{Options, Template, project};
use crate::import::{context::Context, input::Input, job::driver, known::Known};
use std::{fs, path::Path};

fn template(path: &Path) -> Template {
    let folder = path.parent().expect("it is in a folder");
    let file = path.file_name().expect("it is a file").to_string_lossy().into_owned();
    let name = file.split('.').next().unwrap_or_default().to_owned();
    let values = format!("files/{name}.auto.pkrvars.hcl");
    let values = folder.join(&values).is_file().then_some(values);
    Template {
        name,
        input: Input {
            var_files: values.iter().map(|file| folder.join(file)).collect(),
            ..Input::new(path)
        },
        context: Context::new(folder, folder),
        dir: match folder.ends_with("shared") {
            true => "../imagebake/src/import/generate/golden/shared".to_owned(),
            false => "../imagebake/src/import/generate/golden".to_owned(),
        },
        values,
    }
}

fn options() -> Options {
    Options {
        lenient: false,
        share: false,
        package: "golden".to_owned(),
        dependency: "path = \"imagebake\"".to_owned(),
    }
}

/// The templates of a folder, in the order of their names.
fn templates(folder: &Path) -> Vec<Template> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path.extension().is_some_and(|extension| extension != "rs"))
        .collect();
    paths.sort();
    paths.iter().map(|path| template(path)).collect()
}

/// What is written of the templates of a folder is what stands beside them.
fn agreed(folder: &Path, options: &Options) {
    let templates = templates(folder);
    let written = project(&templates, &Known::new(), options);
    for (template, module) in templates.iter().zip(&written.modules) {
        let told: Vec<String> = module.faults.0.iter().map(|fault| fault.message.clone()).collect();
        assert!(module.faults.is_empty(), "{}: {told:#?}", template.name);
    }
    // Below the workspace, so that its settings of rustfmt hold.
    let made = tempfile::tempdir_in(folder).expect("a folder");
    let mut rust = Vec::new();
    for (path, text) in &written.files {
        let name = path.strip_prefix("src/").filter(|name| *name != "main.rs");
        if let Some(name) = name {
            let path = made.path().join(name);
            fs::write(&path, text).expect("written");
            rust.push(path);
        }
    }
    driver::format(&rust).expect("it is Rust");
    let mut stale = Vec::new();
    for path in &rust {
        let name = path.file_name().expect("it is a file");
        let (made, agreed) = (fs::read_to_string(path).expect("there"), folder.join(name));
        if std::env::var("IMAGEBAKE_GOLDEN").is_ok_and(|value| value == "overwrite") {
            fs::write(&agreed, &made).expect("written");
        } else if fs::read_to_string(&agreed).ok().as_ref() != Some(&made) {
            stale.push(format!("{}:\n{made}", agreed.display()));
        }
    }
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}

fn golden() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/generate/golden")
}

#[test]
fn each_construct_is_written_as_it_was_agreed() {
    assert!(templates(&golden()).len() >= 9);
    agreed(&golden(), &options());
}

/// Functions that no golden template has, and why: what they are given depends on the machine, or somebody else has to be asked.
const WITHOUT: [(&str, &str); 7] = [
    (
        "aws_secretsmanager",
        "secrets are inputs, or asked by `data.look_up(amazon::StoredSecret…)`",
    ),
    ("aws_secretsmanager_raw", "the same"),
    ("base64gzip", "another compressor makes other bytes"),
    ("bcrypt", "it is another one each time"),
    ("consul_key", "nothing asks Consul"),
    ("rsadecrypt", "a private key does not stand in a template"),
    ("vault", "nothing asks Vault"),
];

/// The same for `{{ … }}`.
const WITHOUT_IN_BRACES: [(&str, &str); 5] = [
    ("aws_secretsmanager", "secrets are inputs"),
    ("aws_secretsmanager_raw", "secrets are inputs"),
    ("consul_key", "nothing asks Consul"),
    ("sed", "packer removed it"),
    ("vault", "nothing asks Vault"),
];

#[test]
fn every_function_has_a_golden_template_or_a_reason() {
    let all = |extension: &str| -> String {
        let paths = fs::read_dir(golden()).expect("the folder is there").flatten();
        let paths = paths.map(|entry| entry.path()).filter(|path| path.is_file());
        let ours = paths.filter(|path| path.to_string_lossy().ends_with(extension));
        ours.map(|path| fs::read_to_string(path).expect("it is text")).collect()
    };
    let (templates, older) = (all(".pkr.hcl"), all(".json"));
    let called = |name: &str| {
        templates
            .match_indices(&format!("{name}("))
            .any(|(at, _)| !templates[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    let mut wrong = Vec::new();
    for name in crate::import::functions::names() {
        if called(name) == WITHOUT.iter().any(|(known, _)| *known == name) {
            wrong.push(name.to_owned());
        }
    }
    for name in crate::import::legacy::function_names() {
        let in_braces = [format!("{{{{{name} "), format!("{{{{{name}}}}}")];
        let called = in_braces.iter().any(|call| older.contains(call));
        if called == WITHOUT_IN_BRACES.iter().any(|(known, _)| *known == *name) {
            wrong.push(format!("{{{{{name}}}}}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "neither a golden template nor a reason, or both: {wrong:?}"
    );
}

#[test]
fn functions_without_a_golden_template_are_refused() {
    for (name, why) in WITHOUT {
        let argument = match name {
            "aws_secretsmanager" | "vault" | "rsadecrypt" => "var.x, var.x",
            _ => "var.x",
        };
        let text = format!(
            "variable \"x\" {{\n  type = string\n}}\nsource \"docker\" \"a\" {{\n  image = \"b\"\n  commit = true\n  author = {name}({argument})\n}}\n\
             build {{\n  sources = [\"source.docker.a\"]\n}}\n"
        );
        let told = problems("web.pkr.hcl", &text);
        let place = told
            .iter()
            .any(|told| told.starts_with("web.pkr.hcl:7:12: ") && told.contains(name));
        assert!(place, "{name} ({why}): {told:?}");
    }
    for (name, why) in WITHOUT_IN_BRACES {
        let text = format!(
            "{{\"variables\": {{\"x\": \"{{{{{name} `a` `b`}}}}\"}}, \"builders\": [{{\"type\": \"docker\", \"image\": \"{{{{user `x`}}}}\", \"commit\": true}}]}}"
        );
        let told = problems("web.json", &text);
        assert!(told.iter().any(|told| told.contains(name)), "{name} ({why}): {told:?}");
    }
}

#[test]
fn what_templates_say_alike_is_written_once() {
    let options = Options {
        share: true,
        ..options()
    };
    agreed(&golden().join("shared"), &options);
}

/// The problems of one template, written in a folder of its own.
fn problems(file: &str, text: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(file);
    fs::write(&path, text).expect("written");
    let template = template(&path);
    let written = project(std::slice::from_ref(&template), &Known::new(), &options());
    let module = &written.modules[0];
    assert!(
        module.faults.is_empty() || written.files.is_empty(),
        "a refused template is written"
    );
    let sources = &template.context.sources;
    module
        .faults
        .0
        .iter()
        .map(|fault| {
            let place = fault.span.map(|span| sources.place(span));
            let place = place.map(|place| format!("{}:{}:{}: ", place.file, place.line, place.column));
            format!("{}{}", place.unwrap_or_default(), fault.message)
        })
        .collect()
}

#[test]
fn what_rust_computes_otherwise_is_refused() {
    let text = "variable \"third\" {\n  type = number\n  default = 0.1\n}\nsource \"null\" \"a\" {\n  communicator = \"none\"\n}\n\
                build {\n  sources = [\"source.null.a\"]\n  provisioner \"shell-local\" {\n    inline = [\"echo ${var.third * 3}\"]\n  }\n}\n";
    assert_eq!(
        problems("web.pkr.hcl", text),
        ["web.pkr.hcl:11:23: arithmetic with fractions is exact in templates and not in Rust"]
    );
    let divided = text.replace("* 3", "/ 3");
    assert_eq!(
        problems("web.pkr.hcl", &divided),
        ["web.pkr.hcl:11:23: a division is exact in templates and not in Rust"]
    );
}

#[test]
fn what_cannot_be_said_is_told_with_its_place() {
    let with = |setting: &str| {
        let text = format!(
            "variable \"x\" {{\n  type = string\n}}\nsource \"docker\" \"a\" {{\n  image = \"b\"\n  commit = true\n  {setting}\n}}\n\
             build {{\n  sources = [\"source.docker.a\"]\n}}\n"
        );
        problems("web.pkr.hcl", &text)
    };
    assert_eq!(with("author = var.x"), Vec::<String>::new());
    assert_eq!(
        with("author = base64gzip(var.x)"),
        ["web.pkr.hcl:7:12: the function `base64gzip` cannot be written in Rust with these arguments"]
    );
    assert_eq!(
        with("author = \"{{ .Nothing }}\""),
        ["web.pkr.hcl:7:12: `{{ .Nothing }}` has no counterpart here"]
    );
    assert_eq!(
        with("platform = \"{{ build_name }}\""),
        ["web.pkr.hcl:7:14: `{{ build_name }}` has no counterpart here"]
    );
    assert_eq!(
        with("author = \"{{ uper `x` }}\""),
        ["web.pkr.hcl:7:12: there is no function `uper`"]
    );
    assert_eq!(
        with("author = \"{{ replace `a` `b` `ab` 1 }}\""),
        [
            "web.pkr.hcl:7:12: `{{ replace `a` `b` `ab` 1 }}`: `replace` takes OLD, NEW, COUNT, TEXT, in this order: a whole number is expected, not ab"
        ]
    );
    assert_eq!(with("nothing = 1").len(), 1);
    assert!(
        !problems(
            "web.json",
            "{\"builders\": [{\"type\": \"docker\", \"image\": \"{{ uuid }}\"}]}"
        )
        .is_empty()
    );
}
