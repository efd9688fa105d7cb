//! TrafficSplitting: a whole new group, healthy but without traffic; then a share of the traffic for
//! `EvaluationTime`; then all of it.
//!
//! While the split is on, the two groups weigh `NewVersionPercent` and the rest. When a new instance
//! becomes unhealthy under its share, all traffic goes back at once and the new group goes.

use super::{Bounds, prepare, stray};
use crate::{
    cause::Cause,
    change::Phase,
    draft::{Draft, Step},
    ending, gate, group,
    options::HealthCheckRule,
    patience,
    preparing::Need,
    reason::Reason,
    snapshot::{Deployment, Observed},
};

pub(super) fn step(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    match draft.phase {
        Phase::Preparing => {
            let reason = Reason::NewGroupStarting {
                instances: bounds.desired,
            };
            prepare(draft, deployment, bounds, Need::Beside, (Phase::NewGroup, reason))
        }
        Phase::NewGroup => come_up(draft, deployment, bounds),
        Phase::Evaluating => evaluate(draft, deployment, bounds),
        Phase::CleaningUp => group::clean_up(draft, deployment),
        Phase::Batch { .. } | Phase::Canary | Phase::Returning { .. } | Phase::Terminating => {
            stray(draft, deployment)
        }
    }
}

/// The whole new group gets ready on standby.
fn come_up(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    if let Some(cause) = gate::failure(draft, deployment, |row| row.is_new) {
        return ending::fail(draft, deployment, cause);
    }
    group::hold_old(draft, deployment, bounds);
    let obstacle = group::grow(draft, deployment, bounds.desired);
    if group::ready(draft, deployment) + group::serving(draft) < bounds.desired {
        return match group::stuck(draft, deployment, obstacle) {
            Some(cause) => ending::fail(draft, deployment, cause),
            None => Step::Wait,
        };
    }
    gate::admit(draft, deployment, |row| row.is_new);
    let new_percent = share(draft, deployment);
    if bounds.desired > 0 {
        draft.set_split(Some(new_percent), Reason::SplitStarts { new_percent });
    }
    let seconds = deployment.options.evaluation_time.as_secs();
    draft.advance(
        Phase::Evaluating,
        Reason::EvaluationStarting { new_percent, seconds },
    )
}

fn evaluate(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Step {
    if let Some(cause) = unhealthy(draft, deployment) {
        return ending::fail(draft, deployment, cause);
    }
    if let Some(cause) = gate::failure(draft, deployment, |row| row.is_new) {
        return ending::fail(draft, deployment, cause);
    }
    group::hold_old(draft, deployment, bounds);
    // A new instance lost with its host says nothing about the version: another takes its place.
    let obstacle = group::grow(draft, deployment, bounds.desired);
    gate::admit(draft, deployment, |row| row.is_new);
    let new_percent = share(draft, deployment);
    if draft.split.is_some() {
        draft.set_split(Some(new_percent), Reason::SplitStarts { new_percent });
    }
    let end = draft.phase_since + deployment.options.evaluation_time;
    if !patience::elapsed(draft, end) {
        return Step::Wait;
    }
    if group::serving(draft) >= bounds.desired {
        if draft.split.is_some() {
            draft.set_split(Some(100), Reason::AllTrafficToNew);
        }
        return group::replace_old(draft);
    }
    let deadline =
        patience::deadline(draft, deployment, |row| row.is_new).max(end + deployment.options.timeout);
    match group::overdue(draft, deadline, obstacle) {
        Some(cause) => ending::fail(draft, deployment, cause),
        None => Step::Wait,
    }
}

/// The new group's percentage: nothing goes to a group without an instance in service.
fn share(draft: &Draft<'_>, deployment: &Deployment) -> u8 {
    let new = draft.count(|row| row.is_new && row.in_service());
    let old = draft.count(|row| !row.is_new && row.in_service());
    match (new, old) {
        (_, 0) => 100,
        (0, _) => 0,
        _ => deployment.options.new_version_percent.min(100),
    }
}

fn unhealthy(draft: &Draft<'_>, deployment: &Deployment) -> Option<Cause> {
    if deployment.options.health_check == HealthCheckRule::Ignore {
        return None;
    }
    draft.live().find_map(|(_, row)| match &row.observed {
        Observed::Unhealthy { detail } if row.is_new && row.in_service() && !row.lost => {
            let instance = row.id.clone()?;
            Some(Cause::UnhealthyInEvaluation {
                instance,
                detail: detail.clone(),
            })
        }
        _ => None,
    })
}
