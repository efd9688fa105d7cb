//! Session tokens: all that is to know of a session, sealed, in its owner's hands.
//!
//! No row stands behind one, so that any number may be given out; what stands behind is the principal,
//! which is looked up again whenever the token is read anew. Invariant: a token opens only where it was
//! sealed, and only together with the key it was made with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use beanpole_wire::{AwsError, sigv4::errors as signatures};
use serde::{Deserialize, Serialize};

use crate::{
    errors,
    gate::Mode,
    keys::KeyPair,
    seal::{Seal, place},
};

/// Nobody is given a longer one.
const LONGEST: usize = 16 * 1024;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub key: String,
    secret: Secret,
    pub account: String,
    pub of: Of,
    /// Documents that narrow what the principal may.
    pub policies: Vec<String>,
    /// Seconds since 1970 at which it is over.
    pub expires: i64,
}

/// Whose session it is. It ends with its principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Of {
    /// Only in development.
    Root,
    /// Whoever owns this access key, while it is good.
    Key {
        id: String,
    },
    Environment {
        id: String,
    },
    /// A role, and when it was made: another of the same name is another role.
    Role {
        name: String,
        session: String,
        made: i64,
    },
}

/// Never shown by accident.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// What the owner of a session is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    /// Seconds since 1970.
    pub expires_at: i64,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// A session that begins, with a key of its own.
    pub(crate) fn new(account: String, of: Of, policies: Vec<String>, expires: i64) -> Self {
        let pair = KeyPair::of_session();
        Self {
            key: pair.id,
            secret: Secret(pair.secret),
            account,
            of,
            policies,
            expires,
        }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret.0
    }

    /// The session as its owner gets it.
    pub(crate) fn give(self, seal: &dyn Seal, mode: Mode) -> Result<Credentials, AwsError> {
        let plain = serde_json::to_vec(&self).map_err(errors::internal)?;
        let sealed = seal
            .seal(&plain, place::session(mode))
            .map_err(errors::internal)?;
        Ok(Credentials {
            access_key_id: self.key,
            secret_access_key: self.secret.0,
            session_token: URL_SAFE_NO_PAD.encode(sealed),
            expires_at: self.expires,
        })
    }

    /// The session of a token that came with `key`.
    pub(crate) fn read(token: &str, key: &str, seal: &dyn Seal, mode: Mode) -> Result<Self, AwsError> {
        let opened = (token.len() <= LONGEST)
            .then(|| URL_SAFE_NO_PAD.decode(token).ok())
            .flatten()
            .and_then(|sealed| seal.open(&sealed, place::session(mode)).ok())
            .and_then(|plain| serde_json::from_slice::<Self>(&plain).ok());
        opened
            .filter(|session| session.key == key)
            .ok_or_else(signatures::unknown_key)
    }
}
