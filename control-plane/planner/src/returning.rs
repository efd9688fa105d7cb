//! Phase `Returning`: every instance goes back to the release before, then the deployment ends.
//!
//! A new group simply leaves the old one alone again; in place, instances are replaced once more,
//! with the policy's own floor. Old ones that still drain are put back in service first. When the
//! way back fails too, the end says so instead of pretending. Invariant: it ends as returned only
//! when the release before serves as it should, or nothing ever did.

use beanpole_protocol::{
    Release,
    api::{DeploymentPolicy, DeploymentStatus},
};

use crate::{
    cause::Cause,
    change::Purpose,
    draft::{Draft, Row, Step},
    ending, gate, group,
    in_place::{self, Leave, Progress, Replacement},
    patience, placement,
    policy::{self, Bounds},
    reason::{Left, Reason},
    snapshot::Deployment,
};

/// How it will end, and what made it turn back.
type Verdict<'c> = (DeploymentStatus, &'c Cause);

pub(crate) fn step(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    status: DeploymentStatus,
    cause: &Cause,
) -> Step {
    let bounds = policy::bounds(draft, deployment);
    let Some(previous) = &deployment.previous else {
        return remove_new(draft, deployment, (status, cause));
    };
    match policy::in_force(deployment) {
        DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting => {
            drop_new_group(draft, deployment, previous, bounds, (status, cause))
        }
        DeploymentPolicy::AllAtOnce => replace(
            draft,
            deployment,
            previous,
            bounds,
            Leave::Abruptly,
            (status, cause),
        ),
        DeploymentPolicy::Rolling | DeploymentPolicy::RollingWithAdditionalBatch => replace(
            draft,
            deployment,
            previous,
            bounds,
            Leave::Draining,
            (status, cause),
        ),
    }
}

/// Whether an abort that was just asked for may want this draining instance again.
pub(crate) fn may_serve_again(draft: &Draft<'_>, row: &Row) -> bool {
    let turns = |deployment: &Deployment| {
        deployment.abort.is_some()
            && draft.phase.abort_turns_back()
            && deployment.previous.as_ref() == Some(&row.release)
    };
    draft.snapshot.deployment.as_ref().is_some_and(turns) && is_fit(row)
}

fn is_fit(row: &Row) -> bool {
    row.draining() && !row.lost && row.healthy()
}

/// Puts old instances that drain back in service, as many as are missing to `desired`.
fn call_back(draft: &mut Draft<'_>, previous: &Release, desired: u32) {
    let old = |row: &Row| row.release == *previous && !row.is_new;
    let present = draft.count(|row| old(row) && row.in_service() && !row.lost && !row.dead());
    let fit = draft.indices(|row| old(row) && is_fit(row));
    for at in fit.into_iter().take(desired.saturating_sub(present) as usize) {
        draft.put_in_service(at, |instance| Reason::BackInService { instance });
    }
}

/// Nothing ever served well here: what this deployment launched goes.
fn remove_new(draft: &mut Draft<'_>, deployment: &Deployment, verdict: Verdict<'_>) -> Step {
    draft.set_split(None, Reason::SplitEnds);
    for at in draft.indices(|row| row.is_new && row.stays()) {
        draft.take_out(at, |instance| Reason::NewGroupLeaves { instance });
    }
    match draft.count(|row| row.is_new && row.runs()) {
        0 => returned(draft, deployment, verdict),
        _ => Step::Wait,
    }
}

