//! Receiving from FIFO queues, with the locks of the groups held from the look to the commit.

use uuid::Uuid;

use super::{Candidate, DROP, EMPTY, FIRST, READY_AT, Verdict, candidates, settle};
use crate::{
    model::Millis,
    store::link::{Error, Link},
};

const LOCK_READY: &str = "
select g.group_id from messaging.fifo_groups g
where g.queue_id + 0 = $1 and g.ready_at <= $2
order by g.ready_at limit $3 for update skip locked";

const MARK: &str = "
update messaging.fifo_messages m
set visible_at = $2, receive_count = m.receive_count + 1, first_received_at = coalesce(m.first_received_at, $3)
from (select $1::bigint as queue, unnest($4::bigint[]) as id) as t
where m.queue_id = any(array[t.queue]) and m.id = t.id
returning m.id, m.group_id, m.sent_at, m.first_received_at, m.receive_count, m.message_id, m.deduplication_id,
    m.meta, m.dead_letter_source, m.body";

/// A message just received.
#[derive(Debug)]
pub struct Row {
    pub id: i64,
    pub group: String,
    pub sent_at: Millis,
    pub first_received_at: Millis,
    pub receive_count: i32,
    pub message_id: Uuid,
    pub deduplication_id: String,
    pub meta: Vec<u8>,
    pub dead_letter_source: Option<String>,
    pub body: Vec<u8>,
}

/// Which groups and how far to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub queue: i64,
    pub now: Millis,
    pub until: Millis,
    pub groups: i64,
    pub depth: i64,
}

/// Receives from the groups that are ready, by what `decide` says of their first messages.
pub async fn take(
    link: &mut Link,
    lane: i32,
    look: Look,
    bury: Option<&Burial>,
    decide: impl FnOnce(&[String], &[Candidate]) -> Verdict + Send,
) -> Result<(Vec<Row>, Verdict), Error> {
    let (client, statements) = link
        .ready([
            LOCK_READY,
            FIRST,
            MARK,
            DROP,
            READY_AT,
            EMPTY,
            LOCK_FOR_ARRIVAL,
            MOVE_OUT,
        ])
        .await?;
    let [lock, first, mark, drop, ready_at, empty, lock_arrival, move_out] = &statements;
    let transaction = client.transaction().await?;
    let locked = transaction
        .query(lock, &[&look.queue, &look.now, &look.groups])
        .await?;
    let groups: Vec<String> = locked.iter().map(|row| row.get(0)).collect();
    if groups.is_empty() {
        transaction.rollback().await?;
        return Ok((Vec::new(), Verdict::default()));
    }
    let found = transaction
        .query(first, &[&look.queue, &groups, &look.depth])
        .await?;
    let verdict = decide(&groups, &candidates(&found));
    if !verdict.expired.is_empty() {
        transaction
            .execute(drop, &[&lane, &look.queue, &verdict.expired])
            .await?;
    }
    if let (Some(burial), false) = (bury, verdict.dead.is_empty()) {
        let ids = &verdict.dead;
        transaction
            .execute(lock_arrival, &[&burial.queue, &look.queue, ids, &look.now])
            .await?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&lane, &burial.queue, &look.queue, ids, &look.now, &burial.source];
        transaction.execute(move_out, &values).await?;
    }
    let rows = if verdict.take.is_empty() {
        Vec::new()
    } else {
        transaction
            .query(mark, &[&look.queue, &look.until, &look.now, &verdict.take])
            .await?
            .iter()
            .map(row)
            .collect()
    };
    settle(&transaction, [ready_at, empty], look.queue, &verdict).await?;
    transaction.commit().await?;
    Ok((rows, verdict))
}

fn row(row: &tokio_postgres::Row) -> Row {
    Row {
        id: row.get(0),
        group: row.get(1),
        sent_at: row.get(2),
        first_received_at: row.get(3),
        receive_count: row.get(4),
        message_id: row.get(5),
        deduplication_id: row.get(6),
        meta: row.get(7),
        dead_letter_source: row.get(8),
        body: row.get(9),
    }
}

/// Where dead letters go, in the same message store.
#[derive(Clone, Debug)]
pub struct Burial {
    pub queue: i64,
    /// ARN of the queue they come from.
    pub source: String,
}

const LOCK_FOR_ARRIVAL: &str = "
insert into messaging.fifo_groups as g (queue_id, group_id, ready_at)
select distinct $1::bigint, m.group_id, $4::bigint
from (select $2::bigint as queue, unnest($3::bigint[]) as id) as d
join messaging.fifo_messages m on m.queue_id = any(array[d.queue]) and m.id = d.id order by 2
on conflict (queue_id, group_id) do update set ready_at = g.ready_at";

const MOVE_OUT: &str = "
with moved as (
    update messaging.fifo_messages m
    set queue_id = $2, visible_at = $5, dead_letter_source = $6
    from (select $3::bigint as queue, unnest($4::bigint[]) as id) as d
    where m.queue_id = any(array[d.queue]) and m.id = d.id
    returning m.id)
insert into messaging.queue_counts as c (queue_id, lane, messages)
select q.queue, $1, q.sign * n.count from (values ($2::bigint, 1), ($3::bigint, -1)) as q(queue, sign),
    (select count(*) from moved) as n
order by q.queue
on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages";
