//! Sources without a runtime, in the form in which the peer tells its plans. Shapes and values are those of templates found in the wild.

use super::planned::{errors, told};
use crate::{
    communicator::winrm::WinRm,
    groups::{Boot, Cd, Floppy, HostPorts, Http, Iso, Shutdown, Vnc},
    post_processors::vsphere_template::VsphereTemplate,
    prelude::*,
    sources::{
        amazon::{self, AmiFilter, AmiId, AmiName, BlockDevice, Ebs, EbsSurrogate, Region, RootDevice},
        azure::{self, Arm, OsType},
        googlecompute::{self, ProjectId, Zone},
        hyperv, proxmox, qemu, vagrant, virtualbox, vmware, vsphere,
    },
    value::Checksum,
};
use serde_json::{Value as Json, json};
use std::time::Duration;

fn windows_7() -> Iso {
    Iso::new(
        "http://example.org/win7.iso",
        Checksum::md5("1d0d239a252cb53e466d39e752b17c28"),
    )
}

fn winrm() -> WinRm {
    WinRm::user("vagrant")
        .password(Secret::literal("vagrant"))
        .timeout(Duration::from_secs(6 * 3600))
}

fn off() -> Shutdown {
    Shutdown::command("shutdown /s /t 10 /f").timeout(Duration::from_secs(900))
}

/// What the four local hypervisors are told for the same machine.
fn boxes() -> Image {
    let floppy = || Floppy::new().files(["./answer_files/7/Autounattend.xml", "./scripts/enable-winrm.ps1"]);
    Image::new()
        .source(
            qemu::Machine::from_iso(windows_7())
                .accelerator("kvm")
                .boot(Boot::after(Duration::from_secs(120)))
                .cpus(2)
                .disk_size("61440")
                .floppy(floppy())
                .headless(true)
                .memory(2048)
                .output_directory("windows_7-qemu")
                .qemuarg(["-drive", "file=windows_7-qemu/{{ name }},if=virtio"])
                .qemuarg(["-cpu", "host,hv_relaxed"])
                .host_ports(HostPorts::range(2222, 2230))
                .vnc(Vnc::new().bind_address("0.0.0.0"))
                .shutdown(off())
                .winrm(winrm())
                .vm_name("windows_7"),
        )
        .source(
            vmware::iso::Machine::from_iso(windows_7())
                .guest_os_type("windows7-64")
                .disk_size(61_440)
                .version(11)
                .floppy(floppy())
                .run(vmware::Run::new().headless(true))
                .tools(vmware::Tools::upload("windows"))
                .vmx(
                    vmware::Vmx::new()
                        .set("RemoteDisplay.vnc.enabled", "false")
                        .set("RemoteDisplay.vnc.port", "5900"),
                )
                .shutdown(off())
                .winrm(winrm()),
        )
        .source(
            virtualbox::iso::Machine::from_iso(windows_7())
                .guest_os_type("Windows7_64")
                .run(
                    virtualbox::Run::new()
                        .vboxmanage(["modifyvm", "{{ name }}", "--vrde", "on"])
                        .vboxmanage(["modifyvm", "{{ name }}", "--vrdeport", "13389"]),
                )
                .guest_additions(virtualbox::GuestAdditions::mode("attach"))
                .power_off(virtualbox::PowerOff::new().post_shutdown_delay(Duration::from_secs(30)))
                .export(virtualbox::Export::format("ova"))
                .winrm(winrm()),
        )
        .source(
            hyperv::iso::Machine::from_iso(windows_7())
                .hardware(
                    hyperv::Hardware::new()
                        .generation(2)
                        .memory(2048)
                        .switch_name("packer")
                        .disk_size(61_440)
                        .enable_secure_boot(true),
                )
                .cd(Cd::new()
                    .label("cidata")
                    .content([("meta-data", "instance-id: {{ v1.name }}")]))
                .boot(Boot::keys(["<enter>"]))
                .winrm(winrm()),
        )
        .source(
            vagrant::Machine::from_box("hashicorp/bionic64")
                .provider("virtualbox")
                .add_force(true),
        )
}

