//! The user's tokens, one per server, in `~/.config/beanpole/credentials.toml` with mode 0600.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use beanpole_protocol::{Timestamp, TokenId};
use serde::{Deserialize, Serialize};

use super::SettingsError;

/// What is remembered of one server.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    pub token: String,
    /// Whose it is; for messages.
    pub user: String,
    /// To revoke it at `bp logout`; absent when the user brought the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<TokenId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Contents {
    /// The server signed in to last: the default outside of projects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(default)]
    servers: BTreeMap<String, Credential>,
}

/// The credentials file.
#[derive(Clone)]
pub struct Credentials {
    path: PathBuf,
    contents: Contents,
}

impl Credentials {
    /// Reads the file at [`default_path`]; a missing one is empty.
    pub fn load(path: PathBuf) -> Result<Self, SettingsError> {
        let contents = match super::read(&path)? {
            Some(text) => super::parse(&path, &text)?,
            None => Contents::default(),
        };
        Ok(Self { path, contents })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// True when others on this machine can read the file.
    pub fn is_exposed(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
    }

    pub fn get(&self, url: &str) -> Option<&Credential> {
        self.contents.servers.get(&key(url))
    }

    /// The server signed in to last.
    pub fn default_url(&self) -> Option<&str> {
        self.contents.default.as_deref()
    }

    pub fn set(&mut self, url: &str, credential: Credential) -> Result<(), SettingsError> {
        self.contents.servers.insert(key(url), credential);
        self.contents.default = Some(key(url));
        self.save()
    }

    pub fn remove(&mut self, url: &str) -> Result<Option<Credential>, SettingsError> {
        let removed = self.contents.servers.remove(&key(url));
        if self.contents.default.as_deref() == Some(&key(url)) {
            self.contents.default = self.contents.servers.keys().next().cloned();
        }
        self.save()?;
        Ok(removed)
    }

    fn save(&self) -> Result<(), SettingsError> {
        let text = toml::to_string(&self.contents).map_err(|error| SettingsError::Parse {
            path: self.path.clone(),
            message: error.to_string(),
        })?;
        super::replace(&self.path, &text, 0o600)
    }
}

/// Where the credentials are: below `XDG_CONFIG_HOME`, else `~/.config`.
pub fn default_path() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| Path::new(&home).join(".config")))
        .unwrap_or_else(|| PathBuf::from(".config"));
    base.join("beanpole").join("credentials.toml")
}

fn key(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(token: &str) -> Credential {
        Credential {
            token: token.into(),
            user: "ann".into(),
            id: None,
            expires_at: Some(Timestamp::from_millis(1_795_390_864_105)),
        }
    }

    #[test]
    fn tokens_are_kept_per_server_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("beanpole/credentials.toml");
        let mut credentials = Credentials::load(path.clone()).unwrap();
        credentials.set("http://a:8000/", credential("one")).unwrap();
        credentials.set("http://b:8000", credential("two")).unwrap();
        assert!(!credentials.is_exposed());

        let again = Credentials::load(path).unwrap();
        assert_eq!(again.get("http://a:8000").unwrap().token, "one");
        assert_eq!(again.default_url(), Some("http://b:8000"));
    }

    #[test]
    fn after_a_removal_another_server_is_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let mut credentials = Credentials::load(folder.path().join("c.toml")).unwrap();
        credentials.set("http://a", credential("one")).unwrap();
        credentials.set("http://b", credential("two")).unwrap();
        assert_eq!(credentials.remove("http://b").unwrap().unwrap().token, "two");
        assert_eq!(credentials.default_url(), Some("http://a"));
        assert!(credentials.remove("http://b").unwrap().is_none());
    }
}
