//! Access keys: how ids and secrets are made, and how secrets are kept.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    caller::BASE32,
    seal::{Seal, SealError, place},
};

/// What an access key of a user begins with.
pub const USER_PREFIX: &str = "AKIA";
/// What an access key of a session begins with.
pub const SESSION_PREFIX: &str = "ASIA";

/// An id and its secret, as its owner is told them.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    pub id: String,
    pub secret: String,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl KeyPair {
    /// A new key of a user.
    pub fn of_user() -> Self {
        Self::new(USER_PREFIX)
    }

    /// A new key of a session.
    pub(crate) fn of_session() -> Self {
        Self::new(SESSION_PREFIX)
    }

    fn new(prefix: &str) -> Self {
        let random: [u8; 16] = rand::random();
        let letters = random
            .iter()
            .map(|byte| char::from(BASE32[usize::from(byte & 31)]));
        Self {
            id: prefix.chars().chain(letters).collect(),
            // 240 random bits are the 40 characters that AWS's secrets have.
            secret: STANDARD.encode(rand::random::<[u8; 30]>()),
        }
    }

    /// The secret as the database keeps it.
    pub fn sealed(&self, seal: &dyn Seal) -> Result<Vec<u8>, SealError> {
        seal.seal(self.secret.as_bytes(), &place::secret(&self.id))
    }
}

/// The secret of a key, as [`KeyPair::sealed`] left it.
pub(crate) fn open(seal: &dyn Seal, id: &str, sealed: &[u8]) -> Result<String, SealError> {
    let plain = seal.open(sealed, &place::secret(id))?;
    String::from_utf8(plain).map_err(|_| SealError("a secret is not text".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_of_aws() {
        for (pair, prefix) in [(KeyPair::of_user(), "AKIA"), (KeyPair::of_session(), "ASIA")] {
            assert!(pair.id.starts_with(prefix) && pair.id.len() == 20, "{}", pair.id);
            assert_eq!(pair.secret.len(), 40);
        }
        assert_ne!(KeyPair::of_user(), KeyPair::of_user());
        assert!(!format!("{:?}", KeyPair::of_user()).contains("secret"));
    }
}