/// New instances that serve stay in service while the old group is brought back to strength: those of
/// a version that failed no longer than `Timeout`, those of an abort, which did no harm, until it is.
fn drop_new_group(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    previous: &Release,
    bounds: Bounds,
    verdict: Verdict<'_>,
) -> Step {
    call_back(draft, previous, bounds.desired);
    let since = draft.phase_since;
    let fresh = |row: &Row| !row.is_new && row.launched_at >= since;
    let failed = gate::failure(draft, deployment, fresh);
    let obstacle = group::hold_old(draft, deployment, bounds);
    let harmless = matches!(verdict.1, Cause::Aborted { .. });
    let patience = since + deployment.options.timeout;
    let mut new = draft.indices(|row| row.is_new && row.stays());
    new.sort_by_key(|&at| draft.serves(&draft.rows[at]));
    for at in new {
        let needed = draft.serves(&draft.rows[at]) && draft.serving() <= bounds.floor;
        if needed && (harmless || draft.now < patience) {
            draft.wake_at(patience);
        } else {
            draft.take_out(at, |instance| Reason::NewGroupLeaves { instance });
        }
    }
    let fitting = bounds.desired.min(placement::capacity(draft, previous));
    let strong = draft.count(|row| !row.is_new && draft.serves(row)) >= fitting;
    if draft.split.is_some() {
        // A few old instances must not get all the traffic while new ones still serve well.
        let alone = group_serves(draft, |row| !row.is_new) && (strong || !harmless);
        let split = (alone && group_serves(draft, |row| row.is_new)).then_some(0);
        draft.set_split(split, Reason::AllTrafficToOld);
    }
    let gone = draft.count(|row| row.is_new && row.runs()) == 0;
    if gone && strong {
        return returned(draft, deployment, verdict);
    }
    let deadline = patience::deadline(draft, deployment, |row| row.is_new || fresh(row) && !row.dead());
    let late = patience::elapsed(draft, deadline);
    match failed {
        Some(because) if gone || harmless => give_up(draft, deployment, verdict, because),
        None if late => {
            let because = obstacle.and_then(|obstacle| obstacle.cause());
            let because = because.unwrap_or_else(|| in_the_way(draft));
            give_up(draft, deployment, verdict, because)
        }
        Some(_) | None => Step::Wait,
    }
}

fn group_serves(draft: &Draft<'_>, group: impl Fn(&Row) -> bool) -> bool {
    draft.count(|row| group(row) && row.in_service()) > 0
}

/// What keeps the old group from its strength when no launch does.
fn in_the_way(draft: &Draft<'_>) -> Cause {
    let stuck = draft.live().find_map(|(_, row)| {
        let instance = row.id.clone()?;
        (!row.runs() && !row.lost).then_some(Cause::NotStopped { instance })
    });
    let unwell = draft.live().find_map(|(_, row)| {
        let instance = row.id.clone()?;
        let unwell = !row.is_new && row.stays() && !row.lost && !row.healthy();
        unwell.then(|| Cause::InstanceFailed {
            instance,
            detail: row.detail(),
        })
    });
    unwell.or(stuck).unwrap_or(Cause::Overdue {
        seconds: draft.now.since(draft.phase_since).as_secs(),
    })
}

fn replace(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    previous: &Release,
    bounds: Bounds,
    leave: Leave,
    verdict: Verdict<'_>,
) -> Step {
    call_back(draft, previous, bounds.desired);
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
    if matches!(progress, Progress::Done) {
        take_out_the_rest(draft, previous, bounds, leave);
    }
    let deadline = patience::deadline(draft, deployment, |_| true);
    let others = draft.count(|row| row.runs() && row.release != *previous);
    let because = match progress {
        Progress::Done if others == 0 => {
            return returned(draft, deployment, verdict);
        }
        Progress::Failed(because) => because,
        Progress::Done | Progress::Waiting(_) if !patience::elapsed(draft, deadline) => return Step::Wait,
        Progress::Waiting(Some(because)) => because,
        Progress::Done | Progress::Waiting(None) => Cause::Overdue {
            seconds: draft.now.since(since).as_secs(),
        },
    };
    give_up(draft, deployment, verdict, because)
}

/// With all that are desired on the release before, what the policy had room for beside them goes.
fn take_out_the_rest(draft: &mut Draft<'_>, previous: &Release, bounds: Bounds, leave: Leave) {
    for at in draft.indices(|row| row.stays() && row.release != *previous) {
        if draft.serves(&draft.rows[at]) && draft.serving() <= bounds.floor {
            continue;
        }
        let why = |instance| Reason::ReplacedByPreviousVersion { instance };
        match leave {
            Leave::Draining => draft.take_out(at, why),
            Leave::Abruptly => draft.stop(at, why),
        }
    }
}

fn give_up(draft: &mut Draft<'_>, deployment: &Deployment, (_, cause): Verdict<'_>, because: Cause) -> Step {
    let reason = Reason::ReturnFailed {
        cause: cause.clone(),
        because,
    };
    let current = ending::current_after(draft, deployment);
    draft.finish(DeploymentStatus::Failed, current, reason)
}

fn returned(draft: &mut Draft<'_>, deployment: &Deployment, (status, cause): Verdict<'_>) -> Step {
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
