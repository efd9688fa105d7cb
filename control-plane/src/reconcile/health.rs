//! Keeps an environment's health on its row, with an event when its status changes.
//!
//! How health is judged is the planner's; here it is written, and looked at again while it is not Ok.

use std::time::Duration;

use beanpole_planner::{
    Snapshot,
    health::{self, Expected},
};
use beanpole_protocol::{
    Timestamp,
    api::{EnvironmentStatus, Health, HealthColor, HealthStatus, Severity},
};
use sqlx::PgConnection;

use super::{ReconcileError, world::World};
use crate::{
    ops::record::{self, About},
    store::{column::name_of, environments},
};

/// Causes tell how long something lasts; while there are any they are brought up to date this often.
const AGAIN: Duration = Duration::from_secs(10);

/// Writes what changed: when to look again at the latest.
pub async fn record(
    conn: &mut PgConnection,
    world: &World,
    snapshot: &Snapshot,
    now: Timestamp,
) -> Result<Option<Timestamp>, ReconcileError> {
    let before = &world.environment.health;
    let health = judge(world, snapshot, now);
    if health == *before {
        return Ok(again(&health, now));
    }
    environments::set_health(conn, &world.environment.id, &health).await?;
    if health.status != before.status && world.environment.status != EnvironmentStatus::Terminated {
        let about = About {
            deployment: world.deployment.as_ref().map(|deployment| &deployment.id),
            version_label: None,
        };
        let text = transition(before, &health);
        let event = (severity(health.status), "health_changed", text.as_str());
        record::event(conn, &world.environment, about, event, now).await?;
    }
    Ok(again(&health, now))
}

fn judge(world: &World, snapshot: &Snapshot, now: Timestamp) -> Health {
    let environment = &world.environment;
    if environment.status == EnvironmentStatus::Terminated {
        return Health {
            color: HealthColor::Grey,
            status: HealthStatus::Unknown,
            causes: Vec::new(),
        };
    }
    let expected = environment
        .current_label
        .as_deref()
        .zip(environment.current_deployment_number)
        .map(|(label, deployment)| Expected { label, deployment });
    health::environment(snapshot, environment.min_instances, expected, now)
}

fn again(health: &Health, now: Timestamp) -> Option<Timestamp> {
    (!health.causes.is_empty()).then_some(now + AGAIN)
}

/// Beanstalk's sentence, with the causes.
fn transition(before: &Health, after: &Health) -> String {
    let mut text = format!(
        "Environment health has transitioned from {} to {}.",
        name_of(&before.status),
        name_of(&after.status)
    );
    for cause in &after.causes {
        text.push(' ');
        text.push_str(cause);
    }
    text
}

const fn severity(status: HealthStatus) -> Severity {
    match status {
        HealthStatus::Ok | HealthStatus::Info | HealthStatus::Pending | HealthStatus::Unknown => {
            Severity::Info
        }
        HealthStatus::Warning | HealthStatus::Degraded | HealthStatus::Severe | HealthStatus::NoData => {
            Severity::Warn
        }
    }
}
