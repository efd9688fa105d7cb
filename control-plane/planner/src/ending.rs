//! How a deployment ends: well, in failure, by an abort; and what each leaves behind.
//!
//! After a failure the current release is what it was before, so that lost and failed instances are
//! replaced with the last good one. An environment whose very first release failed its gate has no
//! such release: it keeps trying to be what was asked for, until a later deployment repairs it. An
//! abort stops in-place policies where they are only while the release before still serves; later,
//! the last clean-up included, it turns back.

use beanpole_protocol::{
    Release,
    api::{DeploymentKind, DeploymentPolicy, DeploymentStatus},
};

use crate::{
    cause::Cause,
    change::Phase,
    draft::{Draft, Row, Step},
    options::OnFailure,
    patience, policy,
    reason::{Left, Reason},
    snapshot::{AbortRequest, Deployment},
};

/// All of the old is gone or on its way.
pub(crate) fn succeed(draft: &mut Draft<'_>, deployment: &Deployment) -> Step {
    if !patience::served(draft) {
        return Step::Wait;
    }
    let instances = draft.count(|row| row.is_new && row.in_service() && !row.lost);
    let desired = draft.snapshot.desired;
    let reason = match deployment.kind {
        DeploymentKind::Launch => Reason::Launched { instances, desired },
        _ => Reason::Deployed { instances, desired },
    };
    draft.finish(
        DeploymentStatus::Succeeded,
        Some(deployment.target.clone()),
        reason,
    )
}

/// Failed while images were being made: the old instances never noticed.
pub(crate) fn fail_untouched(draft: &mut Draft<'_>, deployment: &Deployment, cause: Cause) -> Step {
    let reason = Reason::Failed {
        cause,
        left: Left::Untouched,
    };
    draft.finish(DeploymentStatus::Failed, deployment.previous.clone(), reason)
}

/// Failed after instances were touched: what follows is the policy's. Where nothing serves any more
/// there is nothing to leave as it is: the release before comes back.
pub(crate) fn fail(draft: &mut Draft<'_>, deployment: &Deployment, cause: Cause) -> Step {
    if returns(deployment) || can_return(deployment) && draft.serving() == 0 {
        return turn_back(draft, DeploymentStatus::RolledBack, cause);
    }
    let reason = Reason::Failed {
        cause,
        left: left_behind(draft, deployment),
    };
    draft.finish(DeploymentStatus::Failed, current_after(draft, deployment), reason)
}

/// What an abort does in the phase the deployment is in; nothing where it goes back already.
pub(crate) fn abort(draft: &mut Draft<'_>, deployment: &Deployment, abort: &AbortRequest) -> Option<Step> {
    if !draft.phase.abort_turns_back() {
        return None;
    }
    let by = abort.by.clone();
    if draft.phase == Phase::Preparing {
        let reason = Reason::Aborted {
            by,
            left: Left::Untouched,
        };
        return Some(draft.finish(DeploymentStatus::Aborted, deployment.previous.clone(), reason));
    }
    // To stop where it is means a mixture; with nothing old left in service it would be the new
    // version alone, or nothing at all.
    let old_serve = draft.count(|row| !row.is_new && draft.serves(row)) > 0;
    if deployment.previous.is_none() || returns(deployment) || can_return(deployment) && !old_serve {
        return Some(turn_back(draft, DeploymentStatus::Aborted, Cause::Aborted { by }));
    }
    let reason = Reason::Aborted {
        by,
        left: left_behind(draft, deployment),
    };
    Some(draft.finish(
        DeploymentStatus::Aborted,
        current_after(draft, deployment),
        reason,
    ))
}

fn turn_back(draft: &mut Draft<'_>, status: DeploymentStatus, cause: Cause) -> Step {
    let previous = draft.snapshot.deployment.as_ref().map(|d| d.previous.is_some());
    let reason = match previous {
        Some(false) => Reason::LaunchEnds { cause: cause.clone() },
        _ => Reason::ReturnStarting { cause: cause.clone() },
    };
    draft.advance(Phase::Returning { status, cause }, reason)
}

/// Whether instances go back by themselves: a new group always leaves; in place only where the
/// option says so.
fn returns(deployment: &Deployment) -> bool {
    match policy::in_force(deployment) {
        DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting => true,
        DeploymentPolicy::AllAtOnce
        | DeploymentPolicy::Rolling
        | DeploymentPolicy::RollingWithAdditionalBatch => {
            deployment.options.on_failure == OnFailure::RollBack && can_return(deployment)
        }
    }
}

/// Whether there is another release to go back to.
fn can_return(deployment: &Deployment) -> bool {
    let other = |previous: &Release| *previous != deployment.target;
    deployment.previous.as_ref().is_some_and(other)
}

/// The release that lost instances are replaced with after an end without success.
pub(crate) fn current_after(draft: &Draft<'_>, deployment: &Deployment) -> Option<Release> {
    let launched = draft.count(|row| row.is_new && row.runs()) > 0;
    deployment
        .previous
        .clone()
        .or_else(|| launched.then(|| deployment.target.clone()))
}

pub(crate) fn left_behind(draft: &Draft<'_>, deployment: &Deployment) -> Left {
    let in_service = |row: &Row| row.in_service() && !row.lost && !row.dead();
    let new = draft.count(|row| in_service(row) && row.is_new);
    let old = draft.count(|row| in_service(row) && !row.is_new);
    match (new, old) {
        (0, 0) if deployment.previous.is_none() && draft.count(Row::runs) == 0 => Left::Nothing,
        (new, old) if deployment.previous.is_none() => Left::NothingBefore { serving: new + old },
        (0, 0) => Left::NothingServes,
        (new, old) => Left::Mixed { new, old },
    }
}
