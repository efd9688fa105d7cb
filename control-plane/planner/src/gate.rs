//! The health gate: which new instances may take traffic, which have failed, which still have time.
//!
//! An instance has `Timeout` from its launch, or from the beginning of the phase if that is later.

use beanpole_protocol::Timestamp;

use crate::{
    cause::Cause,
    draft::{Draft, Row},
    options::HealthCheckRule,
    patience,
    reason::Reason,
    snapshot::{Deployment, Observed},
};

/// How an instance stands before the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    Passed,
    /// Not passed in time; `IgnoreHealthCheck` lets it through.
    Ignored,
    Waiting,
}

fn due(draft: &Draft<'_>, deployment: &Deployment, row: &Row) -> Timestamp {
    row.launched_at.max(draft.phase_since) + deployment.options.timeout
}

pub(crate) fn of(draft: &Draft<'_>, deployment: &Deployment, row: &Row) -> Gate {
    let started = matches!(
        row.observed,
        Observed::Starting { .. } | Observed::Unhealthy { .. }
    );
    if row.healthy() {
        Gate::Passed
    } else if started
        && deployment.options.health_check == HealthCheckRule::Ignore
        && due(draft, deployment, row) <= draft.now
    {
        Gate::Ignored
    } else {
        Gate::Waiting
    }
}

/// The first of the `judged` instances that has failed for good or run out of time; sees to it that
/// the plan is made again when the next one does.
pub(crate) fn failure(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    judged: impl Fn(&Row) -> bool,
) -> Option<Cause> {
    let judged = draft.indices(|row| row.stays() && !row.lost && judged(row));
    let dead = judged.iter().find_map(|&at| {
        let row = &draft.rows[at];
        // A container that is gone says nothing about the version: its agent may make it again.
        let failed = matches!(row.observed, Observed::Failed { .. });
        let instance = row.id.clone().filter(|_| failed)?;
        Some(Cause::InstanceFailed {
            instance,
            detail: row.detail(),
        })
    });
    if dead.is_some() {
        return dead;
    }
    for at in judged {
        let row = &draft.rows[at];
        if !row.standby() || of(draft, deployment, row) != Gate::Waiting {
            continue;
        }
        let due = due(draft, deployment, row);
        let (Some(instance), host, detail) = (row.id.clone(), row.host.clone(), row.detail()) else {
            continue;
        };
        if patience::elapsed_on(draft, &host, due) {
            return Some(Cause::NotHealthyInTime {
                instance,
                seconds: deployment.options.timeout.as_secs(),
                detail,
            });
        }
    }
    None
}

/// Puts those of the `judged` instances in service that the gate lets through.
pub(crate) fn admit(draft: &mut Draft<'_>, deployment: &Deployment, judged: impl Fn(&Row) -> bool) {
    for at in draft.indices(|row| row.standby() && !row.lost && judged(row)) {
        match of(draft, deployment, &draft.rows[at]) {
            Gate::Passed => draft.put_in_service(at, |instance| Reason::PassedGate { instance }),
            Gate::Ignored => {
                let seconds = deployment.options.timeout.as_secs();
                draft.put_in_service(at, |instance| Reason::HealthIgnored { instance, seconds });
            }
            Gate::Waiting => {}
        }
    }
}
