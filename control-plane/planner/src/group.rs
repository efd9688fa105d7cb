//! A second group beside the old one: the mechanics that Immutable and TrafficSplitting share.
//!
//! The old group is held at strength all the while. Invariant: nothing old leaves before as many
//! new ones serve as are desired.

use crate::{
    cause::Cause,
    change::{Phase, Purpose},
    draft::{Ceiling, Draft, Row, Step},
    ending, gate,
    in_place::impatience,
    patience,
    placement::Obstacle,
    policy::Bounds,
    reason::Reason,
    snapshot::Deployment,
    steady,
};

/// Holds the old group; the new one may grow up to the policy's ceiling. Answers what is in the way.
pub(crate) fn hold_old(draft: &mut Draft<'_>, deployment: &Deployment, bounds: Bounds) -> Option<Obstacle> {
    draft.ceiling = Ceiling {
        running: bounds.running,
        total: bounds.total,
    };
    steady::hold(draft, deployment.previous.as_ref(), |row| !row.is_new)
}

/// Launches new instances until there are `size`; a lost one is replaced. Answers what is in the way.
pub(crate) fn grow(draft: &mut Draft<'_>, deployment: &Deployment, size: u32) -> Option<Obstacle> {
    let present = draft.count(|row| row.is_new && row.stays() && !row.lost);
    for _ in present..size {
        let lost = draft
            .indices(|row| row.is_new && row.stays() && row.lost)
            .first()
            .copied();
        let launched = draft.launch(&deployment.target, Purpose::Deployment, lost, |host| {
            Reason::LaunchedForDeployment { host }
        });
        if let Err(obstacle) = launched {
            draft.hinder(&obstacle);
            return Some(obstacle);
        }
    }
    None
}

/// The cause of failure when the new group does not get on: an obstacle that stays, or too long a wait.
pub(crate) fn stuck(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    obstacle: Option<Obstacle>,
) -> Option<Cause> {
    if let Some(cause) = obstacle.as_ref().and_then(|obstacle| impatience(draft, obstacle)) {
        return Some(cause);
    }
    let deadline = patience::deadline(draft, deployment, |row| row.is_new);
    overdue(draft, deadline, obstacle)
}

/// The cause when `deadline` has come.
pub(crate) fn overdue(
    draft: &mut Draft<'_>,
    deadline: beanpole_protocol::Timestamp,
    obstacle: Option<Obstacle>,
) -> Option<Cause> {
    if !patience::elapsed(draft, deadline) {
        return None;
    }
    let unwell = draft.live().find_map(|(_, row)| {
        let instance = row.id.clone()?;
        (row.is_new && row.stays() && !row.lost && !row.healthy()).then(|| Cause::InstanceFailed {
            instance,
            detail: row.detail(),
        })
    });
    let seconds = draft.now.since(draft.phase_since).as_secs();
    Some(
        obstacle
            .and_then(|obstacle| obstacle.cause())
            .or(unwell)
            .unwrap_or(Cause::Overdue { seconds }),
    )
}

/// New instances in service that count as well.
pub(crate) fn serving(draft: &Draft<'_>) -> u32 {
    draft.count(|row| row.is_new && draft.serves(row))
}

/// New instances on standby that the gate would let through.
pub(crate) fn ready(draft: &Draft<'_>, deployment: &Deployment) -> u32 {
    draft.count(|row| {
        row.is_new && row.standby() && !row.lost && gate::of(draft, deployment, row) != gate::Gate::Waiting
    })
}

/// The new group serves alone from now on: every old instance leaves.
pub(crate) fn replace_old(draft: &mut Draft<'_>) -> Step {
    let old = draft.count(|row| !row.is_new && row.stays());
    draft.advance(Phase::CleaningUp, Reason::CleaningUp { instances: old })
}

/// Phase `CleaningUp`: waits until nothing old runs any more. Nothing can fail it.
pub(crate) fn clean_up(draft: &mut Draft<'_>, deployment: &Deployment) -> Step {
    for at in draft.indices(|row| !row.is_new && row.stays()) {
        draft.take_out(at, |instance| Reason::ReplacedByNewVersion { instance });
    }
    match draft.count(|row| !row.is_new && Row::runs(row)) {
        0 => ending::succeed(draft, deployment),
        _ => Step::Wait,
    }
}
