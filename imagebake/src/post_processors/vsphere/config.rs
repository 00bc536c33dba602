//! The settings of `vsphere`.

use crate::sources::vsphere::Login;
use crate::{
    artifact::AnyArtifact,
    describe::Component,
    field::Places,
    plan::Diagnostics,
    post_processor::unwritten_post_processor,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Uploads a machine of VMware to vSphere, with the program `ovftool`.
///
/// ```
/// use imagebake::{post_processors::vsphere::Vsphere, prelude::*, sources::vsphere::Login};
///
/// let login = Login::new("baker@vsphere.local", Secret::env("VC_PASSWORD"));
/// let upload = Vsphere::to("vcenter.example.org", login).datacenter("dc1").cluster("c1").datastore("fast").vm_name("web");
/// # let _ = upload;
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(to(host, login)))]
pub struct Vsphere {
    /// The vCenter server.
    #[field(private, rename = "with_host", template = "host")]
    host: Option<Text>,
    /// Who logs in.
    #[field(private, rename = "with_login", group)]
    login: Option<Login>,
    /// Trusts whoever answers.
    #[field(template = "insecure")]
    insecure: bool,
    /// The data centre.
    #[field(template = "datacenter")]
    datacenter: Option<Text>,
    /// The cluster or host of the machine.
    #[field(template = "cluster")]
    cluster: Option<Text>,
    /// The host that files are sent to.
    #[field(template = "esxi_host")]
    esxi_host: Option<Text>,
    /// The datastore of its files.
    #[field(template = "datastore")]
    datastore: Option<Text>,
    /// A cluster of datastores, of which one is chosen.
    #[field(template = "datastore_cluster")]
    datastore_cluster: Option<Text>,
    /// The resource pool.
    #[field(template = "resource_pool")]
    resource_pool: Option<Text>,
    /// Its folder.
    #[field(template = "vm_folder")]
    vm_folder: Option<Text>,
    /// Its name.
    #[field(template = "vm_name")]
    vm_name: Option<Template>,
    /// Its network.
    #[field(template = "vm_network")]
    vm_network: Option<Text>,
    /// How disks are stored: `thick` without.
    #[field(template = "disk_mode")]
    disk_mode: Option<Text>,
    /// The version of the virtual hardware.
    #[field(template = "hardware_version")]
    hardware_version: Option<Text>,
    /// More arguments of `ovftool`.
    #[field(template = "options")]
    options: Vec<Text>,
    /// Whether a machine of that name is replaced.
    #[field(template = "overwrite")]
    overwrite: bool,
    /// How often it is tried again; 5 times without.
    #[field(template = "max_retries")]
    max_retries: Option<u32>,
    at: Places,
}

impl Vsphere {
    /// To the vCenter server `host`.
    #[track_caller]
    pub fn to(host: impl Into<Text>, login: Login) -> Self {
        Self::defaults().with_host(host).with_login(login)
    }
}

impl Component for Vsphere {
    const KIND: &'static str = "vsphere";

    fn check(&self, problems: &mut Diagnostics) {
        if let Some(login) = &self.login {
            login.check_all(problems);
        }
        for (field, text) in [("cluster", &self.cluster), ("datacenter", &self.datacenter)] {
            if text.as_ref().is_none_or(Text::is_empty) {
                problems.error(field, "missing", format!("an upload needs `{field}`"));
            }
        }
        problems.check_exclusive(&[
            ("datastore", self.datastore.is_some()),
            ("datastore_cluster", self.datastore_cluster.is_some()),
        ]);
    }
}

unwritten_post_processor!(Vsphere => AnyArtifact, needs_files = true);
