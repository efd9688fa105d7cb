//! `/api/v1/accounts`: what queues, access keys and roles are of.

use axum::{extract::State, response::Response};
use beanpole_access::store::accounts;
use beanpole_protocol::{
    Timestamp,
    api::{Account, CreateAccount, Page, PageQuery, Problem},
};
use http::StatusCode;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::Admin,
    http::extract::{Json, Query},
    idempotency::Idempotency,
    ops,
};

/// All accounts, by id. The first is the installation's own.
#[utoipa::path(
    get, path = "/api/v1/accounts", tag = "access", params(PageQuery),
    responses((status = 200, description = "A page of accounts", body = Page<Account>))
)]
pub async fn list(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Account>>, ApiError> {
    let rows = paging::rows(&query)?;
    let found = accounts::page(&mut *app.pool.acquire().await?, query.after.as_deref(), rows).await?;
    let views = found.into_iter().map(ops::accounts::view).collect();
    Ok(Json(paging::page(views, rows, |account: &Account| {
        account.id.clone()
    })))
}

/// Add an account.
#[utoipa::path(
    post, path = "/api/v1/accounts", tag = "access", request_body = CreateAccount,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The account", body = Account),
        (status = 409, description = "Its id or name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Admin(principal): Admin,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateAccount>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::accounts::create(connection, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}
