//! The key that requests of one day, region and service are signed with.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use super::{Mac, TERMINATOR};

/// Derived from a secret key; worth keeping for the day, as deriving takes four HMACs. Whoever holds it
/// can sign for its scope, so it is as secret as the secret key, and is never shown.
#[derive(Clone)]
pub struct SigningKey(Mac);

impl SigningKey {
    /// The key of a scope; all three as [`super::Signature`] tells them.
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut first = Vec::with_capacity(4 + secret.len());
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret.as_bytes());
        let date = hmac(&first, &[date.as_bytes()]);
        let region = hmac(&date, &[region.as_bytes()]);
        let service = hmac(&region, &[service.as_bytes()]);
        Self(hmac(&service, &[TERMINATOR.as_bytes()]))
    }

    /// The signature of a text that is given in pieces.
    pub(super) fn sign(&self, pieces: &[&[u8]]) -> Mac {
        hmac(&self.0, pieces)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(hidden)")
    }
}

fn hmac(key: &[u8], pieces: &[&[u8]]) -> Mac {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}
