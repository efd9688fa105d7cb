//! `/api/v1/applications/{application}/queues`

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use beanpole_protocol::api::{DeclareQueue, Page, PageQuery, Problem, Queue};
use http::StatusCode;

use super::paging;
use crate::{
    ApiError, App,
    auth::{Deployer, Viewer},
    http::extract::{Json, Path, Query},
    ops::queues::{self, Outcome},
};

/// An application's SQS queues, by name.
#[utoipa::path(
    get, path = "/api/v1/applications/{application}/queues", tag = "queues",
    params(("application" = String, Path), PageQuery),
    responses(
        (status = 200, description = "A page of queues", body = Page<Queue>),
        (status = 404, description = "No such application", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Path(application): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Queue>>, ApiError> {
    let rows = paging::rows(&query)?;
    let wanted = usize::try_from(rows).unwrap_or(usize::MAX);
    let found = queues::page(&app, &application, query.after.as_deref(), wanted).await?;
    Ok(Json(paging::page(found, rows, |queue| queue.name.clone())))
}

/// Declare a queue: it is made unless it is there. Attributes are those of SQS's `CreateQueue`, and so are
/// the rules. New instances of the application's environments find its URL in the property that the answer
/// names, others after their next deployment.
#[utoipa::path(
    put, path = "/api/v1/applications/{application}/queues/{queue}", tag = "queues",
    params(("application" = String, Path), ("queue" = String, Path)), request_body = DeclareQueue,
    responses(
        (status = 201, description = "The queue, now made", body = Queue),
        (status = 200, description = "The queue, which was there already", body = Queue),
        (status = 404, description = "No such application", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "There is another queue of that name, or its name rests", body = Problem,
            content_type = "application/problem+json"),
        (status = 422, description = "SQS does not take this name or an attribute", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub async fn declare(
    _: Deployer,
    State(app): State<App>,
    Path((application, name)): Path<(String, String)>,
    Json(body): Json<DeclareQueue>,
) -> Result<Response, ApiError> {
    let declared = queues::declare(&app, &application, &name, &body).await?;
    Ok(match declared {
        Outcome::Made(queue) => (StatusCode::CREATED, Json(queue)).into_response(),
        Outcome::There(queue) => Json(queue).into_response(),
    })
}

/// Delete a queue with all its messages.
#[utoipa::path(
    delete, path = "/api/v1/applications/{application}/queues/{queue}", tag = "queues",
    params(("application" = String, Path), ("queue" = String, Path)),
    responses(
        (status = 204, description = "The queue is gone"),
        (status = 404, description = "The application has no such queue", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    _: Deployer,
    State(app): State<App>,
    Path((application, name)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    queues::delete(&app, &application, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
