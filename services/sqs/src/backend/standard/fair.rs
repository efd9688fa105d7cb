//! Fair queues: message groups of a standard queue are served in turn, so that one with a long backlog
//! does not keep the others waiting.
//!
//! Where the turn stands is each lane's own matter: no order is promised, only that nobody starves.

use crate::{
    model::Millis,
    store::{
        link::{Error, Link},
        messages::{self, Row, Take},
    },
};

/// Groups looked at in one statement.
const GROUPS: i64 = 64;

/// Where the turn among a queue's groups stands.
#[derive(Debug, Default)]
pub struct Rotation {
    /// The group served last.
    after: String,
}

impl Rotation {
    /// Receives by turns, then fills up with whatever waits longest (messages without a group, and
    /// more of the groups when there are few).
    pub async fn take(&mut self, link: &mut Link, now: Millis, take: Take) -> Result<Vec<Row>, Error> {
        if take.until <= now {
            // Nothing is hidden: a second look would find the same messages again.
            return messages::take(link, now, &[take]).await;
        }
        let mut rows = Vec::new();
        let mut limit = take.limit;
        // At most once around: to the last group, then from the first.
        for _ in 0..2 {
            if limit == 0 {
                return Ok(rows);
            }
            let groups = messages::groups_after(link, take.queue, &self.after, GROUPS).await?;
            let end_reached = i64::try_from(groups.len()).unwrap_or(GROUPS) < GROUPS;
            if !groups.is_empty() {
                let taken = messages::take_of_groups(link, now, Take { limit, ..take }, &groups).await?;
                limit -= i64::try_from(taken.len()).unwrap_or(limit);
                // In the order of the turn: the next starts behind the last one that was served.
                let last = taken.iter().filter_map(|row| row.group.as_ref()).max();
                let full = limit == 0;
                self.after = match (last, full) {
                    (Some(last), true) => last.clone(),
                    _ => groups.last().cloned().unwrap_or_default(),
                };
                rows.extend(taken);
            }
            if end_reached && limit > 0 {
                self.after = String::new();
                // Once a turn it is the turn of those without a group.
                let one = Take { limit: 1, ..take };
                let taken = messages::take(link, now, &[one]).await?;
                limit -= i64::try_from(taken.len()).unwrap_or(0);
                rows.extend(taken);
            }
        }
        if limit > 0 {
            rows.extend(messages::take(link, now, &[Take { limit, ..take }]).await?);
        }
        Ok(rows)
    }
}
