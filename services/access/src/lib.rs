//! Who calls, and what they may do: accounts, access keys, principals, policies, STS.
//!
//! Services ask two questions here: "who signed this" and, by [`authorize`], "may they".

pub mod caller;
pub mod decide;
pub mod policy;
pub mod seal;
pub mod store;

pub use caller::{AccountId, Arn, Caller, Principal};
pub use decide::{Ask, Decision, authorize};
pub use policy::{Context, Policy, PolicyError, Transport, request_context};
pub use seal::{Seal, SealError};
