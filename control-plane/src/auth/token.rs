//! Secrets that are shown once and kept as a hash: API tokens, one-time sign-in codes, join tokens.
//!
//! Each holds 256 random bits, so that a plain SHA-256 is enough to keep: there is nothing to guess.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What every API token begins with.
const API_TOKEN: &str = "bpt_";

/// A new API token: `bpt_` and 43 characters that are safe in a URL.
pub fn new_api_token() -> String {
    format!("{API_TOKEN}{}", new_code())
}

/// A new secret without a prefix: 43 characters that are safe in a URL.
pub fn new_code() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Whether a bearer credential has the form of an API token.
pub fn is_token(credential: &str) -> bool {
    credential.starts_with(API_TOKEN)
}

/// What is kept of a secret.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
