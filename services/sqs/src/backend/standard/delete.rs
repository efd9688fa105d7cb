//! Deleting from standard queues: any receipt of the message does, and one that is gone is no error.

use crate::{
    backend::lanes::{Job, Worker, refuse_all},
    store::{link::Link, messages},
};

/// Messages of one call, all of one queue.
pub struct Ask {
    pub queue: i64,
    pub ids: Vec<i64>,
}

pub struct Deleter {
    pub link: Link,
    pub lane: i32,
}

impl Worker for Deleter {
    type Ask = Ask;
    type Answer = ();
    const FULL: usize = 500;

    fn weight(ask: &Ask) -> usize {
        ask.ids.len()
    }

    async fn work(&mut self, jobs: Vec<Job<Ask, ()>>) {
        // In one order everywhere, so that two lanes never wait for each other.
        let mut gone: Vec<(i64, i64)> = jobs
            .iter()
            .flat_map(|job| job.ask.ids.iter().map(|id| (job.ask.queue, *id)))
            .collect();
        gone.sort_unstable();
        gone.dedup();
        let (queues, ids): (Vec<i64>, Vec<i64>) = gone.into_iter().unzip();
        match messages::remove(&mut self.link, self.lane, &queues, &ids).await {
            Ok(()) => {
                for job in jobs {
                    let _ = job.answer(Ok(()));
                }
            }
            Err(error) => {
                self.link.close();
                refuse_all(jobs, &error);
            }
        }
    }
}
