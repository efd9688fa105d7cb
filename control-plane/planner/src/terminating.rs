//! A deployment of kind `Terminate`: everything drains, stops and is forgotten.

use beanpole_protocol::api::DeploymentStatus;

use crate::{
    change::Phase,
    draft::{Draft, Step},
    reason::Reason,
};

pub(crate) fn step(draft: &mut Draft<'_>) -> Step {
    if draft.phase != Phase::Terminating {
        let instances = draft.count(|_| true);
        draft.advance(Phase::Terminating, Reason::TerminationStarting { instances });
    }
    draft.set_split(None, Reason::SplitEnds);
    for at in draft.indices(|row| row.lost) {
        draft.forget_lost(at);
    }
    for at in draft.indices(|row| row.stays()) {
        draft.take_out(at, |instance| Reason::EnvironmentTerminates { instance });
    }
    match draft.count(|_| true) {
        0 => draft.finish(DeploymentStatus::Succeeded, None, Reason::Terminated),
        _ => Step::Wait,
    }
}
