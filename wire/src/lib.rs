//! AWS's wire protocols: which service and protocol a request is of, signatures, codecs, errors.
//!
//! Holds no storage, no web framework's state, no clock and no socket: bytes and values in, values and
//! bytes out. What a service does with a request is the service's.

pub mod call;
pub mod codec;
pub mod detect;
pub mod error;
pub mod names;
pub mod operation;
pub mod sigv4;
pub mod value;

pub use call::{Call, Protocol, Service};
pub use error::{AwsError, Fault, Kind};
pub use names::{Member, Names, Shape};
pub use operation::Operation;
pub use value::{Blob, Timestamp};
