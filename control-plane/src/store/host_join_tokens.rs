//! `control.host_join_tokens`.

use sqlx::PgConnection;
use time::OffsetDateTime;

/// Adds a token.
pub async fn insert(
    connection: &mut PgConnection,
    token_hash: &[u8],
    created_by: &str,
    expires_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.host_join_tokens (token_hash, created_by, expires_at) values ($1, $2, $3)",
    )
    .bind(token_hash)
    .bind(created_by)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Uses a token up: true when it was there and still good at `now`.
pub async fn take(
    connection: &mut PgConnection,
    token_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let expires_at: Option<OffsetDateTime> =
        sqlx::query_scalar("delete from control.host_join_tokens where token_hash = $1 returning expires_at")
            .bind(token_hash)
            .fetch_optional(connection)
            .await?;
    Ok(expires_at.is_some_and(|at| at > now))
}

/// Removes tokens nobody used in time.
pub async fn forget_expired(connection: &mut PgConnection, now: OffsetDateTime) -> sqlx::Result<u64> {
    sqlx::query("delete from control.host_join_tokens where expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected())
}
