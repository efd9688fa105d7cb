//! Tells the server what this host looks like: at once when something changes, and every few seconds
//! in any case.

use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    agent::{HostFacts, ObservedImage, ObservedInstance, REPORT_EVERY_SECONDS, Report},
    routes::EdgeStatus,
};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::task::AbortOnDropHandle;

use super::{Link, LinkError, pace::Pace};

/// Changes that follow each other faster than this share a report.
const TOGETHER: Duration = Duration::from_millis(20);
const AFTER_REFUSAL: Duration = Duration::from_secs(30);

/// What a report says, without its place in the order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub generation: u64,
    pub facts: HostFacts,
    pub images: Vec<ObservedImage>,
    pub instances: Vec<ObservedInstance>,
    pub edge: Option<EdgeStatus>,
    /// Grows with changes that the server should know now; counters and samples wait for the next beat.
    pub urgency: u64,
}

/// Reports every state that `states` holds, until dropped. None is sent before the first one is there.
pub fn follow(link: Link, mut states: watch::Receiver<Option<State>>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let boot = Timestamp::now();
        let mut sequence = 0u64;
        let mut pace = Pace::new(Duration::from_secs(3));
        let mut told = None;
        let mut beat = tokio::time::interval(Duration::from_secs(REPORT_EVERY_SECONDS));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sent_at = Instant::now();
        loop {
            let is_beat = tokio::select! {
                changed = states.changed() => match changed {
                    Ok(()) => false,
                    Err(_) => return,
                },
                _ = beat.tick() => true,
            };
            let urgency = states.borrow().as_ref().map(|state| state.urgency);
            if !is_beat {
                if urgency == told {
                    continue;
                }
                tokio::time::sleep_until(sent_at + TOGETHER).await;
            }
            let Some(state) = states.borrow_and_update().clone() else {
                continue;
            };
            sequence += 1;
            told = Some(state.urgency);
            sent_at = Instant::now();
            match link.report(&report(boot, sequence, state)).await {
                Ok(()) => {
                    pace.reset();
                    beat.reset();
                }
                Err(error) => {
                    told = None;
                    if pace.is_fresh() {
                        tracing::warn!(error = %error, "a report did not reach the server");
                    }
                    let pause = pace.next(rand::random());
                    let refused = matches!(error, LinkError::Refused { .. });
                    tokio::time::sleep(if refused { AFTER_REFUSAL } else { pause }).await;
                    beat.reset_immediately();
                }
            }
        }
    }))
}

fn report(boot: Timestamp, sequence: u64, state: State) -> Report {
    Report {
        boot,
        sequence,
        generation: state.generation,
        facts: state.facts,
        images: state.images,
        instances: state.instances,
        edge: state.edge,
    }
}
