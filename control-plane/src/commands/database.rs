//! What commands that talk to the database share: an opened one with its tables up to date.

use anyhow::Context;
use beanpole_control_plane::{config::DatabaseOptions, migrate, store};
use sqlx::PgPool;

/// Opens the database and brings its tables up to date, so that commands may come before the server.
pub async fn open(options: &DatabaseOptions) -> anyhow::Result<PgPool> {
    let pool = store::pool(&options.database_url, 2).context("the database URL cannot be used")?;
    migrate::run(&pool)
        .await
        .context("the database's tables cannot be brought up to date")?;
    Ok(pool)
}
