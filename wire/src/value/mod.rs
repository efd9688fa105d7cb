//! Values that every protocol writes in its own way.

mod blob;
mod timestamp;

pub use blob::Blob;
pub use timestamp::Timestamp;
pub(crate) use timestamp::{SECONDS, iso_8601};
