//! `control.tasks`: questions to agents.

use beanpole_protocol::{
    HostId, TaskId, Timestamp,
    agent::{Task, TaskKind, TaskResult},
};
use sqlx::{PgConnection, Row};

use super::column::{at, clean, json, parsed, to_json};

pub async fn insert(
    conn: &mut PgConnection,
    id: &TaskId,
    host: &HostId,
    kind: &TaskKind,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("insert into control.tasks (id, host_id, kind, created_at) values ($1, $2, $3, $4)")
        .bind(id.as_str())
        .bind(host.as_str())
        .bind(to_json(kind)?)
        .bind(at(now))
        .execute(conn)
        .await
        .map(drop)
}

/// A host's unanswered tasks asked since `since`, oldest first.
pub async fn open_on(conn: &mut PgConnection, host: &HostId, since: Timestamp) -> sqlx::Result<Vec<Task>> {
    sqlx::query(
        "select id, kind from control.tasks
         where host_id = $1 and finished_at is null and created_at >= $2 order by created_at, id",
    )
    .bind(host.as_str())
    .bind(at(since))
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| {
        Ok(Task {
            id: parsed(row, "id")?,
            kind: json(row, "kind")?,
        })
    })
    .collect()
}

/// Writes an answer; false when the task is not this host's, or was answered.
pub async fn finish(
    conn: &mut PgConnection,
    id: &TaskId,
    host: &HostId,
    result: &TaskResult,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update control.tasks set finished_at = $3, output = $4, error = $5
         where id = $1 and host_id = $2 and finished_at is null",
    )
    .bind(id.as_str())
    .bind(host.as_str())
    .bind(at(now))
    .bind(result.output.as_deref().ok().map(clean))
    .bind(result.output.as_deref().err().map(|error| clean(error)))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The answers there are to these tasks.
pub async fn answers(
    conn: &mut PgConnection,
    ids: &[TaskId],
) -> sqlx::Result<Vec<(TaskId, Result<String, String>)>> {
    let ids: Vec<_> = ids.iter().map(TaskId::as_str).collect();
    sqlx::query("select id, output, error from control.tasks where id = any($1) and finished_at is not null")
        .bind(ids)
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| {
            let output: Option<String> = row.try_get("output")?;
            let error: Option<String> = row.try_get("error")?;
            Ok((
                parsed(row, "id")?,
                output.ok_or_else(|| error.unwrap_or_default()),
            ))
        })
        .collect()
}

/// Removes tasks asked before `moment`.
pub async fn forget_before(conn: &mut PgConnection, moment: Timestamp) -> sqlx::Result<u64> {
    sqlx::query("delete from control.tasks where created_at < $1")
        .bind(at(moment))
        .execute(conn)
        .await
        .map(|done| done.rows_affected())
}
