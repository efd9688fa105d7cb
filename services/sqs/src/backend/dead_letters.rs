//! Messages of standard queues that were received too often go to the dead-letter queue.
//!
//! The receive that would exceed the limit is committed first and the move after it: a crash in between
//! leaves the message where it was, and the next receive moves it.

use std::sync::Arc;

use super::courier::{Courier, Manner};
use crate::{
    model::{Millis, Queue},
    store::{messages::Row, moving::Receives},
};

/// A queue's dead-letter queue, found.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    pub from: Arc<Queue>,
    pub to: Arc<Queue>,
    pub most_receives: i32,
    pub courier: Courier,
}

impl DeadLetters {
    /// Moves away what was received too often; the rest may be handed out.
    pub async fn sort_out(&self, rows: Vec<Row>, now: Millis) -> Vec<Row> {
        let (dead, alive): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| row.receive_count > self.most_receives);
        if dead.is_empty() {
            return alive;
        }
        let ids: Vec<i64> = dead.iter().map(|row| row.id).collect();
        self.bury(&ids, now).await;
        alive
    }

    /// Moves these messages.
    pub async fn bury(&self, ids: &[i64], now: Millis) {
        if ids.is_empty() {
            return;
        }
        let manner = Manner {
            now,
            receives: Receives::Kept,
            source: Some(self.from.key.arn().0),
        };
        if let Err(error) = self.courier.move_now(&self.from, &self.to, ids, &manner).await {
            // They stay hidden for their timeout and are tried again at the next receive.
            tracing::warn!(error.cause = %error, queue = %self.from.key, "dead letters could not be moved");
        }
    }
}
