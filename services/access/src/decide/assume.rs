//! May this caller become that role: the role's trust has to say so, and the caller's side too unless the
//! trust means the caller itself.

use super::{Ask, Decision, identity_allows, resource_says, says};
use crate::{
    Caller, Principal,
    policy::{Context, Effect, Match},
};

/// IAM's evaluation for `sts:AssumeRole`; `ask.policy` is the role's trust. Unlike with other resources,
/// the caller's own policies alone never suffice.
pub fn may_assume(caller: &Caller, ask: &Ask<'_>) -> Decision {
    let keys = caller.keys();
    let context = Context::of(ask.context).with_caller(&keys);
    let denied = caller
        .policies
        .iter()
        .chain(caller.session.iter())
        .any(|policy| says(policy, Effect::Deny, ask, &context));
    if denied || resource_says(caller, Effect::Deny, ask, &context) != Match::No {
        return Decision::ExplicitlyDenied;
    }
    let narrowed = !caller.session.is_empty()
        && !caller
            .session
            .iter()
            .any(|policy| says(policy, Effect::Allow, ask, &context));
    let own = || identity_allows(caller, ask, &context);
    let trusted = match resource_says(caller, Effect::Allow, ask, &context) {
        Match::No => false,
        Match::Account => own(),
        Match::Caller => *ask.owner == caller.account || own(),
    };
    let somebody = !matches!(caller.principal, Principal::Anonymous | Principal::Service { .. });
    if trusted && somebody && !narrowed {
        Decision::Allowed
    } else {
        Decision::NotAllowed
    }
}
