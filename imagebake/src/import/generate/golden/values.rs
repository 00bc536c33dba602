//! Imported from `values.pkr.hcl`.

use imagebake::prelude::*;
use std::collections::BTreeMap;

#[derive(Variables)]
#[variables(values = "files/values.auto.pkrvars.hcl")]
struct Inputs {
    /// What is installed.
    packages: Vec<String>,
    #[var(default = [])]
    labels: BTreeMap<String, String>,
    size: Size,
    #[var(name = "vmName", default = "web")]
    vm_name: String,
}

#[derive(Clone, Variables)]
struct Size {
    cpus: u32,
    memory: u32,
}

#[image(dir = "../imagebake/src/import/generate/golden")]
fn values(vars: Inputs) -> Image {
    let web = Null::none();
    let shell_local = ShellLocal::inline([format!(
        "echo {} {} {} {}",
        vars.packages.join(" "),
        vars.size.memory,
        vars.size.cpus,
        vars.vm_name,
    )]);
    let shell_local_2 = ShellLocal::inline(
        vars.labels
            .iter()
            .map(|(key, value)| format!("echo {key}={value}"))
            .collect::<Vec<_>>(),
    );

    Image::new()
        .source(web.named("web"))
        .provision(shell_local)
        .provision(shell_local_2)
}
