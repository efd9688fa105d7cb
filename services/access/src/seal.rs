//! Sealing with the installation's master key, which this crate never sees.

/// Seals and opens small values; each for a place that `context` names, and only there.
pub trait Seal: Send + Sync {
    fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, SealError>;
    fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, SealError>;
}

/// A value that cannot be sealed, or does not open: another key, another place, or damage.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value cannot be used: {0}")]
pub struct SealError(pub String);

/// Where things are sealed for; a value of one place does not open in another.
pub(crate) mod place {
    use crate::gate::Mode;

    /// The secret of an access key.
    pub fn secret(key: &str) -> String {
        format!("access key {key}")
    }

    /// A session token. What a server gives out that checks no signatures is worth nothing where they are
    /// checked.
    pub fn session(mode: Mode) -> &'static str {
        match mode {
            Mode::Signed => "session token",
            Mode::Development => "session token of development",
        }
    }
}
