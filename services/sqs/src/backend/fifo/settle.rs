//! What holders of receipts of FIFO messages do: delete, or change the visibility timeout.
//!
//! Only the newest receipt counts, and only until its visibility timeout has ended.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::turn;
use crate::{
    backend::{
        Failure,
        lanes::{Job, Worker, refuse_all},
    },
    model::{Millis, Receipt},
    store::{
        fifo::{self, Settlement, State},
        link::Link,
    },
};

/// The longest that a message may be hidden after it was first received, milliseconds.
pub const LONGEST: Millis = 12 * 60 * 60 * 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Delete,
    /// Hidden until then.
    Hide(Millis),
}

/// One receipt, and what its holder wants.
pub struct Ask {
    pub receipt: Receipt,
    pub wish: Wish,
    pub now: Millis,
}

/// What came of it.
pub type Outcome = Result<(), Refusal>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Expired,
    NotInFlight,
    BeyondLimit,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Expired => Failure::ReceiptExpired,
            Refusal::NotInFlight => Failure::NotInFlight,
            Refusal::BeyondLimit => Failure::VisibilityBeyondLimit,
        }
    }
}

pub struct Settler {
    pub link: Link,
    pub lane: i32,
}

impl Worker for Settler {
    type Ask = Ask;
    type Answer = Outcome;
    const FULL: usize = 200;

    fn weight(_ask: &Ask) -> usize {
        1
    }

    async fn work(&mut self, jobs: Vec<Job<Ask, Outcome>>) {
        let mut by_queue: BTreeMap<i64, Vec<Job<Ask, Outcome>>> = BTreeMap::new();
        for job in jobs {
            by_queue.entry(job.ask.receipt.queue).or_default().push(job);
        }
        for (queue, jobs) in by_queue {
            let now = jobs.iter().map(|job| job.ask.now).max().unwrap_or_default();
            let ids: Vec<i64> = jobs.iter().map(|job| job.ask.receipt.message).collect();
            let mut outcomes = Vec::new();
            let decide = |states: &[State]| {
                let asks: Vec<&Ask> = jobs.iter().map(|job| &job.ask).collect();
                let (told, settlement) = settle(now, &asks, states);
                outcomes = told;
                settlement
            };
            let ready = |groups: &[String], found: &[fifo::Candidate]| turn::ready(now, groups, found);
            match fifo::settle_receipts(&mut self.link, self.lane, queue, &ids, decide, ready).await {
                Ok(()) => {
                    for (job, outcome) in jobs.into_iter().zip(outcomes) {
                        let _ = job.answer(Ok(outcome));
                    }
                }
                Err(error) => {
                    self.link.close();
                    refuse_all(jobs, &error);
                }
            }
        }
    }
}

/// Decides on each receipt in turn, given how its message stands.
pub fn settle(now: Millis, asks: &[&Ask], states: &[State]) -> (Vec<Outcome>, Settlement) {
    let states: HashMap<i64, &State> = states.iter().map(|state| (state.id, state)).collect();
    let mut deleted: HashSet<i64> = HashSet::new();
    let mut hidden: BTreeMap<i64, Millis> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(asks.len());
    for ask in asks {
        let id = ask.receipt.message;
        let newest = |state: &State| u32::try_from(state.receive_count) == Ok(ask.receipt.receive);
        let state = states.get(&id).filter(|_| !deleted.contains(&id));
        outcomes.push(match (ask.wish, state) {
            // Deleting what is gone is done already.
            (Wish::Delete, None) => Ok(()),
            (Wish::Hide(_), None) => Err(Refusal::NotInFlight),
            (_, Some(state)) => {
                let visible_at = hidden.get(&id).copied().unwrap_or(state.visible_at);
                let first = state.first_received_at.unwrap_or(now);
                match ask.wish {
                    Wish::Delete if !newest(state) || visible_at <= now => Err(Refusal::Expired),
                    Wish::Delete => {
                        deleted.insert(id);
                        hidden.remove(&id);
                        Ok(())
                    }
                    Wish::Hide(_) if !newest(state) || visible_at <= now => Err(Refusal::NotInFlight),
                    Wish::Hide(until) if until > first + LONGEST => Err(Refusal::BeyondLimit),
                    Wish::Hide(until) => {
                        hidden.insert(id, until);
                        Ok(())
                    }
                }
            }
        });
    }
    let settlement = Settlement {
        delete: deleted.into_iter().collect(),
        hide: hidden.into_iter().collect(),
    };
    (outcomes, settlement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(receive: u32, wish: Wish) -> Ask {
        Ask {
            receipt: Receipt {
                queue: 1,
                message: 5,
                receive,
            },
            wish,
            now: 1000,
        }
    }

    fn state(receive_count: i32, visible_at: Millis) -> State {
        State {
            id: 5,
            receive_count,
            visible_at,
            first_received_at: Some(500),
        }
    }

    #[test]
    fn only_the_newest_receipt_deletes_and_only_in_time() {
        let cases = [
            (2, state(2, 2000), Ok(())),
            (1, state(2, 2000), Err(Refusal::Expired)),
            (2, state(2, 1000), Err(Refusal::Expired)),
        ];
        for (receive, state, expected) in cases {
            let ask = ask(receive, Wish::Delete);
            let (outcomes, settlement) = settle(1000, &[&ask], &[state]);
            assert_eq!(outcomes, [expected]);
            assert_eq!(settlement.delete.len(), usize::from(expected.is_ok()));
        }
    }

    #[test]
    fn deleting_twice_is_done_and_hiding_what_is_gone_is_refused() {
        let (delete, again, hide) = (
            ask(1, Wish::Delete),
            ask(1, Wish::Delete),
            ask(1, Wish::Hide(3000)),
        );
        let (outcomes, _) = settle(1000, &[&delete, &again, &hide], &[state(1, 2000)]);
        assert_eq!(outcomes, [Ok(()), Ok(()), Err(Refusal::NotInFlight)]);
    }

    #[test]
    fn a_message_is_hidden_for_twelve_hours_at_most_since_it_was_first_received() {
        let far = ask(1, Wish::Hide(500 + LONGEST + 1));
        let near = ask(1, Wish::Hide(500 + LONGEST));
        let (outcomes, settlement) = settle(1000, &[&far, &near], &[state(1, 2000)]);
        assert_eq!(outcomes, [Err(Refusal::BeyondLimit), Ok(())]);
        assert_eq!(settlement.hide, [(5, 500 + LONGEST)]);
    }
}
