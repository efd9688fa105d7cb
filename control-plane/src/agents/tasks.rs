//! `POST /agent/v1/tasks/{id}`: the answer to a question.

use axum::extract::State;
use beanpole_protocol::{TaskId, Timestamp, agent::TaskResult};
use http::StatusCode;

use super::credential::AgentOf;
use crate::{
    ApiError, App,
    http::extract::{Json, Path},
    notices::{self, Notice},
    store::{hosts, tasks},
};

/// Takes the answer and takes the task off the host's list.
pub async fn answer(
    AgentOf(host): AgentOf,
    State(app): State<App>,
    Path(id): Path<TaskId>,
    Json(result): Json<TaskResult>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = app.pool.begin().await?;
    hosts::lock(&mut transaction, &host).await?;
    if !tasks::finish(&mut transaction, &id, &host, &result, Timestamp::now()).await? {
        return Err(ApiError::not_found(
            "task_not_found",
            format!("task {id} is not this host's, or was answered"),
        ));
    }
    hosts::bump(&mut transaction, std::slice::from_ref(&host)).await?;
    notices::send(&mut transaction, &Notice::Host(host)).await?;
    notices::send(&mut transaction, &Notice::Task(id)).await?;
    transaction.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
