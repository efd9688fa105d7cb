//! `/api/v1/applications`

use axum::{extract::State, response::Response};
use beanpole_protocol::{
    Timestamp,
    api::{Application, CreateApplication, Page, PageQuery, Problem},
};
use http::StatusCode;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Deployer, Viewer},
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    ops, store,
};

/// All applications, by name.
#[utoipa::path(
    get, path = "/api/v1/applications", tag = "applications", params(PageQuery),
    responses((status = 200, description = "A page of applications", body = Page<Application>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Application>>, ApiError> {
    let rows = paging::rows(&query)?;
    let mut connection = app.pool.acquire().await?;
    let found = store::applications::page(&mut connection, query.after.as_deref(), rows).await?;
    Ok(Json(paging::page(found, rows, |application| {
        application.name.clone()
    })))
}

/// Add an application.
#[utoipa::path(
    post, path = "/api/v1/applications", tag = "applications", request_body = CreateApplication,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The application", body = Application),
        (status = 409, description = "The name is taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Deployer(principal): Deployer,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateApplication>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::applications::create(connection, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}

/// One application.
#[utoipa::path(
    get, path = "/api/v1/applications/{application}", tag = "applications",
    params(("application" = String, Path)),
    responses(
        (status = 200, description = "The application", body = Application),
        (status = 404, description = "No such application", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Application>, ApiError> {
    let found = store::applications::view(&mut *app.pool.acquire().await?, &name).await?;
    found.map(Json).ok_or_else(|| ops::applications::not_found(&name))
}

/// Remove an application with its versions and the history of its terminated environments.
#[utoipa::path(
    delete, path = "/api/v1/applications/{application}", tag = "applications",
    params(("application" = String, Path)),
    responses(
        (status = 204, description = "The application is gone"),
        (status = 409, description = "It has environments or queues", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Deployer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    ops::applications::delete(&mut transaction, &name).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
