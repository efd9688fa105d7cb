//! Changing visibility timeouts of standard queues' messages.

use std::collections::HashSet;

use crate::{
    backend::lanes::{Job, Worker, refuse_all},
    model::Millis,
    store::{link::Link, messages},
};

/// One message of one queue.
pub struct Ask {
    pub queue: i64,
    pub id: i64,
    pub until: Millis,
    pub now: Millis,
}

pub struct Hider {
    pub link: Link,
}

impl Worker for Hider {
    type Ask = Ask;
    /// Whether it was in flight.
    type Answer = bool;
    const FULL: usize = 500;

    fn weight(_ask: &Ask) -> usize {
        1
    }

    async fn work(&mut self, jobs: Vec<Job<Ask, bool>>) {
        // The last of several changes of one message counts, as if they had come one after another.
        let mut changes = std::collections::BTreeMap::new();
        for job in &jobs {
            changes.insert((job.ask.queue, job.ask.id), job.ask.until);
        }
        let now = jobs.iter().map(|job| job.ask.now).max().unwrap_or_default();
        let queues: Vec<i64> = changes.keys().map(|key| key.0).collect();
        let ids: Vec<i64> = changes.keys().map(|key| key.1).collect();
        let until: Vec<Millis> = changes.values().copied().collect();
        match messages::hide(&mut self.link, now, &queues, &ids, &until).await {
            Ok(hidden) => {
                let hidden: HashSet<(i64, i64)> = hidden.into_iter().collect();
                for job in jobs {
                    let done = hidden.contains(&(job.ask.queue, job.ask.id));
                    let _ = job.answer(Ok(done));
                }
            }
            Err(error) => {
                self.link.close();
                refuse_all(jobs, &error);
            }
        }
    }
}
