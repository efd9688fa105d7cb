//! Whether a request's signature is the one its key makes, at this time, for this body.
//!
//! Signatures of headers are good for 15 minutes around their time, as the developer guides of SQS, SNS and
//! S3 say ("Signature Version 4": requests must arrive within 15 minutes of their time stamp); some other
//! services of AWS allow five.

use http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::canonical;
use super::chunked::Framing;
use super::errors::{self, Scope};
use super::header::only;
use super::timestamp::Stamp;
use super::{ALGORITHM, Form, Mac, Signature, SigningKey, TERMINATOR, UNSIGNED_PAYLOAD};
use crate::AwsError;

/// How far clocks may differ, in seconds.
const SKEW: i64 = 15 * 60;

/// What came after the request's head.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// The body as it arrived. Not looked at when the request says that its payload is unsigned, or signed
    /// in chunks: those go through [`super::chunked::Decoder`].
    Body(&'a [u8]),
    /// The SHA-256 of a body that was hashed on its way.
    Digest(Mac),
}

impl Payload<'_> {
    fn digest(self) -> Mac {
        match self {
            Self::Body(bytes) => Sha256::digest(bytes).into(),
            Self::Digest(digest) => digest,
        }
    }
}

impl Signature {
    /// Checks the signature with the key of its own scope (see [`SigningKey::derive`]).
    pub fn verify(
        &self,
        request: &Parts,
        payload: Payload<'_>,
        key: &SigningKey,
        now: i64,
    ) -> Result<(), AwsError> {
        self.in_time(now)?;
        self.covers_headers(request)?;
        let claim = self.payload_claim(request)?;
        let signed = match claim {
            Some(text) => text.to_owned(),
            None => hex::encode(payload.digest()),
        };
        let canonical = canonical::hash(request, &self.signed_headers, &signed, self.rules());
        let scope = format!("{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service);
        let head = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            Stamp(self.signed_at),
            hex::encode(canonical)
        );
        if !bool::from(key.sign(&[head.as_bytes()]).ct_eq(&self.signature)) {
            return Err(errors::mismatch());
        }
        match claim {
            Some(text) if is_hash(text) && text != hex::encode(payload.digest()) => {
                let text = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                Err(errors::PAYLOAD_MISMATCH.because(text))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn rules(&self) -> Scope {
        if self.service == "s3" {
            Scope::S3
        } else {
            Scope::Other
        }
    }

    fn in_time(&self, now: i64) -> Result<(), AwsError> {
        if self.signed_at > now.saturating_add(SKEW) {
            return Err(errors::too_new(self.signed_at, now, SKEW, self.rules()));
        }
        let age = now.saturating_sub(self.signed_at);
        match self.form {
            Form::Header if age > SKEW => Err(errors::too_old(self.signed_at, now, SKEW, self.rules())),
            Form::Presigned { expires } if age > i64::from(expires) => Err(errors::url_expired(
                self.signed_at,
                now,
                i64::from(expires),
                self.rules(),
            )),
            _ => Ok(()),
        }
    }

    /// What an attacker on the way could add must not change what the request means: the host and all of
    /// AWS's own headers have to be signed.
    fn covers_headers(&self, request: &Parts) -> Result<(), AwsError> {
        let signed = |name: &str| {
            self.signed_headers
                .binary_search_by(|one| one.as_str().cmp(name))
                .is_ok()
        };
        let mut needed = request
            .headers
            .keys()
            .map(|name| name.as_str())
            .filter(|name| name.starts_with("x-amz-"));
        match std::iter::once("host")
            .chain(&mut needed)
            .find(|name| !signed(name))
        {
            Some(name) => Err(errors::header_not_signed(name, self.rules())),
            None => Ok(()),
        }
    }

    /// What the request says its payload's hash is. Only S3 lets the caller say so; every other service
    /// hashes the body whatever the header says.
    fn payload_claim<'a>(&self, request: &'a Parts) -> Result<Option<&'a str>, AwsError> {
        if self.rules() == Scope::Other {
            return Ok(None);
        }
        match (only(&request.headers, "x-amz-content-sha256")?, self.form) {
            (Some(text), _) if is_hash(text) || text == UNSIGNED_PAYLOAD || Framing::named(text).is_some() => Ok(Some(text)),
            (Some(_), _) => Err(errors::INVALID_REQUEST.because(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER or a valid sha256 \
                 value.",
            )),
            (None, Form::Presigned { .. }) => Ok(Some(UNSIGNED_PAYLOAD)),
            (None, Form::Header) => Err(errors::INVALID_REQUEST
                .because("Missing required header for this request: x-amz-content-sha256")),
        }
    }
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
