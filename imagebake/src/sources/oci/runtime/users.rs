//! Names of users and groups, as the guest's own files have them.

use super::protocol::Reply;
use rustix::fs::{Gid, Uid};
use std::fs;

/// Whom a program runs as.
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) groups: Vec<Gid>,
    pub(super) home: String,
}

/// The account that `text` (`name`, `uid`, `name:group`, `uid:gid`) names in this root.
pub(super) fn account(text: &str) -> Result<Account, Reply> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let user = if user.is_empty() { "root" } else { user };
    let number: Option<u32> = user.parse().ok();
    let passwd = read("/etc/passwd");
    let line = passwd
        .iter()
        .find(|line| line[0] == user || (number.is_some() && field(line, 2).parse().ok() == number));
    let (uid, gid, home, name) = match (line, number) {
        (Some(line), _) => (
            field(line, 2).parse().unwrap_or(0),
            field(line, 3).parse().unwrap_or(0),
            field(line, 5),
            line[0].clone(),
        ),
        (None, Some(uid)) => (uid, 0, "/", String::new()),
        // An image without a user list has a root all the same.
        (None, None) if user == "root" => (0, 0, "/root", "root".to_owned()),
        (None, None) => {
            return Err(unknown(
                "user",
                user,
                "/etc/passwd",
                "make it in an earlier step, for example with useradd",
            ));
        }
    };
    let groups = read("/etc/group");
    let (gid, more) = match group {
        Some(group) => (gid_of(group, &groups)?, Vec::new()),
        None => {
            let member =
                |line: &&Vec<String>| !name.is_empty() && field(line, 3).split(',').any(|member| member == name);
            let more = groups
                .iter()
                .filter(member)
                .filter_map(|line| field(line, 2).parse().ok());
            (gid, more.collect())
        }
    };
    let groups = [gid].into_iter().chain(more).map(Gid::from_raw).collect();
    Ok(Account {
        uid: Uid::from_raw(uid),
        gid: Gid::from_raw(gid),
        groups,
        home: if home.is_empty() {
            "/".to_owned()
        } else {
            home.to_owned()
        },
    })
}

fn gid_of(group: &str, groups: &[Vec<String>]) -> Result<u32, Reply> {
    let listed = groups.iter().find(|line| line[0] == group);
    let gid = listed
        .and_then(|line| field(line, 2).parse().ok())
        .or_else(|| group.parse().ok());
    gid.ok_or_else(|| {
        let hint = "make it in an earlier step, for example with groupadd";
        unknown("group", group, "/etc/group", hint)
    })
}

fn unknown(what: &str, name: &str, file: &str, hint: &str) -> Reply {
    Reply::Failed {
        message: format!("the guest's {file} has no {what} `{name}`"),
        errno: 0,
        hint: Some(hint.to_owned()),
    }
}

fn field(line: &[String], index: usize) -> &str {
    line.get(index).map_or("", String::as_str)
}

fn read(path: &str) -> Vec<Vec<String>> {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter(|line| line.contains(':'));
    lines.map(|line| line.split(':').map(str::to_owned).collect()).collect()
}
