//! Bodies at rest: sealed with AES-256-GCM where the queue says so.
//!
//! A stored body tells how it is kept in its first byte, so that a queue may change its mind. The
//! message's id is the associated data: a body moved to another message does not open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use uuid::Uuid;

use super::keys::Keys;
use crate::model::{Millis, queue::Encryption};

const PLAIN: u8 = 0;
const MANAGED: u8 = 1;
const KMS: u8 = 2;
const NONCE: usize = 12;
/// Data keys kept ready at most; they are derived again when needed.
const READY: usize = 1024;

/// A stored body that does not open: damaged, or of another installation.
#[derive(Debug, thiserror::Error)]
#[error("a stored body does not open: it is damaged, or was sealed under another master key")]
pub struct Unopened;

/// Seals and opens bodies.
#[derive(Clone)]
pub struct Bodies {
    keys: Keys,
    managed: Arc<Aes256Gcm>,
    named: Arc<Mutex<HashMap<Vec<u8>, Arc<Aes256Gcm>>>>,
}

impl std::fmt::Debug for Bodies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bodies(hidden)")
    }
}

impl Bodies {
    pub fn new(keys: Keys) -> Self {
        let managed = Aes256Gcm::new(&keys.derive("managed bodies", b"").into());
        Self {
            keys,
            managed: Arc::new(managed),
            named: Arc::default(),
        }
    }

    /// `body` as it is stored.
    pub fn seal(&self, body: &[u8], message: Uuid, how: &Encryption, now: Millis) -> Vec<u8> {
        let mut stored = Vec::with_capacity(body.len() + 64);
        let cipher = match how {
            Encryption::Off => {
                stored.push(PLAIN);
                stored.extend_from_slice(body);
                return stored;
            }
            Encryption::Managed => {
                stored.push(MANAGED);
                self.managed.clone()
            }
            Encryption::Kms { key, reuse } => {
                stored.push(KMS);
                let period = now / i64::try_from(reuse.as_millis()).unwrap_or(i64::MAX).max(1);
                let mut name = period.to_be_bytes().to_vec();
                name.extend_from_slice(key.as_bytes());
                let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
                name.truncate(usize::from(length));
                stored.extend_from_slice(&length.to_be_bytes());
                stored.extend_from_slice(&name);
                self.data_key(&name)
            }
        };
        let nonce = rand::random::<[u8; NONCE]>();
        let payload = Payload {
            msg: body,
            aad: message.as_bytes(),
        };
        stored.extend_from_slice(&nonce);
        let sealed = cipher.encrypt(&Nonce::from(nonce), payload);
        stored.extend_from_slice(&sealed.expect("bodies are far below the cipher's limit"));
        stored
    }

    /// The body that was stored for `message`.
    pub fn open(&self, stored: &[u8], message: Uuid) -> Result<Vec<u8>, Unopened> {
        let (form, rest) = stored.split_first().ok_or(Unopened)?;
        let (cipher, rest) = match *form {
            PLAIN => return Ok(rest.to_vec()),
            MANAGED => (self.managed.clone(), rest),
            KMS => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or(Unopened)?;
                let length = usize::from(u16::from_be_bytes(*length));
                let (name, rest) = rest.split_at_checked(length).ok_or(Unopened)?;
                (self.data_key(name), rest)
            }
            _ => return Err(Unopened),
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(Unopened)?;
        let payload = Payload {
            msg: sealed,
            aad: message.as_bytes(),
        };
        cipher
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| Unopened)
    }

    fn data_key(&self, name: &[u8]) -> Arc<Aes256Gcm> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = named.get(name) {
            return ready.clone();
        }
        if named.len() >= READY {
            named.clear();
        }
        let cipher = Arc::new(Aes256Gcm::new(&self.keys.derive("named bodies", name).into()));
        named.insert(name.to_vec(), cipher.clone());
        cipher
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn bodies_come_back_and_only_for_their_own_message() {
        let bodies = Bodies::new(Keys::new([1; 32]));
        let kms = Encryption::Kms {
            key: "alias/orders".to_owned(),
            reuse: Duration::from_secs(300),
        };
        for how in [Encryption::Off, Encryption::Managed, kms] {
            let message = Uuid::new_v4();
            let stored = bodies.seal(b"hello", message, &how, 1_000_000);
            assert_eq!(bodies.open(&stored, message).unwrap(), b"hello");
            if how != Encryption::Off {
                assert!(!stored.windows(5).any(|part| part == b"hello"));
                assert!(bodies.open(&stored, Uuid::new_v4()).is_err());
                let other = Bodies::new(Keys::new([2; 32]));
                assert!(other.open(&stored, message).is_err());
            }
        }
    }

    #[test]
    fn a_data_key_is_used_for_its_period_only() {
        let bodies = Bodies::new(Keys::new([1; 32]));
        let kms = Encryption::Kms {
            key: "k".to_owned(),
            reuse: Duration::from_secs(60),
        };
        let message = Uuid::new_v4();
        let period = |now| bodies.seal(b"", message, &kms, now)[3..11].to_vec();
        assert_eq!(period(60_000), period(119_999));
        assert_ne!(period(60_000), period(120_000));
    }
}
