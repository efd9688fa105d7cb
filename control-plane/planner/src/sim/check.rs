//! Holds a plan against what the planner promises, before it is applied.
//!
//! Counts for itself, from the snapshot and the changes alone; shares nothing with the planner but
//! the published `Bounds`.

use std::collections::BTreeMap;

use beanpole_protocol::{
    InstanceId, Timestamp,
    api::{DeploymentKind, DeploymentPolicy},
};

use crate::{
    cause::Cause,
    change::{Change, Phase, Plan, Purpose},
    options::HealthCheckRule,
    policy::{Bounds, in_force},
    snapshot::{Deployment, ImageState, Instance, Intent, Observed, Snapshot},
};

pub fn plan(snapshot: &Snapshot, plan: &Plan, now: Timestamp) {
    let mut check = Check::new(snapshot);
    for change in &plan.changes {
        check.change(change, now);
    }
    check.weights();
    if let Some(wake) = plan.next_wake {
        assert!(wake >= now, "a wake in the past");
    }
    if snapshot.deployment.is_some() {
        assert!(
            plan.next_wake.is_some(),
            "a deployment that nothing wakes: {:?}",
            snapshot.deployment
        );
    }
}

struct Check<'s> {
    snapshot: &'s Snapshot,
    deployment: Option<&'s Deployment>,
    phase: Option<Phase>,
    since: Timestamp,
    intents: BTreeMap<InstanceId, Intent>,
    /// Launched by this plan.
    launched: u32,
    split: Option<u8>,
}

impl<'s> Check<'s> {
    fn new(snapshot: &'s Snapshot) -> Self {
        let deployment = snapshot.deployment.as_ref();
        Self {
            snapshot,
            deployment,
            phase: deployment.map(|d| d.phase.clone()),
            since: deployment.map_or(Timestamp::from_millis(0), |d| d.phase_since),
            intents: snapshot
                .instances
                .iter()
                .map(|i| (i.id.clone(), i.intent.clone()))
                .collect(),
            launched: 0,
            split: snapshot.split,
        }
    }

    fn change(&mut self, change: &Change, now: Timestamp) {
        match change {
            Change::Launch { purpose, .. } => {
                self.launched += 1;
                self.ceiling(*purpose);
            }
            Change::PutInService { instance, .. } => {
                self.intents.insert(instance.clone(), Intent::InService);
            }
            Change::Drain { instance, .. } => {
                self.leaves(instance, Some(Intent::Draining { since: now }), now)
            }
            Change::Stop { instance, .. } => {
                self.leaves(instance, Some(Intent::Stopping { since: now }), now)
            }
            Change::Forget { instance, .. } => self.leaves(instance, None, now),
            Change::SetSplit { new_percent, .. } => {
                assert!(new_percent.is_none_or(|percent| percent <= 100));
                self.split = *new_percent;
            }
            Change::AdvancePhase { to, .. } => {
                self.phase = Some(to.clone());
                self.since = now;
            }
            Change::PrepareImage { .. } | Change::Finish { .. } | Change::SetHindrance { .. } => {}
        }
    }

    fn row(&self, id: &InstanceId) -> Option<&Instance> {
        self.snapshot.instances.iter().find(|row| row.id == *id)
    }

    fn is_new(&self, row: &Instance) -> bool {
        self.deployment
            .is_some_and(|d| row.deployment == d.id && row.release == d.target)
    }

    fn serves(&self, row: &Instance) -> bool {
        let alive = self
            .snapshot
            .hosts
            .iter()
            .any(|host| host.id == row.host && host.alive);
        let ignore = self
            .deployment
            .is_some_and(|d| d.options.health_check == HealthCheckRule::Ignore);
        let dead = matches!(row.observed, Observed::Failed { .. } | Observed::Gone);
        let well = row.observed == Observed::Healthy || ignore && self.is_new(row) && !dead;
        alive && well && self.intents.get(&row.id) == Some(&Intent::InService)
    }

