//! What the agent keeps on disk, so that it can work without the server and over its own restarts:
//! its credential, the last desired list, and what it remembers of instances and builds.
//!
//! A file is replaced whole (written aside, synced, renamed), readable by its owner only. Invariant: a
//! crash at any moment leaves the old content or the new one, never half of one.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
};

use beanpole_protocol::{
    InstanceId, VersionId,
    agent::{Desired, JoinResponse},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{diff::ImageRecord, life::Life};

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("the agent's folder {} cannot be used (--data names another): {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is damaged ({source}): move it away and start the agent again", path.display())]
    Damaged {
        path: PathBuf,
        source: serde_json::Error,
    },
}

/// What is remembered beside the desired list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub lives: BTreeMap<InstanceId, Life>,
    /// Builds that failed; the others are found again by looking at the Engine's images.
    pub failed_images: BTreeMap<VersionId, ImageRecord>,
    /// Names of the images that were here at some time and not removed since.
    pub known_images: BTreeMap<VersionId, String>,
    /// Ids of the nameless images that builds of a version with several stages left.
    pub stages: BTreeMap<VersionId, BTreeSet<String>>,
}

/// The agent's folder.
#[derive(Clone, Debug)]
pub struct Ledger {
    folder: PathBuf,
}

impl Ledger {
    /// Opens the folder, making it (mode 0700) when it is not there.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        let unusable = |source| LedgerError::Folder {
            path: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(unusable)?;
        set_mode(folder, 0o700).map_err(unusable)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// A path inside the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn credential(&self) -> Result<Option<JoinResponse>, LedgerError> {
        self.load("credential.json")
    }

    pub fn keep_credential(&self, credential: &JoinResponse) -> Result<(), LedgerError> {
        self.store("credential.json", credential)
    }

    /// The port at which instances were told to find the server's services.
    pub fn door_port(&self) -> Result<Option<u16>, LedgerError> {
        self.load("door-port.json")
    }

    pub fn keep_door_port(&self, port: u16) -> Result<(), LedgerError> {
        self.store("door-port.json", &port)
    }

    pub fn desired(&self) -> Result<Option<Desired>, LedgerError> {
        self.load("desired.json")
    }

    pub fn keep_desired(&self, desired: &Desired) -> Result<(), LedgerError> {
        self.store("desired.json", desired)
    }

    pub fn memory(&self) -> Result<Memory, LedgerError> {
        Ok(self.load("memory.json")?.unwrap_or_default())
    }

    pub fn keep_memory(&self, memory: &Memory) -> Result<(), LedgerError> {
        self.store("memory.json", memory)
    }

    /// Tags of Beanpole's own images that this agent has stood on and not removed since.
    pub fn own_images(&self) -> Result<BTreeSet<String>, LedgerError> {
        Ok(self.load("own-images.json")?.unwrap_or_default())
    }

    pub fn keep_own_images(&self, tags: &BTreeSet<String>) -> Result<(), LedgerError> {
        self.store("own-images.json", tags)
    }

    fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, LedgerError> {
        let path = self.path(name);
        match std::fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(value) => Ok(Some(value)),
                Err(source) => Err(LedgerError::Damaged { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LedgerError::Io { path, source }),
        }
    }

    fn store<T: Serialize>(&self, name: &str, value: &T) -> Result<(), LedgerError> {
        let path = self.path(name);
        let bytes = serde_json::to_vec(value).map_err(|source| LedgerError::Damaged {
            path: path.clone(),
            source,
        })?;
        replace(&path, &bytes, 0o600).map_err(|source| LedgerError::Io { path, source })
    }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Replaces a file's content at once and for good.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    use std::io::Write;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut aside = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
    aside.write_all(bytes)?;
    set_mode(aside.path(), mode)?;
    aside.as_file().sync_data()?;
    aside.persist(path).map_err(|error| error.error)?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_nobody_else_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        assert!(ledger.desired().unwrap().is_none());
        let desired = Desired {
            generation: 7,
            ..Desired::default()
        };
        ledger.keep_desired(&desired).unwrap();
        assert_eq!(ledger.desired().unwrap(), Some(desired));
        let mode = std::fs::metadata(ledger.path("desired.json"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn damage_is_said_with_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path()).unwrap();
        std::fs::write(ledger.path("memory.json"), "{").unwrap();
        let error = ledger.memory().unwrap_err().to_string();
        assert!(error.contains("memory.json"), "{error}");
    }
}
