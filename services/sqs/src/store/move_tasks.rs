//! Tasks that move messages out of dead-letter queues, in the first database.

use sqlx::{FromRow, PgConnection};

use crate::model::Millis;

#[derive(Clone, Debug, FromRow)]
pub struct TaskRow {
    pub id: i64,
    pub handle: String,
    pub source_arn: String,
    pub destination_arn: Option<String>,
    pub rate: Option<i32>,
    pub status: String,
    pub moved: i64,
    pub to_move: Option<i64>,
    pub through: i64,
    pub started_at: Millis,
    pub failure: Option<String>,
}

/// Adds a task, unless its source has one that runs; tells whether it did.
pub async fn insert(conn: &mut PgConnection, task: &TaskRow) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into messaging.move_tasks (handle, source_arn, destination_arn, rate, status, to_move, through,
             started_at)
         values ($1, $2, $3, $4, 'RUNNING', $5, $6, $7)
         on conflict (source_arn) where status in ('RUNNING', 'CANCELLING') do nothing",
    )
    .bind(&task.handle)
    .bind(&task.source_arn)
    .bind(&task.destination_arn)
    .bind(task.rate)
    .bind(task.to_move)
    .bind(task.through)
    .bind(task.started_at)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn by_handle(conn: &mut PgConnection, handle: &str) -> sqlx::Result<Option<TaskRow>> {
    sqlx::query_as(
        "select id, handle, source_arn, destination_arn, rate, status, moved, to_move, through, started_at, failure
         from messaging.move_tasks where handle = $1",
    )
    .bind(handle)
    .fetch_optional(conn)
    .await
}

/// Tasks of a source, newest first.
pub async fn of(conn: &mut PgConnection, source: &str, limit: i64) -> sqlx::Result<Vec<TaskRow>> {
    sqlx::query_as(
        "select id, handle, source_arn, destination_arn, rate, status, moved, to_move, through, started_at, failure
         from messaging.move_tasks where source_arn = $1 order by id desc limit $2",
    )
    .bind(source)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// Asks a running task to end; tells whether it ran.
pub async fn cancel(conn: &mut PgConnection, handle: &str) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update messaging.move_tasks set status = 'CANCELLING' where handle = $1 and status = 'RUNNING'",
    )
    .bind(handle)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A task that nobody is at work on, held until `lease`.
pub async fn claim(conn: &mut PgConnection, now: Millis, lease: Millis) -> sqlx::Result<Option<TaskRow>> {
    sqlx::query_as(
        "update messaging.move_tasks set lease_until = $2 where id = (
             select id from messaging.move_tasks
             where status in ('RUNNING', 'CANCELLING') and lease_until <= $1
             order by id limit 1 for update skip locked)
         returning id, handle, source_arn, destination_arn, rate, status, moved, to_move, through, started_at, failure",
    )
    .bind(now)
    .bind(lease)
    .fetch_optional(conn)
    .await
}

/// Adds to what was moved, and holds the task on; answers its status.
pub async fn progress(conn: &mut PgConnection, id: i64, moved: i64, lease: Millis) -> sqlx::Result<String> {
    sqlx::query_scalar(
        "update messaging.move_tasks set moved = moved + $2, lease_until = $3 where id = $1 returning status",
    )
    .bind(id)
    .bind(moved)
    .bind(lease)
    .fetch_one(conn)
    .await
}

/// Ends a task.
pub async fn finish(
    conn: &mut PgConnection,
    id: i64,
    status: &str,
    failure: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("update messaging.move_tasks set status = $2, failure = $3 where id = $1")
        .bind(id)
        .bind(status)
        .bind(failure)
        .execute(conn)
        .await
        .map(drop)
}
