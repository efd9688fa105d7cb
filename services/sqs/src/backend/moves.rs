//! Tasks that move messages out of dead-letter queues, at a rate if one is asked for.
//!
//! A task is a row; whichever process holds its lease works on it, one batch a transaction, and another
//! goes on when that process dies. A message that cannot be delivered stays where it is, and the task
//! ends as failed with the reason.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Failure, MoveStatus, MoveTask,
    clock::StoreClock,
    courier::{Courier, Manner},
    directory::Directory,
};
use crate::{
    model::{Kind, Millis, Queue, QueueKey},
    store::{
        move_tasks::{self, TaskRow},
        moving::{self, Receives},
        upkeep,
    },
};

/// How often a process looks for a task nobody works on.
const LOOK: Duration = Duration::from_millis(500);
/// How long a process that went silent holds a task, milliseconds.
const LEASE: Millis = 10_000;
/// Messages of one batch.
const BATCH: i64 = 100;

#[derive(Clone, Debug)]
pub struct Moves {
    pool: PgPool,
    directory: Directory,
    courier: Courier,
    clock: StoreClock,
}

fn key_of(arn: &str) -> Option<QueueKey> {
    let mut parts = arn.split(':').skip(3);
    let (region, account, name) = (parts.next()?, parts.next()?, parts.next()?);
    Some(QueueKey {
        account: account.parse().ok()?,
        region: region.to_owned(),
        name: name.to_owned(),
    })
}

fn task(row: TaskRow) -> Result<MoveTask, Failure> {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let key = |arn: &str| key_of(arn).ok_or_else(|| Failure::unavailable(format!("{arn} names no queue")));
    Ok(MoveTask {
        source: key(&row.source_arn)?,
        destination: row.destination_arn.as_deref().map(key).transpose()?,
        handle: row.handle,
        rate: row.rate.and_then(|rate| u32::try_from(rate).ok()),
        status: match row.status.as_str() {
            "RUNNING" => MoveStatus::Running,
            "COMPLETED" => MoveStatus::Completed,
            "CANCELLING" => MoveStatus::Cancelling,
            "CANCELLED" => MoveStatus::Cancelled,
            _ => MoveStatus::Failed,
        },
        moved: count(row.moved),
        to_move: row.to_move.map(count),
        started_at: row.started_at,
        failure: row.failure,
    })
}

impl Moves {
    pub fn new(pool: PgPool, directory: Directory, courier: Courier, clock: StoreClock) -> Self {
        Self {
            pool,
            directory,
            courier,
            clock,
        }
    }

    pub async fn start(
        &self,
        source: &Queue,
        destination: Option<&Queue>,
        rate: Option<u32>,
        to_move: u64,
        now: Millis,
    ) -> Result<MoveTask, Failure> {
        let mut there = self.courier.store(&source.store)?.pool.acquire().await?;
        let row = TaskRow {
            id: 0,
            handle: Uuid::new_v4().to_string(),
            source_arn: source.key.arn().0,
            destination_arn: destination.map(|queue| queue.key.arn().0),
            rate: rate.and_then(|rate| i32::try_from(rate).ok()),
            status: "RUNNING".to_owned(),
            moved: 0,
            to_move: i64::try_from(to_move).ok(),
            // What arrives later is not this task's, or one that moves to its own source never ended.
            through: upkeep::newest_id(&mut there).await?,
            started_at: now,
            failure: None,
        };
        let mut conn = self.pool.acquire().await?;
        if move_tasks::insert(&mut conn, &row).await? {
            task(row)
        } else {
            Err(Failure::TaskRunning)
        }
    }

    pub async fn cancel(&self, handle: &str) -> Result<MoveTask, Failure> {
        let mut conn = self.pool.acquire().await?;
        if !move_tasks::cancel(&mut conn, handle).await? {
            return Err(Failure::NoSuchTask);
        }
        drop(conn);
        self.by_handle(handle).await
    }

