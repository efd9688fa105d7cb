//! Rolling: a batch drains, stops and is replaced; when it is healthy and in service, the next.
//!
//! With a batch as large as the environment nothing serves for a while, as in Beanstalk.

use super::{Bounds, batch, next_batch, prepare, replace_batch, stray};
use crate::{
    change::Phase,
    draft::{Draft, Row, Step},
    ending,
    in_place::Leave,
    preparing::Need,
    snapshot::Deployment,
};

pub(super) fn step(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    match draft.phase {
        Phase::Preparing => prepare(draft, deployment, bounds, Need::InPlace, batch(1, bounds)),
        Phase::Batch { number } => match replace_batch(draft, deployment, bounds, number, Leave::Draining) {
            Err(cause) => ending::fail(draft, deployment, cause),
            Ok(false) => Step::Wait,
            Ok(true) if bounds.batch.saturating_mul(number) < bounds.desired => {
                let (next, reason) = batch(next_batch(draft, bounds, number), bounds);
                draft.advance(next, reason)
            }
            Ok(true) => match draft.count(|row| !row.is_new && Row::runs(row)) {
                0 => ending::succeed(draft, deployment),
                _ => Step::Wait,
            },
        },
        Phase::Canary
        | Phase::NewGroup
        | Phase::Evaluating
        | Phase::CleaningUp
        | Phase::Returning { .. }
        | Phase::Terminating => stray(draft, deployment),
    }
}
