//! Whose turn it is in a FIFO queue. Pure.
//!
//! Invariant: the messages of a group are handed out in the order of their ids, and none while an
//! earlier one of the group is in flight.

use std::collections::HashMap;

use crate::{
    model::Millis,
    store::fifo::{Candidate, Verdict},
};

/// What a queue's rules say to a receive.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub now: Millis,
    /// When what is handed out becomes visible again.
    pub until: Millis,
    /// Messages sent before count as gone.
    pub oldest: Millis,
    /// Messages received this often already go to the dead-letter queue.
    pub most_receives: Option<i32>,
}

/// A share of what is handed out: the ids for one caller, whole groups only.
pub type Share = Vec<i64>;

/// Deals the heads of ready groups out to callers who want up to `wants[i]` messages each. A group
/// goes to one caller, so that two never work on it at the same time.
pub fn deal(rules: Rules, wants: &[usize], groups: &[String], found: &[Candidate]) -> (Vec<Share>, Verdict) {
    let mut shares: Vec<Share> = wants.iter().map(|_| Vec::new()).collect();
    let mut verdict = Verdict::default();
    let mut by_group: HashMap<&str, Vec<&Candidate>> = HashMap::new();
    for candidate in found {
        by_group.entry(&candidate.group).or_default().push(candidate);
    }
    for group in groups {
        let heads = by_group.remove(group.as_str()).unwrap_or_default();
        let at = (0..wants.len()).find(|at| shares[*at].len() < wants[*at]);
        let room = at.map_or(0, |at| wants[at] - shares[at].len());
        let mut taken = 0;
        let mut wait = None;
        let mut left = false;
        for head in &heads {
            let too_often = rules.most_receives.is_some_and(|most| head.receive_count >= most);
            if head.sent_at < rules.oldest {
                verdict.expired.push(head.id);
            } else if head.visible_at > rules.now {
                // Delayed: those after it wait with it.
                wait = Some(head.visible_at);
                break;
            } else if too_often {
                verdict.dead.push(head.id);
            } else if taken < room {
                if let Some(at) = at {
                    shares[at].push(head.id);
                }
                verdict.take.push(head.id);
                taken += 1;
            } else {
                left = true;
                break;
            }
        }
        let ready = if taken > 0 {
            Some(rules.until)
        } else if left {
            None
        } else {
            wait.or_else(|| (!heads.is_empty()).then_some(rules.now))
        };
        match ready {
            Some(at) => verdict.ready.push((group.clone(), at)),
            // Nobody had room for it: it stays as it is.
            None if left => {}
            None => verdict.empty.push(group.clone()),
        }
    }
    (shares, verdict)
}

