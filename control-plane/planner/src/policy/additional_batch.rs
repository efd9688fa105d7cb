//! RollingWithAdditionalBatch: one batch of new instances more first, then Rolling at full strength.
//!
//! When as many new ones serve as are desired, the old ones that are left (one batch) go.

use super::{Bounds, batch, next_batch, prepare, replace_batch, stray};
use crate::{
    change::Phase,
    draft::{Draft, Step},
    ending, group,
    in_place::Leave,
    preparing::Need,
    snapshot::Deployment,
};

pub(super) fn step(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    match draft.phase {
        Phase::Preparing => {
            let extra = if bounds.desired == 0 { 0 } else { bounds.batch };
            prepare(draft, deployment, bounds, Need::Extra(extra), batch(1, bounds))
        }
        Phase::Batch { number } => match replace_batch(draft, deployment, bounds, number, Leave::Draining) {
            Err(cause) => ending::fail(draft, deployment, cause),
            Ok(false) => Step::Wait,
            Ok(true) if bounds.batch.saturating_mul(number) < bounds.desired => {
                let (next, reason) = batch(next_batch(draft, bounds, number), bounds);
                draft.advance(next, reason)
            }
            Ok(true) => group::replace_old(draft),
        },
        Phase::CleaningUp => group::clean_up(draft, deployment),
        Phase::Canary
        | Phase::NewGroup
        | Phase::Evaluating
        | Phase::Returning { .. }
        | Phase::Terminating => stray(draft, deployment),
    }
}
