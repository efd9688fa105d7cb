//! The AWS side of the server's one port: requests in AWS's protocols are told apart from everything
//! else by their heads, authenticated, and handed to their service; and instances get credentials.
//!
//! Decides nothing about services. Invariant: nothing reaches a service without a caller whose
//! signature was verified, except callers without one, whom only a resource's own policy can let in.

pub mod credentials;
mod front;
pub mod queues;
mod seal;
pub mod setup;
#[cfg(test)]
mod tests;

pub use self::{front::Entrance, seal::AccessSeal, setup::in_front};
