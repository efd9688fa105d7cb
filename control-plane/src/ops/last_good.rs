//! What a new deployment of an environment would go back to.

use beanpole_planner::snapshot::{Intent, Observed};
use beanpole_protocol::{Release, api::DeploymentStatus};
use sqlx::PgConnection;

use crate::{
    ApiError,
    reconcile::world,
    store::{deployments, environments::EnvironmentRow, instances},
};

/// The current release, if it ever served: its deployment succeeded, or an instance of it is in service
/// and healthy. The release of a launch that failed is kept at being tried, but is nothing to go back to.
pub async fn last_good(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
) -> Result<Option<Release>, ApiError> {
    let Some(current) = environment.current.clone() else {
        return Ok(None);
    };
    let brought_by = match environment.current_deployment_number {
        Some(number) => deployments::by_number(conn, &environment.id, number).await?,
        None => None,
    };
    if brought_by.is_some_and(|deployment| deployment.status == DeploymentStatus::Succeeded) {
        return Ok(Some(current));
    }
    let rows = instances::of_environment(conn, &environment.id).await?;
    let serves = rows.iter().any(|row| {
        row.release == current && row.intent == Intent::InService && world::observed(row) == Observed::Healthy
    });
    Ok(serves.then_some(current))
}
