//! Keys of the messaging services, derived from one root: for receipts and for bodies at rest.
//!
//! Invariant: the root is the same for every process of an installation, or handles and bodies of one
//! are nothing to another.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The root. Its `Debug` hides it.
#[derive(Clone)]
pub struct Keys(Arc<[u8; 32]>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(hidden)")
    }
}

impl Keys {
    pub fn new(root: [u8; 32]) -> Self {
        Self(Arc::new(root))
    }

    /// A key of its own for `purpose`, and within it for `detail`.
    pub fn derive(&self, purpose: &str, detail: &[u8]) -> [u8; 32] {
        let mut mac = mac(&self.0);
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(detail);
        mac.finalize().into_bytes().into()
    }
}

/// HMAC-SHA256 under `key`.
pub fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length")
}
