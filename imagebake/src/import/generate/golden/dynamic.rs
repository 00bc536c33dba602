//! Imported from `dynamic.pkr.hcl`.

use imagebake::prelude::*;

#[derive(Variables)]
struct Inputs {
    #[var(default = "eu-central-1")]
    region: String,
    #[var(default = default_disks())]
    disks: Vec<Disk>,
}

#[derive(Clone, Variables)]
struct Disk {
    device: String,
    size: u32,
}

fn default_disks() -> Vec<Disk> {
    vec![
        Disk {
            device: "/dev/sdb".to_owned(),
            size: 20,
        },
        Disk {
            device: "/dev/sdc".to_owned(),
            size: 40,
        },
    ]
}

#[image(dir = "../imagebake/src/import/generate/golden")]
async fn dynamic(vars: Inputs, data: &Data) -> Result<Image> {
    let mut web = amazon::Ebs::from_ami(
        amazon::AmiId::new("ami-0123456789abcdef0"),
        amazon::Region::new(&vars.region),
        amazon::AmiName::new(format!("web-{}", data.time().format("%Y%m%d"))),
    )
    .instance(amazon::Instance::of_type("t3.micro"))
    .ssh(Ssh::user("ubuntu"))
    .ami(amazon::Ami::new().tags([("Name", "web".to_owned()), ("Region", vars.region.clone())]));
    for disk in &vars.disks {
        web = web.launch_block_device(
            amazon::BlockDevice::new(&disk.device)
                .volume_size(disk.size)
                .volume_type("gp3")
                .delete_on_termination(true),
        );
    }

    Ok(Image::new().source(web.named("web")))
}