#[test]
fn local_machines() {
    let units = told(boxes, 5);
    let configs: Vec<Json> = units.iter().map(|unit| unit["config"].clone()).collect();
    let common = json!({
        "iso_url": "http://example.org/win7.iso", "iso_checksum": "md5:1d0d239a252cb53e466d39e752b17c28",
        "communicator": "winrm", "winrm_username": "vagrant", "winrm_password": "vagrant", "winrm_timeout": "6h",
    });
    let floppy = json!({"floppy_files": ["./answer_files/7/Autounattend.xml", "./scripts/enable-winrm.ps1"]});
    let off = json!({"shutdown_command": "shutdown /s /t 10 /f", "shutdown_timeout": "15m"});
    let with = |parts: &[&Json], own: Json| {
        let mut all = own;
        for part in parts {
            let entries = part.as_object().expect("an object").clone();
            all.as_object_mut().expect("an object").extend(entries);
        }
        all
    };
    assert_eq!(
        configs[0],
        with(
            &[&common, &floppy, &off],
            json!({
                "accelerator": "kvm", "boot_wait": "2m", "cpus": 2, "disk_size": "61440", "headless": true, "memory": 2048,
                "output_directory": "windows_7-qemu", "vm_name": "windows_7", "vnc_bind_address": "0.0.0.0",
                "host_port_min": 2222, "host_port_max": 2230,
                "qemuargs": [["-drive", "file=windows_7-qemu/{{ name }},if=virtio"], ["-cpu", "host,hv_relaxed"]],
            })
        )
    );
    assert_eq!(
        configs[1],
        with(
            &[&common, &floppy, &off],
            json!({
                "guest_os_type": "windows7-64", "disk_size": 61_440, "version": 11, "headless": true,
                "tools_upload_flavor": "windows",
                "vmx_data": {"RemoteDisplay.vnc.enabled": "false", "RemoteDisplay.vnc.port": "5900"},
            })
        )
    );
    assert_eq!(
        configs[2],
        with(
            &[&common],
            json!({
                "guest_os_type": "Windows7_64", "guest_additions_mode": "attach", "post_shutdown_delay": "30s", "format": "ova",
                "vboxmanage": [["modifyvm", "{{ name }}", "--vrde", "on"], ["modifyvm", "{{ name }}", "--vrdeport", "13389"]],
            })
        )
    );
    assert_eq!(
        configs[3],
        with(
            &[&common],
            json!({
                "generation": 2, "memory": 2048, "switch_name": "packer", "disk_size": 61_440, "enable_secure_boot": true,
                "cd_label": "cidata", "cd_content": {"meta-data": "instance-id: {{ v1.name }}"}, "boot_command": ["<enter>"],
            })
        )
    );
    assert_eq!(
        configs[4],
        json!({"source_path": "hashicorp/bionic64", "provider": "virtualbox", "add_force": true})
    );
}

fn clouds() -> Image {
    let debian = AmiFilter::owned_by(["099720109477"])
        .filter("name", "ubuntu-*")
        .filter("root-device-type", "ebs")
        .most_recent(true);
    let ssh = || Ssh::user("ubuntu");
    let disk = || {
        BlockDevice::new("/dev/xvda")
            .volume_type("gp3")
            .volume_size(20)
            .delete_on_termination(true)
    };
    let gallery = azure::Gallery {
        subscription: "s-1".into(),
        resource_group: "images".into(),
        name: "acme".into(),
    };
    Image::new()
        .source(
            Ebs::from_filter(debian.clone(), Region::EU_WEST_1, AmiName::new("web-{{ timestamp }}"))
                .access(
                    amazon::Access::of_profile("bake").assume_role(amazon::AssumeRole::new("arn:aws:iam::1:role/bake")),
                )
                .ami(
                    amazon::Ami::new()
                        .ami_users(["123456789012"])
                        .tags([("team", "web")])
                        .tag("base", "{{ source_ami }}"),
                )
                .instance(
                    amazon::Instance::of_type("t3.small")
                        .ssh_interface("session_manager")
                        .run_tag("job", "bake"),
                )
                .launch_block_device(disk())
                .ssh(ssh()),
        )
        .source(
            EbsSurrogate::from_ami(
                AmiId::new("ami-0123"),
                Region::from_environment(),
                AmiName::new("minimal"),
            )
            .root_device(RootDevice::from_device("/dev/xvdf").as_device("/dev/xvda"))
            .launch_block_device(disk().omit_from_artifact(true))
            .instance(amazon::Instance::spot(["m5.large", "m6.large"]))
            .ssh(ssh()),
        )
        .source(
            Arm::from_gallery(azure::GallerySource::image(gallery.clone(), "base"), OsType::Windows)
                .access(azure::Access::application("c-1", Secret::literal("pw")))
                .location("westeurope")
                .shared_image_gallery_destination(
                    azure::GalleryDestination::new(gallery, "web", "1.4.0")
                        .target_region(azure::TargetRegion::new("westeurope").replicas(2)),
                )
                .azure_tag("team", "web")
                .winrm(winrm()),
        )
        .source(
            googlecompute::Instance::from_family("debian-12", ProjectId::new("acme"), Zone::new("europe-west3-a"))
                .image_name("web-{{ timestamp }}")
                .image_encryption_key(googlecompute::EncryptionKey::kms("k"))
                .attach_disk(googlecompute::Attachment::new("pd-ssd", 100).create_image(true))
                .metadata([("enable-oslogin", "TRUE")])
                .ssh(ssh()),
        )
}

