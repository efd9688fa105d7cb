//! `beanpole host join-token`

use beanpole_control_plane::{config::DatabaseOptions, ops};
use beanpole_protocol::Timestamp;

use super::database;

#[derive(clap::Args)]
pub struct Options {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// Print a token with which one agent may join, within an hour
    JoinToken,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let pool = database::open(&options.database).await?;
    let Verb::JoinToken = options.verb;
    let mut connection = pool.acquire().await?;
    let made = ops::join_tokens::create(&mut connection, "the command line", Timestamp::now()).await?;
    println!("{}", made.token);
    Ok(())
}
