//! What `bp` remembers: per folder (`.beanpole/config.toml`) and per user (credentials).
//!
//! Files are replaced as a whole by a rename, never written in place.

pub mod credentials;
pub mod project;

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("{} cannot be read ({source})", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} cannot be written ({source})", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is not understood: {message}", path.display())]
    Parse { path: PathBuf, message: String },
}

impl From<SettingsError> for crate::failure::Failure {
    fn from(error: SettingsError) -> Self {
        crate::failure::Failure::new(
            crate::exit::Exit::Failed,
            "settings",
            crate::failure::sentence(&error.to_string()),
        )
    }
}

/// The text of a file, or nothing when there is none.
fn read(path: &Path) -> Result<Option<String>, SettingsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(SettingsError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T, SettingsError> {
    toml::from_str(text).map_err(|error| SettingsError::Parse {
        path: path.to_owned(),
        message: error.message().to_owned(),
    })
}

/// Writes beside and renames, with `mode` from the first byte on.
fn replace(path: &Path, text: &str, mode: u32) -> Result<(), SettingsError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(mode))
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| SettingsError::Write {
        path: path.to_owned(),
        source,
    })
}
