//! Finds the system's PostgreSQL server programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// A folder that holds `initdb`, `pg_ctl` and `postgres` of one version.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
}

#[derive(Debug, thiserror::Error)]
#[error(
    "no PostgreSQL server programs were found under /usr/lib/postgresql or in PATH: \
     install the package postgresql, or name a database with BEANPOLE_DATABASE_URL"
)]
pub struct BinariesError;

impl Binaries {
    /// Debian's newest version, else whatever PATH offers.
    pub fn find() -> Result<Self, BinariesError> {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                Some((
                    entry.file_name().to_str()?.parse().ok()?,
                    entry.path().join("bin"),
                ))
            })
            .collect();
        versions.sort();
        let debian = versions.into_iter().rev().map(|(_, folder)| folder);
        let path = env::var_os("PATH").unwrap_or_default();
        debian
            .chain(env::split_paths(&path).collect::<Vec<_>>())
            .find(|folder| is_complete(folder))
            .map(|folder| Self { folder })
            .ok_or(BinariesError)
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"]
        .iter()
        .all(|name| folder.join(name).is_file())
}
