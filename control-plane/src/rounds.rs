//! The beat of work that is done again and again until the server stops.
//!
//! Rounds never overlap, and one that was late is not made up for. A round that fails is the loop's
//! to log; the next one tries again.

use std::time::Duration;

use beanpole_protocol::Timestamp;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// When the next round begins.
pub struct Rounds {
    ticks: Interval,
    stopping: CancellationToken,
}

impl Rounds {
    /// A round at once, and then one `every` so often.
    pub fn new(every: Duration, stopping: &CancellationToken) -> Self {
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            ticks,
            stopping: stopping.clone(),
        }
    }

    /// Waits for the next round: its time; none when the server stops.
    pub async fn next(&mut self) -> Option<Timestamp> {
        tokio::select! {
            () = self.stopping.cancelled() => None,
            _ = self.ticks.tick() => Some(Timestamp::now()),
        }
    }
}
