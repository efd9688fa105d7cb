//! Users and groups by name, out of `/etc/passwd` and `/etc/group`.
//!
//! Read by hand: the C library's way needs its plugins in the image, which a static program must not.

use std::{fs, io, path::PathBuf};

/// A user whom a process can run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    pub home: PathBuf,
}

pub fn find(name: &str) -> io::Result<Account> {
    let text = fs::read_to_string("/etc/passwd")?;
    user(&text, name).ok_or_else(|| missing("user", name))
}

/// The number of a group.
pub fn group_id(name: &str) -> io::Result<u32> {
    let text = fs::read_to_string("/etc/group")?;
    group(&text, name).ok_or_else(|| missing("group", name))
}

fn missing(what: &str, name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("the image has no {what} {name}"))
}

fn user(text: &str, name: &str) -> Option<Account> {
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let [found, _, uid, gid, _, home, ..] = fields[..] else {
            return None;
        };
        (found == name).then_some(())?;
        Some(Account {
            name: name.to_owned(),
            uid: uid.parse().ok()?,
            gid: gid.parse().ok()?,
            home: home.into(),
        })
    })
}

fn group(text: &str, name: &str) -> Option<u32> {
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields[..] {
            [found, _, gid, ..] if found == name => gid.parse().ok(),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_as_the_files_have_them() {
        let passwd =
            "root:x:0:0:root:/root:/bin/bash\nodd\nwebapp:x:900:901::/home/webapp:/usr/sbin/nologin\n";
        let found = user(passwd, "webapp").unwrap();
        assert_eq!(
            (found.uid, found.gid, found.home.to_str()),
            (900, 901, Some("/home/webapp"))
        );
        assert_eq!(user(passwd, "odd"), None);
        assert_eq!(group("adm:x:4:syslog\nodd\n", "adm"), Some(4));
    }
}
