//! May this caller do that: policies of the caller and of the resource together.
//!
//! IAM's rules: an explicit deny wins; within one account either side may allow, across accounts both
//! have to; a session policy only narrows. Beside them stands one rule of our own: an environment may
//! use what its application owns.

mod assume;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::{
    AccountId, Arn, Caller, Policy, Principal,
    policy::{Context, Effect, Match},
};

pub use assume::may_assume;

/// What a caller wants.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// `sqs:SendMessage`.
    pub action: &'a str,
    pub resource: &'a Arn,
    /// The account that the resource is of.
    pub owner: &'a AccountId,
    /// Id of the application that owns the resource: its environments may use it. For a resource that
    /// is to be created: the application that will own it, which is the caller's own.
    pub application: Option<&'a str>,
    /// The resource's own policy.
    pub policy: Option<&'a Policy>,
    /// Condition keys in lower case (`aws:sourcearn`) and their values; those of
    /// [`crate::request_context`] and the service's own.
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

/// What the owner's root may do even where the resource's policy denies it, so that a policy that
/// denies everybody everything can be taken back.
const UNLOCKING: &[&str] = &["sqs:getqueueattributes", "sqs:setqueueattributes"];

/// IAM's evaluation; see the module.
pub fn authorize(caller: &Caller, ask: &Ask<'_>) -> Decision {
    let keys = caller.keys();
    let context = Context::of(ask.context).with_caller(&keys);
    let own = caller.policies.iter().chain(caller.session.iter());
    let owner = *ask.owner == caller.account;
    let unlocks = owner
        && caller.principal == Principal::Root
        && UNLOCKING
            .iter()
            .any(|action| action.eq_ignore_ascii_case(ask.action));
    if own
        .into_iter()
        .any(|policy| says(policy, Effect::Deny, ask, &context))
        || (!unlocks && resource_says(caller, Effect::Deny, ask, &context) != Match::No)
    {
        return Decision::ExplicitlyDenied;
    }
    let narrowed = !caller.session.is_empty()
        && !caller
            .session
            .iter()
            .any(|policy| says(policy, Effect::Allow, ask, &context));
    let resource = resource_says(caller, Effect::Allow, ask, &context);
    let allowed = !narrowed
        && match &caller.principal {
            Principal::Anonymous | Principal::Service { .. } => resource == Match::Caller,
            _ if owner => resource == Match::Caller || identity_allows(caller, ask, &context),
            _ => resource != Match::No && identity_allows(caller, ask, &context),
        };
    if allowed {
        Decision::Allowed
    } else {
        Decision::NotAllowed
    }
}

/// Whether the caller's own side allows it.
fn identity_allows(caller: &Caller, ask: &Ask<'_>, context: &Context<'_>) -> bool {
    let by_default = match &caller.principal {
        Principal::Root => true,
        Principal::Environment { application, .. } => {
            *ask.owner == caller.account && ask.application == Some(application)
        }
        _ => false,
    };
    by_default
        || caller
            .policies
            .iter()
            .any(|policy| says(policy, Effect::Allow, ask, context))
}

/// Whether a statement of a principal's or session's policy says so.
fn says(policy: &Policy, effect: Effect, ask: &Ask<'_>, context: &Context<'_>) -> bool {
    policy
        .statements
        .iter()
        .any(|one| one.effect == effect && one.applies(ask.action, &ask.resource.0, context))
}

/// How directly the resource's policy says so of the caller.
fn resource_says(caller: &Caller, effect: Effect, ask: &Ask<'_>, context: &Context<'_>) -> Match {
    let Some(policy) = ask.policy else {
        return Match::No;
    };
    let spoken = policy
        .statements
        .iter()
        .filter(|one| one.effect == effect && one.applies(ask.action, &ask.resource.0, context));
    spoken.map(|one| one.principal(caller)).max().unwrap_or(Match::No)
}

impl Decision {
    /// The sentence of an `AccessDenied` error; none: it is allowed.
    pub fn refusal(&self, caller: &Caller, ask: &Ask<'_>) -> Option<String> {
        let because = match self {
            Self::Allowed => return None,
            Self::ExplicitlyDenied => "with an explicit deny in a policy",
            Self::NotAllowed => "because no policy allows it",
        };
        let (who, action, resource) = (caller.arn(), ask.action, ask.resource);
        Some(format!(
            "User: {who} is not authorized to perform: {action} on resource: {resource} {because}"
        ))
    }
}
