//! From a fresh process to the first one of a guest: namespaces, mounts, a new root.

use super::protocol::Spec;
use rustix::{
    fs::CWD,
    io::Errno,
    mount::{
        FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags,
        UnmountFlags,
    },
    thread::CapabilitySet,
};
use std::{
    ffi::CString,
    fs, io,
    os::{fd::OwnedFd, unix::fs::symlink},
    path::Path,
};

/// A step of the set-up that failed.
pub(super) struct Failed {
    pub(super) doing: String,
    pub(super) error: io::Error,
}

trait Doing<T> {
    fn doing(self, what: impl Into<String>) -> Result<T, Failed>;
}

impl<T, E: Into<io::Error>> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Into<String>) -> Result<T, Failed> {
        self.map_err(|error| Failed {
            doing: what.into(),
            error: error.into(),
        })
    }
}

/// Devices that programs expect; the builder's own are bound.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Files of the builder that the guest reads, so that names resolve in it.
const SHARED: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// What a build step may do beyond a plain user: what container engines grant by default. Loading modules, tracing other processes
/// or setting the clock is not among it.
const CAPABILITIES: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::MKNOD)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::SYS_CHROOT)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::AUDIT_WRITE);

/// Makes the calling process, which is the first of its PID namespace, the first of the guest that `spec` says.
pub(super) fn enter(spec: &Spec) -> Result<(), Failed> {
    let private = MountPropagationFlags::PRIVATE | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", private).doing("separate the guest's mounts from the builder's")?;
    std::env::set_current_dir(&spec.layers).doing("enter the store")?;
    mount_root(spec)?;

    // All that comes from the builder is opened before its tree is left.
    let process = new_mount("proc", &[], MountAttrFlags::MOUNT_ATTR_NOSUID).or_else(|_| clone_of("/proc", true));
    let process = process.doing("mount /proc")?;
    let system = match spec.rootless {
        false => new_mount("sysfs", &[], MountAttrFlags::MOUNT_ATTR_RDONLY),
        true => clone_of("/sys", true),
    };
    let devices = new_mount(
        "tmpfs",
        &[("mode", "0755"), ("size", "65536k")],
        MountAttrFlags::MOUNT_ATTR_NOSUID,
    );
    let devices = devices.doing("mount /dev")?;
    let shared_memory = new_mount("tmpfs", &[("mode", "1777")], MountAttrFlags::MOUNT_ATTR_NOSUID);
    let terminals = [("newinstance", ""), ("ptmxmode", "0666"), ("mode", "0620")];
    let terminals = new_mount("devpts", &terminals, MountAttrFlags::MOUNT_ATTR_NOSUID);
    let nodes = DEVICES.map(|name| (name, clone_of(&format!("/dev/{name}"), false)));
    let files = SHARED.map(|path| (path, clone_of(path, false)));

    let root = format!("{}/root", spec.workspace);
    std::env::set_current_dir(&root).doing("enter the guest's root")?;
    rustix::process::pivot_root(".", ".").doing("change the root")?;
    rustix::mount::unmount(".", UnmountFlags::DETACH).doing("leave the builder's tree")?;
    std::env::set_current_dir("/").doing("enter the guest's root")?;

    attach(&process, "/proc").doing("mount /proc")?;
    if let Ok(system) = system {
        attach(&system, "/sys").doing("mount /sys")?;
    }
    attach(&devices, "/dev").doing("mount /dev")?;
    for (name, node) in nodes {
        if let Ok(node) = node {
            let path = format!("/dev/{name}");
            fs::write(&path, "").doing(format!("make {path}"))?;
            attach(&node, &path).doing(format!("bind {path}"))?;
        }
    }
    for (folder, mount) in [("/dev/pts", terminals), ("/dev/shm", shared_memory)] {
        fs::create_dir(folder).doing(format!("make {folder}"))?;
        if let Ok(mount) = mount {
            attach(&mount, folder).doing(format!("mount {folder}"))?;
        }
    }
    let links = [
        ("pts/ptmx", "/dev/ptmx"),
        ("/proc/self/fd", "/dev/fd"),
        ("/proc/self/fd/0", "/dev/stdin"),
        ("/proc/self/fd/1", "/dev/stdout"),
        ("/proc/self/fd/2", "/dev/stderr"),
    ];
    for (target, link) in links {
        symlink(target, link).doing(format!("make {link}"))?;
    }
    for (path, file) in files {
        if let Ok(file) = file {
            // An image whose own is a link to nowhere keeps it; names then resolve as the image says.
            if attach(&file, path).is_ok() {
                read_only(path);
            }
        }
    }
    rustix::system::sethostname(spec.hostname.as_bytes()).doing("set the host name")?;
    drop_capabilities();
    Ok(())
}

