//! `/api/v1/environments/{name}/logs`

use axum::extract::State;
use beanpole_protocol::{
    Timestamp,
    api::{InstanceLog, Page, Problem, RequestLogs},
};

use crate::{
    ApiError, App,
    auth::Viewer,
    http::extract::{Json, Path},
    ops,
};

/// The last lines of every instance, fetched from its host now; waits up to 15 seconds for hosts.
#[utoipa::path(
    post, path = "/api/v1/environments/{name}/logs", tag = "environments", request_body = RequestLogs,
    params(("name" = String, Path)),
    responses(
        (status = 200, description = "For each instance its lines, or why there are none", body = Page<InstanceLog>),
        (status = 404, description = "No such environment or instance", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn request(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
    Json(body): Json<RequestLogs>,
) -> Result<Json<Page<InstanceLog>>, ApiError> {
    let items = ops::request_logs::request_logs(&app, &name, &body, Timestamp::now()).await?;
    Ok(Json(Page { items, next: None }))
}
