//! The settings of `vsphere-template`.

use crate::sources::vsphere::Login;
use crate::{
    artifact::AnyArtifact,
    describe::Component,
    field::Places,
    plan::{Diagnostic, Diagnostics},
    post_processor::unwritten_post_processor,
    value::{Template, Text},
};
use imagebake_macros::Config;

/// Makes a template of a machine that was uploaded to vSphere, or built there.
///
/// ```
/// use imagebake::{post_processors::vsphere_template::VsphereTemplate, prelude::*, sources::vsphere::Login};
///
/// let login = Login::new("baker@vsphere.local", Secret::env("VC_PASSWORD"));
/// let template = VsphereTemplate::new("vcenter.example.org", login).folder("/templates").template_name("web");
/// # let _ = template;
/// ```
#[derive(Clone, Debug, Config)]
#[config(constructors(new(host, login)))]
pub struct VsphereTemplate {
    /// The vCenter server.
    #[field(private, rename = "with_host", template = "host")]
    host: Option<Text>,
    /// Who logs in.
    #[field(private, rename = "with_login", group)]
    login: Option<Login>,
    /// Trusts whoever answers.
    #[field(template = "insecure")]
    insecure: bool,
    /// The data centre, where there are several.
    #[field(template = "datacenter")]
    datacenter: Option<Text>,
    /// The template's name; the machine's without.
    #[field(template = "template_name")]
    template_name: Option<Template>,
    /// The template's folder, as `/templates`.
    #[field(template = "folder")]
    folder: Option<Text>,
    /// Whether the machine gets a snapshot first.
    #[field(template = "snapshot_enable")]
    snapshot_enable: bool,
    /// The snapshot's name.
    #[field(template = "snapshot_name")]
    snapshot_name: Option<Text>,
    /// What the snapshot is for.
    #[field(template = "snapshot_description")]
    snapshot_description: Option<Text>,
    /// Whether the machine is taken out and put in as a template: needed for those of hosts without vCenter, and so it is without.
    #[field(template = "reregister_vm")]
    reregister_vm: Option<bool>,
    /// Whether a template of that name is replaced.
    #[field(template = "override")]
    r#override: bool,
    at: Places,
}

impl VsphereTemplate {
    /// At the vCenter server `host`.
    #[track_caller]
    pub fn new(host: impl Into<Text>, login: Login) -> Self {
        Self::defaults().with_host(host).with_login(login)
    }
}

impl Component for VsphereTemplate {
    const KIND: &'static str = "vsphere-template";

    fn check(&self, problems: &mut Diagnostics) {
        if let Some(login) = &self.login {
            login.check_all(problems);
        }
        if self
            .folder
            .as_ref()
            .is_some_and(|folder| !folder.to_string().starts_with('/'))
        {
            let problem = Diagnostic::error("form", "the folder starts at the data centre").field("folder");
            problems.push(problem.help("write it with a slash before: `/templates`"));
        }
        if self.snapshot_name.is_some() && !self.snapshot_enable {
            problems.warning(
                "snapshot_name",
                "no-effect",
                "no snapshot is made: add `.snapshot_enable(true)`",
            );
        }
    }
}

unwritten_post_processor!(VsphereTemplate => AnyArtifact, needs_files = false);
