//! Immutable: one new instance serves beside the old ones; then a whole new group; then the old one goes.
//!
//! The old group is not touched before the new one serves in full. On failure the new group goes.

use super::{Bounds, prepare, stray};
use crate::{
    change::Phase,
    draft::{Draft, Step},
    ending, gate, group,
    preparing::Need,
    reason::Reason,
    snapshot::Deployment,
};

pub(super) fn step(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    match draft.phase {
        Phase::Preparing => prepare(
            draft,
            deployment,
            bounds,
            Need::Beside,
            (Phase::Canary, Reason::CanaryStarting),
        ),
        Phase::Canary => {
            let next = |draft: &mut Draft<'_>| {
                let reason = Reason::NewGroupStarting {
                    instances: bounds.desired,
                };
                draft.advance(Phase::NewGroup, reason)
            };
            grow_to(draft, deployment, bounds, bounds.desired.min(1), next)
        }
        Phase::NewGroup => grow_to(draft, deployment, bounds, bounds.desired, group::replace_old),
        Phase::CleaningUp => group::clean_up(draft, deployment),
        Phase::Batch { .. } | Phase::Evaluating | Phase::Returning { .. } | Phase::Terminating => {
            stray(draft, deployment)
        }
    }
}

fn grow_to(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    bounds: Bounds,
    size: u32,
    next: impl FnOnce(&mut Draft<'_>) -> Step,
) -> Step {
    if let Some(cause) = gate::failure(draft, deployment, |row| row.is_new) {
        return ending::fail(draft, deployment, cause);
    }
    group::hold_old(draft, deployment, bounds);
    let obstacle = group::grow(draft, deployment, size);
    gate::admit(draft, deployment, |row| row.is_new);
    if group::serving(draft) >= size {
        return next(draft);
    }
    match group::stuck(draft, deployment, obstacle) {
        Some(cause) => ending::fail(draft, deployment, cause),
        None => Step::Wait,
    }
}
