//! How far a deployment is, and for how long nothing served: counted from what is there, never from
//! what was planned.

use beanpole_planner::snapshot::{Intent, Observed};
use beanpole_protocol::{Release, Timestamp, api::DeploymentKind};
use sqlx::PgConnection;

use super::{
    ReconcileError,
    finish::Ended,
    world::{self, World},
};
use crate::store::deployments::{self, DeploymentRow, Progress};

/// Writes down what changed since it was counted last.
pub async fn record(
    conn: &mut PgConnection,
    world: &World,
    ended: &Option<Ended>,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    if let Some(ended) = ended {
        let progress = progress(world, &ended.target);
        deployments::set_progress(conn, &ended.id, &progress).await?;
    }
    if let Some(deployment) = &world.deployment {
        let progress = progress(world, &deployment.target);
        if progress != deployment.progress {
            deployments::set_progress(conn, &deployment.id, &progress).await?;
        }
        let outage = outage(deployment, serving(world), now);
        if outage != (deployment.outage_ms, deployment.outage_since) {
            deployments::set_outage(conn, &deployment.id, outage.0, outage.1).await?;
        }
    }
    Ok(())
}

/// Counts instances on `target`. The share of traffic is that of the split, or else follows the
/// number of instances in service.
fn progress(world: &World, target: &Release) -> Progress {
    let (mut done, mut in_service, mut new_in_service) = (0, 0, 0);
    for row in &world.instances {
        let serves = row.intent == Intent::InService;
        let new = row.release == *target;
        let leaves = matches!(row.intent, Intent::Draining { .. } | Intent::Stopping { .. });
        done += u32::from(new && !leaves && world::observed(row) == Observed::Healthy);
        in_service += u32::from(serves);
        new_in_service += u32::from(serves && new);
    }
    Progress {
        instances_total: world.environment.desired_instances,
        instances_done: done,
        traffic_percent: match world.environment.split_percent {
            Some(percent) => u32::from(percent),
            None => (100 * new_in_service).checked_div(in_service).unwrap_or(0),
        },
    }
}

/// Healthy instances in service on hosts that are alive.
fn serving(world: &World) -> usize {
    let serves = world.instances.iter().filter(|row| {
        row.intent == Intent::InService
            && world::observed(row) == Observed::Healthy
            && world.host(&row.host_id).is_some_and(|host| host.alive())
    });
    serves.count()
}

/// Time without an instance in service: closed stretches in milliseconds, and the start of an open
/// one. A launch has nothing to interrupt, and a termination is meant to.
fn outage(deployment: &DeploymentRow, serving: usize, now: Timestamp) -> (i64, Option<Timestamp>) {
    let counts = matches!(
        deployment.kind,
        DeploymentKind::Version | DeploymentKind::Configuration
    );
    match (counts && serving == 0, deployment.outage_since) {
        (true, since) => (deployment.outage_ms, Some(since.unwrap_or(now))),
        (false, None) => (deployment.outage_ms, None),
        (false, Some(since)) => {
            let stretch = i64::try_from(now.since(since).as_millis()).unwrap_or(i64::MAX);
            (deployment.outage_ms.saturating_add(stretch), None)
        }
    }
}
