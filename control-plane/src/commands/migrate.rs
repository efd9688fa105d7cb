//! `beanpole migrate`

use anyhow::Context;
use beanpole_control_plane::{config::DatabaseOptions, migrate, store};

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let pool = store::pool(&options.database.database_url, 2).context("the database URL cannot be used")?;
    migrate::run(&pool)
        .await
        .context("the database's tables cannot be brought up to date")?;
    println!("The database is up to date.");
    Ok(())
}