/// When groups are ready, given their first messages: after the last one in flight, else when the
/// first one becomes visible.
pub fn ready(now: Millis, groups: &[String], found: &[Candidate]) -> Verdict {
    let mut verdict = Verdict::default();
    for group in groups {
        let heads = || found.iter().filter(|candidate| &candidate.group == group);
        let in_flight = heads()
            .filter(|head| head.receive_count > 0 && head.visible_at > now)
            .map(|head| head.visible_at)
            .max();
        match in_flight.or_else(|| heads().next().map(|head| head.visible_at)) {
            Some(at) => verdict.ready.push((group.clone(), at)),
            None => verdict.empty.push(group.clone()),
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        now: 1000,
        until: 31_000,
        oldest: 10,
        most_receives: Some(3),
    };

    fn head(group: &str, id: i64, visible_at: Millis, receive_count: i32) -> Candidate {
        Candidate {
            group: group.to_owned(),
            id,
            visible_at,
            sent_at: 100,
            receive_count,
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_group_is_handed_out_in_order_and_to_one_caller() {
        let found = [head("a", 1, 0, 0), head("a", 2, 0, 0), head("b", 3, 0, 0)];
        let (shares, verdict) = deal(RULES, &[1, 10], &names(&["a", "b"]), &found);
        assert_eq!(shares, [vec![1], vec![3]]);
        let expected = [("a".to_owned(), 31_000), ("b".to_owned(), 31_000)];
        assert_eq!(verdict.ready, expected);
        let (shares, _) = deal(RULES, &[10, 10], &names(&["a", "b"]), &found);
        assert_eq!(shares, [vec![1, 2, 3], vec![]]);
    }

    #[test]
    fn messages_behind_a_delayed_one_wait_with_it() {
        let found = [head("a", 1, 0, 0), head("a", 2, 5000, 0), head("a", 3, 0, 0)];
        let (shares, _) = deal(RULES, &[10], &names(&["a"]), &found);
        assert_eq!(shares, [vec![1]]);
        let found = [head("a", 2, 5000, 0), head("a", 3, 0, 0)];
        let (shares, verdict) = deal(RULES, &[10], &names(&["a"]), &found);
        assert_eq!(shares, [Vec::<i64>::new()]);
        assert_eq!(verdict.ready, [("a".to_owned(), 5000)]);
    }

    #[test]
    fn what_was_received_too_often_or_is_too_old_makes_room_for_the_next() {
        let mut old = head("a", 1, 0, 0);
        old.sent_at = 5;
        let found = [old, head("a", 2, 0, 3), head("a", 3, 0, 2)];
        let (shares, verdict) = deal(RULES, &[10], &names(&["a"]), &found);
        assert_eq!(shares, [vec![3]]);
        assert_eq!((verdict.expired, verdict.dead), (vec![1], vec![2]));
    }

    #[test]
    fn a_group_without_messages_is_forgotten_and_one_without_room_is_left() {
        let found = [head("a", 1, 0, 0), head("b", 2, 0, 0)];
        let (_, verdict) = deal(RULES, &[1], &names(&["a", "b", "c"]), &found);
        assert_eq!(verdict.empty, ["c"]);
        assert_eq!(verdict.ready, [("a".to_owned(), 31_000)]);
    }

    #[test]
    fn a_group_is_ready_after_its_last_message_in_flight() {
        let found = [head("a", 1, 5000, 1), head("a", 2, 9000, 1), head("a", 3, 0, 0)];
        assert_eq!(
            ready(1000, &names(&["a"]), &found).ready,
            [("a".to_owned(), 9000)]
        );
        let found = [head("a", 3, 7000, 0)];
        assert_eq!(
            ready(1000, &names(&["a"]), &found).ready,
            [("a".to_owned(), 7000)]
        );
        assert_eq!(ready(1000, &names(&["a"]), &[]).empty, ["a"]);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_wanted_and_each_share_is_in_order(
            wants in proptest::collection::vec(1usize..=10, 1..5),
            heads in proptest::collection::vec((0u8..4, 0i64..2000, 0i32..5), 0..40),
        ) {
            let mut found: Vec<Candidate> = heads.iter().enumerate()
                .map(|(id, (group, visible, receives))| head(&group.to_string(), id as i64, *visible, *receives))
                .collect();
            found.sort_by(|one, other| (&one.group, one.id).cmp(&(&other.group, other.id)));
            let groups = names(&["0", "1", "2", "3"]);
            let (shares, verdict) = deal(RULES, &wants, &groups, &found);
            let mut owner = HashMap::new();
            for (at, share) in shares.iter().enumerate() {
                prop_assert!(share.len() <= wants[at]);
                for id in share {
                    let group = &heads[*id as usize].0;
                    prop_assert_eq!(*owner.entry(group).or_insert(at), at);
                }
            }
            for group in &groups {
                let of_group: Vec<i64> = found.iter().filter(|one| &one.group == group).map(|one| one.id).collect();
                let touched: Vec<i64> = of_group.iter().copied()
                    .filter(|id| verdict.take.contains(id) || verdict.dead.contains(id) || verdict.expired.contains(id))
                    .collect();
                // What is touched is a prefix of the group.
                prop_assert_eq!(&touched[..], &of_group[..touched.len()]);
            }
        }
    }
}
