//! `/api/v1/tokens`: long-lived credentials for programs.

use axum::{extract::State, response::Response};
use beanpole_protocol::{
    Timestamp, TokenId,
    api::{ApiToken, CreateToken, NewToken, Page, PageQuery, Problem, Role},
};
use http::StatusCode;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::Identity,
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    ops,
    store::api_tokens,
};

/// The caller's tokens; for an admin, everybody's.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "identity", params(PageQuery),
    responses((status = 200, description = "A page of tokens, without secrets", body = Page<ApiToken>))
)]
pub async fn list(
    caller: Identity,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiToken>>, ApiError> {
    let rows = paging::rows(&query)?;
    let only = (caller.principal.role < Role::Admin).then_some(&caller.user);
    let mut connection = app.pool.acquire().await?;
    let found = api_tokens::page(&mut connection, only, query.after.as_deref(), rows).await?;
    let views = found.into_iter().map(ops::identity::token_view).collect();
    Ok(Json(paging::page(views, rows, |token: &ApiToken| {
        token.id.to_string()
    })))
}

/// Make a token for the caller. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "identity", request_body = CreateToken,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The token with its secret", body = NewToken),
        (status = 409, description = "The caller has a token of that name", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    caller: Identity,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateToken>,
) -> Result<Response, ApiError> {
    // A leaked token must not outlive its revocation by making another.
    if caller.principal.token.is_some() && caller.principal.role < Role::Admin {
        return Err(ApiError::forbidden(
            "an API token cannot make API tokens; sign in to make one",
        ));
    }
    let work = async |connection: &mut PgConnection| {
        let owner = ops::identity::user(connection, &caller.principal.user).await?;
        ops::identity::create_token(connection, &owner, caller.principal.role, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &caller.principal, &body, StatusCode::CREATED, work)
        .await
}

/// Revoke a token. It stops working at once.
#[utoipa::path(
    delete, path = "/api/v1/tokens/{id}", tag = "identity", params(("id" = String, Path)),
    responses(
        (status = 204, description = "The token is revoked"),
        (status = 404, description = "No such token of the caller", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn revoke(
    caller: Identity,
    State(app): State<App>,
    Path(id): Path<TokenId>,
) -> Result<StatusCode, ApiError> {
    let mut connection = app.pool.acquire().await?;
    ops::identity::revoke_token(&mut connection, &caller.user, caller.principal.role, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
