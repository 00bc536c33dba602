//! Components without a runtime, in the form in which the peer tells its plans.

use crate::{
    image::Image,
    plan::{self, Plan, Severity},
    post_processors::vagrant::VagrantOverride,
    prelude::*,
    project::Project,
    registry::{ImageEntry, Make},
    variables::Inputs,
};
use serde_json::{Value as Json, json};
use std::{sync::Arc, time::Duration};

/// The plan of what `make` describes.
pub(crate) fn planned(make: fn() -> Image) -> Plan {
    let root = tempfile::tempdir().expect("a folder");
    let project = Project::find(Some(root.path()), None).expect("it exists");
    let entry = ImageEntry {
        name: "web".into(),
        doc: "",
        file: "src/main.rs",
        line: 1,
        crate_dir: "",
        dir: "",
        variables: || &[],
        values_file: None,
        make: Make::Closure(Arc::new(move |_| Ok(make()))),
    };
    plan::plan(&project, &[entry], &Inputs::default(), &Default::default())
}

/// The units of a plan without errors, as templates write them; each component without a runtime says so, and each that has none for its settings.
pub(super) fn told(make: fn() -> Image, unwritten: usize) -> Vec<Json> {
    let plan = planned(make);
    let of = |severity| plan.problems.iter().filter(move |problem| problem.severity == severity);
    let errors: Vec<_> = of(Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let said = of(Severity::Warning)
        .filter(|problem| problem.code == "plan-only")
        .count();
    assert_eq!(said, unwritten, "{:?}", plan.problems);
    match plan::packer::plan(&plan, true)["builds"].take() {
        Json::Array(units) => units,
        other => panic!("{other}"),
    }
}

/// The codes and fields of the errors.
pub(super) fn errors(make: fn() -> Image) -> Vec<(&'static str, String)> {
    let plan = planned(make);
    let errors = plan
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error);
    errors
        .map(|problem| (problem.code, problem.field.clone().unwrap_or_default()))
        .collect()
}

/// What a build of Windows boxes for Vagrant does, as it is found in the wild.
fn windows() -> Image {
    let packed = Vagrant::new()
        .output("windows_7_{{ provider }}.box")
        .vagrantfile_template("vagrantfile-windows_7.template")
        .override_for("virtualbox", VagrantOverride::new().compression_level(9))
        .keep_input_artifact(false);
    Image::new()
        .source(Null::local())
        .provision(Powershell::script("./scripts/win-7-update-sp1.ps1"))
        .provision(WindowsRestart::new().restart_timeout(Duration::from_secs(1200)))
        .provision(
            Powershell::scripts(["./scripts/vm-guest-tools.ps1", "./scripts/debloat-windows.ps1"])
                .environment_vars(["docker_images=", "docker_version=19.03.12"])
                .elevated_user("vagrant")
                .elevated_password(Secret::literal("vagrant"))
                .valid_exit_codes([0, 4_294_967_295]),
        )
        .provision(WindowsShell::scripts(["./scripts/compact.bat"]).execute_command("{{ vars }} cmd /c {{ path }}"))
        .chain(Chain::of(packed).then(VagrantCloud::new("acme/windows", "1.0").no_release(true)))
}

#[test]
fn windows_steps_and_boxes() {
    let unit = &told(windows, 6)[0];
    assert_eq!(
        unit["provisioners"],
        json!([
            {"type": "powershell", "config": {"script": "./scripts/win-7-update-sp1.ps1"}},
            {"type": "windows-restart", "config": {"restart_timeout": "20m"}},
            {"type": "powershell", "config": {
                "scripts": ["./scripts/vm-guest-tools.ps1", "./scripts/debloat-windows.ps1"],
                "environment_vars": ["docker_images=", "docker_version=19.03.12"],
                "elevated_user": "vagrant",
                "elevated_password": "vagrant",
                "valid_exit_codes": [0, 4_294_967_295_u32],
            }},
            {"type": "windows-shell", "config": {
                "scripts": ["./scripts/compact.bat"],
                "execute_command": "{{ vars }} cmd /c {{ path }}",
            }},
        ])
    );
    assert_eq!(
        unit["post_processors"],
        json!([[
            {"type": "vagrant", "keep_input_artifact": false, "config": {
                "output": "windows_7_{{ provider }}.box",
                "vagrantfile_template": "vagrantfile-windows_7.template",
                "override": {"virtualbox": {"compression_level": 9}},
            }},
            {"type": "vagrant-cloud", "config": {"box_tag": "acme/windows", "version": "1.0", "no_release": true}},
        ]])
    );
}

