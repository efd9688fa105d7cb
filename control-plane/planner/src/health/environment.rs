//! The health of a whole environment.

use beanpole_protocol::{
    Timestamp,
    api::{DeploymentKind, Health, HealthStatus},
};

use super::{health, instance, instance::foreign, span, worse};
use crate::{
    change::Phase,
    limits::phase_deadline,
    snapshot::{Deployment, Instance, Intent, Snapshot},
};

/// What should run, in a user's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Label of the version of the last successful deployment.
    pub label: &'a str,
    /// That deployment's number.
    pub deployment: u32,
}

/// The environment of `snapshot`, as it is now; `minimum` is its `MinSize`.
pub fn environment(
    snapshot: &Snapshot,
    minimum: u32,
    expected: Option<Expected<'_>>,
    now: Timestamp,
) -> Health {
    match &snapshot.deployment {
        Some(deployment) => deploying(snapshot, deployment, now),
        None => settled(snapshot, minimum, expected, now),
    }
}

fn deploying(snapshot: &Snapshot, deployment: &Deployment, now: Timestamp) -> Health {
    let running = span(now.since(deployment.started_at));
    let (mut status, what) = match deployment.kind {
        DeploymentKind::Launch => (HealthStatus::Pending, "environment launch"),
        DeploymentKind::Terminate => (HealthStatus::Pending, "environment termination"),
        DeploymentKind::Version => (HealthStatus::Info, "application deployment"),
        DeploymentKind::Configuration => (HealthStatus::Info, "configuration deployment"),
    };
    let mut causes = vec![format!("Performing {what} (running for {running}).")];
    let bounded = !matches!(
        deployment.phase,
        Phase::Preparing | Phase::Evaluating | Phase::Terminating
    );
    if bounded && phase_deadline(deployment.phase_since, &deployment.options) < now {
        status = HealthStatus::Warning;
        causes.push(format!(
            "It has been in phase {} for {}.",
            deployment.phase.name(),
            span(now.since(deployment.phase_since))
        ));
    }
    if let Some(hindrance) = &snapshot.hindrance {
        status = HealthStatus::Warning;
        causes.push(hindrance.to_string());
    }
    health(status, causes)
}

/// Instances that neither drain nor stop, by how they are.
#[derive(Default)]
struct Counts {
    healthy: u32,
    starting: u32,
    no_data: u32,
    failing: Vec<String>,
    foreign: u32,
    in_service: u32,
}

impl Counts {
    fn of(snapshot: &Snapshot, now: Timestamp) -> Self {
        let mut counts = Self::default();
        let stays = |i: &&Instance| matches!(i.intent, Intent::Standby | Intent::InService);
        for row in snapshot.instances.iter().filter(stays) {
            let one = instance(snapshot, row, now);
            counts.in_service += u32::from(row.intent == Intent::InService);
            counts.foreign += u32::from(row.intent == Intent::InService && foreign(snapshot, row));
            match one.status {
                HealthStatus::Ok | HealthStatus::Info | HealthStatus::Degraded | HealthStatus::Warning => {
                    // Only a standby instance can be well and still without traffic.
                    match row.intent {
                        Intent::InService => counts.healthy += 1,
                        _ => counts.starting += 1,
                    }
                }
                HealthStatus::Pending | HealthStatus::Unknown => counts.starting += 1,
                HealthStatus::NoData => counts.no_data += 1,
                HealthStatus::Severe => {
                    counts
                        .failing
                        .extend(one.causes.iter().map(|cause| format!("{}: {cause}", row.id)));
                }
            }
        }
        counts
    }
}

fn settled(snapshot: &Snapshot, minimum: u32, expected: Option<Expected<'_>>, now: Timestamp) -> Health {
    let desired = snapshot.desired;
    let counts = Counts::of(snapshot, now);
    if desired == 0 && counts.in_service == 0 {
        return health(HealthStatus::Unknown, vec!["No instance is desired.".into()]);
    }
    let mut status = HealthStatus::Ok;
    let mut causes = Vec::new();
    let missing = desired.saturating_sub(counts.healthy);
    let troubled = missing.saturating_sub(counts.starting);
    if counts.healthy == 0 {
        status = HealthStatus::Severe;
        causes.push(format!("None of the {desired} desired instances is healthy."));
    } else if counts.healthy < minimum.min(desired) && troubled > 0 {
        status = HealthStatus::Degraded;
        let healthy = counts.healthy;
        causes.push(format!(
            "{healthy} active instance(s): below the environment's minimum size {minimum}."
        ));
    } else if troubled > 0 {
        causes.push(format!(
            "{troubled} out of {desired} desired instances are not healthy."
        ));
    } else if missing > 0 {
        status = HealthStatus::Info;
        causes.push(format!(
            "{missing} out of {desired} desired instances are starting."
        ));
    }
    status = worse(status, by_share(troubled, desired));
    if counts.foreign > 0 {
        status = worse(status, by_share(counts.foreign, counts.in_service));
        causes.push(incorrect_version(counts.foreign, counts.in_service, expected));
    }
    if counts.no_data > 0 {
        causes.push(format!(
            "No data from {} instance(s): their hosts do not answer.",
            counts.no_data
        ));
    }
    causes.extend(counts.failing);
    if let Some(hindrance) = &snapshot.hindrance {
        status = worse(status, HealthStatus::Warning);
        causes.push(hindrance.to_string());
    }
    health(status, causes)
}

fn by_share(bad: u32, of: u32) -> HealthStatus {
    let (bad, of) = (u64::from(bad), u64::from(of.max(1)));
    match bad * 4 {
        0 => HealthStatus::Ok,
        quarters if quarters <= of => HealthStatus::Warning,
        quarters if quarters <= of * 3 => HealthStatus::Degraded,
        _ => HealthStatus::Severe,
    }
}

/// Beanstalk's sentence. An instance on another version is no outage: a share of them that would be
/// severe by itself is what `by_share` says, as in Beanstalk.
fn incorrect_version(foreign: u32, of: u32, expected: Option<Expected<'_>>) -> String {
    let found = format!("Incorrect application version found on {foreign} out of {of} instances.");
    match expected {
        Some(Expected { label, deployment }) => {
            format!("{found} Expected version \"{label}\" (deployment {deployment}).")
        }
        None => found,
    }
}
