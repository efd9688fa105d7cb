//! Receiving from standard queues: calls that wait at the same time are served by one statement, and
//! what it brings is dealt out to them.
//!
//! Invariant: a message that was received for a caller who left goes to another, or back.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::fair::Rotation;
use crate::{
    backend::{
        dead_letters::DeadLetters,
        lanes::{Job, Worker, refuse_all},
    },
    model::Millis,
    store::{
        link::{Error, Link},
        messages::{self, Row, Take},
    },
};

/// What one call asks of one queue.
#[derive(Clone, Debug)]
pub struct Ask {
    pub queue: i64,
    pub max: usize,
    /// How long what is received stays hidden, milliseconds.
    pub visibility: Millis,
    /// Messages sent before count as gone.
    pub oldest: Millis,
    /// Where messages go that were received this often already; None: nowhere.
    pub dead_letters: Option<DeadLetters>,
    /// Whether messages of the queue may have groups to be fair to.
    pub groups: Groups,
    pub now: Millis,
}

/// Whether fairness among message groups has to be looked after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    None,
    Some,
}

type Jobs = VecDeque<Job<Ask, Taken>>;

/// What came of it.
#[derive(Debug, Default)]
pub struct Taken {
    pub rows: Vec<Row>,
    /// Nothing was left after dead letters were sorted out; there may be more behind them.
    pub again: bool,
}

pub struct Receiver {
    pub link: Link,
    /// Where it goes on among each queue's groups.
    pub rotations: HashMap<i64, Rotation>,
}

impl Worker for Receiver {
    type Ask = Ask;
    type Answer = Taken;
    /// Messages of one statement; large bodies have to fit in memory.
    const FULL: usize = 64;

    fn weight(ask: &Ask) -> usize {
        ask.max
    }

    async fn work(&mut self, jobs: Vec<Job<Ask, Taken>>) {
        let mut waiting: BTreeMap<(i64, Millis), Jobs> = BTreeMap::new();
        for job in jobs.into_iter().filter(Job::is_wanted) {
            let key = (job.ask.queue, job.ask.visibility);
            waiting.entry(key).or_default().push_back(job);
        }
        // A queue occurs once in a statement: calls with another timeout take their turn after.
        while !waiting.is_empty() {
            let mut round: BTreeMap<i64, Jobs> = BTreeMap::new();
            let keys: Vec<(i64, Millis)> = waiting.keys().copied().collect();
            for key in keys {
                if !round.contains_key(&key.0)
                    && let Some(jobs) = waiting.remove(&key)
                {
                    round.insert(key.0, jobs);
                }
            }
            self.round(round).await;
        }
    }
}

impl Receiver {
    /// One statement for many queues, and one each for those with groups.
    async fn round(&mut self, mut round: BTreeMap<i64, Jobs>) {
        let takes: Vec<(Take, Ask)> = round
            .iter()
            .filter_map(|(queue, jobs)| Some((take(*queue, jobs)?, jobs.front()?.ask.clone())))
            .collect();
        let now = takes.iter().map(|(_, ask)| ask.now).max().unwrap_or_default();
        let mut rows: HashMap<i64, Vec<Row>> = HashMap::new();
        let plain: Vec<Take> = takes
            .iter()
            .filter(|(_, ask)| ask.groups == Groups::None)
            .map(|(take, _)| *take)
            .collect();
        if !plain.is_empty() {
            match messages::take(&mut self.link, now, &plain).await {
                Ok(taken) => {
                    for row in taken {
                        rows.entry(row.queue).or_default().push(row);
                    }
                }
                Err(error) => {
                    for take in &plain {
                        self.refuse(round.remove(&take.queue), &error);
                    }
                }
            }
        }
        for (take, ask) in &takes {
            if ask.groups == Groups::Some {
                let rotation = self.rotations.entry(take.queue).or_default();
                match rotation.take(&mut self.link, now, *take).await {
                    Ok(taken) => {
                        rows.insert(take.queue, taken);
                    }
                    Err(error) => self.refuse(round.remove(&take.queue), &error),
                }
            }
        }
        for (queue, jobs) in round {
            let taken = rows.remove(&queue).unwrap_or_default();
            self.deal(queue, jobs, taken, now).await;
        }
    }

    fn refuse(&mut self, jobs: Option<Jobs>, error: &Error) {
        self.link.close();
        refuse_all(jobs.into_iter().flatten().collect(), error);
    }

    /// Gives what was taken to those who asked, in their order.
    async fn deal(&mut self, queue: i64, mut jobs: Jobs, mut rows: Vec<Row>, now: Millis) {
        // The statement answers in no order; within a receive the oldest come first.
        rows.sort_unstable_by_key(|row| row.id);
        let mut buried = false;
        if let Some(dead_letters) = jobs.front().and_then(|job| job.ask.dead_letters.clone()) {
            let found = rows.len();
            rows = dead_letters.sort_out(rows, now).await;
            buried = rows.len() < found;
        }
        let mut rows = VecDeque::from(rows);
        while let Some(job) = jobs.pop_front() {
            let share: Vec<Row> = rows.drain(..rows.len().min(job.ask.max)).collect();
            let again = buried && share.is_empty();
            if let Err(Some(unwanted)) = job.answer(Ok(Taken { rows: share, again })) {
                for row in unwanted.rows.into_iter().rev() {
                    rows.push_front(row);
                }
            }
        }
        if !rows.is_empty() {
            let back: Vec<_> = rows
                .iter()
                .map(|row| (row.queue, row.id, row.receive_count))
                .collect();
            if let Err(error) = messages::give_back(&mut self.link, now, &back).await {
                self.link.close();
                // They come back by themselves when their timeout ends.
                tracing::warn!(error.cause = %error, queue.id = queue, "messages could not be given back");
            }
        }
    }
}

fn take(queue: i64, jobs: &Jobs) -> Option<Take> {
    let ask = &jobs.front()?.ask;
    let most: usize = jobs.iter().map(|job| job.ask.max).sum();
    Some(Take {
        queue,
        limit: i64::try_from(most).unwrap_or(i64::MAX),
        until: ask.now + ask.visibility,
        oldest: ask.oldest,
    })
}
