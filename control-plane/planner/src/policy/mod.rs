//! The five deployment policies: one file each, one signature, and the bounds each promises.
//!
//! | policy | serving never below | running never above | with stopping ones |
//! |---|---|---|---|
//! | `AllAtOnce` | 0 | D | 2 D |
//! | `Rolling` | D - b | D | D + b |
//! | `RollingWithAdditionalBatch` | D | D + b | D + 2 b |
//! | `Immutable`, `TrafficSplitting` | D | 2 D | 3 D |
//!
//! D: instances desired; b: instances of a batch. For the first two D is no more than alive hosts
//! can hold, so that an environment that lost a host can still be deployed. "Never below" is what
//! the planner chooses; it cannot forbid a host to die. Capacity lowered in the middle is followed
//! by taking instances out, never by a launch above the new ceiling.

mod additional_batch;
mod all_at_once;
mod immutable;
mod rolling;
mod traffic_splitting;

use beanpole_protocol::api::{DeploymentKind, DeploymentPolicy};

use crate::{
    cause::Cause,
    change::{Phase, Purpose},
    draft::{Draft, Row, Step},
    ending, group,
    in_place::{self, Leave, Progress, Replacement},
    options::BatchSize,
    patience, placement,
    preparing::{self, Need, Preparation},
    reason::Reason,
    snapshot::Deployment,
};

/// What a policy promises while it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Instances that should serve in the end.
    pub desired: u32,
    /// Instances replaced at a time.
    pub batch: u32,
    /// Healthy instances in service are not taken out below this.
    pub floor: u32,
    /// Instances that are not stopping never get more than this.
    pub running: u32,
    /// Nor all instances, those that are stopping included, more than this.
    pub total: u32,
}

impl Bounds {
    /// The bounds of `policy` for `desired` instances where alive hosts can hold `capacity`.
    pub fn new(policy: DeploymentPolicy, batch: BatchSize, desired: u32, capacity: u32) -> Self {
        let fitting = desired.min(capacity);
        match policy {
            DeploymentPolicy::AllAtOnce => Self {
                desired: fitting,
                batch: fitting,
                floor: 0,
                running: fitting,
                total: fitting.saturating_mul(2),
            },
            DeploymentPolicy::Rolling => {
                let batch = batch.instances(fitting);
                Self {
                    desired: fitting,
                    batch,
                    floor: fitting.saturating_sub(batch),
                    running: fitting,
                    total: fitting.saturating_add(batch),
                }
            }
            DeploymentPolicy::RollingWithAdditionalBatch => {
                let batch = batch.instances(desired);
                let running = desired.saturating_add(batch);
                Self {
                    desired,
                    batch,
                    floor: desired,
                    running,
                    total: running.saturating_add(batch),
                }
            }
            DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting => Self {
                desired,
                batch: desired,
                floor: desired,
                running: desired.saturating_mul(2),
                total: desired.saturating_mul(3),
            },
        }
    }

    /// False when instances are desired and no host can hold any: then there is only waiting.
    pub(crate) fn possible(&self, draft: &Draft<'_>) -> bool {
        self.desired > 0 || draft.snapshot.desired == 0
    }
}

/// The policy that is followed: a launch has nothing to replace, whatever the option says.
pub fn in_force(deployment: &Deployment) -> DeploymentPolicy {
    match deployment.kind {
        DeploymentKind::Launch => DeploymentPolicy::AllAtOnce,
        DeploymentKind::Version | DeploymentKind::Configuration | DeploymentKind::Terminate => {
            deployment.options.policy
        }
    }
}

pub(crate) fn bounds(draft: &Draft<'_>, deployment: &Deployment) -> Bounds {
    let release = match (&draft.phase, &deployment.previous) {
        (Phase::Returning { .. }, Some(previous)) => previous,
        _ => &deployment.target,
    };
    let capacity = placement::capacity(draft, release);
    Bounds::new(
        in_force(deployment),
        deployment.options.batch,
        draft.snapshot.desired,
        capacity,
    )
}

/// One step of the deployment by its policy, in every phase but `Returning`.
pub(crate) fn step(draft: &mut Draft<'_>, deployment: &Deployment) -> Step {
    let bounds = bounds(draft, deployment);
    match in_force(deployment) {
        DeploymentPolicy::AllAtOnce => all_at_once::step(draft, deployment, bounds),
        DeploymentPolicy::Rolling => rolling::step(draft, deployment, bounds),
        DeploymentPolicy::RollingWithAdditionalBatch => additional_batch::step(draft, deployment, bounds),
        DeploymentPolicy::Immutable => immutable::step(draft, deployment, bounds),
        DeploymentPolicy::TrafficSplitting => traffic_splitting::step(draft, deployment, bounds),
    }
}

