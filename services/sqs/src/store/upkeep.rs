//! What is asked of message tables now and then: counts, what is due next, what may go.

use sqlx::PgConnection;

use crate::model::Millis;

/// Milliseconds since 1970 by the database's clock.
pub async fn clock(conn: &mut PgConnection) -> sqlx::Result<Millis> {
    sqlx::query_scalar("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
        .fetch_one(conn)
        .await
}

/// How many messages a queue has.
pub async fn total(conn: &mut PgConnection, queue: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select coalesce(sum(messages), 0)::bigint from messaging.queue_counts where queue_id = $1",
    )
    .bind(queue)
    .fetch_one(conn)
    .await
}

/// Messages that are hidden now, counted up to `most`: in flight, and delayed.
pub async fn hidden(conn: &mut PgConnection, queue: i64, now: Millis, most: i64) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "select count(*) filter (where receive_count > 0), count(*) filter (where receive_count = 0)
         from (select receive_count from messaging.messages
               where queue_id + 0 = $1 and visible_at > $2
               order by visible_at limit $3) as hidden",
    )
    .bind(queue)
    .bind(now)
    .bind(most)
    .fetch_one(conn)
    .await
}

/// The same of a FIFO queue. Only messages of groups that are not ready can be hidden.
pub async fn hidden_fifo(
    conn: &mut PgConnection,
    queue: i64,
    now: Millis,
    most: i64,
) -> sqlx::Result<(i64, i64)> {
    sqlx::query_as(
        "select count(*) filter (where receive_count > 0), count(*) filter (where receive_count = 0)
         from (select m.receive_count from messaging.fifo_groups g
               join messaging.fifo_messages m on m.queue_id + 0 = g.queue_id and m.group_id = g.group_id
               where g.queue_id + 0 = $1 and g.ready_at > $2 and m.visible_at > $2 limit $3) as hidden",
    )
    .bind(queue)
    .bind(now)
    .bind(most)
    .fetch_one(conn)
    .await
}

/// When the next hidden message of a queue becomes visible.
pub async fn next_due(conn: &mut PgConnection, queue: i64, now: Millis) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar(
        "select visible_at from messaging.messages where queue_id + 0 = $1 and visible_at > $2
         order by visible_at limit 1",
    )
    .bind(queue)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// When the next group of a FIFO queue becomes ready.
pub async fn next_due_fifo(conn: &mut PgConnection, queue: i64, now: Millis) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar(
        "select ready_at from messaging.fifo_groups where queue_id + 0 = $1 and ready_at > $2
         order by ready_at limit 1",
    )
    .bind(queue)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// Whether messages of a standard queue have groups.
pub async fn has_groups(conn: &mut PgConnection, queue: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select 1 from messaging.messages where -queue_id = -$1 and group_id is not null)",
    )
    .bind(queue)
    .fetch_one(conn)
    .await
}

/// The newest message id given out so far.
pub async fn newest_id(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select nextval('messaging.message_ids')")
        .fetch_one(conn)
        .await
}

/// Removes messages of a standard queue that were sent before, oldest first; tells how many.
pub async fn expire(conn: &mut PgConnection, queue: i64, before: Millis, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with old as materialized (
             select queue_id, id from (
                 select queue_id, id, sent_at from messaging.messages where queue_id = $1 order by id limit $3) as m
             where m.sent_at < $2),
         gone as (
             delete from messaging.messages m using old where m.queue_id = any(array[old.queue_id]) and m.id = old.id
             returning m.id),
         counted as (
             insert into messaging.queue_counts as c (queue_id, lane, messages) select $1, 0, -count(*) from gone
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
         select count(*) from gone",
    )
    .bind(queue)
    .bind(before)
    .bind(limit)
    .fetch_one(conn)
    .await
}

/// The same of a FIFO queue; only of groups that nobody is at work on.
pub async fn expire_fifo(
    conn: &mut PgConnection,
    queue: i64,
    before: Millis,
    limit: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "with old as materialized (
             select queue_id, id, group_id from (
                 select queue_id, id, group_id, sent_at from messaging.fifo_messages
                 where queue_id = $1 order by id limit $3) as m
             where m.sent_at < $2),
         groups as materialized (select distinct queue_id, group_id from old),
         held as (
             select g.group_id from groups o
             join messaging.fifo_groups g on g.queue_id = any(array[o.queue_id]) and g.group_id = o.group_id
             order by g.group_id for update of g skip locked),
         gone as (
             delete from messaging.fifo_messages m using old
             where m.queue_id = any(array[old.queue_id]) and m.id = old.id and old.group_id in (select group_id from held)
             returning m.id),
         counted as (
             insert into messaging.queue_counts as c (queue_id, lane, messages) select $1, 0, -count(*) from gone
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages)
         select count(*) from gone",
    )
    .bind(queue)
    .bind(before)
    .bind(limit)
    .fetch_one(conn)
    .await
}

