//! `/api/v1/access-keys`: what calls of the AWS services are signed with.

use axum::{extract::State, response::Response};
use beanpole_access::store::access_keys;
use beanpole_protocol::{
    AccessKeyId, Timestamp,
    api::{AccessKey, CreateAccessKey, NewAccessKey, Page, PageQuery, Problem, UpdateAccessKey},
};
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgConnection;

use super::paging;
use crate::{
    ApiError, App,
    auth::Admin,
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    ops,
};

/// Narrows the list of access keys.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Only those of this user.
    #[serde(default)]
    user: Option<String>,
}

/// Access keys, by id, without secrets.
#[utoipa::path(
    get, path = "/api/v1/access-keys", tag = "access", params(PageQuery, Filter),
    responses(
        (status = 200, description = "A page of access keys", body = Page<AccessKey>),
        (status = 404, description = "No such user", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    _: Admin,
    State(app): State<App>,
    Query(query): Query<PageQuery>,
    Query(filter): Query<Filter>,
) -> Result<Json<Page<AccessKey>>, ApiError> {
    let rows = paging::rows(&query)?;
    let mut connection = app.pool.acquire().await?;
    let user = match &filter.user {
        None => None,
        Some(name) => Some(ops::identity::user(&mut connection, name).await?.id),
    };
    let only = user.as_ref().map(|id| id.as_str());
    let found = access_keys::page(&mut connection, only, query.after.as_deref(), rows).await?;
    let views = found
        .into_iter()
        .map(ops::access_keys::view)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json(paging::page(views, rows, |key: &AccessKey| {
        key.id.to_string()
    })))
}

/// Make an access key of a user. Its secret is in this answer and nowhere else.
#[utoipa::path(
    post, path = "/api/v1/access-keys", tag = "access", request_body = CreateAccessKey,
    params(("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one creation")),
    responses(
        (status = 201, description = "The key with its secret", body = NewAccessKey),
        (status = 404, description = "No such user or account", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The policy will not do: the field is its place in the document", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Admin(principal): Admin,
    State(app): State<App>,
    idempotency: Idempotency,
    Json(body): Json<CreateAccessKey>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        let (seal, caller) = (app.gate.seal(), &principal.user);
        let region = &app.config.aws.region;
        ops::access_keys::create(connection, seal, caller, region, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}

/// Make an access key inactive, or active again. It counts at once, at other servers within 5 seconds.
#[utoipa::path(
    patch, path = "/api/v1/access-keys/{id}", tag = "access", params(("id" = String, Path)),
    request_body = UpdateAccessKey,
    responses(
        (status = 200, description = "The key", body = AccessKey),
        (status = 404, description = "No such key", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<AccessKeyId>,
    Json(body): Json<UpdateAccessKey>,
) -> Result<Json<AccessKey>, ApiError> {
    let mut transaction = app.pool.begin().await?;
    let key = ops::access_keys::set_status(&mut transaction, &id, body.status).await?;
    transaction.commit().await?;
    app.gate.changed();
    Ok(Json(key))
}

/// Delete an access key. It stops working at once, at other servers within 5 seconds.
#[utoipa::path(
    delete, path = "/api/v1/access-keys/{id}", tag = "access", params(("id" = String, Path)),
    responses(
        (status = 204, description = "The key is gone"),
        (status = 404, description = "No such key", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Admin,
    State(app): State<App>,
    Path(id): Path<AccessKeyId>,
) -> Result<StatusCode, ApiError> {
    ops::access_keys::delete(&mut *app.pool.acquire().await?, &id).await?;
    app.gate.changed();
    Ok(StatusCode::NO_CONTENT)
}