    fn bounds(&self) -> Bounds {
        let desired = self.snapshot.desired;
        let Some(deployment) = self.deployment.filter(|d| d.kind != DeploymentKind::Terminate) else {
            let floor = if self.deployment.is_some() { 0 } else { desired };
            return Bounds {
                desired,
                batch: 0,
                floor,
                running: desired,
                total: desired * 2,
            };
        };
        let returning = matches!(self.phase, Some(Phase::Returning { .. }));
        let release = deployment
            .previous
            .as_ref()
            .filter(|_| returning)
            .unwrap_or(&deployment.target);
        let usable = |host: &&crate::snapshot::Host| {
            let state = host
                .images
                .iter()
                .find(|image| image.version == release.version)
                .map(|image| &image.state);
            host.alive
                && !matches!(state, Some(ImageState::Failed { at, .. }) if *at >= deployment.started_at)
        };
        let capacity: u64 = self
            .snapshot
            .hosts
            .iter()
            .filter(usable)
            .map(|host| host.memory / self.snapshot.instance_memory)
            .sum();
        let capacity = u32::try_from(capacity).unwrap_or(u32::MAX);
        let bounds = Bounds::new(in_force(deployment), deployment.options.batch, desired, capacity);
        match self.phase {
            // Nothing of the policy's has begun: it is the steady state.
            Some(Phase::Preparing) => Bounds {
                floor: desired,
                running: desired,
                total: bounds.total.max(desired * 2),
                ..bounds
            },
            _ => bounds,
        }
    }

    /// An instance stops serving by the planner's choice: enough others serve.
    fn leaves(&mut self, id: &InstanceId, intent: Option<Intent>, now: Timestamp) {
        let served = self.row(id).is_some_and(|row| self.serves(row));
        match intent {
            Some(intent) => self.intents.insert(id.clone(), intent),
            None => self.intents.remove(id),
        };
        if !served || self.gives_up_waiting(now) {
            return;
        }
        let serving = self
            .snapshot
            .instances
            .iter()
            .filter(|row| self.serves(row))
            .count();
        let bounds = self.bounds();
        assert!(
            serving >= bounds.floor as usize,
            "{id} taken out in {:?}: {serving} serve, the floor is {}",
            self.phase,
            bounds.floor
        );
    }

    /// A new group that failed may serve instead of a damaged old one, but not for ever. One that was
    /// aborted serves until the old one is there.
    fn gives_up_waiting(&self, now: Timestamp) -> bool {
        let Some(deployment) = self.deployment else {
            return false;
        };
        let group = matches!(
            in_force(deployment),
            DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting
        );
        let late = self.since + deployment.options.timeout <= now;
        let nothing_to_return_to = deployment.previous.is_none();
        match &self.phase {
            Some(Phase::Returning { cause, .. }) => {
                let harmless = matches!(cause, Cause::Aborted { .. });
                nothing_to_return_to || group && late && !harmless
            }
            _ => false,
        }
    }

    fn ceiling(&self, purpose: Purpose) {
        let running = self
            .intents
            .values()
            .filter(|intent| !matches!(intent, Intent::Stopping { .. }))
            .count();
        let launched = self.launched as usize;
        let bounds = self.bounds();
        assert!(
            running + launched <= bounds.running as usize,
            "{purpose:?} launch in {:?}: {} would run, the ceiling is {}",
            self.phase,
            running + launched,
            bounds.running
        );
        assert!(
            self.intents.len() + launched <= bounds.total as usize,
            "{purpose:?} launch in {:?}: {} there would be, the ceiling is {}",
            self.phase,
            self.intents.len() + launched,
            bounds.total
        );
    }

    /// A side of the split with a share of the traffic has somebody to take it.
    fn weights(&self) {
        let Some(new) = self.split else { return };
        let in_service = |of_new: bool| {
            self.snapshot.instances.iter().any(|row| {
                self.is_new(row) == of_new && self.intents.get(&row.id) == Some(&Intent::InService)
            })
        };
        let (has_new, has_old) = (in_service(true), in_service(false));
        if has_new || has_old {
            assert!(
                new == 0 || has_new,
                "{new} percent go to a new group that is not there"
            );
            assert!(
                new == 100 || has_old,
                "{} percent go to an old group that is not there",
                100 - new
            );
        }
    }
}
