//! One instance as a row.

use beanpole_protocol::{
    Timestamp,
    api::{Instance, InstanceCondition, InstanceIntent, InstanceTraffic},
};
use serde::Serialize;

use super::{Badge, Tone, badge, environment::HealthView, quantity, when::When};

#[derive(Debug, Serialize)]
pub struct InstanceRow {
    pub id: String,
    host: String,
    version: String,
    deployment_number: u32,
    intent: Badge,
    condition: Badge,
    detail: String,
    health: HealthView,
    restarts: u32,
    memory: Option<String>,
    cpu: Option<String>,
    traffic: Option<TrafficView>,
    launched: When,
}

#[derive(Debug, Serialize)]
struct TrafficView {
    requests: String,
    in_flight: u64,
    /// Answers 5xx and requests without an answer.
    errors: String,
    has_errors: bool,
    /// Once there were requests.
    p50: Option<String>,
    p99: Option<String>,
}

impl InstanceRow {
    pub fn new(instance: Instance, now: Timestamp) -> Self {
        Self {
            id: instance.id.to_string(),
            host: instance.host,
            version: instance.version_label,
            deployment_number: instance.deployment_number,
            intent: intent(instance.intent),
            condition: condition(instance.state),
            // Health causes often say the same.
            detail: if instance.health.causes.contains(&instance.detail) {
                String::new()
            } else {
                instance.detail
            },
            health: HealthView::new(instance.health),
            restarts: instance.restarts,
            memory: instance.memory_bytes.map(quantity::bytes),
            cpu: instance.cpu_percent.map(|percent| format!("{percent:.1} %")),
            traffic: instance.traffic.map(traffic),
            launched: When::new(instance.launched_at, now),
        }
    }
}

fn traffic(traffic: InstanceTraffic) -> TrafficView {
    let measured = |ms: f64| (traffic.requests > 0).then(|| quantity::latency(ms));
    let errors = traffic.classes[4].saturating_add(traffic.failures);
    TrafficView {
        requests: quantity::count(traffic.requests),
        in_flight: traffic.in_flight,
        errors: quantity::count(errors),
        has_errors: errors > 0,
        p50: measured(traffic.p50_ms),
        p99: measured(traffic.p99_ms),
    }
}

const fn intent(intent: InstanceIntent) -> Badge {
    match intent {
        InstanceIntent::Standby => badge("standby", Tone::Busy),
        InstanceIntent::InService => badge("in service", Tone::Good),
        InstanceIntent::Draining => badge("draining", Tone::Warn),
        InstanceIntent::Stopping => badge("stopping", Tone::Quiet),
    }
}

const fn condition(condition: InstanceCondition) -> Badge {
    match condition {
        InstanceCondition::Pending => badge("pending", Tone::Quiet),
        InstanceCondition::Starting => badge("starting", Tone::Busy),
        InstanceCondition::Healthy => badge("healthy", Tone::Good),
        InstanceCondition::Unhealthy => badge("unhealthy", Tone::Warn),
        InstanceCondition::Failed => badge("failed", Tone::Bad),
        InstanceCondition::Gone => badge("gone", Tone::Quiet),
        InstanceCondition::Lost => badge("host lost", Tone::Bad),
    }
}
