//! Sending to FIFO queues: a message that repeats another of the last five minutes gets its ids.

use std::collections::HashMap;

use crate::{
    backend::{
        lanes::{Job, Worker, refuse_all},
        standard::send::Prepared,
    },
    model::Millis,
    store::{
        fifo::{self, Added, Kept},
        link::Link,
    },
};

/// A message ready to be stored, with what FIFO queues ask for.
pub struct Ordered {
    pub message: Prepared,
    pub group: String,
    pub scope: String,
    pub deduplication_id: String,
}

/// Messages of one call, all for one queue.
pub struct Ask {
    pub queue: i64,
    pub messages: Vec<Ordered>,
    pub now: Millis,
}

pub struct Sender {
    pub link: Link,
    pub lane: i32,
}

impl Worker for Sender {
    type Ask = Ask;
    type Answer = Vec<Kept>;
    const FULL: usize = 1 << 20;

    fn weight(ask: &Ask) -> usize {
        let size = |one: &Ordered| one.message.body.len() + one.message.meta.len() + 300;
        ask.messages.iter().map(size).sum()
    }

    async fn work(&mut self, mut jobs: Vec<Job<Ask, Vec<Kept>>>) {
        let now = jobs.iter().map(|job| job.ask.now).max().unwrap_or_default();
        let mut rows = Added::default();
        // Where each message of each job stands among the rows; a repetition stands where its original does.
        let mut places: Vec<Vec<usize>> = Vec::new();
        let mut first: HashMap<(i64, String, String), usize> = HashMap::new();
        for job in &mut jobs {
            let queue = job.ask.queue;
            let mut of_job = Vec::new();
            for one in job.ask.messages.drain(..) {
                let key = (queue, one.scope.clone(), one.deduplication_id.clone());
                let place = *first.entry(key).or_insert_with(|| {
                    rows.queue.push(queue);
                    rows.group.push(one.group);
                    rows.visible_at.push(one.message.visible_at);
                    rows.sent_at.push(one.message.sent_at);
                    rows.message_id.push(one.message.message_id);
                    rows.scope.push(one.scope);
                    rows.deduplication_id.push(one.deduplication_id);
                    rows.meta.push(one.message.meta);
                    rows.body.push(one.message.body);
                    rows.queue.len() - 1
                });
                of_job.push(place);
            }
            places.push(of_job);
        }
        match fifo::add(&mut self.link, self.lane, now, rows).await {
            Ok(kept) => {
                for (job, places) in jobs.into_iter().zip(places) {
                    let _ = job.answer(Ok(places.iter().map(|place| kept[*place]).collect()));
                }
            }
            Err(error) => {
                self.link.close();
                refuse_all(jobs, &error);
            }
        }
    }
}
