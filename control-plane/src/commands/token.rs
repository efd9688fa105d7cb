//! `beanpole token create`

use beanpole_control_plane::{config::DatabaseOptions, ops};
use beanpole_protocol::{
    Timestamp,
    api::{CreateToken, Role},
};

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
    /// Make an API token and print its secret, this once
    Create {
        /// Whose token it is
        #[arg(long)]
        user: String,
        #[arg(long)]
        name: String,
        /// viewer, deployer or admin; at most the user's own
        #[arg(long)]
        role: Role,
        /// Days it lives [default: until it is revoked]
        #[arg(long)]
        expires_in_days: Option<u32>,
    },
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let pool = database::open(&options.database).await?;
    let mut connection = pool.acquire().await?;
    let Verb::Create {
        user,
        name,
        role,
        expires_in_days,
    } = options.verb;
    let owner = ops::identity::user(&mut connection, &user).await?;
    let body = CreateToken {
        name,
        role,
        expires_in_days,
    };
    let made =
        ops::identity::create_token(&mut connection, &owner, owner.role, &body, Timestamp::now()).await?;
    println!("{}", made.secret);
    Ok(())
}
