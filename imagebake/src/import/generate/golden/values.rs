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
    /// What is left out of a disk is filled in.
    #[var(default = default_disks())]
    disks: Vec<Disk>,
    #[var(default = [22])]
    ports: Vec<i64>,
    #[var(default = 30)]
    timeout: i64,
    #[var(default = 1)]
    shift: i64,
    #[var(name = "vmName", default = "web")]
    vm_name: String,
}

#[derive(Clone, Variables)]
struct Size {
    #[var(default = 2)]
    cpus: i64,
    label: Option<String>,
    memory: i64,
}

#[derive(Clone, Variables)]
struct DiskMount {
    #[var(default = ["noatime"])]
    options: Vec<String>,
    #[var(default = "/data")]
    path: String,
}

#[derive(Clone, Variables)]
struct Disk {
    #[var(default = "ext4")]
    format: String,
    #[var(default = DiskMount { options: vec!["noatime".to_owned()], path: "/data".to_owned() })]
    mount: DiskMount,
    name: String,
    #[var(default = 40)]
    size: i64,
}

fn default_disks() -> Vec<Disk> {
    vec![Disk {
        format: "ext4".to_owned(),
        mount: DiskMount {
            options: vec!["noatime".to_owned()],
            path: "/data".to_owned(),
        },
        name: "data".to_owned(),
        size: 40,
    }]
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
    let shell_local_2 = ShellLocal::inline([
        (if vars.size.label.is_none() {
            "true"
        } else {
            "echo label"
        })
        .to_owned(),
        format!("sleep {}", vars.timeout),
        format!("date -d '{} hours'", vars.shift),
    ]);
    let shell_local_3 = ShellLocal::inline(
        vars.disks
            .iter()
            .map(|disk| format!("mkfs.{} {} {}", disk.format, disk.name, disk.size))
            .collect::<Vec<_>>(),
    );
    let shell_local_4 = ShellLocal::inline(
        vars.disks
            .iter()
            .map(|disk| {
                format!(
                    "mount -o {} {} {}",
                    disk.mount.options.join(","),
                    disk.name,
                    disk.mount.path
                )
            })
            .collect::<Vec<_>>(),
    );
    let shell_local_5 = ShellLocal::inline(
        vars.ports
            .iter()
            .map(|port| format!("ufw allow {port}"))
            .collect::<Vec<_>>(),
    );
    let shell_local_6 = ShellLocal::inline(
        vars.labels
            .iter()
            .map(|(key, value)| format!("echo {key}={value}"))
            .collect::<Vec<_>>(),
    );

    Image::new()
        .source(web.named("web"))
        .provision(shell_local)
        .provision(shell_local_2)
        .provision(shell_local_3)
        .provision(shell_local_4)
        .provision(shell_local_5)
        .provision(shell_local_6)
}
