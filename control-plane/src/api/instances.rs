//! `/api/v1/environments/{name}/instances`

use axum::extract::State;
use beanpole_planner::snapshot::Intent;
use beanpole_protocol::{
    InstanceId, Timestamp,
    agent::InstanceState,
    api::{
        Health, HealthColor, HealthStatus, Instance, InstanceCondition, InstanceIntent, InstanceTraffic, Page,
    },
};

use crate::{
    ApiError, App,
    auth::Viewer,
    http::extract::{Json, Path},
    ops,
    store::{
        hosts::{self, HostRow},
        instances::{self, InstanceRow},
    },
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
    let mut connection = app.pool.acquire().await?;
    let environment = ops::find::environment(&mut connection, &name, Timestamp::now()).await?;
    let hosts = hosts::all(&mut connection).await?;
    let rows = instances::of_environment(&mut connection, &environment.id).await?;
    let items = rows.into_iter().map(|row| view(row, &hosts)).collect();
    Ok(Json(Page { items, next: None }))
}

fn view(row: InstanceRow, hosts: &[HostRow]) -> Instance {
    let alive = hosts.iter().any(|host| host.id == row.host_id && host.alive());
    let (state, detail) = condition(&row, alive);
    Instance {
        health: health(state, &detail),
        state,
        detail,
        traffic: traffic(&row.id, hosts),
        intent: match row.intent {
            Intent::Standby => InstanceIntent::Standby,
            Intent::InService => InstanceIntent::InService,
            Intent::Draining { .. } => InstanceIntent::Draining,
            Intent::Stopping { .. } => InstanceIntent::Stopping,
        },
        restarts: row.observed.as_ref().map_or(0, |seen| seen.restarts),
        memory_bytes: row.observed.as_ref().and_then(|seen| seen.memory_bytes),
        cpu_percent: row.observed.as_ref().and_then(|seen| seen.cpu_percent),
        id: row.id,
        host: row.host,
        version_label: row.label,
        configuration: u32::try_from(row.release.configuration).unwrap_or(0),
        deployment_number: row.deployment_number,
        launched_at: row.launched_at,
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

fn health(condition: InstanceCondition, detail: &str) -> Health {
    let (color, status) = match condition {
        InstanceCondition::Healthy => (HealthColor::Green, HealthStatus::Ok),
        InstanceCondition::Pending | InstanceCondition::Starting => {
            (HealthColor::Grey, HealthStatus::Pending)
        }
        InstanceCondition::Unhealthy | InstanceCondition::Failed => (HealthColor::Red, HealthStatus::Severe),
        InstanceCondition::Gone => (HealthColor::Grey, HealthStatus::Unknown),
        InstanceCondition::Lost => (HealthColor::Grey, HealthStatus::NoData),
    };
    let told = !detail.is_empty() && condition != InstanceCondition::Healthy;
    Health {
        color,
        status,
        causes: if told { vec![detail.to_owned()] } else { Vec::new() },
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
