//! `control.idempotency_keys`: answers given to requests that carried a key.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Whose key it is.
#[derive(Clone, Copy)]
pub struct Key<'a> {
    pub principal: &'a str,
    pub route: &'a str,
    pub key: &'a str,
}

#[derive(sqlx::FromRow)]
pub struct Answer {
    pub request_hash: Vec<u8>,
    pub response_status: i32,
    pub response_body: Vec<u8>,
}

/// Takes the key until the transaction ends; false when another request holds it.
pub async fn try_lock(connection: &mut PgConnection, lock: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
        .bind(lock)
        .fetch_one(connection)
        .await
}

/// The answer given under this key at or after `not_before`.
pub async fn answer(
    connection: &mut PgConnection,
    key: Key<'_>,
    not_before: OffsetDateTime,
) -> sqlx::Result<Option<Answer>> {
    sqlx::query_as(
        "select request_hash, response_status, response_body from control.idempotency_keys
         where principal = $1 and route = $2 and key = $3 and created_at >= $4
           and response_status is not null",
    )
    .bind(key.principal)
    .bind(key.route)
    .bind(key.key)
    .bind(not_before)
    .fetch_optional(connection)
    .await
}

/// Keeps an answer; one that is older than a day gives way.
pub async fn keep(
    connection: &mut PgConnection,
    key: Key<'_>,
    answer: &Answer,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.idempotency_keys
           (principal, route, key, request_hash, response_status, response_body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (principal, route, key) do update set
           request_hash = excluded.request_hash, response_status = excluded.response_status,
           response_body = excluded.response_body, created_at = excluded.created_at",
    )
    .bind(key.principal)
    .bind(key.route)
    .bind(key.key)
    .bind(&answer.request_hash)
    .bind(answer.response_status)
    .bind(&answer.response_body)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Removes answers given before `moment`; says how many.
pub async fn forget_before(connection: &mut PgConnection, moment: OffsetDateTime) -> sqlx::Result<u64> {
    sqlx::query("delete from control.idempotency_keys where created_at < $1")
        .bind(moment)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}

/// Removes the answers given to one principal.
pub async fn forget_principal(connection: &mut PgConnection, principal: &str) -> sqlx::Result<()> {
    sqlx::query("delete from control.idempotency_keys where principal = $1")
        .bind(principal)
        .execute(connection)
        .await
        .map(drop)
}
