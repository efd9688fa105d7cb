//! Messages that change their queue: dead letters, and redrive tasks. Kept as they are; a body that is
//! sealed stays so, because keys and the message's id do not change.

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::model::Millis;

/// A message on its way to another message store.
#[derive(Debug, FromRow)]
pub struct Parcel {
    pub sent_at: Millis,
    pub first_received_at: Option<Millis>,
    pub receive_count: i32,
    pub message_id: Uuid,
    pub group_id: Option<String>,
    pub deduplication_id: Option<String>,
    pub meta: Vec<u8>,
    pub body: Vec<u8>,
}

/// How much of a message's history goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receives {
    /// A dead letter tells how often it was received.
    Kept,
    /// A redriven message starts again.
    Forgotten,
}

/// One move inside a message store.
#[derive(Clone, Copy, Debug)]
pub struct Move<'a> {
    pub from: i64,
    pub to: i64,
    pub now: Millis,
    pub receives: Receives,
    /// What `dead_letter_source` says from now on.
    pub source: Option<&'a str>,
}

/// Moves messages of a standard queue; answers how many there were.
pub async fn within(conn: &mut PgConnection, ids: &[i64], how: Move<'_>) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with moved as (
             update messaging.messages m
             set queue_id = $2, visible_at = $4, dead_letter_source = $6,
                 receive_count = case when $5 then m.receive_count - 1 else 0 end,
                 first_received_at = case when $5 then m.first_received_at end
             from (select $1::bigint as queue, unnest($3::bigint[]) as id) as d
             where m.queue_id = any(array[d.queue]) and m.id = d.id
             returning m.id),
         counted as (
             insert into messaging.queue_counts as c (queue_id, lane, messages)
             select q.queue, 0, q.sign * n.count
             from (values ($1::bigint, -1), ($2::bigint, 1)) as q(queue, sign), (select count(*) from moved) as n
             order by q.queue
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
         select count(*) from moved",
    )
    .bind(how.from)
    .bind(how.to)
    .bind(ids)
    .bind(how.now)
    .bind(how.receives == Receives::Kept)
    .bind(how.source)
    .fetch_one(conn)
    .await
}

/// Visible messages of a standard queue, locked for a move: id and where each came from.
pub async fn next_of(
    conn: &mut PgConnection,
    queue: i64,
    through: i64,
    now: Millis,
    limit: i64,
) -> sqlx::Result<Vec<(i64, Option<String>)>> {
    sqlx::query_as(
        "select id, dead_letter_source from messaging.messages
         where queue_id = $1 and id <= $2 and visible_at <= $3
         order by id limit $4 for update skip locked",
    )
    .bind(queue)
    .bind(through)
    .bind(now)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// The same of a FIFO queue, whose groups are locked first.
pub async fn next_of_fifo(
    conn: &mut PgConnection,
    queue: i64,
    through: i64,
    now: Millis,
    limit: i64,
) -> sqlx::Result<Vec<(i64, Option<String>)>> {
    let groups: Vec<String> = sqlx::query_scalar(
        "select group_id from messaging.fifo_groups where queue_id = $1 and ready_at <= $2
         order by group_id limit $3 for update skip locked",
    )
    .bind(queue)
    .bind(now)
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query_as(
        "select id, dead_letter_source from messaging.fifo_messages
         where queue_id = $1 and id <= $2 and visible_at <= $3 and group_id = any($4)
         order by id limit $5",
    )
    .bind(queue)
    .bind(through)
    .bind(now)
    .bind(&groups)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Takes messages of a standard queue out of this store, within the caller's transaction.
pub async fn take_out(conn: &mut PgConnection, queue: i64, ids: &[i64]) -> sqlx::Result<Vec<Parcel>> {
    sqlx::query_as(
        "with gone as (
             delete from messaging.messages m using (select $1::bigint as queue, unnest($2::bigint[]) as id) as d
             where m.queue_id = any(array[d.queue]) and m.id = d.id returning m.*),
         counted as (
             insert into messaging.queue_counts as c (queue_id, lane, messages)
             select $1, 0, -count(*) from gone
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
         select sent_at, first_received_at, receive_count, message_id, group_id,
             null::text as deduplication_id, meta, body
         from gone order by id",
    )
    .bind(queue)
    .bind(ids)
    .fetch_all(conn)
    .await
}

/// The same of a FIFO queue; forgets groups that have no messages any more.
pub async fn take_out_fifo(conn: &mut PgConnection, queue: i64, ids: &[i64]) -> sqlx::Result<Vec<Parcel>> {
    let parcels: Vec<Parcel> = sqlx::query_as(
        "with gone as (
             delete from messaging.fifo_messages m using (select $1::bigint as queue, unnest($2::bigint[]) as id) as d
             where m.queue_id = any(array[d.queue]) and m.id = d.id returning m.*),
         counted as (
             insert into messaging.queue_counts as c (queue_id, lane, messages)
             select $1, 0, -count(*) from gone
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
         select sent_at, first_received_at, receive_count, message_id, group_id,
             deduplication_id, meta, body
         from gone order by id",
    )
    .bind(queue)
    .bind(ids)
    .fetch_all(&mut *conn)
    .await?;
    forget_empty_groups(conn, queue).await?;
    Ok(parcels)
}

async fn forget_empty_groups(conn: &mut PgConnection, queue: i64) -> sqlx::Result<()> {
    sqlx::query(
        "delete from messaging.fifo_groups g where g.queue_id = $1 and not exists (
             select 1 from messaging.fifo_messages m where m.queue_id + 0 = g.queue_id and m.group_id = g.group_id)
         and (g.queue_id, g.group_id) in (
             select f.queue_id, f.group_id from messaging.fifo_groups f where f.queue_id = $1
             for update skip locked)",
    )
    .bind(queue)
    .execute(conn)
    .await
    .map(drop)
}

/// Where a parcel arrives, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub queue: i64,
    pub now: Millis,
    pub receives: Receives,
    pub source: Option<&'a str>,
}

