//! Queues themselves, in the first database.

use sqlx::{FromRow, PgConnection, types::Json};

use super::attributes::Stored;
use crate::model::Millis;

/// A queue as it lies in its table.
#[derive(Clone, Debug, FromRow)]
pub struct QueueRow {
    pub id: i64,
    pub account: String,
    pub region: String,
    pub name: String,
    pub store: String,
    pub fifo: bool,
    pub attributes: Json<Stored>,
    pub tags: Json<std::collections::BTreeMap<String, String>>,
    pub application_id: Option<String>,
    pub created_at: Millis,
    pub modified_at: Millis,
    pub purged_at: Option<Millis>,
}

/// Which names a queue.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    pub account: &'a str,
    pub region: &'a str,
    pub name: &'a str,
}

/// The queue of this name.
pub async fn by_name(conn: &mut PgConnection, key: Name<'_>) -> sqlx::Result<Option<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues where account = $1 and region = $2 and name = $3",
    )
    .bind(key.account)
    .bind(key.region)
    .bind(key.name)
    .fetch_optional(conn)
    .await
}

/// The same, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, key: Name<'_>) -> sqlx::Result<Option<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues where account = $1 and region = $2 and name = $3 for update",
    )
    .bind(key.account)
    .bind(key.region)
    .bind(key.name)
    .fetch_optional(conn)
    .await
}

/// An id that no queue ever had.
pub async fn fresh_id(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select nextval('messaging.queue_ids')")
        .fetch_one(conn)
        .await
}

/// Adds a queue, unless its name is taken; tells whether it did.
pub async fn insert(
    conn: &mut PgConnection,
    row: &QueueRow,
    dead_letter: Option<&str>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into messaging.queues (id, account, region, name, store, fifo, attributes, tags, application_id,
             dead_letter_arn, created_at, modified_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         on conflict on constraint queues_key_unique do nothing",
    )
    .bind(row.id)
    .bind(&row.account)
    .bind(&row.region)
    .bind(&row.name)
    .bind(&row.store)
    .bind(row.fifo)
    .bind(&row.attributes)
    .bind(&row.tags)
    .bind(&row.application_id)
    .bind(dead_letter)
    .bind(row.created_at)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a queue other attributes.
pub async fn set_attributes(
    conn: &mut PgConnection,
    id: i64,
    attributes: &Stored,
    dead_letter: Option<&str>,
    now: Millis,
) -> sqlx::Result<()> {
    sqlx::query(
        "update messaging.queues set attributes = $2, dead_letter_arn = $3, modified_at = $4 where id = $1",
    )
    .bind(id)
    .bind(Json(attributes))
    .bind(dead_letter)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// Gives a queue other tags.
pub async fn set_tags(
    conn: &mut PgConnection,
    id: i64,
    tags: &std::collections::BTreeMap<String, String>,
) -> sqlx::Result<()> {
    sqlx::query("update messaging.queues set tags = $2 where id = $1")
        .bind(id)
        .bind(Json(tags))
        .execute(conn)
        .await
        .map(drop)
}

/// Gives a purged queue its new id.
pub async fn replace_id(conn: &mut PgConnection, old: i64, new: i64, now: Millis) -> sqlx::Result<()> {
    sqlx::query("update messaging.queues set id = $2, purged_at = $3 where id = $1")
        .bind(old)
        .bind(new)
        .bind(now)
        .execute(conn)
        .await
        .map(drop)
}

/// Removes a queue, and remembers its name for a while.
pub async fn delete(conn: &mut PgConnection, id: i64, now: Millis) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as (delete from messaging.queues where id = $1 returning account, region, name)
         insert into messaging.deleted_queues (account, region, name, deleted_at)
         select account, region, name, $2 from gone
         on conflict (account, region, name) do update set deleted_at = excluded.deleted_at",
    )
    .bind(id)
    .bind(now)
    .execute(conn)
    .await
    .map(drop)
}

/// When a queue of this name was deleted last, if that is remembered.
pub async fn deleted_at(conn: &mut PgConnection, key: Name<'_>) -> sqlx::Result<Option<Millis>> {
    sqlx::query_scalar(
        "select deleted_at from messaging.deleted_queues where account = $1 and region = $2 and name = $3",
    )
    .bind(key.account)
    .bind(key.region)
    .bind(key.name)
    .fetch_optional(conn)
    .await
}

/// Forgets names that were deleted before.
pub async fn forget_deleted(conn: &mut PgConnection, before: Millis) -> sqlx::Result<()> {
    sqlx::query("delete from messaging.deleted_queues where deleted_at < $1")
        .bind(before)
        .execute(conn)
        .await
        .map(drop)
}

/// Queues of an account and region whose names begin with `prefix`, from the one after `after` on.
pub async fn page(
    conn: &mut PgConnection,
    (account, region): (&str, &str),
    prefix: &str,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues
         where account = $1 and region = $2 and starts_with(name, $3) and name > $4 collate \"C\"
         order by name collate \"C\" limit $5",
    )
    .bind(account)
    .bind(region)
    .bind(prefix)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Queues whose messages go to this dead-letter queue, from the one after `after` (an ARN) on.
pub async fn sources_of(
    conn: &mut PgConnection,
    dead_letter: &str,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues
         where dead_letter_arn = $1 and name > $2 collate \"C\"
         order by name collate \"C\" limit $3",
    )
    .bind(dead_letter)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Every queue of these applications, by name.
pub async fn of_applications(conn: &mut PgConnection, applications: &[&str]) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues where application_id = any($1) order by name collate \"C\"",
    )
    .bind(applications)
    .fetch_all(conn)
    .await
}

/// Queues from the one after this id on: for loops that look at each.
pub async fn after_id(conn: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(
        "select id, account, region, name, store, fifo, attributes, tags, application_id, created_at, modified_at,
             purged_at
         from messaging.queues where id > $1 order by id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// How many queues each message store has.
pub async fn by_store(conn: &mut PgConnection) -> sqlx::Result<Vec<(String, i64)>> {
    sqlx::query_as("select store, count(*) from messaging.queues group by store")
        .fetch_all(conn)
        .await
}
