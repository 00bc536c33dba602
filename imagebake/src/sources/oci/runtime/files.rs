//! Files of the guest, read and written from inside it: the guest's root is the only one there is, so nothing leads out.

use super::{
    super::layer::{self, Packing, Unpacking},
    protocol::{Reply, Request},
    users,
};
use rustix::fs::{Gid, Uid};
use std::{
    fs::{self, File},
    io::{self, Write},
    os::{fd::OwnedFd, unix::fs::PermissionsExt},
    path::Path,
};

pub(super) fn serve(request: Request, data: Option<OwnedFd>) -> Reply {
    let done = match (request, data.map(File::from)) {
        (Request::Remove { paths }, _) => remove(&paths),
        (Request::Write { path, mode, owner }, Some(data)) => write(&path, data, mode, &owner),
        (Request::Read { path }, Some(data)) => read(&path, data),
        (Request::Unpack { path, owner }, Some(data)) => unpack(&path, data, &owner),
        (Request::Pack { path }, Some(data)) => pack(&path, data),
        _ => {
            let why = io::Error::from(io::ErrorKind::InvalidInput);
            return Reply::failed("the request is none about files", &why);
        }
    };
    match done {
        Ok(()) => Reply::Done,
        Err(reply) => reply,
    }
}

/// Writes beside the final name, then renames: a program never sees half a file.
fn write(path: &str, mut data: File, mode: Option<u32>, owner: &str) -> Result<(), Reply> {
    let failed = |error: io::Error| Reply::failed(format!("cannot write {path} in the guest"), &error);
    let account = users::account(owner)?;
    // A link stays, and what it leads to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    if target.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    let old_mode = fs::metadata(&target)
        .ok()
        .map(|about| about.permissions().mode() & 0o7777);
    let folder = target.parent().unwrap_or(Path::new("/"));
    let mut temporary = tempfile::Builder::new()
        .prefix(".imagebake-")
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Reply::Failed {
                message: format!("there is no folder {} in the guest", folder.display()),
                errno: rustix::io::Errno::NOENT.raw_os_error(),
                hint: Some("make it in an earlier step".to_owned()),
            },
            _ => failed(error),
        })?;
    io::copy(&mut data, temporary.as_file_mut()).map_err(failed)?;
    temporary.flush().map_err(failed)?;
    let file = temporary.as_file();
    rustix::fs::fchown(file, Some(account.uid), Some(account.gid))
        .map_err(|error| no_owner(path, owner, error.into()))?;
    let mode = mode.or(old_mode).unwrap_or(0o644);
    file.set_permissions(fs::Permissions::from_mode(mode)).map_err(failed)?;
    temporary.persist(&target).map_err(|error| failed(error.error))?;
    Ok(())
}

/// By the system's call: a guest need not have an `rm`.
fn remove(paths: &[String]) -> Result<(), Reply> {
    for path in paths {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Reply::failed(format!("cannot remove {path} in the guest"), &error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn no_owner(path: &str, owner: &str, error: io::Error) -> Reply {
    Reply::Failed {
        message: format!("cannot give {path} in the guest to {owner}"),
        errno: error.raw_os_error().unwrap_or(0),
        hint: Some(
            "without root this needs the package `uidmap` and ranges of ids in /etc/subuid and /etc/subgid".to_owned(),
        ),
    }
}

fn read(path: &str, mut data: File) -> Result<(), Reply> {
    let failed = |error: io::Error| Reply::failed(format!("cannot read {path} in the guest"), &error);
    let mut file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    io::copy(&mut file, &mut data).map_err(failed)?;
    Ok(())
}

fn unpack(path: &str, data: File, owner: &str) -> Result<(), Reply> {
    let account = users::account(owner)?;
    let folder = Path::new(path);
    if !folder.is_dir() {
        let made = fs::create_dir_all(folder).and_then(|()| {
            let (uid, gid): (Uid, Gid) = (account.uid, account.gid);
            Ok(rustix::fs::chown(folder, Some(uid), Some(gid))?)
        });
        made.map_err(|error| Reply::failed(format!("cannot make the folder {path} in the guest"), &error))?;
    }
    let how = Unpacking {
        flavor: None,
        owners: true,
    };
    let done = layer::unpack(data, "the uploaded folder", folder, &[], how);
    done.map(drop).map_err(|error| of_error(&error))
}

fn pack(path: &str, data: File) -> Result<(), Reply> {
    let folder = Path::new(path);
    if !folder.is_dir() {
        let why = io::Error::from(io::ErrorKind::NotADirectory);
        return Err(Reply::failed(format!("{path} is not a folder in the guest"), &why));
    }
    let how = Packing {
        flavor: None,
        latest: None,
        owner: None,
    };
    let mut out = io::BufWriter::with_capacity(256 << 10, data);
    layer::pack(folder, how, &mut out).map_err(|error| of_error(&error))?;
    out.flush()
        .map_err(|error| Reply::failed(format!("cannot read {path} in the guest"), &error))
}

fn of_error(error: &crate::error::Error) -> Reply {
    Reply::Failed {
        message: error.full(),
        errno: 0,
        hint: error.hints().first().cloned(),
    }
}
