//! Ending a deployment before it is done.

use beanpole_planner::Phase;
use beanpole_protocol::{
    DeploymentId, Timestamp,
    api::{Deployment, DeploymentKind, Severity},
};
use sqlx::PgConnection;

use super::{
    record::{self, About},
    views,
};
use crate::{
    ApiError,
    store::{
        deployments::{self, DeploymentRow},
        environments,
        wakes::{self, Routes},
    },
};

/// 404 for a deployment.
pub fn not_found(id: &DeploymentId) -> ApiError {
    ApiError::not_found("deployment_not_found", format!("there is no deployment {id}"))
}

/// Writes down that `by` wants the deployment ended; what is left is its policy's business. One that
/// goes back already is left to that, and keeps what it goes back for as its reason.
pub async fn abort(
    conn: &mut PgConnection,
    id: &DeploymentId,
    by: &str,
    now: Timestamp,
) -> Result<Deployment, ApiError> {
    let seen = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    environments::lock(conn, &seen.environment_id).await?;
    let running = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    if let Some(problem) = no_such_abort(&running) {
        return Err(ApiError::conflict("cannot_abort", problem));
    }
    if let Phase::Returning { .. } = running.phase {
        say(conn, &running, &already_going_back(&running, by), now).await?;
    } else if running.abort_by.is_none() && deployments::request_abort(conn, id, by).await? {
        let message = format!("{by} asked to abort deployment {}.", running.number);
        say(conn, &running, &message, now).await?;
        wakes::request_one(conn, &running.environment_id, Routes::Same, now).await?;
    }
    let row = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    Ok(views::deployment(row, now))
}

async fn say(
    conn: &mut PgConnection,
    running: &DeploymentRow,
    message: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    let environment = environments::by_id(conn, &running.environment_id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let about = About {
        deployment: Some(&running.id),
        version_label: Some(&running.label),
    };
    let event = (Severity::Warn, "abort_requested", message);
    Ok(record::event(conn, &environment, about, event, now).await?)
}

fn already_going_back(running: &DeploymentRow, by: &str) -> String {
    let number = running.number;
    match &running.previous_label {
        Some(label) => {
            format!("{by} asked to abort deployment {number}; it is already going back to version {label}.")
        }
        None => {
            format!("{by} asked to abort deployment {number}; what it launched is already being removed.")
        }
    }
}

fn no_such_abort(deployment: &DeploymentRow) -> Option<String> {
    let number = deployment.number;
    if deployment.status.is_terminal() {
        let ended = crate::store::column::name_of(&deployment.status);
        return Some(format!("deployment {number} has ended already: {ended}"));
    }
    (deployment.kind == DeploymentKind::Terminate).then(|| {
        format!(
            "deployment {number} is the termination of environment {}, which cannot be aborted; wait for its \
             end and create the environment again",
            deployment.environment
        )
    })
}