/// Phase `Preparing`, then on to the policy's `first` phase.
fn prepare(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    bounds: Bounds,
    need: Need,
    first: (Phase, Reason),
) -> Step {
    match preparing::run(draft, deployment, need, bounds) {
        Preparation::Done => draft.advance(first.0, first.1),
        Preparation::Waiting => Step::Wait,
        Preparation::Failed(cause) => ending::fail_untouched(draft, deployment, cause),
    }
}

/// Batch `number`: how many it replaces.
fn batch(number: u32, bounds: Bounds) -> (Phase, Reason) {
    let before = bounds.batch.saturating_mul(number.saturating_sub(1));
    let instances = bounds.batch.min(bounds.desired.saturating_sub(before));
    (
        Phase::Batch { number },
        Reason::BatchStarting { number, instances },
    )
}

/// The batch after `number` that has something left to do: where old instances were lost with their
/// host, new ones may have filled later batches already.
fn next_batch(draft: &Draft<'_>, bounds: Bounds, number: u32) -> u32 {
    let last = bounds.desired.div_ceil(bounds.batch.max(1));
    let filled = group::serving(draft) / bounds.batch.max(1);
    filled.min(last.saturating_sub(1)).max(number).saturating_add(1)
}

/// Works on batch `number`; true when it is done.
fn replace_batch(
    draft: &mut Draft<'_>,
    deployment: &Deployment,
    bounds: Bounds,
    number: u32,
    leave: Leave,
) -> Result<bool, Cause> {
    let goal = bounds.batch.saturating_mul(number).min(bounds.desired);
    let replacement = Replacement {
        release: &deployment.target,
        purpose: Purpose::Deployment,
        good: &|row: &Row| row.is_new,
        judged: &|_| true,
        goal,
        bounds,
        leave,
        why: |instance| Reason::ReplacedByNewVersion { instance },
    };
    match in_place::run(draft, deployment, &replacement) {
        Progress::Done => Ok(true),
        Progress::Failed(cause) => Err(cause),
        Progress::Waiting(cause) => overdue(draft, deployment, cause),
    }
}

fn overdue(draft: &mut Draft<'_>, deployment: &Deployment, cause: Option<Cause>) -> Result<bool, Cause> {
    let deadline = patience::deadline(draft, deployment, |_| true);
    if !patience::elapsed(draft, deadline) {
        return Ok(false);
    }
    let seconds = draft.now.since(draft.phase_since).as_secs();
    Err(cause.unwrap_or(Cause::Overdue { seconds }))
}

/// A phase that the policy does not have: only a row changed by hand can say so.
fn stray(draft: &mut Draft<'_>, deployment: &Deployment) -> Step {
    let cause = Cause::StrayPhase {
        phase: draft.phase.name().to_owned(),
    };
    ending::fail(draft, deployment, cause)
}

#[cfg(test)]
mod tests {
    use beanpole_protocol::api::DeploymentPolicy::{
        AllAtOnce, Immutable, Rolling, RollingWithAdditionalBatch, TrafficSplitting,
    };

    use super::*;

    #[test]
    fn every_policy_promises_a_floor_and_a_ceiling() {
        // policy, desired, capacity -> floor, running, total; batches of 30 percent
        let table = [
            (AllAtOnce, 4, 100, (0, 4, 8)),
            (Rolling, 4, 100, (2, 4, 6)),
            (Rolling, 1, 100, (0, 1, 2)),
            (Rolling, 4, 2, (1, 2, 3)),
            (RollingWithAdditionalBatch, 4, 100, (4, 6, 8)),
            (RollingWithAdditionalBatch, 1, 100, (1, 2, 3)),
            (Immutable, 4, 100, (4, 8, 12)),
            (TrafficSplitting, 4, 5, (4, 8, 12)),
        ];
        for (policy, desired, capacity, expected) in table {
            let bounds = Bounds::new(policy, BatchSize::Percentage(30), desired, capacity);
            let found = (bounds.floor, bounds.running, bounds.total);
            assert_eq!(
                found, expected,
                "{policy:?}, {desired} desired, room for {capacity}"
            );
        }
    }
}
