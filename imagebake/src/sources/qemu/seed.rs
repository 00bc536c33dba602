//! The seed of cloud-init: a CD that says who may log in, and which host keys to show.

use super::config::Machine;
use crate::{
    communicator::ssh::{Access, HostKey, TemporaryKey},
    engine::Cx,
    error::{Context, Error, ErrorKind, Result},
    guest_media::{Tree, write_cd},
    value::Text,
};
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

/// By what cloud-init knows the CD.
const LABEL: &str = "cidata";
const BOUNDARY: &str = "=====imagebake=====";

/// A seed, and what it makes known of the machine.
pub(super) struct Seed {
    pub(super) cd: PathBuf,
    pub(super) host: HostKey,
}

impl Seed {
    /// What the connection is to know.
    pub(super) fn known_to(&self, access: Access) -> Access {
        access.host_key(self.host.clone())
    }
}

impl Machine {
    /// Makes the seed, where one is wanted, with the key made for the build. A machine that was `restored` is told that key and nothing else: the rest it was
    /// told once, and steps have changed it since.
    pub(super) fn make_seed(
        &self,
        cx: &Cx,
        folder: &Path,
        key: Option<&TemporaryKey>,
        restored: bool,
    ) -> Result<Option<Seed>> {
        let (Some(cloud_init), Some(ssh), Some(key)) = (&self.cloud_init, &self.communication.ssh, key) else {
            return Ok(None);
        };
        let host = TemporaryKey::generate("imagebake")?;
        let user = ssh.user.reveal()?.to_string();
        let mut tree = Tree::new();
        let hostname = cloud_init
            .hostname
            .as_ref()
            .filter(|_| !restored)
            .map(|name| name.reveal())
            .transpose()?;
        let mut meta = json!({"instance-id": format!("imagebake-{}", cx.run_id()), "public-keys": [key.public()]});
        if let Some(hostname) = &hostname {
            meta["local-hostname"] = json!(hostname.as_str());
        }
        tree.add_bytes("meta-data", format!("{meta}\n"))?;
        let data = match restored {
            false => user_data(cloud_init.user_data.as_ref(), &config(&user, key, &host))?,
            true => user_data(None, &config_again(&user, key, &host))?,
        };
        tree.add_bytes("user-data", data)?;
        if let Some(network) = &cloud_init.network_config {
            tree.add_bytes("network-config", network.reveal()?.as_bytes())?;
        }
        let cd = folder.join("seed.iso");
        // A private key is in it.
        let mut options = File::options();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.write(true).create_new(true).open(&cd).path("write", &cd)?;
        let mut file = BufWriter::new(file);
        let fixed = cx.clock().is_fixed().then(|| cx.clock().seconds());
        write_cd(&tree, LABEL, fixed, &mut file)?;
        file.flush().path("write", &cd)?;
        let host = HostKey::from_str(host.public()).map_err(|error| Error::new(ErrorKind::Internal, error))?;
        Ok(Some(Seed { cd, host }))
    }
}

/// What imagebake says, as a document of cloud-config.
fn config(user: &str, key: &TemporaryKey, host: &TemporaryKey) -> Value {
    let mut login = json!({"name": user, "ssh_authorized_keys": [key.public()]});
    if user != "root" {
        login["sudo"] = json!("ALL=(ALL) NOPASSWD:ALL");
        login["shell"] = json!("/bin/bash");
    }
    json!({
        "users": ["default", login],
        "disable_root": user != "root",
        "ssh_deletekeys": true,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_keys": {"ed25519_private": host.private().as_str(), "ed25519_public": host.public()},
    })
}

/// What a machine that was stored is told: to cloud-init it is a new one, which for users, passwords and names it is not.
fn config_again(user: &str, key: &TemporaryKey, host: &TemporaryKey) -> Value {
    let mut config = config(user, key, host);
    config["users"] = json!([{"name": user, "ssh_authorized_keys": [key.public()], "lock_passwd": false}]);
    config["preserve_hostname"] = json!(true);
    config
}

/// Ours alone, or beside the user's: then lists are joined, and what the user says wins.
fn user_data(users: Option<&Text>, ours: &Value) -> Result<String> {
    let ours = format!("#cloud-config\n{ours}\n");
    let Some(users) = users else {
        return Ok(ours);
    };
    let users = users.reveal()?;
    let kind = match users.lines().next().unwrap_or_default() {
        line if line.starts_with("#!") => "text/x-shellscript",
        line if line.starts_with("#include") => "text/x-include-url",
        line if line.starts_with("#cloud-boothook") => "text/cloud-boothook",
        line if line.starts_with("## template:") => "text/jinja2",
        _ => "text/cloud-config",
    };
    let merge = "list(append)+dict(no_replace,recurse_list)+str()";
    let mut text = format!("Content-Type: multipart/mixed; boundary=\"{BOUNDARY}\"\nMIME-Version: 1.0\n\n");
    for (kind, part) in [(kind, users.as_str()), ("text/cloud-config", ours.as_str())] {
        text.push_str(&format!(
            "--{BOUNDARY}\nContent-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\nX-Merge-Type: {merge}\n\n{}\n",
            part.trim_end()
        ));
    }
    text.push_str(&format!("--{BOUNDARY}--\n"));
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_may_log_in_where_it_is_the_user_and_others_may_become_root() {
        let key = TemporaryKey::generate("x").expect("a key");
        let root = config("root", &key, &key);
        assert_eq!(root["disable_root"], false);
        let debian = config("debian", &key, &key);
        assert_eq!(debian["disable_root"], true);
        assert_eq!(debian["users"][1]["sudo"], "ALL=(ALL) NOPASSWD:ALL");
    }

    #[test]
    fn a_restored_machine_keeps_its_users_and_its_name() {
        let (old, new) = (
            TemporaryKey::generate("x").expect("a key"),
            TemporaryKey::generate("x").expect("a key"),
        );
        let again = config_again("debian", &new, &old);
        assert_eq!(again["users"][0]["lock_passwd"], false);
        assert_eq!(again["users"].as_array().map(Vec::len), Some(1));
        assert_eq!(again["users"][0]["ssh_authorized_keys"][0], new.public());
        assert_eq!(again["ssh_keys"]["ed25519_public"], old.public());
        assert_eq!(again["preserve_hostname"], true);
    }

    #[test]
    fn the_users_data_stands_beside_ours() {
        let ours = json!({"users": []});
        let alone = user_data(None, &ours).expect("text");
        assert_eq!(alone, "#cloud-config\n{\"users\":[]}\n");
        let both = user_data(Some(&"#!/bin/sh\ntrue\n".into()), &ours).expect("text");
        assert!(
            both.contains("Content-Type: text/x-shellscript") && both.contains("{\"users\":[]}"),
            "{both}"
        );
        assert!(both.ends_with("--=====imagebake=====--\n"), "{both}");
    }
}
