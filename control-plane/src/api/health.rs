//! `/healthz`: whether this server can do its work.

use axum::extract::State;

use crate::{ApiError, App};

/// Whether the server and its database answer.
///
/// Open to all: load balancers ask it, and it tells nothing but yes or no.
#[utoipa::path(
    get, path = "/healthz", tag = "server", security(()),
    responses(
        (status = 200, description = "Both answer", body = String),
        (status = 503, description = "The database does not answer", body = beanpole_protocol::api::Problem,
         content_type = "application/problem+json"),
    )
)]
pub async fn healthz(State(app): State<App>) -> Result<&'static str, ApiError> {
    sqlx::query("select 1").execute(&app.pool).await?;
    Ok("ok\n")
}
