//! The guest's own side: sets itself up, then runs what it is asked to until the builder is gone.

use super::{
    files,
    protocol::{self, MARKER, Progress, Reply, Request, SPEC, Spec},
    setup::{self, Failed},
    users,
};
use rustix::{
    event::{PollFd, PollFlags},
    fs::{Gid, Uid},
    process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus},
    thread::UnshareFlags,
};
use std::{
    io::{self, Read},
    os::{
        fd::{AsFd, OwnedFd},
        unix::{net::UnixStream, process::CommandExt},
    },
    process::{Command, Stdio},
};

/// Becomes a process of a guest when this one was started as one, and then does not come back. Programs call it first in `main`, before
/// any thread starts; `imagebake::main()` does.
pub fn enter_if_asked() {
    let code = match std::env::var(MARKER).as_deref() {
        Ok("outer") => outer(),
        Ok("inner") => inner(),
        Ok("tool") => tool(),
        _ => return,
    };
    std::process::exit(code);
}

/// The socket to the builder is what this process has as standard input.
fn socket() -> io::Result<UnixStream> {
    Ok(UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn tell(socket: &UnixStream, progress: &Progress) -> i32 {
    match protocol::write_message(socket, progress) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn give_up(socket: &UnixStream, doing: &str, error: &io::Error) -> i32 {
    let failed = Progress::Failed {
        doing: doing.to_owned(),
        errno: error.raw_os_error().unwrap_or(0),
    };
    tell(socket, &failed);
    1
}

/// The process between builder and guest: it makes the namespaces and starts the guest's first process in them.
fn outer() -> i32 {
    let Ok(socket) = socket() else { return 1 };
    match outer_with(&socket) {
        Ok(code) => code,
        Err(failed) => give_up(&socket, &failed.doing, &failed.error),
    }
}

/// A process that works on the store as root of a user namespace.
fn tool() -> i32 {
    let Ok(socket) = socket() else { return 1 };
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    if let Err(failed) = enter_user_namespace(&socket) {
        return give_up(&socket, &failed.doing, &failed.error);
    }
    match tell(&socket, &Progress::Ready) {
        0 => super::tool::serve(&socket),
        code => code,
    }
}

fn outer_with(socket: &UnixStream) -> Result<i32, Failed> {
    let doing = |doing: &str| {
        let doing = doing.to_owned();
        move |error: io::Error| Failed { doing, error }
    };
    let die_with_parent = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    die_with_parent.map_err(|error| doing("tie the guest to the builder")(error.into()))?;
    let spec: Spec = protocol::read_message(socket).map_err(doing("read what the guest is"))?;
    if spec.rootless {
        enter_user_namespace(socket)?;
    }
    let namespaces = UnshareFlags::NEWNS | UnshareFlags::NEWPID | UnshareFlags::NEWUTS | UnshareFlags::NEWIPC;
    unshare(namespaces).map_err(doing("make namespaces"))?;
    let text = serde_json::to_string(&spec).map_err(|error| doing("start the guest")(error.into()))?;
    let mut inner = super::own_program();
    inner
        .env_clear()
        .env(MARKER, "inner")
        .env(SPEC, text)
        .stdin(Stdio::inherit())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut inner = inner.spawn().map_err(doing("start the guest"))?;
    let status = inner.wait().map_err(doing("wait for the guest"))?;
    Ok(status.code().unwrap_or(1))
}

/// Makes a user namespace, has the builder map its ids, and becomes its root.
pub(super) fn enter_user_namespace(mut socket: &UnixStream) -> Result<(), Failed> {
    let doing = |error: io::Error| Failed {
        doing: "make a user namespace".to_owned(),
        error,
    };
    unshare(UnshareFlags::NEWUSER).map_err(doing)?;
    protocol::write_message(socket, &Progress::Unshared).map_err(doing)?;
    socket.read_exact(&mut [0]).map_err(doing)?;
    let root = rustix::thread::set_thread_gid(Gid::ROOT).and_then(|()| rustix::thread::set_thread_uid(Uid::ROOT));
    root.map_err(|error| Failed {
        doing: "become the user namespace's root".to_owned(),
        error: error.into(),
    })
}

fn unshare(flags: UnshareFlags) -> io::Result<()> {
    // SAFETY: this process has one thread, and no file descriptor table is unshared.
    #[expect(
        unsafe_code,
        reason = "the call is unsafe for the sake of flags that are not used here"
    )]
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(io::Error::from)
}

/// The guest's first process.
fn inner() -> i32 {
    let Ok(socket) = socket() else { return 1 };
    // The outer process dies with the builder, and this with the outer one; the kernel then ends all others of the namespace.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    let spec = std::env::var(SPEC)
        .ok()
        .and_then(|text| serde_json::from_str::<Spec>(&text).ok());
    let Some(spec) = spec else {
        return give_up(&socket, "read what the guest is", &io::ErrorKind::InvalidData.into());
    };
    if let Err(failed) = setup::enter(&spec) {
        return give_up(&socket, &failed.doing, &failed.error);
    }
    if tell(&socket, &Progress::Ready) != 0 {
        return 1;
    }
    match serve(&socket) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// A program that runs.
struct Running {
    pid: Pid,
    ended: OwnedFd,
    /// Where its end is told; when the builder closes it, the program is no longer wanted.
    control: UnixStream,
    wanted: bool,
}

/// Takes requests until the builder is gone. Coming back ends the guest with everything in it.
fn serve(socket: &UnixStream) -> io::Result<()> {
    let mut running: Vec<Running> = Vec::new();
    loop {
        let mut watched = vec![PollFd::new(socket, PollFlags::IN)];
        for one in &running {
            watched.push(PollFd::new(&one.ended, PollFlags::IN));
            if one.wanted {
                watched.push(PollFd::new(&one.control, PollFlags::IN));
            }
        }
        // Orphans that ended are collected now and then.
        let pause = rustix::event::Timespec { tv_sec: 1, tv_nsec: 0 };
        match rustix::event::poll(&mut watched, Some(&pause)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let asked = !watched[0].revents().is_empty();
        let mut at = 1;
        let mut unwanted = Vec::new();
        for (i, one) in running.iter().enumerate() {
            at += 1;
            if one.wanted {
                if !watched[at].revents().is_empty() {
                    unwanted.push(i);
                }
                at += 1;
            }
        }
        drop(watched);
        for i in unwanted {
            running[i].wanted = false;
            let _ = rustix::process::kill_process_group(running[i].pid, Signal::KILL);
        }
        collect(&mut running);
        if asked {
            match protocol::receive_files(socket)? {
                Some(files) => begin(files, &mut running),
                None => return Ok(()),
            }
        }
    }
}

/// Collects what ended and tells the builder of its programs.
fn collect(running: &mut Vec<Running>) {
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        let Some(i) = running.iter().position(|one| one.pid == pid) else {
            continue;
        };
        let one = running.swap_remove(i);
        let _ = protocol::write_message(&one.control, &ended(status));
    }
}

fn ended(status: WaitStatus) -> Reply {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Reply::Code(code),
        (None, signal) => Reply::Signal(signal.unwrap_or(0)),
    }
}

fn begin(files: Vec<OwnedFd>, running: &mut Vec<Running>) {
    let mut files = files.into_iter();
    let Some(control) = files.next().map(UnixStream::from) else {
        return;
    };
    let request = match protocol::read_message::<Request>(&control) {
        Ok(request) => request,
        Err(_) => return,
    };
    match request {
        Request::Exec { argv, env, dir, user } => match start(&argv, &env, &dir, &user, files) {
            Ok((pid, ended)) => running.push(Running {
                pid,
                ended,
                control,
                wanted: true,
            }),
            Err(reply) => {
                let _ = protocol::write_message(&control, &reply);
            }
        },
        // Files take their time; meanwhile programs run and end.
        request => {
            let data = files.next();
            std::thread::spawn(move || {
                let _ = protocol::write_message(&control, &files::serve(request, data));
            });
        }
    }
}

fn start(
    argv: &[String],
    env: &[(String, String)],
    dir: &str,
    user: &str,
    files: impl Iterator<Item = OwnedFd>,
) -> Result<(Pid, OwnedFd), Reply> {
    let failed = |message: String, hint: &str| Reply::Failed {
        message,
        errno: 0,
        hint: Some(hint.to_owned()),
    };
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| failed("a command needs a program".into(), "name one"))?;
    let account = users::account(user)?;
    if !std::path::Path::new(dir).is_dir() {
        return Err(failed(
            format!("there is no folder {dir} in the guest"),
            "make it in an earlier step, or start the command elsewhere",
        ));
    }
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("HOME", &account.home);
    command.envs(env.iter().map(|(name, value)| (name, value)));
    command.current_dir(dir);
    let mut files = files.map(Stdio::from);
    command
        .stdin(files.next().unwrap_or_else(Stdio::null))
        .stdout(files.next().unwrap_or_else(Stdio::null))
        .stderr(files.next().unwrap_or_else(Stdio::null));
    let (uid, gid, groups) = (account.uid, account.gid, account.groups);
    // SAFETY: the closure makes system calls and allocates nothing.
    #[expect(
        unsafe_code,
        reason = "groups, session and user of a child are set between fork and exec"
    )]
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            match rustix::thread::set_thread_groups(&groups) {
                // A user namespace with one mapped id has no right to change groups, and has none.
                Ok(()) | Err(rustix::io::Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
            rustix::thread::set_thread_gid(gid)?;
            rustix::thread::set_thread_uid(uid)?;
            Ok(())
        });
    }
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed(
            format!("the guest has no program `{program}`"),
            "install it in an earlier step, or choose a base that has it",
        ),
        _ => Reply::failed(format!("cannot start `{program}` in the guest"), &error),
    })?;
    let watched = || -> io::Result<(Pid, OwnedFd)> {
        let pid = Pid::from_raw(child.id() as i32).ok_or(io::ErrorKind::NotFound)?;
        Ok((pid, rustix::process::pidfd_open(pid, PidfdFlags::empty())?))
    };
    watched().map_err(|error| Reply::failed("cannot watch the program", &error))
}