/// Forgets deduplication ids and receive attempts whose time has passed.
pub async fn forget_expired(conn: &mut PgConnection, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as (
             delete from messaging.fifo_deduplication where ctid in (
                 select ctid from messaging.fifo_deduplication where expires_at <= $1 limit 20000
                 for update skip locked))
         delete from messaging.fifo_attempts where expires_at <= $1",
    )
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// What is left of queues that were deleted or purged.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Leftover {
    pub queue_id: i64,
    pub store: String,
    pub fifo: bool,
    pub successor: Option<i64>,
    pub through: Option<i64>,
    pub since: Millis,
}

/// Remembers that messages of this id have to go. In the first database.
pub async fn leave(conn: &mut PgConnection, leftover: &Leftover) -> sqlx::Result<()> {
    sqlx::query(
        "insert into messaging.leftovers (queue_id, store, fifo, successor, through, since)
         values ($1, $2, $3, $4, $5, $6) on conflict (queue_id) do nothing",
    )
    .bind(leftover.queue_id)
    .bind(&leftover.store)
    .bind(leftover.fifo)
    .bind(leftover.successor)
    .bind(leftover.through)
    .bind(leftover.since)
    .execute(conn)
    .await
    .map(drop)
}

pub async fn leftovers(conn: &mut PgConnection) -> sqlx::Result<Vec<Leftover>> {
    sqlx::query_as(
        "select queue_id, store, fifo, successor, through, since from messaging.leftovers order by since limit 100",
    )
    .fetch_all(conn)
    .await
}

pub async fn forget_leftover(conn: &mut PgConnection, queue: i64) -> sqlx::Result<()> {
    sqlx::query("delete from messaging.leftovers where queue_id = $1")
        .bind(queue)
        .execute(conn)
        .await
        .map(drop)
}

/// Removes some messages of a queue that is no more; tells how many.
pub async fn clear(conn: &mut PgConnection, leftover: &Leftover, limit: i64) -> sqlx::Result<u64> {
    let statement = if leftover.fifo {
        "delete from messaging.fifo_messages where ctid = any(array(
             select ctid from messaging.fifo_messages where queue_id = $1 and id <= $2 limit $3))"
    } else {
        "delete from messaging.messages where ctid = any(array(
             select ctid from messaging.messages where queue_id = $1 and id <= $2 limit $3))"
    };
    let done = sqlx::query(statement)
        .bind(leftover.queue_id)
        .bind(leftover.through.unwrap_or(i64::MAX))
        .bind(limit)
        .execute(conn)
        .await?;
    Ok(done.rows_affected())
}

/// Gives messages that were sent after a purge to the queue's new id; tells how many.
pub async fn hand_over(conn: &mut PgConnection, leftover: &Leftover, successor: i64) -> sqlx::Result<u64> {
    if leftover.fifo {
        sqlx::query(
            "insert into messaging.fifo_groups as g (queue_id, group_id, ready_at)
             select distinct $2::bigint, group_id, 0::bigint from messaging.fifo_messages
             where queue_id = $1 and id > $3 order by 2
             on conflict (queue_id, group_id) do update set ready_at = g.ready_at",
        )
        .bind(leftover.queue_id)
        .bind(successor)
        .bind(leftover.through.unwrap_or(i64::MAX))
        .execute(&mut *conn)
        .await?;
    }
    let statement = if leftover.fifo {
        "update messaging.fifo_messages set queue_id = $2 where queue_id = $1 and id > $3"
    } else {
        "update messaging.messages set queue_id = $2 where queue_id = $1 and id > $3"
    };
    let done = sqlx::query(statement)
        .bind(leftover.queue_id)
        .bind(successor)
        .bind(leftover.through.unwrap_or(i64::MAX))
        .execute(&mut *conn)
        .await?;
    let moved = done.rows_affected();
    if moved > 0 {
        sqlx::query(
            "insert into messaging.queue_counts as c (queue_id, lane, messages) values ($1, 0, $2)
             on conflict (queue_id, lane) do update set messages = c.messages + excluded.messages",
        )
        .bind(successor)
        .bind(i64::try_from(moved).unwrap_or(i64::MAX))
        .execute(conn)
        .await?;
    }
    Ok(moved)
}

/// Removes what else is kept under the id of a queue that is no more.
pub async fn clear_rest(conn: &mut PgConnection, queue: i64) -> sqlx::Result<()> {
    sqlx::query(
        "with groups as (delete from messaging.fifo_groups where queue_id = $1),
         repeats as (delete from messaging.fifo_deduplication where queue_id = $1),
         attempts as (delete from messaging.fifo_attempts where queue_id = $1)
         delete from messaging.queue_counts where queue_id = $1",
    )
    .bind(queue)
    .execute(conn)
    .await
    .map(drop)
}

/// Since when a message of a standard queue that is in flight was first received.
pub async fn in_flight_since(
    conn: &mut PgConnection,
    queue: i64,
    id: i64,
    now: Millis,
) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar(
        "select first_received_at from messaging.messages
         where queue_id = $1 and id = $2 and receive_count > 0 and visible_at > $3",
    )
    .bind(queue)
    .bind(id)
    .bind(now)
    .fetch_optional(conn)
    .await
}
