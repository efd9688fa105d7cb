//! `bp token`: long-lived tokens for CI and scripts.

use beanpole_protocol::{
    Timestamp, TokenId,
    api::{CreateToken, Role, SignIn},
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{login, parse_role, role_name};
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
pub struct TokenArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List tokens
    List,
    /// Create a token; its secret is printed once
    Create {
        /// What it is for
        name: String,
        /// viewer, deployer or admin; at most your own
        #[arg(short, long, default_value = "deployer", value_parser = parse_role)]
        role: Role,
        /// Days it lives; until revoked when absent
        #[arg(long, value_name = "N")]
        days: Option<u32>,
        /// Sign in as this user for it: a token can make tokens only for admins
        #[arg(short, long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Revoke a token
    Revoke { id: TokenId },
}

pub async fn run(context: &Context, args: TokenArgs) -> Result<(), Failure> {
    let client = context.client()?;
    let out = &context.out;
    match args.action.unwrap_or(Action::List) {
        Action::List => {
            let tokens = pages::all(|page| {
                let client = client.clone();
                async move { client.tokens(&page).await }
            })
            .await?;
            let now = Timestamp::now();
            let rows = tokens
                .iter()
                .map(|token| {
                    let used = token
                        .last_used_at
                        .map_or("never".to_owned(), |at| clock::ago(now, at));
                    let ends = token.expires_at.map_or("never".to_owned(), clock::date_time);
                    vec![
                        text(token.id.as_str()),
                        text(&token.name),
                        text(&token.user),
                        text(role_name(token.role)),
                        text(used),
                        text(ends),
                    ]
                })
                .collect();
            out.document(&json!({ "items": tokens }));
            let header = ["TOKEN", "NAME", "USER", "ROLE", "USED", "EXPIRES"];
            out.line(table::render(out.paint, &header, rows));
        }
        Action::Create {
            name,
            role,
            days,
            user,
        } => {
            let client = match user {
                None => client,
                Some(name) => {
                    let anonymous = context.anonymous(client.base())?;
                    let password = login::password(context, &name)?;
                    let how = SignIn::Password { name, password };
                    let session = login::sign_in(&anonymous, &how).await?;
                    anonymous.with_token(Some(session.token))
                }
            };
            let request = CreateToken {
                name,
                role,
                expires_in_days: days,
            };
            let made = client.create_token(&idempotency_key(), &request).await?;
            out.line(&made.secret);
            out.progress(out.progress_paint().dim(&format!(
                "{}; it is not shown again. In CI: BP_URL={} BP_TOKEN=<the line above>.",
                made.token.id,
                client.base()
            )));
            out.document(&made);
        }
        Action::Revoke { id } => {
            client.revoke_token(&id).await?;
            out.line(out.paint.text(Hue::Green, &format!("The token {id} is revoked.")));
            out.document(&json!({ "revoked": id }));
        }
    }
    Ok(())
}
