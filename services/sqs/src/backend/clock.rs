//! Time by the first database's clock, so that servers whose clocks differ agree on what is visible.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{model::Millis, store::upkeep};

/// How often the difference is measured.
const EVERY: Duration = Duration::from_secs(30);

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct StoreClock {
    /// What is added to this machine's clock.
    ahead: Arc<AtomicI64>,
}

fn machine() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

impl StoreClock {
    pub fn now(&self) -> Millis {
        machine() + self.ahead.load(Ordering::Relaxed)
    }

    /// Measures now and then, until `stopping`.
    pub async fn run(self, pool: PgPool, stopping: CancellationToken) {
        loop {
            self.measure(&pool).await;
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn measure(&self, pool: &PgPool) {
        let Ok(mut conn) = pool.acquire().await else {
            return;
        };
        let before = machine();
        if let Ok(theirs) = upkeep::clock(&mut conn).await {
            let after = machine();
            let ahead = theirs - (before + after) / 2;
            // Less than the round trip tells nothing.
            let ahead = if ahead.abs() <= after - before { 0 } else { ahead };
            self.ahead.store(ahead, Ordering::Relaxed);
        }
    }
}
