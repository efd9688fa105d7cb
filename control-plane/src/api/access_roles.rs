//! `/api/v1/accounts/{account}/roles`: what callers assume by STS.

use axum::extract::State;
use beanpole_access::store::roles;
use beanpole_protocol::{
    Timestamp,
    api::{AccessRole, Page, PageQuery, Problem, PutAccessRole},
};
use http::StatusCode;

use super::paging;
use crate::{
    ApiError, App,
    auth::Admin,
    http::extract::{Json, Path, Query},
    ops,
};

/// An account's roles, by name.
#[utoipa::path(
    get, path = "/api/v1/accounts/{account}/roles", tag = "access",
    params(("account" = String, Path), PageQuery),
    responses(
        (status = 200, description = "A page of roles", body = Page<AccessRole>),
        (status = 404, description = "No such account", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    _: Admin,
    State(app): State<App>,
    Path(account): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AccessRole>>, ApiError> {
    let rows = paging::rows(&query)?;
    let mut connection = app.pool.acquire().await?;
    let account = ops::access_roles::account(&mut connection, &account).await?;
    let found = roles::page(&mut connection, account.as_str(), query.after.as_deref(), rows).await?;
    let views = found
        .into_iter()
        .map(ops::access_roles::view)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(paging::page(views, rows, |role: &AccessRole| {
        role.name.clone()
    })))
}

/// Add a role, or replace what it says.
#[utoipa::path(
    put, path = "/api/v1/accounts/{account}/roles/{name}", tag = "access",
    params(("account" = String, Path), ("name" = String, Path)), request_body = PutAccessRole,
    responses(
        (status = 200, description = "The role", body = AccessRole),
        (status = 404, description = "No such account", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A policy will not do: the field is its place in the document", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn put(
    _: Admin,
    State(app): State<App>,
    Path((account, name)): Path<(String, String)>,
    Json(body): Json<PutAccessRole>,
) -> Result<Json<AccessRole>, ApiError> {
    let mut connection = app.pool.acquire().await?;
    let role = ops::access_roles::put(&mut connection, &account, &name, &body, Timestamp::now()).await?;
    app.gate.changed();
    Ok(Json(role))
}

/// Delete a role. Its sessions end at once, at other servers within 5 seconds.
#[utoipa::path(
    delete, path = "/api/v1/accounts/{account}/roles/{name}", tag = "access",
    params(("account" = String, Path), ("name" = String, Path)),
    responses(
        (status = 204, description = "The role is gone"),
        (status = 404, description = "No such account or role", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Admin,
    State(app): State<App>,
    Path((account, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut connection = app.pool.acquire().await?;
    ops::access_roles::delete(&mut connection, &account, &name).await?;
    app.gate.changed();
    Ok(StatusCode::NO_CONTENT)
}
