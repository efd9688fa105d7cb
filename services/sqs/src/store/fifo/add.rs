//! Adding messages to FIFO queues: deduplication, then the groups' locks, then ids in order.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    model::Millis,
    store::link::{Error, Link},
};

/// Rows to be added, column by column, in the order of sending.
#[derive(Default)]
pub struct Added {
    pub queue: Vec<i64>,
    pub group: Vec<String>,
    pub visible_at: Vec<Millis>,
    pub sent_at: Vec<Millis>,
    pub message_id: Vec<Uuid>,
    /// Where the deduplication id is unique: the group, or empty for the whole queue.
    pub scope: Vec<String>,
    pub deduplication_id: Vec<String>,
    pub meta: Vec<Vec<u8>>,
    pub body: Vec<Vec<u8>>,
}

/// How long a deduplication id is remembered, milliseconds.
pub const DEDUPLICATION: Millis = 5 * 60 * 1000;

const CLAIM: &str = "
insert into messaging.fifo_deduplication as d (queue_id, scope, deduplication_id, expires_at, message_id, id)
select queue, scope, dedup, $1, message, 0
from unnest($3::bigint[], $4::text[], $5::text[], $6::uuid[]) as n(queue, scope, dedup, message)
order by queue, scope, dedup
on conflict (queue_id, scope, deduplication_id) do update
set expires_at = excluded.expires_at, message_id = excluded.message_id, id = 0
where d.expires_at <= $2
returning message_id";

const KNOWN: &str = "
select d.queue_id, d.scope, d.deduplication_id, d.message_id, d.id
from unnest($1::bigint[], $2::text[], $3::text[]) as n(queue, scope, dedup)
join messaging.fifo_deduplication d
    on d.queue_id = any(array[n.queue]) and d.scope = n.scope and d.deduplication_id = n.dedup";

const LOCK_FOR_SENDING: &str = "
insert into messaging.fifo_groups as g (queue_id, group_id, ready_at)
select queue, grp, min(visible) from unnest($1::bigint[], $2::text[], $3::bigint[]) as n(queue, grp, visible)
group by queue, grp order by queue, grp
on conflict (queue_id, group_id) do update set ready_at = g.ready_at";

const ADD: &str = "
with added as (
    insert into messaging.fifo_messages (queue_id, id, group_id, visible_at, sent_at, message_id,
        deduplication_id, meta, body)
    select queue, nextval('messaging.message_ids'), grp, visible, sent, message, dedup, meta, body
    from (
        select * from unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::uuid[], $7::text[],
            $8::bytea[], $9::bytea[]) with ordinality
            as n(queue, grp, visible, sent, message, dedup, meta, body, place)
        order by place) as n
    returning queue_id, message_id, id),
counted as (
    insert into messaging.queue_counts as c (queue_id, lane, messages)
    select queue_id, $1, count(*) from added group by queue_id order by queue_id
    on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
select message_id, id from added";

const NUMBER: &str = "
update messaging.fifo_deduplication d set id = n.id
from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) as n(queue, scope, dedup, id)
where d.queue_id = any(array[n.queue]) and d.scope = n.scope and d.deduplication_id = n.dedup";

/// The outcome for one message: the id under which it, or the one that it repeats, was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    pub message_id: Uuid,
    pub id: i64,
}

/// Adds messages, except those that repeat one of the last five minutes, which get its ids. One
/// result a row, in their order. No two rows of a call have the same queue, scope and id.
pub async fn add(link: &mut Link, lane: i32, now: Millis, rows: Added) -> Result<Vec<Kept>, Error> {
    let (client, [claim, known, lock, add, number]) =
        link.ready([CLAIM, KNOWN, LOCK_FOR_SENDING, ADD, NUMBER]).await?;
    let transaction = client.transaction().await?;
    let claimed = transaction
        .query(
            &claim,
            &[
                &(now + DEDUPLICATION),
                &now,
                &rows.queue,
                &rows.scope,
                &rows.deduplication_id,
                &rows.message_id,
            ],
        )
        .await?;
    let fresh: HashSet<Uuid> = claimed.iter().map(|row| row.get(0)).collect();
    let known = if fresh.len() < rows.queue.len() {
        let rows = transaction
            .query(&known, &[&rows.queue, &rows.scope, &rows.deduplication_id])
            .await?;
        rows.iter()
            .map(|row| ((row.get(0), row.get(1), row.get(2)), (row.get(3), row.get(4))))
            .collect()
    } else {
        HashMap::<(i64, String, String), (Uuid, i64)>::new()
    };
    let keep: Vec<usize> = (0..rows.queue.len())
        .filter(|at| fresh.contains(&rows.message_id[*at]))
        .collect();
    let mut ids = HashMap::<Uuid, i64>::new();
    if !keep.is_empty() {
        let pick = |column: &[i64]| keep.iter().map(|at| column[*at]).collect::<Vec<i64>>();
        let bytes = |column: &[Vec<u8>]| keep.iter().map(|at| column[*at].clone()).collect::<Vec<_>>();
        let (queue, group, visible) = (
            pick(&rows.queue),
            texts(&keep, &rows.group),
            pick(&rows.visible_at),
        );
        let message: Vec<Uuid> = keep.iter().map(|at| rows.message_id[*at]).collect();
        let dedup = texts(&keep, &rows.deduplication_id);
        transaction.execute(&lock, &[&queue, &group, &visible]).await?;
        let added = transaction
            .query(
                &add,
                &[
                    &lane,
                    &queue,
                    &group,
                    &visible,
                    &pick(&rows.sent_at),
                    &message,
                    &dedup,
                    &bytes(&rows.meta),
                    &bytes(&rows.body),
                ],
            )
            .await?;
        ids = added.iter().map(|row| (row.get(0), row.get(1))).collect();
        let numbers: Vec<i64> = message
            .iter()
            .map(|message| ids.get(message).copied().unwrap_or_default())
            .collect();
        transaction
            .execute(&number, &[&queue, &texts(&keep, &rows.scope), &dedup, &numbers])
            .await?;
    }
    transaction.commit().await?;
    Ok((0..rows.queue.len())
        .map(|at| {
            let message_id = rows.message_id[at];
            match ids.get(&message_id) {
                Some(id) => Kept { message_id, id: *id },
                None => {
                    let key = (
                        rows.queue[at],
                        rows.scope[at].clone(),
                        rows.deduplication_id[at].clone(),
                    );
                    let (message_id, id) = known.get(&key).copied().unwrap_or((message_id, 0));
                    Kept { message_id, id }
                }
            }
        })
        .collect())
}

fn texts<'a>(keep: &[usize], column: &'a [String]) -> Vec<&'a str> {
    keep.iter().map(|at| column[*at].as_str()).collect()
}
