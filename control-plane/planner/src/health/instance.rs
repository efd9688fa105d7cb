//! The health of one instance.

use beanpole_protocol::{
    Timestamp,
    api::{Health, HealthStatus},
};

use super::{STARTING_LIMIT, health, span};
use crate::{
    cause::sentence,
    snapshot::{Instance, Intent, Observed, Snapshot},
};

/// One instance of `snapshot`, as it is now.
pub fn instance(snapshot: &Snapshot, instance: &Instance, now: Timestamp) -> Health {
    let alive = snapshot
        .hosts
        .iter()
        .any(|host| host.id == instance.host && host.alive);
    if !alive {
        return health(
            HealthStatus::NoData,
            vec![format!("No data: host {} does not answer.", instance.host)],
        );
    }
    match &instance.intent {
        Intent::Draining { .. } => {
            return health(
                HealthStatus::Info,
                vec!["Leaving service: open requests finish.".into()],
            );
        }
        Intent::Stopping { .. } => return health(HealthStatus::Info, vec!["Stopping.".into()]),
        Intent::Standby | Intent::InService => {}
    }
    match &instance.observed {
        Observed::Healthy => match foreign(snapshot, instance) {
            true => health(
                HealthStatus::Degraded,
                vec!["Incorrect application version: not that of the last successful deployment.".into()],
            ),
            false => health(HealthStatus::Ok, Vec::new()),
        },
        Observed::Pending => starting(instance, now, "its container has not been started"),
        Observed::Starting { detail } => starting(instance, now, detail),
        Observed::Unhealthy { detail } => health(
            HealthStatus::Severe,
            vec![format!("Health checks fail: {}.", sentence(detail))],
        ),
        Observed::Failed { reason } => health(
            HealthStatus::Severe,
            vec![format!("The instance failed: {}.", sentence(reason))],
        ),
        Observed::Gone => health(
            HealthStatus::Severe,
            vec!["The container has disappeared.".into()],
        ),
    }
}

/// It runs another release than it should, and no deployment is changing that.
pub(super) fn foreign(snapshot: &Snapshot, instance: &Instance) -> bool {
    snapshot.deployment.is_none()
        && snapshot
            .current
            .as_ref()
            .is_some_and(|current| *current != instance.release)
}

fn starting(instance: &Instance, now: Timestamp, detail: &str) -> Health {
    let age = now.since(instance.launched_at);
    let status = if age < STARTING_LIMIT {
        HealthStatus::Pending
    } else {
        HealthStatus::Severe
    };
    let cause = match detail.is_empty() {
        true => format!("Not healthy yet, {} after its launch.", span(age)),
        false => format!(
            "Not healthy yet, {} after its launch: {}.",
            span(age),
            sentence(detail)
        ),
    };
    health(status, vec![cause])
}
