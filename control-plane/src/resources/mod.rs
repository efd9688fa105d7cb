//! What a version's configuration files are for one environment: option settings with their functions
//! evaluated, and the queues that they declare.
//!
//! A version is of no environment, so that this is found out when a deployment is accepted. [`evaluate`] and
//! [`changes`] are pure; [`provide`] makes, changes and removes queues in the transactions in which
//! deployments begin and end. Invariants: queues are there before an instance is that is told of them; nothing
//! is removed before a deployment without it has ended well.

pub mod changes;
pub mod evaluate;
mod here;
mod late;
pub mod provide;
#[cfg(test)]
mod tests;

pub use self::{
    evaluate::{Brought, bring},
    here::{Here, Subject},
};
