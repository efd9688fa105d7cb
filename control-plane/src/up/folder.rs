//! Where a one-host installation keeps what.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The data folder. Its subfolders each have one owner.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// `/var/lib/beanpole` for root, else the user's own data folder.
    pub fn default_root() -> PathBuf {
        if rustix::process::geteuid().is_root() {
            return PathBuf::from("/var/lib/beanpole");
        }
        match std::env::var_os("XDG_DATA_HOME").map(PathBuf::from) {
            Some(home) => home.join("beanpole"),
            None => PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".local/share/beanpole"),
        }
    }

    /// Makes the folder and the parts that this process owns.
    ///
    /// The root can be entered (not listed) by others because the database's account must reach its
    /// own part; everything inside is private to its owner.
    pub fn prepare(root: &Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let folder = Self {
            root: fs::canonicalize(root)?,
        };
        fs::set_permissions(&folder.root, fs::Permissions::from_mode(0o711))?;
        for part in [folder.run(), folder.logs(), folder.server(), folder.agent()] {
            fs::create_dir_all(&part)?;
            fs::set_permissions(&part, fs::Permissions::from_mode(0o700))?;
        }
        Ok(folder)
    }

    /// Held by the one `up` of this folder for as long as it lives; the kernel lets go of it.
    pub fn lock(&self) -> io::Result<File> {
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.run().join("up.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("another `beanpole up` already runs on {}", self.root.display()),
            )),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }
    /// Blobs and keys of `beanpole serve`.
    pub fn server(&self) -> PathBuf {
        self.root.join("server")
    }
    /// Ledger and credential of the agent.
    pub fn agent(&self) -> PathBuf {
        self.root.join("agent")
    }
    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }
    /// Written by the agent, read by the edge.
    pub fn routes(&self) -> PathBuf {
        self.agent().join("routes.json")
    }
    pub fn edge_admin(&self) -> PathBuf {
        self.run().join("edge.sock")
    }
    pub fn join_token(&self) -> PathBuf {
        self.run().join("join-token")
    }
    pub fn process_id(&self, service: &str) -> PathBuf {
        self.run().join(format!("{service}.pid"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_folder_has_one_up_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(root.path()).unwrap();
        let held = folder.lock().unwrap();
        assert!(folder.lock().unwrap_err().to_string().contains("already runs"));
        drop(held);
        folder.lock().unwrap();
    }
}
