//! The entrance: what is due anyway, then the running deployment or the steady state.

use beanpole_protocol::{Timestamp, api::DeploymentKind};

use crate::{
    change::{Phase, Plan},
    draft::{Draft, Step},
    ending, limits, policy, returning,
    snapshot::{Deployment, Snapshot},
    steady, sweep, terminating,
};

/// What is to be done now, and when to ask again at the latest. Level-triggered: it may be called
/// at any time and any number of times; a world in which nothing is to be done gets no change.
pub fn plan(snapshot: &Snapshot, now: Timestamp) -> Plan {
    let mut draft = Draft::new(snapshot, now);
    sweep::run(&mut draft);
    match &snapshot.deployment {
        None => steady::run(&mut draft),
        Some(deployment) if deployment.kind == DeploymentKind::Terminate => {
            terminating::step(&mut draft);
        }
        Some(deployment) => run(&mut draft, deployment),
    }
    draft.into_plan()
}

/// Goes through as many phases as the world allows at once.
fn run(draft: &mut Draft<'_>, deployment: &Deployment) {
    for _ in 0..limits::MAX_STEPS {
        let aborted = deployment
            .abort
            .as_ref()
            .and_then(|abort| ending::abort(draft, deployment, abort));
        let step = match (aborted, draft.phase.clone()) {
            (Some(step), _) => step,
            (None, Phase::Returning { status, cause }) => returning::step(draft, deployment, status, &cause),
            (None, _) => policy::step(draft, deployment),
        };
        if step != Step::Again {
            break;
        }
    }
}
