//! `/api/v1/environments/{name}/plan`

use axum::{body::Body, extract::State};
use beanpole_protocol::api::{BundlePlan, Problem};

use crate::{
    ApiError, App,
    auth::Deployer,
    http::{
        extract::{Json, Path},
        pace::Paced,
    },
    ops,
};

/// What a source bundle would change in an environment: findings in its configuration files, options with
/// another value, entries that instances would be made with. Nothing is kept or deployed.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/plan", tag = "environments",
    params(("name" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/zip"),
    responses(
        (status = 200, description = "The changes; `refused` tells whether a deployment would be", body = BundlePlan),
        (status = 404, description = "No such environment", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The bundle will not do; `field` names the entry", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn plan(
    _: Deployer,
    State(app): State<App>,
    Path(name): Path<String>,
    body: Body,
) -> Result<Json<BundlePlan>, ApiError> {
    let body = Paced::new(body, app.config.upload_pace);
    Ok(Json(ops::plan::plan(&app, &name, body).await?))
}
