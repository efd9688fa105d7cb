//! What holders of receipts do to messages of FIFO queues: delete them, hide them longer or shorter.

use super::{Candidate, DEPTH, DROP, EMPTY, FIRST, READY_AT, Verdict, candidates, settle};
use crate::{
    model::Millis,
    store::link::{Error, Link},
};

const GROUPS_OF: &str = "
select m.id, m.group_id from (select $1::bigint as queue, unnest($2::bigint[]) as id) as d
join messaging.fifo_messages m on m.queue_id = any(array[d.queue]) and m.id = d.id";

const LOCK: &str = "
select g.group_id from (select $1::bigint as queue, unnest($2::text[]) as grp) as d
join messaging.fifo_groups g on g.queue_id = any(array[d.queue]) and g.group_id = d.grp order by g.group_id for update of g";

const STATES: &str = "
select m.id, m.receive_count, m.visible_at, m.first_received_at
from (select $1::bigint as queue, unnest($2::bigint[]) as id) as d
join messaging.fifo_messages m on m.queue_id = any(array[d.queue]) and m.id = d.id";

const HIDE: &str = "
update messaging.fifo_messages m set visible_at = h.until
from (select $1::bigint as queue, unnest($2::bigint[]) as id, unnest($3::bigint[]) as until) as h
where m.queue_id = any(array[h.queue]) and m.id = h.id";

/// How a message that somebody has a receipt of stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub id: i64,
    pub receive_count: i32,
    pub visible_at: Millis,
    pub first_received_at: Option<Millis>,
}

/// What is to be done with messages whose groups' locks are held.
#[derive(Clone, Debug, Default)]
pub struct Settlement {
    pub delete: Vec<i64>,
    pub hide: Vec<(i64, Millis)>,
}

/// Deletes and hides messages of one queue by what `decide` says of them.
pub async fn settle_receipts(
    link: &mut Link,
    lane: i32,
    queue: i64,
    ids: &[i64],
    decide: impl FnOnce(&[State]) -> Settlement + Send,
    groups_ready: impl FnOnce(&[String], &[Candidate]) -> Verdict + Send,
) -> Result<(), Error> {
    let (client, statements) = link
        .ready([GROUPS_OF, LOCK, STATES, FIRST, DROP, HIDE, READY_AT, EMPTY])
        .await?;
    let [groups_of, lock, states, first, drop, hide, ready_at, empty] = &statements;
    let transaction = client.transaction().await?;
    let mut groups: Vec<String> = transaction
        .query(groups_of, &[&queue, &ids])
        .await?
        .iter()
        .map(|row| row.get(1))
        .collect();
    groups.sort_unstable();
    groups.dedup();
    transaction.query(lock, &[&queue, &groups]).await?;
    let found: Vec<State> = transaction
        .query(states, &[&queue, &ids])
        .await?
        .iter()
        .map(|row| State {
            id: row.get(0),
            receive_count: row.get(1),
            visible_at: row.get(2),
            first_received_at: row.get(3),
        })
        .collect();
    let settlement = decide(&found);
    if !settlement.delete.is_empty() {
        transaction
            .execute(drop, &[&lane, &queue, &settlement.delete])
            .await?;
    }
    if !settlement.hide.is_empty() {
        let (ids, until): (Vec<i64>, Vec<Millis>) = settlement.hide.iter().copied().unzip();
        transaction.execute(hide, &[&queue, &ids, &until]).await?;
    }
    if !settlement.delete.is_empty() || !settlement.hide.is_empty() {
        let found = transaction.query(first, &[&queue, &groups, &DEPTH]).await?;
        let verdict = groups_ready(&groups, &candidates(&found));
        settle(&transaction, [ready_at, empty], queue, &verdict).await?;
    }
    transaction.commit().await
}
