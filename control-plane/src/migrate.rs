//! Brings the database to this binary's schema.
//!
//! The files of `migrations/` are embedded. Servers that start together wait for each other under
//! Postgres's advisory lock, so that each file runs once.

use sqlx::PgPool;

static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../migrations");

/// Runs what has not run yet. Fails when the database is newer than this binary or was altered.
pub async fn run(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATOR.run(pool).await
}
