//! `/api/v1/environments/{name}/instances`

use axum::extract::State;
use beanpole_planner::{health, snapshot::Intent};
use beanpole_protocol::{
    InstanceId, Timestamp,
    agent::InstanceState,
    api::{Health, Instance, InstanceCondition, InstanceIntent, InstanceTraffic, Page},
};

use crate::{
    ApiError, App,
    auth::Viewer,
    http::extract::{Json, Path},
    ops,
    reconcile::world,
    store::{hosts::HostRow, instances::InstanceRow},
};

/// All instances of an environment, oldest first. One page.
#[utoipa::path(
    get, path = "/api/v1/environments/{name}/instances", tag = "environments",
    params(("name" = String, Path)),
    responses((status = 200, description = "The instances", body = Page<Instance>))
)]
pub async fn list(
    _: Viewer,
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<Page<Instance>>, ApiError> {
    let now = Timestamp::now();
    let mut connection = app.pool.acquire().await?;
    let environment = ops::find::environment(&mut connection, &name, now).await?;
    let world = world::load(&mut connection, &app.secrets, &environment.id).await?;
    let snapshot = world.snapshot()?;
    let health = snapshot
        .instances
        .iter()
        .map(|shown| health::instance(&snapshot, shown, now));
    let items = world
        .instances
        .iter()
        .zip(health)
        .map(|(row, health)| view(row, health, &world.hosts))
        .collect();
    Ok(Json(Page { items, next: None }))
}

fn view(row: &InstanceRow, health: Health, hosts: &[HostRow]) -> Instance {
    let alive = hosts.iter().any(|host| host.id == row.host_id && host.alive());
    let (state, detail) = condition(row, alive);
    let seen = row.observed.as_ref();
    Instance {
        id: row.id.clone(),
        host: row.host.clone(),
        version_label: row.label.clone(),
        configuration: u32::try_from(row.release.configuration).unwrap_or(0),
        deployment_number: row.deployment_number,
        intent: match row.intent {
            Intent::Standby => InstanceIntent::Standby,
            Intent::InService => InstanceIntent::InService,
            Intent::Draining { .. } => InstanceIntent::Draining,
            Intent::Stopping { .. } => InstanceIntent::Stopping,
        },
        state,
        detail,
        health,
        restarts: seen.map_or(0, |seen| seen.restarts),
        memory_bytes: seen.and_then(|seen| seen.memory_bytes),
        cpu_percent: seen.and_then(|seen| seen.cpu_percent),
        launched_at: row.launched_at,
        traffic: traffic(&row.id, hosts),
    }
}

fn condition(row: &InstanceRow, alive: bool) -> (InstanceCondition, String) {
    if !alive {
        return (
            InstanceCondition::Lost,
            format!("host {} does not answer", row.host),
        );
    }
    match row.observed.as_ref().map(|seen| &seen.state) {
        None => (InstanceCondition::Pending, String::new()),
        Some(InstanceState::Pending) => (InstanceCondition::Pending, String::new()),
        Some(InstanceState::Starting { passes, detail }) if detail.is_empty() => {
            (InstanceCondition::Starting, format!("{passes} checks passed"))
        }
        Some(InstanceState::Starting { detail, .. }) => (InstanceCondition::Starting, detail.clone()),
        Some(InstanceState::Healthy) => (InstanceCondition::Healthy, String::new()),
        Some(InstanceState::Unhealthy { detail }) => (InstanceCondition::Unhealthy, detail.clone()),
        Some(InstanceState::Failed { reason }) => (InstanceCondition::Failed, reason.clone()),
        Some(InstanceState::Gone) => (InstanceCondition::Gone, String::new()),
    }
}

/// Counters summed over all edges; of latencies the worst edge's.
fn traffic(id: &InstanceId, hosts: &[HostRow]) -> Option<InstanceTraffic> {
    let mut sum: Option<InstanceTraffic> = None;
    let targets = hosts
        .iter()
        .filter_map(|host| host.edge.as_ref())
        .flat_map(|edge| &edge.targets)
        .filter(|target| target.instance == *id);
    for target in targets {
        let sum = sum.get_or_insert(InstanceTraffic {
            in_flight: 0,
            requests: 0,
            classes: [0; 5],
            failures: 0,
            p50_ms: 0.0,
            p90_ms: 0.0,
            p99_ms: 0.0,
        });
        sum.in_flight += target.in_flight;
        sum.requests += target.requests;
        for (total, count) in sum.classes.iter_mut().zip(target.classes) {
            *total += count;
        }
        sum.failures += target.failures;
        sum.p50_ms = sum.p50_ms.max(target.p50_ms);
        sum.p90_ms = sum.p90_ms.max(target.p90_ms);
        sum.p99_ms = sum.p99_ms.max(target.p99_ms);
    }
    sum
}
