//! The chain of signatures: each covers its chunk and the signature before it, the first that of the head.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::super::signature::mac;
use super::super::timestamp::Stamp;
use super::super::{Mac, Signature, SigningKey, TERMINATOR, errors};
use crate::AwsError;

/// The hash of nothing, which stands where headers of a chunk would be.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub(super) struct Chain {
    key: SigningKey,
    /// Time and scope, two lines.
    scope: String,
    previous: Mac,
    expected: Mac,
    hash: Sha256,
}

impl Chain {
    pub(super) fn after(head: &Signature, key: &SigningKey) -> Self {
        let Signature {
            date,
            region,
            service,
            ..
        } = head;
        let scope = format!(
            "{}\n{date}/{region}/{service}/{TERMINATOR}\n",
            Stamp(head.signed_at)
        );
        Self {
            key: key.clone(),
            scope,
            previous: head.signature,
            expected: [0; 32],
            hash: Sha256::new(),
        }
    }

    /// The signature that the chunk which begins now must have.
    pub(super) fn expect(&mut self, signature: &[u8]) -> Result<(), AwsError> {
        self.expected = mac(signature).ok_or_else(errors::mismatch)?;
        Ok(())
    }

    pub(super) fn data(&mut self, piece: &[u8]) {
        self.hash.update(piece);
    }

    /// The chunk has ended.
    pub(super) fn close(&mut self) -> Result<(), AwsError> {
        let hash = hex::encode(self.hash.finalize_reset());
        let expected = self.expected;
        self.link(
            "AWS4-HMAC-SHA256-PAYLOAD\n",
            &format!("{EMPTY}\n{hash}"),
            expected,
        )
    }

    /// The trailers have ended.
    pub(super) fn trailers(&mut self, canonical: &str, signature: Option<&str>) -> Result<(), AwsError> {
        let expected = signature
            .and_then(|text| mac(text.as_bytes()))
            .ok_or_else(errors::mismatch)?;
        self.link(
            "AWS4-HMAC-SHA256-TRAILER\n",
            &hex::encode(Sha256::digest(canonical)),
            expected,
        )
    }

    fn link(&mut self, algorithm: &str, hashes: &str, expected: Mac) -> Result<(), AwsError> {
        let previous = hex::encode(self.previous);
        let pieces = [algorithm, &self.scope, &previous, "\n", hashes].map(str::as_bytes);
        let made = self.key.sign(&pieces);
        self.previous = made;
        if bool::from(made.ct_eq(&expected)) {
            Ok(())
        } else {
            Err(errors::mismatch())
        }
    }
}
