//! Removes what has no use any more: messages past their retention, what purged and deleted queues
//! left, forgotten deduplication ids.
//!
//! No input, bounded work a tick, safe in any number of processes at once. What is removed here was
//! invisible before.

use std::time::Duration;

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Failure, clock::StoreClock, send::millis, stores::Stores, wake::Wakes};
use crate::{
    model::Attributes,
    store::{
        queues,
        upkeep::{self, Leftover},
    },
};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// Retention is looked after this many times more seldom.
const RETENTION_EVERY: u32 = 6;
/// Rows of one statement.
const ROWS: i64 = 10_000;
/// Servers that do not know of a purge yet may send to the old id for so long; milliseconds.
const STALE: i64 = 30_000;
/// How long deleted names are remembered, milliseconds.
const REMEMBERED: i64 = 120_000;

pub struct Sweeper {
    pub pool: PgPool,
    pub stores: Stores,
    pub wakes: Wakes,
    pub clock: StoreClock,
}

impl Sweeper {
    pub async fn run(self, stopping: CancellationToken) {
        for tick in 0_u32.. {
            // Many servers should not do it at the same moment.
            let pause = EVERY.mul_f64(0.5 + f64::from(rand::random::<u8>()) / 256.0);
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            let swept = tokio::select! {
                () = stopping.cancelled() => return,
                swept = self.sweep(tick) => swept,
            };
            if let Err(error) = swept {
                tracing::debug!(error.cause = %error, "sweeping messages has to wait");
            }
        }
    }

    async fn sweep(&self, tick: u32) -> Result<(), Failure> {
        let mut conn = self.pool.acquire().await?;
        let leftovers = upkeep::leftovers(&mut conn).await?;
        queues::forget_deleted(&mut conn, self.clock.now() - REMEMBERED).await?;
        drop(conn);
        for leftover in leftovers {
            self.clear(&leftover).await?;
        }
        for store in self.stores.all() {
            let mut conn = store.pool.acquire().await?;
            upkeep::forget_expired(&mut conn, self.clock.now()).await?;
        }
        if tick.is_multiple_of(RETENTION_EVERY) {
            self.expire().await?;
        }
        Ok(())
    }

    async fn clear(&self, leftover: &Leftover) -> Result<(), Failure> {
        let Some(store) = self.stores.get(&leftover.store) else {
            return Ok(());
        };
        loop {
            let mut conn = store.pool.acquire().await?;
            if upkeep::clear(&mut conn, leftover, ROWS).await? == 0 {
                break;
            }
        }
        if let Some(successor) = leftover.successor {
            let mut transaction = store.pool.begin().await?;
            let moved = upkeep::hand_over(&mut transaction, leftover, successor).await?;
            transaction.commit().await?;
            if moved > 0 {
                self.wakes
                    .arrived(successor, usize::try_from(moved).unwrap_or(usize::MAX));
            }
        }
        if leftover.since + STALE < self.clock.now() {
            let mut there = store.pool.acquire().await?;
            upkeep::clear_rest(&mut there, leftover.queue_id).await?;
            let mut conn = self.pool.acquire().await?;
            upkeep::forget_leftover(&mut conn, leftover.queue_id).await?;
        }
        Ok(())
    }

    /// Retention of every queue.
    async fn expire(&self) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let mut conn = self.pool.acquire().await?;
            let page = queues::after_id(&mut conn, after, 500).await?;
            drop(conn);
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.id;
            for row in page {
                let Some(store) = self.stores.get(&row.store) else {
                    continue;
                };
                let attributes = Attributes::try_from(&row.attributes.0).map_err(Failure::unavailable)?;
                let before = self.clock.now() - millis(attributes.retention);
                loop {
                    let mut conn = store.pool.acquire().await?;
                    let gone = if row.fifo {
                        upkeep::expire_fifo(&mut conn, row.id, before, ROWS).await?
                    } else {
                        upkeep::expire(&mut conn, row.id, before, ROWS).await?
                    };
                    if gone < ROWS {
                        break;
                    }
                }
            }
        }
    }
}
