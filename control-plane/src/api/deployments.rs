//! `/api/v1/deployments` and `/api/v1/environments/{name}/deployments`

use std::time::Duration;

use axum::{extract::State, response::Response};
use beanpole_protocol::{
    DeploymentId, Timestamp,
    api::{CreateDeployment, Deployment, EnvironmentChange, Page, PageQuery, Problem, ResultQuery},
};
use http::StatusCode;
use sqlx::PgConnection;
use tokio::time::Instant;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Deployer, Viewer},
    http::extract::{Json, Path, Query},
    idempotency::Idempotency,
    notices::Notice,
    ops,
    store::deployments,
};

/// Notices can be lost; the deployment is looked at this often.
const LOOK: Duration = Duration::from_secs(2);

/// An environment's deployments, newest first.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/deployments", tag = "deployments",
    params(("name" = String, Path), PageQuery),
    responses((status = 200, description = "A page of deployments", body = Page<Deployment>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Deployment>>, ApiError> {
    let rows = paging::rows(&query)?;
    let before = match &query.after {
        None => None,
        Some(after) => Some(after.parse::<i64>().map_err(|_| {
            ApiError::invalid(
                "after",
                format!("{after:?} is not the next of a page of deployments"),
            )
        })?),
    };
    let now = Timestamp::now();
    let mut connection = app.pool.acquire().await?;
    let environment = ops::find::environment(&mut connection, &name, now).await?;
    let found = deployments::page(&mut connection, &environment.id, before, rows).await?;
    let views = found
        .into_iter()
        .map(|row| ops::views::deployment(row, now))
        .collect();
    Ok(Json(paging::page(views, rows, |deployment: &Deployment| {
        deployment.number.to_string()
    })))
}

/// Deploy a version. The answer has the deployment to await.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/deployments", tag = "deployments",
    request_body = CreateDeployment,
    params(
        ("name" = String, Path),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repeated request one deployment"),
    ),
    responses(
        (status = 201, description = "The environment and the deployment", body = EnvironmentChange),
        (status = 404, description = "No such environment or version", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "Another deployment is running", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    Deployer(principal): Deployer,
    State(app): State<App>,
    Path(name): Path<String>,
    idempotency: Idempotency,
    Json(body): Json<CreateDeployment>,
) -> Result<Response, ApiError> {
    let work = async |connection: &mut PgConnection| {
        ops::deploy_version::deploy_version(&app, connection, &name, &body, Timestamp::now()).await
    };
    idempotency
        .once(&app, &principal, &body, StatusCode::CREATED, work)
        .await
}

/// One deployment.
#[utoipa::path(
    get, path = "/api/v1/deployments/{id}", tag = "deployments", params(("id" = String, Path)),
    responses(
        (status = 200, description = "The deployment", body = Deployment),
        (status = 404, description = "No such deployment", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn get(
    _: Viewer,
    State(app): State<App>,
    Path(id): Path<DeploymentId>,
) -> Result<Json<Deployment>, ApiError> {
    look(&app, &id).await.map(Json)
}

async fn look(app: &App, id: &DeploymentId) -> Result<Deployment, ApiError> {
    let row = deployments::by_id(&mut *app.pool.acquire().await?, id).await?;
    let row = row.ok_or_else(|| ops::abort::not_found(id))?;
    Ok(ops::views::deployment(row, Timestamp::now()))
}

/// Wait for a deployment's end. Once it has ended, the answer never changes.
#[utoipa::path(
    get, path = "/api/v1/deployments/{id}/result", tag = "deployments",
    params(("id" = String, Path), ResultQuery),
    responses(
        (status = 200, description = "It has ended: how, and why", body = Deployment),
        (status = 202, description = "It still runs after so many seconds; ask again", body = Deployment),
    )
)]
pub async fn result(
    _: Viewer,
    State(app): State<App>,
    Path(id): Path<DeploymentId>,
    Query(query): Query<ResultQuery>,
) -> Result<(StatusCode, Json<Deployment>), ApiError> {
    let seconds = match query.timeout {
        None => 600,
        Some(seconds @ 1..=3600) => seconds,
        Some(seconds) => {
            return Err(ApiError::invalid(
                "timeout",
                format!("timeout is {seconds}; it must be 1 to 3600 seconds"),
            ));
        }
    };
    let end = Instant::now() + Duration::from_secs(u64::from(seconds));
    let mut waiter = app.notices.subscribe();
    loop {
        let deployment = look(&app, &id).await?;
        if deployment.status.is_terminal() {
            return Ok((StatusCode::OK, Json(deployment)));
        }
        if Instant::now() >= end || app.stopping.is_cancelled() {
            return Ok((StatusCode::ACCEPTED, Json(deployment)));
        }
        let next = end.min(Instant::now() + LOOK);
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = waiter.wait(next, |notice| *notice == Notice::Deployment(id.clone())) => {}
        }
    }
}

/// Abort a deployment. What is left behind is what its policy says; await the result.
#[utoipa::path(
    post, path = "/api/v1/deployments/{id}/abort", tag = "deployments", params(("id" = String, Path)),
    responses(
        (status = 202, description = "It will end", body = Deployment),
        (status = 409, description = "It has ended, or is past the point where it can be aborted", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn abort(
    Deployer(principal): Deployer,
    State(app): State<App>,
    Path(id): Path<DeploymentId>,
) -> Result<(StatusCode, Json<Deployment>), ApiError> {
    let mut transaction = app.pool.begin().await?;
    let deployment = ops::abort::abort(&mut transaction, &id, &principal.user, Timestamp::now()).await?;
    transaction.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(deployment)))
}
