//! Which account the database runs as: PostgreSQL refuses to run as root.

use std::{fs, path::Path, process::Command};

use rustix::process::geteuid;

/// A plain user to drop to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// Accounts made for a database, in the order we would like to have them.
const SUITABLE: [&str; 2] = ["beanpole-db", "postgres"];

impl Account {
    /// The account to drop to: none when this process is not root.
    ///
    /// # Errors
    /// A sentence for the user when this is root and there is no suitable account.
    pub fn to_drop_to() -> Result<Option<Account>, String> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd")
            .map_err(|error| format!("/etc/passwd cannot be read: {error}"))?;
        SUITABLE
            .iter()
            .find_map(|name| find(&passwd, name))
            .map(Some)
            .ok_or_else(|| {
                "PostgreSQL does not run as root and neither the account beanpole-db nor postgres exists: \
             install the package postgresql, or run `useradd --system beanpole-db`"
                    .to_owned()
            })
    }

    /// Makes a command run as this account, in a folder it may read.
    pub fn apply(&self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.uid(self.uid).gid(self.gid);
    }

    /// Gives a file or folder to this account.
    pub fn own(&self, path: &Path) -> std::io::Result<()> {
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == name).then_some(())?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account {
            name: name.to_owned(),
            uid,
            gid,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres2:x:1:1::/:/bin/sh\npostgres:x:105:113:,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(
            find(passwd, "postgres"),
            Some(Account {
                name: "postgres".into(),
                uid: 105,
                gid: 113
            })
        );
        assert_eq!(find(passwd, "beanpole-db"), None);
    }
}
