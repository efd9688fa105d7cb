//! `beanpole user …`

use std::io::Read;

use anyhow::Context;
use beanpole_control_plane::{auth::passwords::Passwords, config::DatabaseOptions, ops, store};
use beanpole_protocol::{Timestamp, api::Role};

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
    /// Add a user; without a password they sign in by one-time link (beanpole login-link)
    Create {
        #[arg(long)]
        name: String,
        /// viewer, deployer or admin
        #[arg(long)]
        role: Role,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set a password from standard input; all sessions of the user end
    Passwd {
        #[arg(long)]
        name: String,
        /// Remove the password: only one-time links are left
        #[arg(long)]
        remove: bool,
    },
    /// Users and their roles
    List,
}

pub async fn run(options: Options) -> anyhow::Result<()> {
    let pool = database::open(&options.database).await?;
    let mut connection = pool.acquire().await?;
    let (passwords, now) = (Passwords::default(), Timestamp::now());
    match options.verb {
        Verb::Create {
            name,
            role,
            password_stdin,
        } => {
            let password = if password_stdin {
                Some(read_password()?)
            } else {
                None
            };
            let user =
                ops::identity::create_user(&mut connection, &passwords, &name, role, password, now).await?;
            println!("{} ({})", user.name, user.role);
        }
        Verb::Passwd { name, remove } => {
            let password = if remove { None } else { Some(read_password()?) };
            ops::identity::set_password(&mut connection, &passwords, &name, password, now).await?;
        }
        Verb::List => {
            let mut after: Option<String> = None;
            loop {
                let page = store::users::page(&mut connection, after.as_deref(), 500).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.name.clone());
                for user in &page {
                    println!("{}\t{}", user.name, user.role);
                }
            }
        }
    }
    Ok(())
}

/// All of standard input but a line end.
fn read_password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .context("the password cannot be read from standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
