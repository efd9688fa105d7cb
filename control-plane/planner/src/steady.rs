//! Keeps a group of instances as it should be: as many as desired, all of them taking traffic.
//!
//! It serves when nothing is being deployed, and for the old group while a new one proves itself.
//! Lost and failed instances are replaced with the group's release; instances of other releases
//! that are in service and well (a deployment that stopped half-way leaves such) stay as they are.
//! Invariants: an instance on a host that is away is given up only when its replacement has a
//! place; an application that never comes up costs one launch per instance and `RESTART_BACKOFF`.

use std::cmp::Reverse;

use beanpole_protocol::{Release, Timestamp};

use crate::{
    change::Purpose,
    draft::{Ceiling, Draft, Row},
    limits::RESTART_BACKOFF,
    placement::Obstacle,
    reason::Reason,
};

/// The whole environment while nothing is being deployed.
pub(crate) fn run(draft: &mut Draft<'_>) {
    let desired = draft.snapshot.desired;
    draft.ceiling = Ceiling {
        running: desired,
        total: desired.saturating_mul(2),
    };
    draft.set_split(None, Reason::SplitEnds);
    let current = draft.snapshot.current.clone();
    hold(draft, current.as_ref(), |_| true);
}

/// Holds the rows that are `ours` at the desired number; `release` is what replacements run. With
/// no release (nothing ever ran well) they are only trimmed. Answers what is in the way.
pub(crate) fn hold(
    draft: &mut Draft<'_>,
    release: Option<&Release>,
    ours: impl Fn(&Row) -> bool + Copy,
) -> Option<Obstacle> {
    if let Some(release) = release {
        stop_leftovers(draft, release, ours);
        for at in draft.indices(|row| ours(row) && row.standby() && !row.lost && row.healthy()) {
            draft.put_in_service(at, |instance| Reason::PassedGate { instance });
        }
        stop_failed(draft, release, ours);
    }
    trim(draft, release, ours);
    fill(draft, release?, ours)
}

/// Instances that never got traffic and are of another release: of a deployment that has ended.
fn stop_leftovers(draft: &mut Draft<'_>, release: &Release, ours: impl Fn(&Row) -> bool) {
    for at in draft.indices(|row| ours(row) && row.standby() && row.release != *release) {
        draft.take_out(at, |instance| Reason::LeftOver { instance });
    }
}

/// Failed instances make room for their replacement: those of the group's own release not before
/// their back-off is over, others at once.
fn stop_failed(draft: &mut Draft<'_>, release: &Release, ours: impl Fn(&Row) -> bool) {
    for at in draft.indices(|row| ours(row) && row.stays() && !row.lost && row.dead()) {
        let row = &draft.rows[at];
        let again = row.launched_at + RESTART_BACKOFF;
        if row.release == *release && again > draft.now {
            draft.wake_at(again);
            continue;
        }
        let detail = row.detail();
        draft.stop(at, |instance| Reason::FailedInstance { instance, detail });
    }
}

/// Takes out what is more than desired: first what serves least.
pub(crate) fn trim(draft: &mut Draft<'_>, release: Option<&Release>, ours: impl Fn(&Row) -> bool + Copy) {
    let desired = draft.snapshot.desired;
    let mut members = draft.indices(|row| ours(row) && row.stays() && !row.lost);
    members.sort_by_key(|&at| leaving_order(draft, &draft.rows[at], release));
    let excess = members.len().saturating_sub(desired as usize);
    for at in members.into_iter().take(excess) {
        draft.take_out(at, |instance| Reason::ScaledIn { instance, desired });
    }
    if draft.count(|row| ours(row) && row.stays() && !row.lost) >= desired {
        for at in draft.indices(|row| ours(row) && row.stays() && row.lost) {
            draft.forget_lost(at);
        }
    }
}

type LeavingOrder = (u8, bool, Reverse<usize>, Reverse<Timestamp>);

/// Lost, failed, on standby, unwell; then foreign releases, crowded hosts, the youngest.
fn leaving_order(draft: &Draft<'_>, row: &Row, release: Option<&Release>) -> LeavingOrder {
    let together = draft
        .live()
        .filter(|(_, other)| other.host == row.host && other.stays())
        .count();
    (
        usefulness(draft, row),
        release == Some(&row.release),
        Reverse(together),
        Reverse(row.launched_at),
    )
}

/// 0 for an instance that is of no use now, 4 for one that serves.
pub(crate) fn usefulness(draft: &Draft<'_>, row: &Row) -> u8 {
    if row.lost {
        0
    } else if row.dead() {
        1
    } else if row.standby() {
        2
    } else if !draft.serves(row) {
        3
    } else {
        4
    }
}

/// Launches what is missing; a lost instance is given up when its replacement has a place.
fn fill(draft: &mut Draft<'_>, release: &Release, ours: impl Fn(&Row) -> bool) -> Option<Obstacle> {
    let desired = draft.snapshot.desired;
    let present = draft.count(|row| ours(row) && row.stays() && !row.lost);
    for _ in present..desired {
        let lost = draft
            .indices(|row| ours(row) && row.stays() && row.lost)
            .first()
            .copied();
        let replaced = lost.and_then(|at| draft.rows[at].id.clone());
        let launched = draft.launch(release, Purpose::Upkeep, lost, |host| match replaced {
            Some(instance) => Reason::LaunchedInPlaceOf { host, instance },
            None => Reason::LaunchedToScaleOut { host, desired },
        });
        if let Err(obstacle) = launched {
            draft.hinder(&obstacle);
            return Some(obstacle);
        }
    }
    None
}
