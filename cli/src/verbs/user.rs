//! `bp user`: who may use the server, and as what.

use beanpole_protocol::{
    Timestamp,
    api::{CreateUser, Role},
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{ask, login::first_line, parse_role, role_name};
use crate::{
    changes::idempotency_key,
    context::Context,
    failure::Failure,
    output::{
        Hue, clock,
        table::{self, text},
    },
    pages,
};

/// Without a word: lists them.
#[derive(Args)]
pub struct UserArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List users
    List,
    /// Create a user; the password is asked for, or read from stdin when that is no terminal
    Create {
        name: String,
        /// viewer, deployer or admin
        #[arg(short, long, default_value = "deployer", value_parser = parse_role)]
        role: Role,
    },
    /// Delete a user with all their tokens
    Delete { name: String },
}

pub async fn run(context: &Context, args: UserArgs) -> Result<(), Failure> {
    let client = context.client()?;
    let out = &context.out;
    match args.action.unwrap_or(Action::List) {
        Action::List => {
            let users = pages::all(|page| {
                let client = client.clone();
                async move { client.users(&page).await }
            })
            .await?;
            let now = Timestamp::now();
            let rows = users
                .iter()
                .map(|user| {
                    vec![
                        text(&user.name),
                        text(role_name(user.role)),
                        text(clock::ago(now, user.created_at)),
                    ]
                })
                .collect();
            out.document(&json!({ "items": users }));
            out.line(table::render(out.paint, &["USER", "ROLE", "CREATED"], rows));
        }
        Action::Create { name, role } => {
            let password = if out.can_ask() {
                ask::password(&format!("Password of {name}, at least 12 characters"))?
            } else {
                first_line()?
            };
            let request = CreateUser { name, role, password };
            let user = client.create_user(&idempotency_key(), &request).await?;
            let told = format!("The user {} is created ({}).", user.name, role_name(user.role));
            out.line(out.paint.text(Hue::Green, &told));
            out.document(&json!({ "user": user }));
        }
        Action::Delete { name } => {
            client.delete_user(&name).await?;
            out.line(
                out.paint
                    .text(Hue::Green, &format!("The user {name} is deleted.")),
            );
            out.document(&json!({ "deleted": name }));
        }
    }
    Ok(())
}
