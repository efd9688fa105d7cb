//! Who calls, and what they may do: accounts, access keys, principals, policies, STS.
//!
//! Services ask two questions here: "who signed this" and, by [`authorize`], "may they".

pub mod caller;
pub mod decide;
mod defaults;
pub mod errors;
pub mod gate;
pub mod keys;
pub mod policy;
pub mod seal;
mod session;
pub mod store;
pub mod sts;

pub use caller::{AccountId, Arn, Caller, Principal};
pub use decide::{Ask, Decision, authorize};
pub use gate::{Gate, INSTALLATION_ACCOUNT, Mode};
pub use keys::KeyPair;
pub use policy::{Context, Policy, PolicyError, Transport, request_context};
pub use seal::{Seal, SealError};
pub use session::Credentials;
