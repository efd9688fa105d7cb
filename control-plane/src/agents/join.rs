//! `POST /agent/v1/join`: a machine becomes a host.

use axum::extract::State;
use beanpole_protocol::{
    HostId, Timestamp,
    agent::{JoinRequest, JoinResponse},
};

use super::credential;
use crate::{ApiError, App, auth::token, http::extract::Json, ops::join_tokens, store::hosts};

/// Uses the token up and makes the host. When either does not work, neither has happened.
pub async fn join(
    State(app): State<App>,
    Json(request): Json<JoinRequest>,
) -> Result<Json<JoinResponse>, ApiError> {
    let now = Timestamp::now();
    let name = request.name.trim();
    check_name(name)?;
    let mut transaction = app.pool.begin().await?;
    if !join_tokens::take(&mut transaction, &request.token, now).await? {
        return Err(ApiError::unauthorized(
            "this join token is not known, was used before or has expired: make a new one",
        ));
    }
    let (host, credential) = (HostId::random(), credential::new());
    if !hosts::insert(&mut transaction, &host, name, &token::hash(&credential), now).await? {
        return Err(ApiError::conflict(
            "host_exists",
            format!(
                "a host named {name} has joined already: start its agent with the data folder that holds its \
                 credential, remove the host first, or join under another name"
            ),
        )
        .with_field("name"));
    }
    transaction.commit().await?;
    tracing::info!(host.id = %host, host.name = name, "a host joined");
    Ok(Json(JoinResponse { host, credential }))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let fine = (1..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if fine {
        return Ok(());
    }
    Err(ApiError::invalid(
        "name",
        "a host's name has 1 to 63 letters, digits, dashes, dots and underscores",
    ))
}
