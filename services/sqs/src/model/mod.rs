//! What operations and the backend speak of: queues, messages, receipts. Values without I/O.

pub mod message;
pub mod queue;
pub mod receipt;

pub use message::{Delivered, Outgoing, Sent};
pub use queue::{Attributes, Kind, Queue, QueueKey};
pub use receipt::Receipt;

/// Milliseconds since 1970, as the message store counts time.
pub type Millis = i64;
