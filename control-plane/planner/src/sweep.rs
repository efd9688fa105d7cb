//! What is due whatever else goes on: drained instances stop, stopped ones are forgotten.
//!
//! An abort that is about to turn the deployment back comes first: it may want a drained instance
//! again. Invariant: nothing stays draining beyond its delay or stopping beyond `STOP_LIMIT`, so
//! that whoever waits for either always gets on.

use crate::{
    draft::Draft,
    limits::STOP_LIMIT,
    patience,
    reason::Reason,
    returning,
    snapshot::{Intent, Observed},
};

pub(crate) fn run(draft: &mut Draft<'_>) {
    for at in draft.indices(|row| !row.stays()) {
        match draft.rows[at].intent.clone() {
            Intent::Draining { since } => {
                let delay = draft.deregistration_delay();
                let row = &draft.rows[at];
                if returning::may_serve_again(draft, row) {
                    continue;
                }
                if row.drained || row.dead() {
                    draft.stop(at, |instance| Reason::Drained { instance });
                } else if since + delay <= draft.now {
                    let seconds = delay.as_secs();
                    draft.stop(at, |instance| Reason::DrainTimeout { instance, seconds });
                } else {
                    draft.wake_at(since + delay);
                }
            }
            Intent::Stopping { since } => {
                if draft.rows[at].observed == Observed::Gone {
                    draft.forget(at, |instance| Reason::Stopped { instance });
                    continue;
                }
                if draft.rows[at].lost {
                    draft.forget_lost(at);
                    continue;
                }
                let host = draft.rows[at].host.clone();
                if patience::elapsed_on(draft, &host, since + STOP_LIMIT) {
                    let seconds = STOP_LIMIT.as_secs();
                    draft.forget(at, |instance| Reason::StopTimeout { instance, seconds });
                }
            }
            Intent::Standby | Intent::InService => {}
        }
    }
}
