//! Receiving from FIFO queues.
//!
//! Unlike on standard queues a receive is durable before it is answered: a group stays locked through
//! a crash of the database.

use std::collections::{BTreeMap, HashMap};

use super::turn::{self, Rules};
use crate::{
    backend::{
        dead_letters::DeadLetters,
        lanes::{Job, Worker, refuse_all},
    },
    model::Millis,
    store::{
        fifo::{self, Burial, DEPTH, Look, Row, Settlement},
        link::{Error, Link},
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
    /// Where messages go that were received too often; None: nowhere.
    pub dead_letters: Option<DeadLetters>,
    pub now: Millis,
}

pub struct Receiver {
    pub link: Link,
    pub lane: i32,
}

type Jobs = Vec<Job<Ask, Vec<Row>>>;

/// Looks at a queue at most, when all that is found is too old or was received too often.
const LOOKS: usize = 100;

impl Worker for Receiver {
    type Ask = Ask;
    type Answer = Vec<Row>;
    const FULL: usize = 64;

    fn weight(ask: &Ask) -> usize {
        ask.max
    }

    async fn work(&mut self, jobs: Jobs) {
        let mut by_queue: BTreeMap<(i64, Millis), Jobs> = BTreeMap::new();
        for job in jobs.into_iter().filter(Job::is_wanted) {
            let key = (job.ask.queue, job.ask.visibility);
            by_queue.entry(key).or_default().push(job);
        }
        for jobs in by_queue.into_values() {
            self.serve(jobs).await;
        }
    }
}

/// How to move dead letters with the receive itself, where both queues are in one message store.
fn burial(dead_letters: &DeadLetters) -> Option<Burial> {
    (dead_letters.from.store == dead_letters.to.store).then(|| Burial {
        queue: dead_letters.to.id,
        source: dead_letters.from.key.arn().0,
    })
}

impl Receiver {
    async fn serve(&mut self, jobs: Jobs) {
        let Some(ask) = jobs.first().map(|job| job.ask.clone()) else {
            return;
        };
        let wants: Vec<usize> = jobs.iter().map(|job| job.ask.max).collect();
        match self.take(&ask, &wants).await {
            Ok((shares, rows)) => {
                let mut rows: HashMap<i64, Row> = rows.into_iter().map(|row| (row.id, row)).collect();
                for (job, share) in jobs.into_iter().zip(shares) {
                    let share: Vec<Row> = share.iter().filter_map(|id| rows.remove(id)).collect();
                    if let Err(Some(unwanted)) = job.answer(Ok(share)) {
                        self.give_back(&ask, unwanted).await;
                    }
                }
            }
            Err(error) => {
                self.link.close();
                refuse_all(jobs, &error);
            }
        }
    }

    async fn take(&mut self, ask: &Ask, wants: &[usize]) -> Result<(Vec<turn::Share>, Vec<Row>), Error> {
        let rules = Rules {
            now: ask.now,
            until: ask.now + ask.visibility,
            oldest: ask.oldest,
            most_receives: ask.dead_letters.as_ref().map(|dead| dead.most_receives),
        };
        let look = Look {
            queue: ask.queue,
            now: ask.now,
            until: rules.until,
            groups: i64::try_from(wants.iter().sum::<usize>()).unwrap_or(DEPTH),
            depth: DEPTH,
        };
        let burial = ask.dead_letters.as_ref().and_then(burial);
        for _ in 0..LOOKS {
            let mut shares = Vec::new();
            let deal = |groups: &[String], found: &[fifo::Candidate]| {
                let (dealt, verdict) = turn::deal(rules, wants, groups, found);
                shares = dealt;
                verdict
            };
            let (rows, verdict) = fifo::take(&mut self.link, self.lane, look, burial.as_ref(), deal).await?;
            if let (Some(dead_letters), Some(burial)) = (&ask.dead_letters, &burial) {
                dead_letters
                    .courier
                    .wakes
                    .arrived(burial.queue, verdict.dead.len());
            } else if let Some(dead_letters) = &ask.dead_letters {
                dead_letters.bury(&verdict.dead, ask.now).await;
            }
            let again = verdict.take.is_empty()
                && !(verdict.expired.is_empty() && verdict.dead.is_empty() && verdict.empty.is_empty());
            if !again {
                shares.resize_with(wants.len(), Vec::new);
                return Ok((shares, rows));
            }
        }
        Ok((wants.iter().map(|_| Vec::new()).collect(), Vec::new()))
    }

    /// Makes messages that nobody was there to get visible again; they count as received.
    async fn give_back(&mut self, ask: &Ask, rows: Vec<Row>) {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        if ids.is_empty() {
            return;
        }
        let now = ask.now;
        let show = |states: &[fifo::State]| {
            let ours = |state: &&fifo::State| {
                rows.iter()
                    .any(|row| row.id == state.id && row.receive_count == state.receive_count)
            };
            Settlement {
                delete: Vec::new(),
                hide: states.iter().filter(ours).map(|state| (state.id, now)).collect(),
            }
        };
        let ready = |groups: &[String], found: &[fifo::Candidate]| turn::ready(now, groups, found);
        if let Err(error) =
            fifo::settle_receipts(&mut self.link, self.lane, ask.queue, &ids, show, ready).await
        {
            self.link.close();
            tracing::warn!(error.cause = %error, queue.id = ask.queue, "messages could not be given back");
        }
    }
}