#[test]
fn cloud_machines() {
    let units = told(clouds, 4);
    let configs: Vec<Json> = units.iter().map(|unit| unit["config"].clone()).collect();
    let filter = json!({
        "filters": {"name": "ubuntu-*", "root-device-type": "ebs"}, "owners": ["099720109477"], "most_recent": true,
    });
    let disk =
        json!({"device_name": "/dev/xvda", "volume_type": "gp3", "volume_size": 20, "delete_on_termination": true});
    assert_eq!(
        configs[0],
        json!({
            "source_ami_filter": filter, "region": "eu-west-1", "ami_name": "web-{{ timestamp }}", "profile": "bake",
            "assume_role": {"role_arn": "arn:aws:iam::1:role/bake", "policy_arns": [], "tags": {}, "transitive_tag_keys": []},
            "ami_users": ["123456789012"], "tags": {"team": "web"}, "tag": [{"key": "base", "value": "{{ source_ami }}"}],
            "instance_type": "t3.small", "ssh_interface": "session_manager", "run_tag": [{"key": "job", "value": "bake"}],
            "launch_block_device_mappings": [disk], "ssh_username": "ubuntu",
        })
    );
    assert_eq!(
        configs[1]["launch_block_device_mappings"][0]["omit_from_artifact"],
        true
    );
    assert_eq!(configs[1]["spot_instance_types"], json!(["m5.large", "m6.large"]));
    assert_eq!(
        configs[1]["ami_root_device"],
        json!({"source_device_name": "/dev/xvdf", "device_name": "/dev/xvda"})
    );
    assert_eq!(
        configs[1].get("region"),
        None,
        "the environment's region is nobody's attribute"
    );
    assert_eq!(configs[2]["shared_image_gallery"]["gallery_name"], "acme");
    assert_eq!(
        configs[2]["shared_image_gallery_destination"],
        json!({
            "resource_group": "images", "gallery_name": "acme", "image_name": "web", "image_version": "1.4.0",
            "subscription": "s-1", "target_region": [{"name": "westeurope", "replicas": 2}],
        })
    );
    assert_eq!(configs[2]["azure_tag"], json!([{"name": "team", "value": "web"}]));
    assert_eq!(
        (&configs[2]["client_secret"], &configs[2]["os_type"]),
        (&json!("pw"), &json!("Windows"))
    );
    assert_eq!(
        configs[3],
        json!({
            "source_image_family": "debian-12", "project_id": "acme", "zone": "europe-west3-a", "image_name": "web-{{ timestamp }}",
            "image_encryption_key": {"kmsKeyName": "k"}, "metadata": {"enable-oslogin": "TRUE"}, "ssh_username": "ubuntu",
            "disk_attachment": [{"volume_type": "pd-ssd", "volume_size": 100, "create_image": true}],
        })
    );
}

