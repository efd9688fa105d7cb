//! Which host a request comes from.

use axum::extract::FromRequestParts;
use beanpole_protocol::HostId;
use http::request::Parts;

use crate::{
    ApiError, App,
    auth::{identify, token},
    store::hosts,
};

/// What every host credential begins with.
const PREFIX: &str = "bph_";

/// A new host credential.
pub fn new() -> String {
    format!("{PREFIX}{}", token::new_code())
}

/// The host whose agent asks.
pub struct AgentOf(pub HostId);

impl FromRequestParts<App> for AgentOf {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let credential = identify::bearer(&parts.headers)?;
        let hash = token::hash(credential);
        let found = hosts::by_credential(&mut *app.pool.acquire().await?, &hash).await?;
        found.map(Self).ok_or_else(|| {
            ApiError::unauthorized(
                "this host credential is not known, or its host was removed: join again with a new token",
            )
        })
    }
}
