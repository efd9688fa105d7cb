//! The AWS side of the server's one port: requests in AWS's protocols are told apart from everything
//! else by their headers, authenticated, and handed to their service.
//!
//! Decides nothing about services. Invariant: nothing reaches a service without a caller whose
//! signature was verified, except callers without one, whom only a resource's own policy can let in.

mod front;
pub mod setup;

pub use self::front::{Front, aws_first};
