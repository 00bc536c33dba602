//! Connecting: the way there, the host keys, the tunnels that stand while somebody is connected.

use super::{
    comm::{SshComm, lock},
    driver::{Connection, NewKey, known, record},
    hosts::HostKey,
    route::{Hop, Route},
    trust::Trust,
    way_driver::{Opening, connect, through_proxy},
};
use crate::{
    engine::{Backoff, wait_until},
    error::{Error, ErrorKind, Result},
    io::off_the_async_threads,
};
use std::{
    path::PathBuf,
    str::FromStr,
    sync::{
        Arc, Weak,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::Mutex};

/// How long what is on the way may take to answer when it is only looked at.
const ON_THE_WAY: Duration = Duration::from_secs(10);

impl SshComm {
    /// The connection, made again where it was lost.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>> {
        let mut current = self.0.current.lock().await;
        if let Some(connection) = &*current
            && !connection.is_closed()
        {
            return Ok(connection.clone());
        }
        let connection = self.connect_within(self.0.route.timeout).await?;
        *current = Some(connection.clone());
        Ok(connection)
    }

    pub(super) async fn connect_within(&self, within: Duration) -> Result<Arc<Connection>> {
        let (opening, bastion, tries) = (Opening::default(), Mutex::new(None), AtomicU32::new(0));
        let what = format!("SSH at {}", self.0.route.target.server());
        let longest = if self.0.route.forwarded { 100 } else { 250 };
        let pauses = Backoff::new(Duration::from_millis(20), Duration::from_millis(longest));
        let connected = wait_until(&self.0.cx, &what, within, pauses, || async {
            let attempt = self.attempt(&opening, &bastion).await;
            match attempt {
                Err(error) if error.kind() == ErrorKind::PermissionDenied && self.try_again(&tries) => {
                    // A machine that starts learns its keys a moment after it answers.
                    if tries.load(Ordering::Relaxed) == 1 {
                        self.say_refused(&error);
                    }
                    self.0.cx.pause(Duration::from_secs(2)).await?;
                    Err(error.temporary())
                }
                attempt => attempt,
            }
        });
        let hint = "look whether the machine runs, and whether its address and port can be reached from here; a machine that takes \
                    longer needs a longer `timeout`";
        connected.await.map(Arc::new).map_err(|error| match error.kind() {
            ErrorKind::Timeout => error.hint(hint),
            ErrorKind::PermissionDenied => self.0.route.target.named.1.blame(error),
            _ => error,
        })
    }

    /// Looks whether what is on the way can be connected to: it runs before any machine does.
    pub(super) async fn look_at_way(&self) -> Result<()> {
        let Route { proxy, bastion, .. } = &self.0.route;
        let (what, host, port, named) = match (proxy, bastion) {
            (Some(proxy), _) => ("proxy", &proxy.host, proxy.port, &proxy.named),
            (None, Some(hop)) => ("bastion", &hop.host, hop.port, &hop.named.0),
            (None, None) => return Ok(()),
        };
        let silent = || Error::new(ErrorKind::Timeout, format!("{host}:{port} does not answer"));
        let connected = tokio::time::timeout(ON_THE_WAY, connect(host, port)).await;
        let error = match connected.unwrap_or_else(|_| Err(silent())) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let hint = format!("look whether the {what} runs, and whether it can be reached from here");
        let error = Error::new(ErrorKind::Unreachable, format!("the {what} cannot be used")).because(error);
        Err(named.blame(error.hint(hint)))
    }

    /// Says that somebody is not let in yet: whoever gave a wrong password need not wait for the last try.
    fn say_refused(&self, error: &Error) {
        let again = match self.0.route.attempts {
            Some(2) => "it is asked once more".to_owned(),
            Some(attempts) => format!("it is asked {} times more", attempts - 1),
            None => "it is asked again until the time to connect is over".to_owned(),
        };
        let place = self
            .0
            .route
            .target
            .named
            .1
            .at
            .as_ref()
            .map(|place| format!(" ({place})"));
        let hint = error.hints().first().map(|hint| format!(" {hint}")).unwrap_or_default();
        self.0.cx.warn(format!(
            "{}{}; tried: {}; as it may still be starting, {again};{hint}",
            error.message(),
            place.unwrap_or_default(),
            fact(error, "tried"),
        ));
    }

    fn try_again(&self, tries: &AtomicU32) -> bool {
        let tried = tries.fetch_add(1, Ordering::Relaxed) + 1;
        self.0.route.attempts.is_none_or(|attempts| tried < attempts)
    }

    /// One try; `None` when nothing has answered yet.
    async fn attempt(&self, opening: &Opening, bastion: &Mutex<Option<Arc<Connection>>>) -> Result<Option<Connection>> {
        let (route, keys) = (&self.0.route, &self.0.keys);
        let target = &route.target;
        let trust = self.trust(target, true).await?;
        let opened = match (&route.bastion, &route.proxy) {
            (Some(hop), _) => {
                let mut place = bastion.lock().await;
                let via = match &*place {
                    Some(via) if !via.is_closed() => via.clone(),
                    _ => {
                        let Some(via) = self.open_bastion(hop, opening).await? else {
                            return Ok(None);
                        };
                        place.insert(Arc::new(via)).clone()
                    }
                };
                let stream = via.reach(&target.host, target.port).await?;
                Connection::open(stream, target, keys, trust, route, Some(via)).await
            }
            (None, Some(proxy)) => {
                let stream = through_proxy(proxy, &target.host, target.port).await?;
                Connection::open(stream, target, keys, trust, route, None).await
            }
            (None, None) => {
                let Some(stream) = opening.next(&target.host, target.port, route.forwarded).await? else {
                    return Ok(None);
                };
                Connection::open(stream, target, keys, trust, route, None).await
            }
        };
        let (connection, new) = opened?;
        if let Some(new) = new {
            self.learn(target, new, true).await?;
        }
        for tunnel in &route.remote_tunnels {
            connection.listen(tunnel).await?;
        }
        Ok(Some(connection))
    }

    async fn open_bastion(&self, hop: &Hop, opening: &Opening) -> Result<Option<Connection>> {
        let (route, keys) = (&self.0.route, &self.0.bastion_keys);
        let trust = self.trust(hop, false).await?;
        let opened = match &route.proxy {
            Some(proxy) => {
                let stream = through_proxy(proxy, &hop.host, hop.port).await?;
                Connection::open(stream, hop, keys, trust, route, None).await
            }
            None => {
                let opened = opening.next(&hop.host, hop.port, false).await;
                let Some(stream) = opened.map_err(|error| error.context("on the way", "the bastion"))? else {
                    return Ok(None);
                };
                Connection::open(stream, hop, keys, trust, route, None).await
            }
        };
        // A bastion runs already: what it refuses it refuses for good.
        let (connection, new) = opened.map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => Error::new(ErrorKind::Config, format!("the bastion {}", error.message()))
                .context("tried", fact(&error, "tried"))
                .context("the server takes", fact(&error, "the server takes"))
                .hint("look at `bastion_user` and at what is given to log in with")
                .of_setting(hop.named.1.field, hop.named.1.at.clone()),
            _ => error,
        })?;
        if let Some(new) = new {
            self.learn(hop, new, false).await?;
        }
        Ok(Some(connection))
    }

    /// What is known of a server's host key. An address of a machine that was started for the build says nothing: others had it before.
    async fn trust(&self, hop: &Hop, is_target: bool) -> Result<Trust> {
        if !hop.pins.is_empty() {
            return Ok(Trust::Pinned(hop.pins.clone()));
        }
        if is_target && let Some(key) = &*lock(&self.0.learnt) {
            return Ok(Trust::Pinned(vec![key.clone()]));
        }
        if is_target && self.0.route.starting {
            return Ok(Trust::FirstUse);
        }
        let mut files = vec![self.record_file()];
        files.extend(std::env::home_dir().map(|home| home.join(".ssh/known_hosts")));
        let (host, port) = (hop.host.clone(), hop.port);
        let look = move || -> Result<Vec<_>> {
            let found: Vec<_> = files
                .iter()
                .map(|file| known(file, &host, port))
                .collect::<Result<_>>()?;
            Ok(found.into_iter().flatten().collect())
        };
        let found = off_the_async_threads(look).await?;
        Ok(match found.is_empty() {
            true => Trust::FirstUse,
            false => Trust::Known(found),
        })
    }

    fn record_file(&self) -> PathBuf {
        self.0.cx.state_dir().join("known_hosts")
    }

    async fn learn(&self, hop: &Hop, NewKey(key): NewKey, is_target: bool) -> Result<()> {
        let (server, print) = (hop.server(), key.fingerprint());
        if is_target {
            let text = format!("{} {}", key.algorithm, key.blob);
            *lock(&self.0.learnt) = HostKey::from_str(&text).ok();
        }
        if is_target && self.0.route.starting {
            self.0.cx.say(format!(
                "the host key of {server} is {print}, as the machine showed it first"
            ));
            return Ok(());
        }
        let file = self.record_file();
        record(&file, &key.line(&hop.host, hop.port)).await?;
        self.0.cx.warn(format!(
            "the host key of {server} was not known: {print} ({}) is trusted from now on, and recorded in {}",
            key.algorithm,
            file.display()
        ));
        Ok(())
    }

    /// Listens on the builder's side of the local tunnels, for as long as this lives.
    pub(super) async fn listen(&self) -> Result<()> {
        for tunnel in &self.0.route.local_tunnels {
            let at = (tunnel.listen_host.as_str(), tunnel.listen_port);
            let listener = TcpListener::bind(at).await.map_err(|error| {
                Error::new(
                    ErrorKind::Busy,
                    format!("cannot listen at {}:{} for a tunnel", at.0, at.1),
                )
                .because(error)
                .hint("choose another port in `local_tunnels`")
            })?;
            let (inner, tunnel) = (Arc::downgrade(&self.0), tunnel.clone());
            lock(&self.0.tunnels).spawn(async move {
                while let Ok((mut from, _)) = listener.accept().await {
                    let Some(comm) = Weak::upgrade(&inner).map(Self) else {
                        return;
                    };
                    let (host, port) = (tunnel.host.clone(), tunnel.port);
                    tokio::spawn(async move {
                        let carried = async {
                            let mut to = comm.connection().await?.reach(&host, port).await?;
                            drop(comm);
                            tokio::io::copy_bidirectional(&mut from, &mut to).await?;
                            Ok::<_, Error>(())
                        };
                        if let Err(error) = carried.await {
                            tracing::warn!(error = %error.full(), "a connection through a tunnel broke");
                        }
                    });
                }
            });
        }
        Ok(())
    }
}

fn fact(error: &Error, name: &str) -> String {
    let found = error.facts().iter().find(|(of, _)| *of == name);
    found.map(|(_, value)| value.clone()).unwrap_or_default()
}
