//! May this caller do that: policies of the caller and of the resource together.

use std::collections::BTreeMap;

use crate::{AccountId, Arn, Caller, Policy};

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// `sqs:SendMessage`.
    pub action: &'a str,
    pub resource: &'a Arn,
    /// The account that the resource is of.
    pub owner: &'a AccountId,
    /// Id of the application that owns the resource: its environments may use it.
    pub application: Option<&'a str>,
    /// The resource's own policy.
    pub policy: Option<&'a Policy>,
    /// Condition keys in lower case (`aws:sourcearn`) and their values.
    pub context: &'a BTreeMap<String, Vec<String>>,
}

/// Allowed, or why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// A statement says no.
    ExplicitlyDenied,
    /// No statement says yes.
    NotAllowed,
}

/// IAM's evaluation: an explicit deny wins; within one account either side may allow, across
/// accounts both have to.
pub fn authorize(_caller: &Caller, _ask: &Ask<'_>) -> Decision {
    Decision::NotAllowed
}
