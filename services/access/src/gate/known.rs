//! One access key with all that is needed to check its signatures and to say who it is.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use beanpole_wire::{
    AwsError,
    sigv4::{Payload, Signature, SigningKey, errors as signatures},
};
use http::request::Parts;

use crate::Caller;

/// Scopes for which a key's signing keys are kept: a client uses a few services of a region or two.
const SCOPES: usize = 16;

/// Which sort of key it is.
pub(super) enum Sort {
    Lasting {
        /// No use of today is remembered yet.
        unnoticed: AtomicBool,
    },
    Session {
        token: String,
        /// Seconds since 1970.
        expires: i64,
    },
}

pub(super) struct Known {
    pub caller: Caller,
    pub sort: Sort,
    secret: String,
    signing: RwLock<Vec<Scoped>>,
}

struct Scoped {
    date: String,
    region: String,
    service: String,
    key: SigningKey,
}

impl Known {
    pub fn new(caller: Caller, secret: String, sort: Sort) -> Self {
        Self {
            caller,
            sort,
            secret,
            signing: RwLock::default(),
        }
    }

    /// Whether it is what a request with this token means.
    pub fn goes_with(&self, token: Option<&str>) -> bool {
        match &self.sort {
            Sort::Lasting { .. } => token.is_none(),
            Sort::Session { token: ours, .. } => token == Some(ours),
        }
    }

    /// Whether a session still lasts.
    pub fn check_time(&self, now: i64) -> Result<(), AwsError> {
        match self.sort {
            Sort::Session { expires, .. } if now >= expires => Err(signatures::expired_token()),
            _ => Ok(()),
        }
    }

    /// Whether the signature is this key's.
    pub fn verify(
        &self,
        signature: &Signature,
        parts: &Parts,
        body: &[u8],
        now: i64,
    ) -> Result<(), AwsError> {
        signature.verify(parts, Payload::Body(body), &self.signing_key(signature), now)
    }

    /// True once for a lasting key whose use of today is not remembered.
    pub fn take_first_use(&self) -> bool {
        match &self.sort {
            Sort::Lasting { unnoticed } => {
                unnoticed.load(Ordering::Relaxed) && unnoticed.swap(false, Ordering::Relaxed)
            }
            Sort::Session { .. } => false,
        }
    }

    fn signing_key(&self, of: &Signature) -> SigningKey {
        let is_it =
            |one: &Scoped| one.date == of.date && one.region == of.region && one.service == of.service;
        let kept = self.signing.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|one| is_it(one)) {
            return found.key.clone();
        }
        drop(kept);
        let key = SigningKey::derive(&self.secret, &of.date, &of.region, &of.service);
        let mut kept = self.signing.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever knows a key's id can name any scope: those of no use must not push out the others.
        if kept.len() < SCOPES && !kept.iter().any(is_it) {
            kept.push(Scoped {
                date: of.date.clone(),
                region: of.region.clone(),
                service: of.service.clone(),
                key: key.clone(),
            });
        }
        key
    }
}
