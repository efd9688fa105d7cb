//! Ending a deployment before it is done.

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

/// Writes down that `by` wants the deployment ended; what is left is its policy's business.
pub async fn abort(
    conn: &mut PgConnection,
    id: &DeploymentId,
    by: &str,
    now: Timestamp,
) -> Result<Deployment, ApiError> {
    let seen = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    environments::lock(conn, &seen.environment_id).await?;
    let running = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    if let Some(problem) = too_late(&running) {
        return Err(ApiError::conflict("cannot_abort", problem));
    }
    if running.abort_by.is_none() && deployments::request_abort(conn, id, by).await? {
        let environment = environments::by_id(conn, &running.environment_id)
            .await?
            .ok_or(sqlx::Error::RowNotFound)?;
        let about = About {
            deployment: Some(id),
            version_label: Some(&running.label),
        };
        let message = format!("{by} asked to abort deployment {}.", running.number);
        let event = (Severity::Warn, "abort_requested", message.as_str());
        record::event(conn, &environment, about, event, now).await?;
        wakes::request_one(conn, &running.environment_id, Routes::Same, now).await?;
    }
    let row = deployments::by_id(conn, id).await?.ok_or_else(|| not_found(id))?;
    Ok(views::deployment(row, now))
}

fn too_late(deployment: &DeploymentRow) -> Option<String> {
    let number = deployment.number;
    if deployment.status.is_terminal() {
        let ended = crate::store::column::name_of(&deployment.status);
        return Some(format!("deployment {number} has ended already: {ended}"));
    }
    if deployment.kind == DeploymentKind::Terminate {
        return Some("the termination of an environment cannot be aborted".to_owned());
    }
    (!deployment.phase.can_abort()).then(|| {
        format!(
            "deployment {number} is in phase {} and can no longer be aborted; wait for its end",
            deployment.phase.name()
        )
    })
}
