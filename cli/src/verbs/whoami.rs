//! `bp whoami`: the user and role behind the token in use.

use clap::Args;
use serde_json::json;

use crate::{context::Context, failure::Failure, output::table};

#[derive(Args)]
pub struct WhoamiArgs {}

pub async fn run(context: &Context, _: WhoamiArgs) -> Result<(), Failure> {
    let client = context.client()?;
    let principal = client.whoami().await?;
    let out = &context.out;
    let mut rows = vec![
        ("Server", client.base().to_owned()),
        ("User", principal.user.clone()),
        ("Role", super::role_name(principal.role).to_owned()),
    ];
    if let Some(token) = &principal.token {
        rows.push(("Token", token.clone()));
    }
    out.line(table::fields(out.paint, &rows));
    out.document(&json!({ "url": client.base(), "user": principal }));
    Ok(())
}
