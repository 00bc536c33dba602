//! Real SSH servers: OpenSSH and dropbear, each on a port and with users of its own.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `sshd` of OpenSSH.
    OpenSsh,
    /// `dropbear`.
    Dropbear,
}

/// A running server with a user who may log in; both are gone when it is dropped.
pub struct Server {
    folder: tempfile::TempDir,
    kind: Kind,
    /// Where it listens, on the loopback.
    pub port: u16,
    /// A user who is not root.
    pub user: String,
    /// That user's password.
    pub password: String,
    settings: String,
    child: Option<Child>,
}

/// `useradd` and its kin lock the files of users.
static USERS: Mutex<()> = Mutex::new(());

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

impl Server {
    /// Starts one; `settings` are lines for `sshd_config`, or arguments of dropbear.
    pub fn start(kind: Kind, settings: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("imagebake-sshd-")
            .tempdir()
            .expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("set");
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let user = format!("ib{}x{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut server = Self {
            port: free_port(),
            password: format!("pw-{user}-{}", free_port()),
            settings: settings.to_owned(),
            child: None,
            folder,
            kind,
            user,
        };
        server.make_user();
        server.make_keys();
        server.up();
        server
    }

    /// The folder with its keys.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The private key that it takes.
    pub fn key(&self) -> String {
        self.path("id").display().to_string()
    }

    /// Its host key as a line.
    pub fn host_key(&self) -> String {
        fs::read_to_string(self.path("host.pub")).expect("a key")
    }

    /// The home folder of its user.
    pub fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// What OpenSSH wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn make_user(&self) {
        let _one = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        let home = self.home().display().to_string();
        run("useradd", &["-m", "-d", &home, "-s", "/bin/sh", &self.user]);
        let line = format!("{}:{}", self.user, self.password);
        let mut child = Command::new("chpasswd")
            .stdin(Stdio::piped())
            .spawn()
            .expect("chpasswd runs");
        std::io::Write::write_all(child.stdin.as_mut().expect("piped"), line.as_bytes()).expect("written");
        drop(child.stdin.take());
        assert!(child.wait().expect("it ends").success());
    }

    fn make_keys(&self) {
        let path = |name: &str| self.path(name).display().to_string();
        for name in ["id", "host"] {
            run(
                "ssh-keygen",
                &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &path(name)],
            );
        }
        if self.kind == Kind::Dropbear {
            run("dropbearkey", &["-t", "ed25519", "-f", &path("host.db")]);
            let public = run("dropbearkey", &["-y", "-f", &path("host.db")]);
            let line = public
                .lines()
                .find(|line| line.starts_with("ssh-ed25519"))
                .expect("a key");
            fs::write(self.path("host.pub"), line).expect("written");
        }
        let ssh = self.home().join(".ssh");
        fs::create_dir(&ssh).expect("made");
        fs::copy(self.path("id.pub"), ssh.join("authorized_keys")).expect("copied");
        run("chown", &["-R", &self.user, &ssh.display().to_string()]);
        fs::set_permissions(&ssh, fs::Permissions::from_mode(0o700)).expect("set");
    }

    /// Starts it again, at the same port.
    pub fn up(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .expect("a log");
        let path = |name: &str| self.path(name).display().to_string();
        let mut command = match self.kind {
            Kind::OpenSsh => {
                fs::create_dir_all("/run/sshd").expect("made");
                // Root logs in with the same key.
                let sftp = match self.settings.contains("Subsystem sftp ") {
                    true => "",
                    false => "Subsystem sftp internal-sftp",
                };
                let config = format!(
                    "{}\nPort {}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
                     StrictModes no\nUsePAM no\nPermitRootLogin yes\nLogLevel VERBOSE\n{sftp}\n",
                    self.settings,
                    self.port,
                    path("host"),
                    path("home/.ssh/authorized_keys"),
                );
                fs::write(self.path("sshd_config"), config).expect("written");
                let mut command = Command::new("/usr/sbin/sshd");
                command.args(["-D", "-e", "-f", &path("sshd_config")]);
                command
            }
            Kind::Dropbear => {
                let mut command = Command::new("/usr/sbin/dropbear");
                command.args([
                    "-F",
                    "-E",
                    "-r",
                    &path("host.db"),
                    "-p",
                    &format!("127.0.0.1:{}", self.port),
                ]);
                command.args(self.settings.split_whitespace());
                command
            }
        };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.child = Some(child.expect("the server starts"));
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "no server:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Starts it again with these settings.
    pub fn set(&mut self, settings: &str) {
        self.down();
        self.settings = settings.to_owned();
        self.up();
    }

    /// Ends it with all its connections, as a reboot does.
    pub fn down(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        for process in descendants(child.id()) {
            signal("KILL", process);
        }
        let _ = child.kill();
        let _ = child.wait();
    }

    /// Stops its connections for good, without a word.
    pub fn freeze(&self) {
        for process in self
            .child
            .as_ref()
            .map(|child| descendants(child.id()))
            .unwrap_or_default()
        {
            if name_of(process).starts_with("sshd") || name_of(process).starts_with("dropbear") {
                signal("STOP", process);
            }
        }
    }
}

fn signal(name: &str, process: u32) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .stderr(Stdio::null())
        .status();
}

fn name_of(process: u32) -> String {
    fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default()
}

/// Children, their children and so on.
fn descendants(of: u32) -> Vec<u32> {
    let direct: Vec<u32> = fs::read_dir("/proc")
        .expect("/proc")
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().parse().ok())
        .filter(|process| parent_of(*process) == Some(of))
        .collect();
    let further: Vec<u32> = direct.iter().flat_map(|process| descendants(*process)).collect();
    direct.into_iter().chain(further).collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let text = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
    text.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
        let _one = USERS.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = Command::new("userdel")
            .args(["-f", &self.user])
            .stderr(Stdio::null())
            .status();
    }
}
