//! What cloud-init is told in a machine.

use crate::{field::Places, plan::Diagnostics, value::Text};
use imagebake_macros::Config;

/// Cloud-init in the machine is told who may log in and which host keys to show: a key made for the build, and host keys that are known before
/// the first connection, so that nobody can come between.
///
/// It reaches the machine as a CD with the name `cidata` (NoCloud). The image needs cloud-init, as the distributions' cloud images have it.
/// Host keys are made anew where the image is started as another machine; the key of the build is taken out with
/// [`Ssh::clear_authorized_keys`](crate::communicator::ssh::Ssh::clear_authorized_keys).
#[derive(Clone, Debug, Config)]
#[config(prefix = "cloud_init_")]
pub struct CloudInit {
    /// More for cloud-init, as user data: `#cloud-config` and what follows, or a script. It is read beside what imagebake says.
    pub(crate) user_data: Option<Text>,
    /// How the machine is on the network, in cloud-init's own form; by DHCP without.
    pub(crate) network_config: Option<Text>,
    /// The machine's name for itself.
    pub(crate) hostname: Option<Text>,
    at: Places,
}

impl CloudInit {
    /// Told who may log in, and no more.
    #[track_caller]
    pub fn new() -> Self {
        Self::defaults()
    }

    /// Finds what is wrong with the settings. Sources call it from their own check.
    pub(crate) fn check_all(&self, problems: &mut Diagnostics) {
        let data = self.user_data.as_ref().map(Text::to_string);
        let known = ["#!", "#cloud-config", "#include", "#cloud-boothook", "## template:"];
        if let Some(data) = data
            && !known.iter().any(|head| data.starts_with(head))
        {
            problems.error(
                "cloud_init_user_data",
                "form",
                "cloud-init takes user data for what its first line says, and this begins with none that it knows: `#cloud-config` or `#!/bin/sh`",
            );
        }
    }
}

impl Default for CloudInit {
    #[track_caller]
    fn default() -> Self {
        Self::new()
    }
}