    pub async fn by_handle(&self, handle: &str) -> Result<MoveTask, Failure> {
        let mut conn = self.pool.acquire().await?;
        let row = move_tasks::by_handle(&mut conn, handle).await?;
        task(row.ok_or(Failure::NoSuchTask)?)
    }

    pub async fn of(&self, source: &QueueKey, limit: u32) -> Result<Vec<MoveTask>, Failure> {
        let mut conn = self.pool.acquire().await?;
        let rows = move_tasks::of(&mut conn, &source.arn().0, i64::from(limit)).await?;
        rows.into_iter().map(task).collect()
    }

    /// Works on tasks until `stopping`.
    pub async fn run(self, stopping: CancellationToken) {
        loop {
            let worked = tokio::select! {
                () = stopping.cancelled() => return,
                worked = self.work() => worked,
            };
            let pause = match worked {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::debug!(error.cause = %error, "message move tasks have to wait");
                    LOOK
                }
            };
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Works on one task to its end, or as long as storage answers; false when there is none.
    async fn work(&self) -> Result<bool, Failure> {
        let now = self.clock.now();
        let mut conn = self.pool.acquire().await?;
        let Some(row) = move_tasks::claim(&mut conn, now, now + LEASE).await? else {
            return Ok(false);
        };
        drop(conn);
        let (status, failure) = match self.move_all(&row).await {
            Ok(status) => (status, None),
            Err(Failure::NoSuchQueue) => {
                let text = "CouldNotFindQueue: the source or a destination queue does not exist";
                ("FAILED", Some(text))
            }
            Err(other) => return Err(other),
        };
        let mut conn = self.pool.acquire().await?;
        move_tasks::finish(&mut conn, row.id, status, failure).await?;
        Ok(true)
    }

    async fn move_all(&self, row: &TaskRow) -> Result<&'static str, Failure> {
        let source_key = key_of(&row.source_arn).ok_or(Failure::NoSuchQueue)?;
        let mut status = row.status.clone();
        loop {
            if status == "CANCELLING" {
                return Ok("CANCELLED");
            }
            let source = self.directory.get(&source_key).await?;
            let moved = self.batch(row, &source).await?;
            if moved == 0 {
                return Ok("COMPLETED");
            }
            let now = self.clock.now();
            let mut conn = self.pool.acquire().await?;
            status = move_tasks::progress(&mut conn, row.id, moved, now + LEASE).await?;
            drop(conn);
            if let Some(rate) = row.rate.and_then(|rate| u32::try_from(rate).ok()) {
                let due = f64::from(u32::try_from(moved).unwrap_or(rate)) / f64::from(rate.max(1));
                tokio::time::sleep(Duration::from_secs_f64(due)).await;
            }
        }
    }

    /// Moves some messages, all in one transaction.
    async fn batch(&self, row: &TaskRow, source: &Arc<Queue>) -> Result<i64, Failure> {
        let limit = row.rate.map_or(BATCH, |rate| i64::from(rate).clamp(1, BATCH));
        let now = self.clock.now();
        let mut transaction = self.courier.store(&source.store)?.pool.begin().await?;
        let next = match source.kind {
            Kind::Standard => moving::next_of(&mut transaction, source.id, row.through, now, limit).await?,
            Kind::Fifo => moving::next_of_fifo(&mut transaction, source.id, row.through, now, limit).await?,
        };
        let mut by_destination: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (id, origin) in next {
            let to = row
                .destination_arn
                .clone()
                .or(origin)
                .ok_or(Failure::NoSuchQueue)?;
            by_destination.entry(to).or_default().push(id);
        }
        let manner = Manner {
            now,
            receives: Receives::Forgotten,
            source: None,
        };
        let mut moved = 0;
        for (arn, ids) in by_destination {
            let key = key_of(&arn).ok_or(Failure::NoSuchQueue)?;
            let to = self.directory.get(&key).await?;
            moved += self
                .courier
                .carry(&mut transaction, source, &to, &ids, &manner)
                .await?;
        }
        transaction.commit().await?;
        Ok(i64::try_from(moved).unwrap_or(i64::MAX))
    }
}
