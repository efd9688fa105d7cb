//! A deployment, under way or ended.

use beanpole_protocol::{
    Timestamp,
    api::{Deployment, DeploymentKind, DeploymentStatus},
};
use serde::Serialize;

use super::{Badge, Tone, badge, quantity, when::When};

#[derive(Debug, Serialize)]
pub struct DeploymentView {
    pub id: String,
    pub number: u32,
    kind: &'static str,
    version: String,
    previous: Option<String>,
    policy: &'static str,
    status: Badge,
    pub running: bool,
    phase: String,
    reason: Option<String>,
    log_tail: Option<String>,
    total: u32,
    done: u32,
    /// Of the traffic, on the new and on the old release.
    percent: u8,
    rest: u8,
    started: When,
    took: String,
    build: Option<String>,
    outage: Option<String>,
}

impl DeploymentView {
    pub fn new(deployment: Deployment, now: Timestamp) -> Self {
        let end = deployment.finished_at.unwrap_or(now);
        let took = deployment.timings.total_ms.unwrap_or_else(|| {
            u64::try_from(end.since(deployment.started_at).as_millis()).unwrap_or(u64::MAX)
        });
        let percent = deployment.new_version_percent.min(100);
        Self {
            id: deployment.id.to_string(),
            number: deployment.number,
            kind: kind(deployment.kind),
            version: deployment.version_label,
            previous: deployment.previous_version_label,
            policy: deployment.policy.name(),
            status: status(deployment.status),
            running: !deployment.status.is_terminal(),
            phase: deployment.phase.replace('_', " "),
            reason: deployment.reason,
            log_tail: deployment.log_tail.filter(|log| !log.trim().is_empty()),
            total: deployment.instances_total,
            done: deployment.instances_done.min(deployment.instances_total),
            percent,
            rest: 100 - percent,
            started: When::new(deployment.started_at, now),
            took: quantity::duration(took),
            build: deployment.timings.build_ms.map(quantity::duration),
            outage: (deployment.timings.outage_ms > 0)
                .then(|| quantity::duration(deployment.timings.outage_ms)),
        }
    }
}

const fn kind(kind: DeploymentKind) -> &'static str {
    match kind {
        DeploymentKind::Launch => "launch",
        DeploymentKind::Version => "version",
        DeploymentKind::Configuration => "configuration",
        DeploymentKind::Terminate => "terminate",
    }
}

const fn status(status: DeploymentStatus) -> Badge {
    match status {
        DeploymentStatus::Running => badge("running", Tone::Busy),
        DeploymentStatus::Succeeded => badge("succeeded", Tone::Good),
        DeploymentStatus::Failed => badge("failed", Tone::Bad),
        DeploymentStatus::RolledBack => badge("rolled back", Tone::Warn),
        DeploymentStatus::Aborted => badge("aborted", Tone::Warn),
        DeploymentStatus::Superseded => badge("superseded", Tone::Quiet),
    }
}