#[test]
fn configuration_managers() {
    let image = || {
        Image::new()
            .source(Null::local())
            .provision(
                Ansible::playbook("site.yml")
                    .groups(["web"])
                    .extra_arguments(["-v"])
                    .use_proxy(false),
            )
            .provision(AnsibleLocal::playbooks(["a.yml", "b.yml"]).galaxy_file("requirements.yml"))
            .provision(
                ChefSolo::run_list(["recipe[base]"])
                    .cookbook_paths(["cookbooks"])
                    .version("17"),
            )
            .provision(
                ChefClient::server("https://chef")
                    .policy_name("web")
                    .policy_group("prod"),
            )
            .provision(PuppetMasterless::manifest("site.pp").fact("role", "web"))
            .provision(PuppetServer::new("puppet").puppet_node("bake"))
            .provision(SaltMasterless::state_tree("salt/roots").local_pillar_roots("salt/pillar"))
    };
    let unit = &told(image, 7)[0];
    let configs: Vec<&Json> = unit["provisioners"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|step| &step["config"])
        .collect();
    assert_eq!(
        json!(configs),
        json!([
            {"playbook_file": "site.yml", "groups": ["web"], "extra_arguments": ["-v"], "use_proxy": false},
            {"playbook_files": ["a.yml", "b.yml"], "galaxy_file": "requirements.yml"},
            {"run_list": ["recipe[base]"], "cookbook_paths": ["cookbooks"], "version": "17"},
            {"server_url": "https://chef", "policy_name": "web", "policy_group": "prod"},
            {"manifest_file": "site.pp", "facter": {"role": "web"}},
            {"puppet_server": "puppet", "puppet_node": "bake"},
            {"local_state_tree": "salt/roots", "local_pillar_roots": "salt/pillar"},
        ])
    );
}

#[test]
fn what_steps_cannot_be_is_a_plan_error() {
    let image = || {
        Image::new()
            .source(Null::local())
            .provision(Powershell::inline([""; 0]))
            .provision(
                Powershell::inline(["a"])
                    .execution_policy("bypas")
                    .environment_vars(["A"]),
            )
            .provision(WindowsShell::script("a.bat").env("1A", "x"))
            .provision(ChefClient::server("https://chef").policy_name("web"))
            .provision(Powershell::inline(["a"]).elevated_password(Secret::literal("x")))
            .post(VagrantCloud::new("windows", "1.0"))
    };
    let found = errors(image);
    let expected = [
        ("missing", "inline"),
        ("unknown-value", "execution_policy"),
        ("variable-name", "environment_vars"),
        ("variable-name", "envs"),
        ("missing", "policy_name"),
        ("no-user", "elevated_password"),
        ("name", "box_tag"),
    ];
    assert_eq!(found, expected.map(|(code, field)| (code, field.to_owned())));
}

/// What the importer writes for settings that a template lacks.
fn incomplete() -> Image {
    let ebs = amazon::Ebs::from_ami(
        amazon::AmiId::new(""),
        amazon::Region::from_environment(),
        amazon::AmiName::new(""),
    );
    Image::new()
        .source(ebs.instance(amazon::Instance::of_type("")).ssh(Ssh::user("")))
        .provision(Shell::inline(Vec::<String>::new()))
        .provision(File::upload("", ""))
}

#[test]
fn what_a_template_leaves_out_is_an_error_with_its_name() {
    let told: std::collections::BTreeSet<String> = errors(incomplete).into_iter().map(|(_, field)| field).collect();
    for field in [
        "source_ami",
        "ami_name",
        "instance_type",
        "ssh_user",
        "inline",
        "sources",
        "destination",
    ] {
        assert!(told.contains(field), "{field}: {told:?}");
    }
}
