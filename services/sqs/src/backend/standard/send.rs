//! Sending to standard queues.

use uuid::Uuid;

use crate::{
    backend::lanes::{Job, Worker, refuse_all},
    model::Millis,
    store::{
        link::Link,
        messages::{self, Added},
    },
};

/// A message ready to be stored.
pub struct Prepared {
    pub message_id: Uuid,
    pub visible_at: Millis,
    pub sent_at: Millis,
    pub group: Option<String>,
    pub meta: Vec<u8>,
    pub body: Vec<u8>,
}

/// Messages of one call, all for one queue.
pub struct Ask {
    pub queue: i64,
    pub messages: Vec<Prepared>,
}

pub struct Sender {
    pub link: Link,
    pub lane: i32,
}

impl Worker for Sender {
    type Ask = Ask;
    type Answer = ();
    /// Bytes of one statement: enough for hundreds of small messages, and bounded for large ones.
    const FULL: usize = 1 << 20;

    fn weight(ask: &Ask) -> usize {
        let size = |message: &Prepared| message.body.len() + message.meta.len() + 200;
        ask.messages.iter().map(size).sum()
    }

    async fn work(&mut self, mut jobs: Vec<Job<Ask, ()>>) {
        let mut rows = Added::default();
        for job in &mut jobs {
            for message in job.ask.messages.drain(..) {
                rows.queue.push(job.ask.queue);
                rows.visible_at.push(message.visible_at);
                rows.sent_at.push(message.sent_at);
                rows.message_id.push(message.message_id);
                rows.group.push(message.group);
                rows.meta.push(message.meta);
                rows.body.push(message.body);
            }
        }
        match messages::add(&mut self.link, self.lane, &rows).await {
            Ok(()) => {
                for job in jobs {
                    // One that left has its message all the same, as after any lost answer.
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
