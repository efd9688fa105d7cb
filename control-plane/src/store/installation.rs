//! `control.installation`: what is true of the whole database.

use sqlx::PgConnection;

/// The check value of the master key this database belongs to; stores `ours` when there is none yet.
pub async fn claim_key_check(connection: &mut PgConnection, ours: &[u8]) -> sqlx::Result<Vec<u8>> {
    sqlx::query_scalar(
        "insert into control.installation (key_check) values ($1)
         on conflict (singleton) do update set key_check = installation.key_check
         returning key_check",
    )
    .bind(ours)
    .fetch_one(connection)
    .await
}

/// The check value of the master key this database belongs to, if it belongs to one.
pub async fn key_check(connection: &mut PgConnection) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar("select key_check from control.installation")
        .fetch_optional(connection)
        .await
}
