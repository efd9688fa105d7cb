//! AllAtOnce: all old instances stop at once, then the new ones start. Nothing serves in between.
//!
//! Launches follow it too, with nothing to stop. If no instance of the new version
//! comes up, the release before is launched again before the deployment ends.

use super::{Bounds, batch, prepare, replace_batch, stray};
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
        Phase::Batch { .. } => match replace_batch(draft, deployment, bounds, 1, Leave::Abruptly) {
            Err(cause) => ending::fail(draft, deployment, cause),
            Ok(true) if draft.count(|row| !row.is_new && Row::runs(row)) == 0 => {
                ending::succeed(draft, deployment)
            }
            Ok(_) => Step::Wait,
        },
        Phase::Canary
        | Phase::NewGroup
        | Phase::Evaluating
        | Phase::CleaningUp
        | Phase::Returning { .. }
        | Phase::Terminating => stray(draft, deployment),
    }
}
