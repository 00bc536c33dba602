//! With which key somebody logs in to the machine: the user's, or one made for the build; and what templates know of it.

use super::config::Machine;
use crate::{
    communicator::{
        Command, Communicator, OutputSink,
        ssh::{SshComm, TemporaryKey},
    },
    engine::Cx,
    error::{Error, ErrorKind, Result},
    io::off_the_async_threads,
};

/// A key whose public half the machine is to be told.
pub(super) struct LoginKey {
    /// `ssh-ed25519 AAAA…`: a line for an `authorized_keys` file.
    pub(super) public: String,
    /// The pair, where it was made for the build.
    pub(super) made: Option<TemporaryKey>,
}

impl Machine {
    /// The key that cloud-init or a template tells the machine; none is made where nothing would.
    pub(super) async fn login_key(&self, cx: &Cx) -> Result<Option<LoginKey>> {
        let Some(ssh) = self.communication.ssh.as_ref().filter(|_| self.wants_ssh()) else {
            return Ok(None);
        };
        let (told, seeded) = (self.tells_key(), self.cloud_init.is_some());
        if !told && !seeded {
            return Ok(None);
        }
        let given = SshComm::public_key(cx, ssh).await?;
        let made = match given.is_none() || seeded {
            true => {
                let of = ssh.clone();
                Some(off_the_async_threads(move || TemporaryKey::wanted(&of)).await?)
            }
            false => None,
        };
        let public = given.or_else(|| made.as_ref().map(|key| without_comment(key.public())));
        Ok(public.map(|public| LoginKey { public, made }))
    }

    /// Takes the build's key out of the machine, where the user wants it so.
    pub(super) async fn clear_key(&self, comm: &SshComm, key: &TemporaryKey) -> Result<()> {
        if !self
            .communication
            .ssh
            .as_ref()
            .is_some_and(|ssh| ssh.clear_authorized_keys)
        {
            return Ok(());
        }
        self.take_key_out(comm, key.public())
            .await
            .map_err(|error| error.hint("leave `clear_authorized_keys` out, and remove it by a step"))
    }

    /// Takes a key, the public half of which is `line`, out of the machine.
    pub(super) async fn take_key_out(&self, comm: &SshComm, line: &str) -> Result<()> {
        let key = line.split_whitespace().nth(1).unwrap_or_default();
        // Of the user who logged in, and of root, to whom cloud-init gives it as well.
        let script = format!(
            "become=; [ \"$(id -u)\" = 0 ] || become='sudo -n'; for file in ~/.ssh/authorized_keys /root/.ssh/authorized_keys; do \
             if $become test -f \"$file\"; then $become sed -i '\\#{key}#d' \"$file\"; fi; done"
        );
        let (sink, mut printed) = OutputSink::channel();
        let drain = async { while printed.recv().await.is_some() {} };
        let (ended, ()) = tokio::join!(Box::pin(comm.exec(Command::shell(script), sink)), drain);
        match ended? {
            exit if exit.success() => Ok(()),
            exit => Err(Error::new(
                ErrorKind::CommandFailed,
                format!(
                    "a key made for a build could not be taken out of the machine: exit code {}",
                    exit.code()
                ),
            )),
        }
    }
}

/// A line is typed letter by letter: what it means without is left out.
fn without_comment(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