/// Puts parcels into a standard queue of this store.
pub async fn put_in(conn: &mut PgConnection, parcels: &[Parcel], how: Arrival<'_>) -> sqlx::Result<()> {
    for parcel in parcels {
        let kept = how.receives == Receives::Kept;
        sqlx::query(
            "insert into messaging.messages (queue_id, id, visible_at, sent_at, first_received_at, receive_count,
                 message_id, group_id, meta, dead_letter_source, body)
             values ($1, nextval('messaging.message_ids'), $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(how.queue)
        .bind(how.now)
        .bind(parcel.sent_at)
        .bind(parcel.first_received_at.filter(|_| kept))
        .bind(if kept { parcel.receive_count.max(1) - 1 } else { 0 })
        .bind(parcel.message_id)
        .bind(&parcel.group_id)
        .bind(&parcel.meta)
        .bind(how.source)
        .bind(&parcel.body)
        .execute(&mut *conn)
        .await?;
    }
    count_in(conn, how.queue, parcels.len()).await
}

/// Puts parcels into a FIFO queue of this store, once each.
pub async fn put_in_fifo(conn: &mut PgConnection, parcels: &[Parcel], how: Arrival<'_>) -> sqlx::Result<()> {
    let mut added = 0;
    for parcel in parcels {
        let kept = how.receives == Receives::Kept;
        let group = parcel.group_id.as_deref().unwrap_or_default();
        // A parcel that came already, before a crash took its sender's memory of it, is not taken twice.
        let fresh = sqlx::query(
            "insert into messaging.fifo_deduplication (queue_id, scope, deduplication_id, expires_at, message_id, id)
             values ($1, 'moved ' || $2::text, '', $3, $4, 0) on conflict do nothing",
        )
        .bind(how.queue)
        .bind(parcel.message_id)
        .bind(how.now + 24 * 60 * 60 * 1000)
        .bind(parcel.message_id)
        .execute(&mut *conn)
        .await?;
        if fresh.rows_affected() == 0 {
            continue;
        }
        sqlx::query(
            "insert into messaging.fifo_groups as g (queue_id, group_id, ready_at) values ($1, $2, $3)
             on conflict (queue_id, group_id) do update set ready_at = g.ready_at",
        )
        .bind(how.queue)
        .bind(group)
        .bind(how.now)
        .execute(&mut *conn)
        .await?;
        sqlx::query(
            "insert into messaging.fifo_messages (queue_id, id, group_id, visible_at, sent_at, first_received_at,
                 receive_count, message_id, deduplication_id, meta, dead_letter_source, body)
             values ($1, nextval('messaging.message_ids'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(how.queue)
        .bind(group)
        .bind(how.now)
        .bind(parcel.sent_at)
        .bind(parcel.first_received_at.filter(|_| kept))
        .bind(if kept { parcel.receive_count } else { 0 })
        .bind(parcel.message_id)
        .bind(parcel.deduplication_id.as_deref().unwrap_or_default())
        .bind(&parcel.meta)
        .bind(how.source)
        .bind(&parcel.body)
        .execute(&mut *conn)
        .await?;
        added += 1;
    }
    count_in(conn, how.queue, added).await
}

async fn count_in(conn: &mut PgConnection, queue: i64, added: usize) -> sqlx::Result<()> {
    sqlx::query(
        "insert into messaging.queue_counts as c (queue_id, lane, messages) values ($1, 0, $2)
         on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages",
    )
    .bind(queue)
    .bind(i64::try_from(added).unwrap_or(i64::MAX))
    .execute(conn)
    .await
    .map(drop)
}
