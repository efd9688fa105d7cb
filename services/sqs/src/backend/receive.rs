//! Receiving: asks a lane, and waits for messages when there are none.
//!
//! A wait ends at once when a message comes, when one's delay or visibility timeout ends, and when the
//! queue is deleted. Invariant: what a lane took for a caller who left goes back.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Backend, Failure, Wanted,
    dead_letters::DeadLetters,
    fifo,
    send::{millis, sequence_number},
    standard::{self, receive::Groups},
};
use crate::{
    model::{Delivered, Kind, Millis, Queue, Receipt},
    store::{
        attempts::{self, Attempt},
        fifo as fifo_rows,
        messages::Row,
        meta::Meta,
        upkeep,
    },
};

/// A waiting receive looks again this often even when nothing wakes it.
const LOOK: Duration = Duration::from_secs(1);
/// Messages in flight at most.
const STANDARD_LIMIT: i64 = 120_000;
const FIFO_LIMIT: i64 = 20_000;
/// How long it is remembered whether a queue's messages have groups.
const GROUPS_KNOWN: Duration = Duration::from_secs(1);
/// Asked again at most, when all that was found were dead letters.
const AGAIN: usize = 1000;

/// What is remembered of queues' use; lost without harm.
#[derive(Clone, Debug, Default)]
pub struct Limits(Arc<Mutex<HashMap<i64, Use>>>);

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    /// In flight at most: as counted last, and received since.
    in_flight: i64,
    groups: Option<(bool, Instant)>,
}

impl Limits {
    fn with<T>(&self, queue: i64, act: impl FnOnce(&mut Use) -> T) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > 100_000 {
            all.clear();
        }
        act(all.entry(queue).or_default())
    }

    /// A message with a group was sent to a standard queue.
    pub fn saw_groups(&self, queue: i64) {
        self.with(queue, |known| known.groups = Some((true, Instant::now())));
    }
}

pub async fn receive(
    backend: &Backend,
    queue: &Arc<Queue>,
    wanted: Wanted,
) -> Result<Vec<Delivered>, Failure> {
    let deadline = tokio::time::Instant::now() + wanted.wait;
    let waiter = (!wanted.wait.is_zero()).then(|| backend.wakes.subscribe(queue.id));
    let mut current = queue.clone();
    loop {
        let woken = waiter.as_ref().map(|waiter| waiter.notify.notified());
        let delivered = look(backend, &current, &wanted).await?;
        let now = tokio::time::Instant::now();
        let Some(woken) = woken.filter(|_| delivered.is_empty() && now < deadline) else {
            return Ok(delivered);
        };
        let due = next_due(backend, &current).await?;
        let again = due.map_or(LOOK, |due| LOOK.min(due));
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep_until(deadline.min(now + again)) => {}
            () = backend.stopping.cancelled() => return Ok(Vec::new()),
        }
        // Deleted, purged or changed in the meantime.
        current = backend.queue(&queue.key).await?;
        if current.id != queue.id {
            return Ok(Vec::new());
        }
    }
}

/// How long until a hidden message shows.
async fn next_due(backend: &Backend, queue: &Queue) -> Result<Option<Duration>, Failure> {
    let mut conn = backend.store(queue)?.pool.acquire().await?;
    let now = backend.now();
    let due = match queue.kind {
        Kind::Standard => upkeep::next_due(&mut conn, queue.id, now).await?,
        Kind::Fifo => upkeep::next_due_fifo(&mut conn, queue.id, now).await?,
    };
    let left = |due: Millis| Duration::from_millis(u64::try_from(due - now + 1).unwrap_or_default());
    Ok(due.map(left))
}

async fn look(backend: &Backend, queue: &Arc<Queue>, wanted: &Wanted) -> Result<Vec<Delivered>, Failure> {
    if is_full(backend, queue).await? {
        // Standard queues tell those who do not wait; whoever waits, and FIFO queues, find nothing.
        return match (queue.kind, wanted.wait.is_zero()) {
            (Kind::Standard, true) => Err(Failure::OverLimit),
            _ => Ok(Vec::new()),
        };
    }
    let delivered = match queue.kind {
        Kind::Standard => standard(backend, queue, wanted).await?,
        Kind::Fifo => ordered(backend, queue, wanted).await?,
    };
    let taken = i64::try_from(delivered.len()).unwrap_or_default();
    backend.limits.with(queue.id, |known| known.in_flight += taken);
    Ok(delivered)
}

/// Whether as many messages are in flight as may be. Counts only when as many were received since the
/// last count.
async fn is_full(backend: &Backend, queue: &Queue) -> Result<bool, Failure> {
    let limit = match queue.kind {
        Kind::Standard => STANDARD_LIMIT,
        Kind::Fifo => FIFO_LIMIT,
    };
    if backend.limits.with(queue.id, |known| known.in_flight) < limit {
        return Ok(false);
    }
    let mut conn = backend.store(queue)?.pool.acquire().await?;
    let now = backend.now();
    let (in_flight, _) = match queue.kind {
        Kind::Standard => upkeep::hidden(&mut conn, queue.id, now, limit * 2).await?,
        Kind::Fifo => upkeep::hidden_fifo(&mut conn, queue.id, now, limit * 2).await?,
    };
    backend.limits.with(queue.id, |known| known.in_flight = in_flight);
    Ok(in_flight >= limit)
}

