//! `bp logout`: revokes the token that `bp login` made, and forgets it.

use clap::Args;
use serde_json::json;

use crate::{context::Context, exit::Exit, failure::Failure};

#[derive(Args)]
pub struct LogoutArgs {}

pub async fn run(context: &Context, _: LogoutArgs) -> Result<(), Failure> {
    let url = context.url()?;
    let Some(credential) = context.credentials.borrow_mut().remove(&url)? else {
        return Err(Failure::new(
            Exit::Forbidden,
            "not_signed_in",
            format!("You are not signed in to {url}."),
        ));
    };
    let mut revoked = false;
    if let Some(id) = &credential.id {
        let client = context.anonymous(&url)?.with_token(Some(credential.token));
        match client.revoke_token(id).await {
            Ok(()) => revoked = true,
            // Expired or revoked already.
            Err(error) if matches!(error.status(), Some(401 | 404)) => revoked = true,
            Err(error) => context.out.warn(format!(
                "The token is forgotten here, but could not be revoked ({error}): revoke {id} with `bp token revoke`."
            )),
        }
    }
    context.out.line(format!("Signed out of {url}."));
    context
        .out
        .document(&json!({ "url": url, "user": credential.user, "revoked": revoked }));
    Ok(())
}
