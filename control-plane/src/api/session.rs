//! `/api/v1/session`: signing in, who one is, signing out.

use axum::extract::State;
use beanpole_protocol::{
    Timestamp,
    api::{Principal, Problem, Session, SignIn},
};
use http::StatusCode;

use crate::{
    ApiError, App,
    auth::{Identity, Viewer},
    http::extract::Json,
    ops,
};

/// Sign in with a password or the code of a one-time link.
///
/// Open to all: it is how one stops being nobody.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "identity", security(()), request_body = SignIn,
    responses(
        (status = 200, description = "A session of twelve hours", body = Session),
        (status = 401, description = "Name, password or code are wrong", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many failed tries with this name", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn sign_in(State(app): State<App>, Json(how): Json<SignIn>) -> Result<Json<Session>, ApiError> {
    ops::identity::sign_in(&app, how, Timestamp::now())
        .await
        .map(Json)
}

/// Who the caller is.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "identity",
    responses((status = 200, description = "The caller", body = Principal))
)]
pub async fn whoami(Viewer(principal): Viewer) -> Json<Principal> {
    Json(principal)
}

/// End all sessions of the caller, on all devices. API tokens go on working.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "identity",
    responses((status = 204, description = "All sessions have ended"))
)]
pub async fn sign_out(State(app): State<App>, caller: Identity) -> Result<StatusCode, ApiError> {
    if caller.principal.token.is_some() {
        return Err(ApiError::forbidden(
            "an API token cannot sign its owner out; revoke the token instead",
        ));
    }
    ops::identity::sign_out(&mut *app.pool.acquire().await?, &caller.user, Timestamp::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