fn mount_root(spec: &Spec) -> Result<(), Failed> {
    let workspace = &spec.workspace;
    let mut options = format!("lowerdir={}", spec.lower.join(":"));
    options.push_str(&format!(",upperdir={workspace}/upper,workdir={workspace}/work"));
    // What is half-written when the machine stops is thrown away anyway, so nothing waits for the disk.
    options.push_str(",volatile");
    options.push_str(match spec.rootless {
        true => ",userxattr",
        false => ",redirect_dir=off,metacopy=off,index=off",
    });
    let target = format!("{workspace}/root");
    let mount = |options: &str| -> rustix::io::Result<()> {
        let data = CString::new(options).map_err(|_| Errno::INVAL)?;
        rustix::mount::mount(
            "overlay",
            target.as_str(),
            "overlay",
            MountFlags::empty(),
            Some(data.as_c_str()),
        )
    };
    match mount(&options) {
        Ok(()) => Ok(()),
        // Kernels before 5.10 do not know the option.
        Err(Errno::INVAL) => mount(&options.replace(",volatile", "")).doing("mount the layers as an overlay"),
        Err(error) => Err(error).doing("mount the layers as an overlay"),
    }
}

fn new_mount(kind: &str, options: &[(&str, &str)], attributes: MountAttrFlags) -> rustix::io::Result<OwnedFd> {
    let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
    for (name, value) in options {
        match value.is_empty() {
            true => rustix::mount::fsconfig_set_flag(&context, *name)?,
            false => rustix::mount::fsconfig_set_string(&context, *name, *value)?,
        }
    }
    rustix::mount::fsconfig_create(&context)?;
    rustix::mount::fsmount(&context, FsMountFlags::FSMOUNT_CLOEXEC, attributes)
}

/// A copy of what is mounted at `path` of the builder, not attached anywhere yet.
fn clone_of(path: &str, with_what_is_below: bool) -> rustix::io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if with_what_is_below {
        flags |= OpenTreeFlags::AT_RECURSIVE;
    }
    rustix::mount::open_tree(CWD, path, flags)
}

fn attach(mount: &OwnedFd, path: &str) -> rustix::io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
    rustix::mount::move_mount(mount, "", CWD, path, flags)
}

fn read_only(path: &str) {
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    let remount = |flags| rustix::mount::mount_remount(path, flags, "");
    // In a user namespace, flags that the builder's mount has must stay; which ones is found by trying.
    let _ = remount(flags)
        .or_else(|_| remount(flags | MountFlags::NOEXEC))
        .or_else(|_| remount(flags | MountFlags::RELATIME))
        .or_else(|_| remount(flags | MountFlags::NOATIME));
}

fn drop_capabilities() {
    let unwanted = CapabilitySet::all().difference(CAPABILITIES);
    for capability in unwanted.iter() {
        // Those that the kernel does not know need no dropping.
        let _ = rustix::thread::remove_capability_from_bounding_set(capability);
    }
}

/// Makes what mounts need to stand on, in a folder that is below every layer: it shows through where the image has nothing of
/// that name, and is never part of a layer.
pub(in super::super) fn make_mount_points(below: &Path) -> io::Result<()> {
    for folder in ["proc", "sys", "dev", "etc"] {
        fs::create_dir_all(below.join(folder))?;
    }
    for file in SHARED {
        fs::write(below.join(file.trim_start_matches('/')), "")?;
    }
    Ok(())
}
