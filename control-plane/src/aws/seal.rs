//! The master key as `beanpole_access` sees it.

use beanpole_access::{Seal, SealError};

use crate::secrets::Secrets;

/// Seals with a key of its own, so that nothing of the control plane's opens there, nor the other way.
pub struct AccessSeal(Secrets);

impl AccessSeal {
    pub fn of(secrets: &Secrets) -> Self {
        Self(Secrets::from_key(secrets.derive("access")))
    }
}

impl Seal for AccessSeal {
    fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, SealError> {
        let sealed = self.0.seal(plain, context);
        sealed.map_err(|error| SealError(error.to_string()))
    }

    fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, SealError> {
        let plain = self.0.open(sealed, context);
        plain.map_err(|error| SealError(error.to_string()))
    }
}
