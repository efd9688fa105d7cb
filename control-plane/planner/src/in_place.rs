//! Replacement in place, batch by batch: the mechanics that AllAtOnce, Rolling and
//! RollingWithAdditionalBatch share, forwards and on the way back.
//!
//! Works on counts, not on remembered batches: in batch n, `goal` good instances are to serve, and
//! of the others only as many stay as the ceiling leaves room for. So a crash, a lost host or a
//! change of capacity in the middle needs no second code path. Invariants: a serving instance is
//! taken out only while at least `floor` serve after it; launches stay under the ceiling.

use beanpole_protocol::{InstanceId, Release};

use crate::{
    cause::Cause,
    change::Purpose,
    draft::{Ceiling, Draft, Row},
    gate,
    limits::ROOM_PATIENCE,
    placement::{self, Obstacle},
    policy::Bounds,
    reason::Reason,
    snapshot::Deployment,
    steady::usefulness,
};

/// How instances that are replaced leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Their open requests may finish.
    Draining,
    /// At once.
    Abruptly,
}

/// What is being replaced with what.
pub(crate) struct Replacement<'r> {
    pub release: &'r Release,
    pub purpose: Purpose,
    /// Already what it should be.
    pub good: &'r dyn Fn(&Row) -> bool,
    /// Has to pass the gate and may fail the batch (good ones only).
    pub judged: &'r dyn Fn(&Row) -> bool,
    /// Good instances that are to serve now.
    pub goal: u32,
    pub bounds: Bounds,
    pub leave: Leave,
    pub why: fn(InstanceId) -> Reason,
}

pub(crate) enum Progress {
    Done,
    Waiting(Option<Cause>),
    Failed(Cause),
}

pub(crate) fn run(draft: &mut Draft<'_>, deployment: &Deployment, what: &Replacement<'_>) -> Progress {
    draft.ceiling = Ceiling {
        running: what.bounds.running,
        total: what.bounds.total,
    };
    if let Some(cause) = gate::failure(draft, deployment, |row| (what.good)(row) && (what.judged)(row)) {
        return Progress::Failed(cause);
    }
    gate::admit(draft, deployment, |row| (what.good)(row));
    if !what.bounds.possible(draft) {
        let obstacle = placement::no_room(draft);
        draft.hinder(&obstacle);
        return match impatience(draft, &obstacle) {
            Some(cause) => Progress::Failed(cause),
            None => Progress::Waiting(obstacle.cause()),
        };
    }
    let blocked = make_room(draft, what);
    let obstacle = launch_missing(draft, what);
    if let Some(cause) = obstacle.as_ref().and_then(|obstacle| impatience(draft, obstacle)) {
        return Progress::Failed(cause);
    }
    let done = passed(draft, what) >= goal(draft, what) && leaving(draft, what) == 0;
    if done {
        Progress::Done
    } else {
        Progress::Waiting(hold_up(draft, what, blocked, obstacle))
    }
}

/// The goal, and whatever else is missing to the desired number.
fn goal(draft: &Draft<'_>, what: &Replacement<'_>) -> u32 {
    let others = draft.count(|row| row.stays() && !row.lost && !(what.good)(row));
    what.goal.max(what.bounds.desired.saturating_sub(others))
}

fn passed(draft: &Draft<'_>, what: &Replacement<'_>) -> u32 {
    draft.count(|row| {
        (what.good)(row) && row.in_service() && !row.lost && (draft.serves(row) || !(what.judged)(row))
    })
}

/// Others that have to go so that the good ones fit under the ceiling.
fn leaving(draft: &Draft<'_>, what: &Replacement<'_>) -> u32 {
    let others = draft.count(|row| row.stays() && !(what.good)(row));
    let good = draft.count(|row| row.stays() && !row.lost && (what.good)(row));
    (others + what.goal.max(good))
        .saturating_sub(what.bounds.running)
        .min(others)
}

/// Takes others out, least useful first. Answers what the floor forbade.
fn make_room(draft: &mut Draft<'_>, what: &Replacement<'_>) -> Option<Cause> {
    let mut others = draft.indices(|row| row.stays() && !(what.good)(row));
    let previous = draft.snapshot.current.clone();
    others.sort_by_key(|&at| {
        let row = &draft.rows[at];
        (
            usefulness(draft, row),
            previous.as_ref() == Some(&row.release),
            row.launched_at,
            row.id.clone(),
        )
    });
    let count = leaving(draft, what) as usize;
    for at in others.into_iter().take(count) {
        let serving = draft.serving();
        if draft.serves(&draft.rows[at]) && serving <= what.bounds.floor {
            return Some(Cause::TooFewHealthy {
                serving,
                floor: what.bounds.floor,
            });
        }
        match what.leave {
            Leave::Draining => draft.take_out(at, what.why),
            Leave::Abruptly if draft.rows[at].lost => draft.forget_lost(at),
            Leave::Abruptly => draft.stop(at, what.why),
        }
    }
    None
}

fn launch_missing(draft: &mut Draft<'_>, what: &Replacement<'_>) -> Option<Obstacle> {
    let present = draft.count(|row| row.stays() && !row.lost && (what.good)(row));
    for _ in present..goal(draft, what) {
        // One that is lost is given up for it: a good one first, but any is of less use.
        let mut lost = draft.indices(|row| row.stays() && row.lost);
        lost.sort_by_key(|&at| !(what.good)(&draft.rows[at]));
        let lost = lost.first().copied();
        let launched = draft.launch(what.release, what.purpose, lost, |host| match what.purpose {
            Purpose::Deployment => Reason::LaunchedForDeployment { host },
            Purpose::Upkeep => Reason::LaunchedToReturn { host },
        });
        if let Err(obstacle) = launched {
            draft.hinder(&obstacle);
            return Some(obstacle);
        }
    }
    None
}

/// The cause when an obstacle will not go away by waiting longer.
pub(crate) fn impatience(draft: &mut Draft<'_>, obstacle: &Obstacle) -> Option<Cause> {
    let patience = draft.phase_since + ROOM_PATIENCE;
    match obstacle {
        Obstacle::ImageFailed { .. } => obstacle.cause(),
        Obstacle::NoRoom { .. } if patience <= draft.now => obstacle.cause(),
        Obstacle::NoRoom { .. } => {
            draft.wake_at(patience);
            None
        }
        Obstacle::NoHost | Obstacle::Waiting => None,
    }
}

/// What it waits for, should it wait too long.
fn hold_up(
    draft: &Draft<'_>,
    what: &Replacement<'_>,
    blocked: Option<Cause>,
    obstacle: Option<Obstacle>,
) -> Option<Cause> {
    let unwell = draft.live().find_map(|(_, row)| {
        let judged = (what.good)(row) && (what.judged)(row);
        let instance = row.id.clone()?;
        (judged && row.in_service() && !row.lost && !draft.serves(row)).then(|| Cause::InstanceFailed {
            instance,
            detail: row.detail(),
        })
    });
    let stuck = draft.live().find_map(|(_, row)| {
        let instance = row.id.clone()?;
        (!row.runs() && !row.lost).then_some(Cause::NotStopped { instance })
    });
    obstacle
        .and_then(|obstacle| obstacle.cause())
        .or(unwell)
        .or(blocked)
        .or(stuck)
}