/// Whether there are groups to be fair to.
async fn groups(backend: &Backend, queue: &Queue) -> Result<Groups, Failure> {
    let known = backend.limits.with(queue.id, |known| known.groups);
    let has = match known {
        Some((has, at)) if at.elapsed() < GROUPS_KNOWN => has,
        _ => {
            let mut conn = backend.store(queue)?.pool.acquire().await?;
            let has = upkeep::has_groups(&mut conn, queue.id).await?;
            let groups = Some((has, Instant::now()));
            backend.limits.with(queue.id, |known| known.groups = groups);
            has
        }
    };
    Ok(if has { Groups::Some } else { Groups::None })
}

/// Where messages that were received too often go; None where that queue is no more: they stay.
async fn dead_letters(backend: &Backend, queue: &Arc<Queue>) -> Result<Option<DeadLetters>, Failure> {
    let Some(redrive) = &queue.attributes.redrive else {
        return Ok(None);
    };
    let to = match backend.queue(&redrive.dead_letter_queue).await {
        Ok(to) => to,
        Err(Failure::NoSuchQueue) => return Ok(None),
        Err(other) => return Err(other),
    };
    Ok(Some(DeadLetters {
        from: queue.clone(),
        to,
        most_receives: i32::try_from(redrive.max_receive_count).unwrap_or(i32::MAX),
        courier: backend.courier.clone(),
    }))
}

async fn standard(backend: &Backend, queue: &Arc<Queue>, wanted: &Wanted) -> Result<Vec<Delivered>, Failure> {
    let store = backend.store(queue)?;
    let dead_letters = dead_letters(backend, queue).await?;
    for _ in 0..AGAIN {
        let now = backend.now();
        let ask = standard::receive::Ask {
            queue: queue.id,
            max: wanted.max as usize,
            visibility: millis(wanted.visibility),
            oldest: now - millis(queue.attributes.retention),
            dead_letters: dead_letters.clone(),
            groups: groups(backend, queue).await?,
            now,
        };
        let taken = store.receive.ask(ask).await?;
        if !taken.again {
            return taken
                .rows
                .into_iter()
                .map(|row| delivered(backend, queue, row))
                .collect();
        }
    }
    Ok(Vec::new())
}

fn delivered(backend: &Backend, queue: &Queue, row: Row) -> Result<Delivered, Failure> {
    let mut meta = Meta::read(&row.meta);
    Ok(Delivered {
        receipt_handle: backend.handles.write(Receipt {
            queue: queue.id,
            message: row.id,
            receive: u32::try_from(row.receive_count).unwrap_or_default(),
        }),
        body: body(backend, &row.body, row.message_id)?,
        message_id: row.message_id.to_string(),
        trace_header: meta.trace.take(),
        sender: std::mem::take(&mut meta.sender),
        deduplication_id: meta.deduplication.take(),
        attributes: meta.attributes(),
        sent_at: row.sent_at,
        first_received_at: row.first_received_at,
        receive_count: u32::try_from(row.receive_count).unwrap_or_default(),
        group: row.group,
        sequence_number: None,
        dead_letter_source: row.dead_letter_source,
    })
}

fn body(backend: &Backend, stored: &[u8], message: uuid::Uuid) -> Result<String, Failure> {
    let plain = backend
        .bodies
        .open(stored, message)
        .map_err(Failure::unavailable)?;
    String::from_utf8(plain).map_err(Failure::unavailable)
}

async fn ordered(backend: &Backend, queue: &Arc<Queue>, wanted: &Wanted) -> Result<Vec<Delivered>, Failure> {
    let store = backend.store(queue)?;
    let now = backend.now();
    let until = now + millis(wanted.visibility);
    if let Some(attempt) = &wanted.attempt {
        let mut conn = store.pool.acquire().await?;
        let rows = attempts::replay(&mut conn, queue.id, attempt, now, until).await?;
        if !rows.is_empty() {
            return rows
                .into_iter()
                .map(|row| in_order(backend, queue, row))
                .collect();
        }
    }
    let dead_letters = dead_letters(backend, queue).await?;
    let ask = fifo::receive::Ask {
        queue: queue.id,
        max: wanted.max as usize,
        visibility: millis(wanted.visibility),
        oldest: now - millis(queue.attributes.retention),
        dead_letters,
        now,
    };
    let rows = store.receive_fifo.ask(ask).await?;
    if let Some(attempt) = wanted.attempt.as_deref().filter(|_| !rows.is_empty()) {
        let attempt = Attempt {
            queue: queue.id,
            attempt,
            expires_at: now + attempts::REPLAY,
            ids: rows.iter().map(|row| row.id).collect(),
            receives: rows.iter().map(|row| row.receive_count).collect(),
        };
        let mut conn = store.pool.acquire().await?;
        attempts::remember(&mut conn, &attempt).await?;
    }
    rows.into_iter()
        .map(|row| in_order(backend, queue, row))
        .collect()
}

fn in_order(backend: &Backend, queue: &Queue, row: fifo_rows::Row) -> Result<Delivered, Failure> {
    let sequence_number = Some(sequence_number(row.id));
    let deduplication_id = Some(row.deduplication_id);
    let row = Row {
        queue: queue.id,
        id: row.id,
        sent_at: row.sent_at,
        first_received_at: row.first_received_at,
        receive_count: row.receive_count,
        message_id: row.message_id,
        group: Some(row.group),
        meta: row.meta,
        dead_letter_source: row.dead_letter_source,
        body: row.body,
    };
    Ok(Delivered {
        deduplication_id,
        sequence_number,
        ..delivered(backend, queue, row)?
    })
}
