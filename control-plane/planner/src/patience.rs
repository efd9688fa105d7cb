//! Whether a time that was allowed has really passed.
//!
//! A server that was away for a while must not find, at its return, that everything took too long:
//! time only counts against what could have been seen. So a deadline has struck only when the hosts
//! concerned have reported since, and a phase is given its time again whenever something moved.
//! Invariant: with living hosts and nothing moving, every deadline strikes.

use std::time::Duration;

use beanpole_protocol::{HostId, Timestamp};

use crate::{
    draft::{Draft, Row},
    limits,
    snapshot::{Deployment, Intent},
};

/// How soon to look again for a report that is due.
const RECHECK: Duration = Duration::from_secs(1);

/// Whether `deadline` has come and all living hosts have reported since. If not, sees to it that the
/// plan is made again in time.
pub(crate) fn elapsed(draft: &mut Draft<'_>, deadline: Timestamp) -> bool {
    struck(draft, deadline, |_| true)
}

/// The same for one host.
pub(crate) fn elapsed_on(draft: &mut Draft<'_>, host: &HostId, deadline: Timestamp) -> bool {
    struck(draft, deadline, |other| other == host)
}

fn struck(draft: &mut Draft<'_>, deadline: Timestamp, concerned: impl Fn(&HostId) -> bool) -> bool {
    if deadline > draft.now {
        draft.wake_at(deadline);
        return false;
    }
    let silent = draft.snapshot.hosts.iter().any(|host| {
        host.alive && concerned(&host.id) && host.heard_at.is_some_and(|heard_at| heard_at < deadline)
    });
    if silent {
        draft.wake_at(draft.now + RECHECK);
    }
    !silent
}

/// Whether whoever asks for the application now is sent to the instances that are in service: the end of
/// a deployment is told no sooner. An edge that takes too long is not waited for.
pub(crate) fn served(draft: &mut Draft<'_>) -> bool {
    let newest = draft
        .rows
        .iter()
        .filter(|row| row.in_service() && !row.lost && !row.dead() && !row.routed)
        .map(|row| row.intent_since)
        .max();
    newest.is_none_or(|since| elapsed(draft, since + limits::ROUTES_PATIENCE))
}

/// When a phase has stood still for too long: `Timeout` and what draining and stopping may take,
/// after its beginning or after the last launch or leave of those that are `moving` in it.
pub(crate) fn deadline(
    draft: &Draft<'_>,
    deployment: &Deployment,
    moving: impl Fn(&Row) -> bool,
) -> Timestamp {
    let moves = draft
        .live()
        .filter(|(_, row)| moving(row))
        .map(|(_, row)| match row.intent {
            Intent::Standby | Intent::InService => row.launched_at,
            Intent::Draining { since } | Intent::Stopping { since } => since.max(row.launched_at),
        });
    let since = moves.fold(draft.phase_since, Timestamp::max);
    limits::phase_deadline(since, &deployment.options)
}
