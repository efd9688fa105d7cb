//! Phase `Returning`: every instance goes back to the release before, then the deployment ends.
//!
//! A new group simply leaves the old one alone again; in place, instances are replaced once more,
//! with the policy's own floor. When the way back fails too, the end says so instead of pretending.

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};

use crate::{
    cause::Cause,
    change::Purpose,
    draft::{Draft, Row, Step},
    ending, group,
    in_place::{self, Leave, Progress, Replacement},
    patience,
    policy::{self, Bounds},
    reason::{Left, Reason},
    snapshot::Deployment,
};

pub(crate) fn step(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    status: DeploymentStatus,
    cause: &Cause,
) -> Step {
    let bounds = policy::bounds(draft, deployment);
    match policy::in_force(deployment) {
        DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting => {
            drop_new_group(draft, deployment, bounds, status, cause)
        }
        DeploymentPolicy::AllAtOnce => replace(draft, deployment, bounds, Leave::Abruptly, (status, cause)),
        DeploymentPolicy::Rolling | DeploymentPolicy::RollingWithAdditionalBatch => {
            replace(draft, deployment, bounds, Leave::Draining, (status, cause))
        }
    }
}

/// All traffic goes back at once. New instances that serve stay in service only while the old group
/// has lost members of its own and is being brought back to strength, and no longer than `Timeout`.
fn drop_new_group(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    bounds: Bounds,
    status: DeploymentStatus,
    cause: &Cause,
) -> Step {
    group::hold_old(draft, deployment, bounds);
    let patience = draft.phase_since + deployment.options.timeout;
    let mut new = draft.indices(|row| row.is_new && row.stays());
    new.sort_by_key(|&at| draft.serves(&draft.rows[at]));
    for at in new {
        let needed = draft.serves(&draft.rows[at]) && draft.serving() <= bounds.floor;
        let strengthened = deployment.previous.is_some() && draft.now < patience;
        if needed && strengthened {
            draft.wake_at(patience);
        } else {
            draft.take_out(at, |instance| Reason::NewGroupLeaves { instance });
        }
    }
    let new_serve = draft.count(|row| row.is_new && row.in_service()) > 0;
    let old_serve = draft.count(|row| !row.is_new && row.in_service()) > 0;
    if draft.split.is_some() {
        let split = (new_serve && old_serve).then_some(0);
        draft.set_split(split, Reason::AllTrafficToOld);
    }
    match draft.count(|row| row.is_new && row.runs()) {
        0 => returned(draft, deployment, status, cause),
        _ => Step::Wait,
    }
}

fn replace(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    bounds: Bounds,
    leave: Leave,
    (status, cause): (DeploymentStatus, &Cause),
) -> Step {
    let Some(previous) = &deployment.previous else {
        return returned(draft, deployment, status, cause);
    };
    let since = draft.phase_since;
    // One that was there before and has died is no proof against the release; it is replaced.
    let good = |row: &Row| row.release == *previous && !(row.dead() && row.launched_at < since);
    let judged = |row: &Row| row.launched_at >= since;
    let progress = in_place::run(
        draft,
        deployment,
        &Replacement {
            release: previous,
            purpose: Purpose::Upkeep,
            good: &good,
            judged: &judged,
            goal: bounds.desired,
            bounds,
            leave,
            why: |instance| Reason::ReplacedByPreviousVersion { instance },
        },
    );
    let deadline = patience::deadline(draft, deployment, |_| true);
    let others = draft.count(|row| row.runs() && row.release != *previous);
    let because = match progress {
        Progress::Done if others == 0 => {
            return returned(draft, deployment, status, cause);
        }
        Progress::Failed(because) => because,
        Progress::Done | Progress::Waiting(_) if !patience::elapsed(draft, deadline) => return Step::Wait,
        Progress::Waiting(Some(because)) => because,
        Progress::Done | Progress::Waiting(None) => Cause::Overdue {
            seconds: draft.now.since(since).as_secs(),
        },
    };
    let reason = Reason::ReturnFailed {
        cause: cause.clone(),
        because,
    };
    draft.finish(
        DeploymentStatus::Failed,
        ending::current_after(draft, deployment),
        reason,
    )
}

fn returned(draft: &mut Draft<'_>, deployment: &Deployment, status: DeploymentStatus, cause: &Cause) -> Step {
    if !patience::served(draft) {
        return Step::Wait;
    }
    let current = deployment.previous.clone();
    let left = match deployment.previous {
        Some(_) => Left::Previous,
        None => ending::left_behind(draft, deployment),
    };
    match (status, cause) {
        (DeploymentStatus::Aborted, Cause::Aborted { by }) => draft.finish(
            DeploymentStatus::Aborted,
            current,
            Reason::Aborted { by: by.clone(), left },
        ),
        (_, cause) if deployment.previous.is_none() => {
            let reason = Reason::Failed {
                cause: cause.clone(),
                left,
            };
            draft.finish(DeploymentStatus::Failed, current, reason)
        }
        (_, cause) => draft.finish(
            DeploymentStatus::RolledBack,
            current,
            Reason::RolledBack { cause: cause.clone() },
        ),
    }
}
