//! `/api/v1/applications/{application}/versions`

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    Timestamp,
    api::{ApplicationVersion, BuildLog, Page, PageQuery, Problem, UploadQuery},
};
use http::{HeaderMap, StatusCode, header};

use super::paging;
use crate::{
    ApiError, App,
    auth::{Deployer, Viewer},
    http::{
        extract::{Json, Path, Query},
        pace::Paced,
    },
    ops::{self, versions::Uploaded},
    store,
};

/// Versions of an application, newest first.
#[utoipa::path(
    get, path = "/api/v1/applications/{application}/versions", tag = "applications",
    params(("application" = String, Path), PageQuery),
    responses((status = 200, description = "A page of versions", body = Page<ApplicationVersion>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Path(application): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApplicationVersion>>, ApiError> {
    let rows = paging::rows(&query)?;
    let before = query.after.as_deref().map(parse_cursor).transpose()?;
    let mut connection = app.pool.acquire().await?;
    if store::applications::view(&mut connection, &application)
        .await?
        .is_none()
    {
        return Err(ops::applications::not_found(&application));
    }
    let found = store::application_versions::page(&mut connection, &application, before, rows).await?;
    let views = ops::versions::views(&mut connection, &application, found).await?;
    Ok(Json(paging::page(views, rows, cursor)))
}

fn cursor(version: &ApplicationVersion) -> String {
    format!("{}.{}", version.created_at.as_millis(), version.id)
}

fn parse_cursor(text: &str) -> Result<(Timestamp, &str), ApiError> {
    text.split_once('.')
        .and_then(|(millis, id)| Some((Timestamp::from_millis(millis.parse().ok()?), id)))
        .ok_or_else(|| ApiError::invalid("after", "after is not the `next` of a page of this list"))
}

/// Upload a source bundle (a zip of at most 512 MB) as a new version.
///
/// Sending the same bytes again under the same label answers with the version that is there.
#[utoipa::path(
    put, path = "/api/v1/applications/{application}/versions/{label}", tag = "applications",
    params(("application" = String, Path), ("label" = String, Path), UploadQuery),
    request_body(content = Vec<u8>, content_type = "application/zip"),
    responses(
        (status = 201, description = "The new version", body = ApplicationVersion),
        (status = 200, description = "The same bytes were there already", body = ApplicationVersion),
        (status = 404, description = "No such application", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "Nothing came for 30 s, or less than 8 KiB/s on average after a minute", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The label is taken by other bytes", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Larger than 512 MB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The bundle will not do; `field` names the entry", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn upload(
    _: Deployer,
    State(app): State<App>,
    Path((application, label)): Path<(String, String)>,
    Query(query): Query<UploadQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok());
    let mut connection = app.pool.acquire().await?;
    ops::versions::may_upload(&mut connection, &application, &label, &query, length).await?;
    drop(connection);
    let body = Paced::new(body, app.config.upload_pace);
    Ok(
        match ops::versions::upload(&app, &application, &label, query, body).await? {
            Uploaded::Created(version) => (StatusCode::CREATED, Json(version)).into_response(),
            Uploaded::Existing(version) => Json(version).into_response(),
        },
    )
}

/// One version.
#[utoipa::path(
    get, path = "/api/v1/applications/{application}/versions/{label}", tag = "applications",
    params(("application" = String, Path), ("label" = String, Path)),
    responses(
        (status = 200, description = "The version", body = ApplicationVersion),
        (status = 404, description = "No such version", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get(
    _: Viewer,
    State(app): State<App>,
    Path((application, label)): Path<(String, String)>,
) -> Result<Json<ApplicationVersion>, ApiError> {
    ops::versions::get(&mut *app.pool.acquire().await?, &application, &label)
        .await
        .map(Json)
}

/// Delete a version and its bundle.
#[utoipa::path(
    delete, path = "/api/v1/applications/{application}/versions/{label}", tag = "applications",
    params(("application" = String, Path), ("label" = String, Path)),
    responses(
        (status = 204, description = "The version is gone"),
        (status = 409, description = "An environment uses it", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Deployer,
    State(app): State<App>,
    Path((application, label)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    ops::versions::delete(&mut transaction, &application, &label, Timestamp::now()).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the builds of a version printed. Empty until its first deployment builds it.
#[utoipa::path(
    get, path = "/api/v1/applications/{application}/versions/{label}/build-log", tag = "applications",
    params(("application" = String, Path), ("label" = String, Path)),
    responses(
        (status = 200, description = "The log", body = BuildLog),
        (status = 404, description = "No such version", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn build_log(
    _: Viewer,
    State(app): State<App>,
    Path((application, label)): Path<(String, String)>,
) -> Result<Json<BuildLog>, ApiError> {
    ops::versions::build_log(&mut *app.pool.acquire().await?, &application, &label)
        .await
        .map(Json)
}