fn data_centres() -> Image {
    let login = || vsphere::Login::new("baker", Secret::literal("pw"));
    let vcenter = || vsphere::Connection::new("vcenter", login()).insecure(true);
    let pve = proxmox::Connection::new("https://pve:8006/api2/json", proxmox::NodeName::new("pve1"))
        .token("baker@pve!images", Secret::literal("t"));
    Image::new()
        .source(
            vsphere::iso::Machine::new(vcenter(), vsphere::Location::named("base").cluster("c1"))
                .iso(windows_7())
                .hardware(
                    vsphere::Hardware::new()
                        .cpus(2)
                        .ram(4096)
                        .disk_controller_type(["pvscsi"])
                        .disk(vsphere::Storage::of(32_768).disk_thin_provisioned(true)),
                )
                .network_adapter(vsphere::NetworkAdapter::new("vmxnet3"))
                .outcome(vsphere::Outcome::template())
                .winrm(winrm())
                .post(VsphereTemplate::new("vcenter", login()).folder("/templates")),
        )
        .source(
            vsphere::clone::Machine::new(vcenter(), vsphere::Location::named("web").host("h1"), "debian")
                .communicator("none")
                .customize(vsphere::clone::Customize::linux(
                    vsphere::clone::LinuxOptions::new("web").domain("lan"),
                )),
        )
        .source(
            proxmox::iso::Machine::new(
                pve.clone(),
                proxmox::IsoFile::stored("local:iso/debian.iso").unmount(true),
            )
            .hardware(
                proxmox::Hardware::new()
                    .memory(4096)
                    .disk(
                        proxmox::Disk::new("61440M", proxmox::PoolName::new("local-lvm"))
                            .kind("scsi")
                            .io_thread(true),
                    )
                    .network_adapter(proxmox::NetworkAdapter::on("vmbr0").model("virtio")),
            )
            .http(Http::directory("http"))
            .ssh(Ssh::user("root")),
        )
        .source(
            proxmox::clone::Machine::from_id(pve, 900)
                .full_clone(false)
                .ipconfig(proxmox::IpConfig::new("dhcp")),
        )
}

#[test]
fn machines_of_data_centres() {
    let units = told(data_centres, 5);
    let configs: Vec<Json> = units.iter().map(|unit| unit["config"].clone()).collect();
    for (name, value) in [
        ("vcenter_server", json!("vcenter")),
        ("username", json!("baker")),
        ("insecure_connection", json!(true)),
        ("CPUs", json!(2)),
        ("RAM", json!(4096)),
        ("storage", json!([{"disk_size": 32_768, "disk_thin_provisioned": true}])),
        ("network_adapters", json!([{"network_card": "vmxnet3"}])),
        ("convert_to_template", json!(true)),
        ("communicator", json!("winrm")),
    ] {
        assert_eq!(configs[0][name], value, "{name}");
    }
    assert_eq!(units[0]["post_processors"][0][0]["config"]["folder"], "/templates");
    assert_eq!(configs[1]["communicator"], "none");
    assert_eq!(
        configs[1]["customize"]["linux_options"],
        json!({"host_name": "web", "domain": "lan"})
    );
    assert_eq!(
        configs[2],
        json!({
            "proxmox_url": "https://pve:8006/api2/json", "node": "pve1", "username": "baker@pve!images", "token": "t",
            "boot_iso": {"iso_file": "local:iso/debian.iso", "unmount": true, "cd_content": {}}, "memory": 4096,
            "disks": [{"disk_size": "61440M", "storage_pool": "local-lvm", "type": "scsi", "io_thread": true}],
            "network_adapters": [{"bridge": "vmbr0", "model": "virtio"}], "http_directory": "http", "ssh_username": "root",
        })
    );
    assert_eq!(
        (&configs[3]["clone_vm_id"], &configs[3]["full_clone"]),
        (&json!(900), &json!(false))
    );
    assert_eq!(configs[3]["ipconfig"][0]["ip"], "dhcp");
}

#[test]
fn what_sources_cannot_be_is_a_plan_error() {
    let image = || {
        let iso = Iso::new("a.iso", Checksum::parse("sha256:abc"));
        Image::new()
            .source(
                qemu::Machine::from_iso(iso)
                    .disk_size("large")
                    .format("vmdk")
                    .use_backing_file(true)
                    .http(Http::new().port_min(9000).port_max(8000))
                    .communicator("winrm"),
            )
            .source(Ebs::from_ami(
                AmiId::new("debian"),
                Region::US_EAST_1,
                AmiName::new("a!"),
            ))
            .source(Arm::from_disk("https://x/disk.vhd", OsType::Linux))
    };
    let found = errors(image);
    for expected in [
        ("checksum", "iso_checksum"),
        ("form", "disk_size"),
        ("unknown-value", "format"),
        ("contradiction", "use_backing_file"),
        ("out-of-range", "http_port_min"),
        ("missing", "communicator"),
        ("form", "source_ami"),
        ("name", "ami_name"),
        ("missing", "instance_type"),
        ("missing", "location"),
        ("no-result", "managed_image_name"),
    ] {
        let field = expected.1.to_owned();
        assert!(found.contains(&(expected.0, field)), "{expected:?} in {found:?}");
    }
}
