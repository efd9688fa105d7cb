//! Receives of FIFO queues that can be asked for again, by their attempt id.

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::fifo::Row;
use crate::model::Millis;

/// How long an attempt can be asked for again, milliseconds.
pub const REPLAY: Millis = 5 * 60 * 1000;

/// What a receive handed out.
pub struct Attempt<'a> {
    pub queue: i64,
    pub attempt: &'a str,
    pub expires_at: Millis,
    pub ids: Vec<i64>,
    /// How often each had been received, that receive included.
    pub receives: Vec<i32>,
}

pub async fn remember(conn: &mut PgConnection, attempt: &Attempt<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into messaging.fifo_attempts (queue_id, attempt, expires_at, ids, receives)
         values ($1, $2, $3, $4, $5)
         on conflict (queue_id, attempt) do update
         set expires_at = excluded.expires_at, ids = excluded.ids, receives = excluded.receives",
    )
    .bind(attempt.queue)
    .bind(attempt.attempt)
    .bind(attempt.expires_at)
    .bind(&attempt.ids)
    .bind(&attempt.receives)
    .execute(conn)
    .await
    .map(drop)
}

#[derive(FromRow)]
struct Replayed {
    id: i64,
    group_id: String,
    sent_at: Millis,
    first_received_at: Millis,
    receive_count: i32,
    message_id: Uuid,
    deduplication_id: String,
    meta: Vec<u8>,
    dead_letter_source: Option<String>,
    body: Vec<u8>,
}

/// The messages of an earlier attempt, hidden anew, if all of them are as they were handed out then;
/// else none.
pub async fn replay(
    conn: &mut PgConnection,
    queue: i64,
    attempt: &str,
    now: Millis,
    until: Millis,
) -> sqlx::Result<Vec<Row>> {
    let rows: Vec<Replayed> = sqlx::query_as(
        "with asked as materialized (
             select queue_id, unnest(ids) as id, unnest(receives) as receives from messaging.fifo_attempts
             where queue_id = $1 and attempt = $2 and expires_at + 0 > $3),
         groups as materialized (
             select distinct m.queue_id, m.group_id
             from asked a join messaging.fifo_messages m on m.queue_id = any(array[a.queue_id]) and m.id = a.id),
         held as (
             select g.group_id from groups h
             join messaging.fifo_groups g on g.queue_id = any(array[h.queue_id]) and g.group_id = h.group_id
             order by g.group_id for update of g),
         same as materialized (
             select m.queue_id, m.id, m.group_id
             from asked a join messaging.fifo_messages m on m.queue_id = any(array[a.queue_id]) and m.id = a.id
             where m.receive_count = a.receives and m.visible_at > $3
                 and m.group_id in (select group_id from held)),
         whole as (
             select (select count(*) from same) = (select count(*) from asked) as yes),
         locked as (
             update messaging.fifo_groups g set ready_at = greatest(g.ready_at, $4)
             from (select distinct queue_id, group_id from same) s
             where g.queue_id = any(array[s.queue_id]) and g.group_id = s.group_id and (select yes from whole))
         update messaging.fifo_messages m set visible_at = $4
         from same s where m.queue_id = any(array[s.queue_id]) and m.id = s.id and (select yes from whole)
         returning m.id, m.group_id, m.sent_at, m.first_received_at, m.receive_count, m.message_id,
             m.deduplication_id, m.meta, m.dead_letter_source, m.body",
    )
    .bind(queue)
    .bind(attempt)
    .bind(now)
    .bind(until)
    .fetch_all(conn)
    .await?;
    let mut rows: Vec<Row> = rows.into_iter().map(row).collect();
    rows.sort_unstable_by_key(|row| row.id);
    Ok(rows)
}

fn row(row: Replayed) -> Row {
    Row {
        id: row.id,
        group: row.group_id,
        sent_at: row.sent_at,
        first_received_at: row.first_received_at,
        receive_count: row.receive_count,
        message_id: row.message_id,
        deduplication_id: row.deduplication_id,
        meta: row.meta,
        dead_letter_source: row.dead_letter_source,
        body: row.body,
    }
}
