//! From rows to what the API shows: environments and deployments.

use beanpole_planner::Reason;
use beanpole_protocol::{
    DeploymentId, EnvironmentId, Timestamp,
    api::{Deployment, DeploymentTimings, Environment, EnvironmentChange, Hindrance, Tier},
};
use sqlx::PgConnection;

use crate::{
    ApiError, Config,
    store::{
        deployments::{self, DeploymentRow},
        environments::{self, EnvironmentRow},
    },
};

pub fn environment(row: EnvironmentRow, config: &Config) -> Environment {
    Environment {
        cname: config.environment_host(&row.cname_prefix),
        url: config.environment_url(&row.cname_prefix),
        id: row.id,
        application: row.application,
        name: row.name,
        tier: Tier::WebServer,
        platform: row.platform,
        status: row.status,
        health: row.health,
        version_label: row.current_label,
        deployment_number: row.current_deployment_number,
        active_deployment: row.active_deployment,
        min_instances: row.min_instances,
        max_instances: row.max_instances,
        desired_instances: row.desired_instances,
        hindrance: row.hindrance.as_ref().map(hindrance),
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

/// What keeps an environment from what it should be.
pub fn hindrance(reason: &Reason) -> Hindrance {
    Hindrance {
        kind: reason.kind().to_owned(),
        message: reason.to_string(),
    }
}

fn millis(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX)
}

/// `now` closes the count of an outage that is still open.
pub fn deployment(row: DeploymentRow, now: Timestamp) -> Deployment {
    let open_outage = row.outage_since.map_or(0, |since| millis(since, now));
    Deployment {
        timings: DeploymentTimings {
            build_ms: row.built_at.map(|at| millis(row.started_at, at)),
            outage_ms: u64::try_from(row.outage_ms).unwrap_or(0) + open_outage,
            total_ms: row.finished_at.map(|at| millis(row.started_at, at)),
        },
        id: row.id,
        environment: row.environment,
        number: row.number,
        kind: row.kind,
        version_label: row.label,
        previous_version_label: row.previous_label,
        policy: row.options.policy,
        status: row.status,
        phase: row.phase.name().to_owned(),
        reason: row.reason,
        log_tail: row.log_tail,
        instances_total: row.progress.instances_total,
        instances_done: row.progress.instances_done,
        new_version_percent: u8::try_from(row.progress.traffic_percent).unwrap_or(100),
        started_at: row.started_at,
        finished_at: row.finished_at,
    }
}

/// The answer to a change: the environment as it now is, and the deployment to await.
pub async fn change(
    conn: &mut PgConnection,
    config: &Config,
    id: &EnvironmentId,
    deployment_id: Option<&DeploymentId>,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    let row = environments::by_id(conn, id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let deployed = match deployment_id {
        Some(id) => deployments::by_id(conn, id).await?,
        None => None,
    };
    Ok(EnvironmentChange {
        environment: environment(row, config),
        deployment: deployed.map(|row| deployment(row, now)),
    })
}
