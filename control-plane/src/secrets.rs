//! The master key, and all that is sealed, signed or fingerprinted with keys derived from it.
//!
//! AES-256-GCM with a random 96-bit nonce; the associated data names the row, so that a sealed value
//! moved to another row does not open. Invariant: the key itself leaves this module nowhere but into
//! its own file (0600).

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::config::MasterKeySource;

/// First byte of everything sealed: which key and form.
const FORM: u8 = 1;
const NONCE: usize = 12;

#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("the master key file {path} cannot be used")]
    File { path: PathBuf, source: io::Error },
    #[error(
        "the master key {0} is missing, and the database holds values sealed with it: put the file back \
         from a backup or another server"
    )]
    Missing(PathBuf),
    #[error("the master key in {origin} is not 64 hex digits")]
    Malformed { origin: String },
    #[error("a sealed value does not open: it was sealed with another key, for another row, or is damaged")]
    Unopened,
    #[error("a value is too long to be sealed")]
    TooLong,
}

/// Whether the database belongs to no key yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstStart {
    Yes,
    No,
}

struct Keys {
    sealing: Aes256Gcm,
    master: [u8; 32],
}

/// The keys of an installation.
#[derive(Clone)]
pub struct Secrets(Arc<Keys>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl Secrets {
    pub fn from_key(master: [u8; 32]) -> Self {
        let sealing = Aes256Gcm::new(&derive(&master, b"seal").into());
        Self(Arc::new(Keys { sealing, master }))
    }

    /// Reads the key from where the configuration says. `first` is whether no value was ever sealed:
    /// only then is a key made in the data folder.
    pub fn load(source: &MasterKeySource, data: &Path, first: FirstStart) -> Result<Self, SecretsError> {
        let key = match source {
            MasterKeySource::Text(text) => parse(&text.0, "BEANPOLE_MASTER_KEY")?,
            MasterKeySource::File(path) => read(path)?,
            MasterKeySource::DataFolder => read_or_make(&data.join("master.key"), first)?,
        };
        Ok(Self::from_key(key))
    }

    /// Encrypts `plain` for the place that `context` names, such as `configuration e-… 3`.
    pub fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, SecretsError> {
        let nonce = rand::random::<[u8; NONCE]>();
        let payload = Payload {
            msg: plain,
            aad: context.as_bytes(),
        };
        let cipher = self
            .0
            .sealing
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| SecretsError::TooLong)?;
        let mut sealed = Vec::with_capacity(1 + NONCE + cipher.len());
        sealed.push(FORM);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&cipher);
        Ok(sealed)
    }

    /// Decrypts what [`Secrets::seal`] made for the same `context`.
    pub fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, SecretsError> {
        let (form, rest) = sealed.split_first().ok_or(SecretsError::Unopened)?;
        let (nonce, cipher) = rest.split_first_chunk::<NONCE>().ok_or(SecretsError::Unopened)?;
        if *form != FORM {
            return Err(SecretsError::Unopened);
        }
        let payload = Payload {
            msg: cipher,
            aad: context.as_bytes(),
        };
        self.0
            .sealing
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| SecretsError::Unopened)
    }

    /// A key of its own for `purpose`.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        derive(&self.0.master, purpose.as_bytes())
    }

    /// A keyed hash: tells whether two requests are alike without being a hash anyone can search.
    pub fn fingerprint(&self, bytes: &[u8]) -> [u8; 32] {
        derive(&self.derive("fingerprint"), bytes)
    }

    /// Equal for two servers exactly when their master keys are.
    pub fn check_value(&self) -> [u8; 32] {
        self.derive("key check")
    }
}

/// HMAC-SHA256 of `purpose` under `key`.
fn derive(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(purpose);
    mac.finalize().into_bytes().into()
}

fn parse(text: &str, origin: &str) -> Result<[u8; 32], SecretsError> {
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| SecretsError::Malformed {
        origin: origin.to_owned(),
    })?;
    Ok(key)
}

fn read(path: &Path) -> Result<[u8; 32], SecretsError> {
    let text = fs::read_to_string(path).map_err(|source| SecretsError::File {
        path: path.to_owned(),
        source,
    })?;
    parse(&text, &path.display().to_string())
}

fn read_or_make(path: &Path, first: FirstStart) -> Result<[u8; 32], SecretsError> {
    match (read(path), first) {
        (Err(SecretsError::File { source, .. }), FirstStart::Yes)
            if source.kind() == io::ErrorKind::NotFound =>
        {
            make(path).map_err(|source| SecretsError::File {
                path: path.to_owned(),
                source,
            })?;
            read(path)
        }
        (Err(SecretsError::File { source, .. }), FirstStart::No)
            if source.kind() == io::ErrorKind::NotFound =>
        {
            Err(SecretsError::Missing(path.to_owned()))
        }
        (other, _) => other,
    }
}

/// Writes a new key beside its place and links it there, so that of two first starts one key wins.
fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let draft = folder.join(format!(".master.key.{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{}", hex::encode(rand::random::<[u8; 32]>()))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_in_its_place() {
        let ours = Secrets::from_key([7; 32]);
        let sealed = ours.seal(b"s3cret", "row 1").unwrap();
        assert_eq!(ours.open(&sealed, "row 1").unwrap(), b"s3cret");
        assert!(ours.open(&sealed, "row 2").is_err());
        assert!(Secrets::from_key([8; 32]).open(&sealed, "row 1").is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(ours.open(&damaged, "row 1").is_err(), "byte {at}");
            assert!(ours.open(&sealed[..at], "row 1").is_err(), "cut at {at}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let source = MasterKeySource::DataFolder;
        let missing = Secrets::load(&source, folder.path(), FirstStart::No).unwrap_err();
        assert!(matches!(missing, SecretsError::Missing(_)), "{missing}");
        let first = Secrets::load(&source, folder.path(), FirstStart::Yes).unwrap();
        let second = Secrets::load(&source, folder.path(), FirstStart::No).unwrap();
        assert_eq!(first.check_value(), second.check_value());
        let mode = fs::metadata(folder.path().join("master.key"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_is_not_hex_is_refused() {
        let source = MasterKeySource::Text("hello".to_owned().into());
        assert!(matches!(
            Secrets::load(&source, Path::new("/nowhere"), FirstStart::Yes),
            Err(SecretsError::Malformed { .. })
        ));
    }
}
