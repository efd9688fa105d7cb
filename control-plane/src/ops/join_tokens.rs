//! Single-use tokens with which an agent turns a machine into a host.

use std::time::Duration;

use beanpole_protocol::{Timestamp, api::JoinToken};
use sqlx::PgConnection;

use crate::{auth::token, store::host_join_tokens};

/// How long a join token is good.
pub const LIFETIME: Duration = Duration::from_secs(3600);

/// A new join token, shown this once.
pub async fn create(conn: &mut PgConnection, created_by: &str, now: Timestamp) -> sqlx::Result<JoinToken> {
    let token = token::new_code();
    let expires_at = now + LIFETIME;
    host_join_tokens::forget_expired(conn, now.into()).await?;
    host_join_tokens::insert(conn, &token::hash(&token), created_by, expires_at.into()).await?;
    Ok(JoinToken { token, expires_at })
}

/// Uses a join token up; false when it is unknown, used or expired. Of two at once, one gets it.
pub async fn take(conn: &mut PgConnection, token: &str, now: Timestamp) -> sqlx::Result<bool> {
    host_join_tokens::take(conn, &token::hash(token), now.into()).await
}
