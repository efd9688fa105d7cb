//! Receipt handles: which message, of which queue, of which receive.

/// What a receipt handle says. It is told as text that carries a keyed hash, so that no other text is
/// taken for one; the backend makes and reads that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub queue: i64,
    pub message: i64,
    /// How often the message had been received, that receive included.
    pub receive: u32,
}
