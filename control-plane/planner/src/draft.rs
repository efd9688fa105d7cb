//! The plan being made: the snapshot as it will be once the changes decided so far are written.
//!
//! Every change goes through here, so that a later decision in the same plan sees the earlier ones.
//! Decides nothing itself except what no caller may break: launches stay under the ceiling.
//! Invariant: `rows`, `phase` and `split` always equal the snapshot with `changes` applied.

use std::collections::BTreeSet;

use beanpole_protocol::{HostId, InstanceId, Release, Timestamp, VersionId, api::DeploymentStatus};

use crate::{
    change::{Change, Phase, Plan, Purpose},
    options::HealthCheckRule,
    placement::{self, Obstacle},
    reason::Reason,
    snapshot::{Instance, Intent, Observed, Snapshot},
};

/// One instance in the draft.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// None: launched by this plan.
    pub id: Option<InstanceId>,
    pub host: HostId,
    pub release: Release,
    /// Launched by the running deployment with its release.
    pub is_new: bool,
    /// Its host is not alive.
    pub lost: bool,
    pub memory: u64,
    pub intent: Intent,
    pub observed: Observed,
    pub launched_at: Timestamp,
    pub drained: bool,
    pub routed: bool,
    pub intent_since: Timestamp,
    forgotten: bool,
}

impl Row {
    /// Neither leaving nor gone.
    pub fn stays(&self) -> bool {
        matches!(self.intent, Intent::Standby | Intent::InService)
    }

    /// Counts against the ceiling of running instances.
    pub fn runs(&self) -> bool {
        !matches!(self.intent, Intent::Stopping { .. })
    }

    pub fn in_service(&self) -> bool {
        self.intent == Intent::InService
    }

    pub fn draining(&self) -> bool {
        matches!(self.intent, Intent::Draining { .. })
    }

    pub fn standby(&self) -> bool {
        self.intent == Intent::Standby
    }

    pub fn healthy(&self) -> bool {
        self.observed == Observed::Healthy
    }

    /// It will not come up by itself.
    pub fn dead(&self) -> bool {
        matches!(self.observed, Observed::Failed { .. } | Observed::Gone)
    }

    /// What its agent last said about it when it is not well.
    pub fn detail(&self) -> String {
        match &self.observed {
            Observed::Pending => "its container has not been started".to_owned(),
            Observed::Starting { detail } | Observed::Unhealthy { detail } => detail.clone(),
            Observed::Failed { reason } => reason.clone(),
            Observed::Gone => "its container has disappeared".to_owned(),
            Observed::Healthy => String::new(),
        }
    }
}

/// How many instances launches may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ceiling {
    /// Not stopping.
    pub running: u32,
    /// Stopping ones included.
    pub total: u32,
}

/// Whether there is more to decide in this plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The phase has changed: decide again.
    Again,
    /// Wait for the world.
    Wait,
    /// The deployment has ended.
    Ended,
}

pub(crate) struct Draft<'a> {
    pub snapshot: &'a Snapshot,
    pub now: Timestamp,
    pub phase: Phase,
    pub phase_since: Timestamp,
    pub split: Option<u8>,
    pub rows: Vec<Row>,
    pub ceiling: Ceiling,
    prepared: BTreeSet<(HostId, VersionId)>,
    changes: Vec<Change>,
    wake: Option<Timestamp>,
    hindrance: Option<Reason>,
    replan: bool,
}

impl<'a> Draft<'a> {
    pub fn new(snapshot: &'a Snapshot, now: Timestamp) -> Self {
        let rows = snapshot
            .instances
            .iter()
            .map(|instance| row(snapshot, instance))
            .collect();
        let (phase, phase_since) = match &snapshot.deployment {
            Some(deployment) => (deployment.phase.clone(), deployment.phase_since),
            None => (Phase::Preparing, now),
        };
        Self {
            snapshot,
            now,
            phase,
            phase_since,
            split: snapshot.split,
            rows,
            ceiling: Ceiling { running: 0, total: 0 },
            prepared: BTreeSet::new(),
            changes: Vec::new(),
            wake: None,
            hindrance: None,
            replan: false,
        }
    }

    pub fn into_plan(mut self) -> Plan {
        if self.hindrance != self.snapshot.hindrance {
            self.changes.push(Change::SetHindrance {
                reason: self.hindrance,
            });
        }
        let next_wake = if self.replan { Some(self.now) } else { self.wake };
        Plan {
            changes: self.changes,
            next_wake,
        }
    }

    /// The rows not forgotten, with their places in `rows`.
    pub fn live(&self) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().filter(|(_, row)| !row.forgotten)
    }

    pub fn count(&self, wanted: impl Fn(&Row) -> bool) -> u32 {
        saturate(self.live().filter(|(_, row)| wanted(row)).count())
    }

    pub fn indices(&self, wanted: impl Fn(&Row) -> bool) -> Vec<usize> {
        self.live()
            .filter(|(_, row)| wanted(row))
            .map(|(at, _)| at)
            .collect()
    }

    /// In service, on a living host and well; during a deployment that ignores health checks a new
    /// instance counts as well unless it is dead.
    pub fn serves(&self, row: &Row) -> bool {
        let ignored = row.is_new
            && !row.dead()
            && self.snapshot.deployment.as_ref().map(|d| d.options.health_check)
                == Some(HealthCheckRule::Ignore);
        row.in_service() && !row.lost && (row.healthy() || ignored)
    }

    pub fn serving(&self) -> u32 {
        self.count(|row| self.serves(row))
    }

    /// Look again then at the latest; a time that has come already is none to wait for.
    pub fn wake_at(&mut self, at: Timestamp) {
        if at > self.now {
            self.wake = Some(self.wake.map_or(at, |earlier| earlier.min(at)));
        }
    }

    pub fn hinder(&mut self, obstacle: &Obstacle) {
        if let Some(reason) = obstacle.reason() {
            self.hindrance = Some(reason);
        }
    }

    pub fn is_prepared(&self, host: &HostId, version: &VersionId) -> bool {
        self.prepared.contains(&(host.clone(), version.clone()))
    }

    pub fn prepare_image(&mut self, host: &HostId, version: &VersionId) {
        if self.prepared.insert((host.clone(), version.clone())) {
            self.changes.push(Change::PrepareImage {
                host: host.clone(),
                version: version.clone(),
            });
        }
    }

    /// Launches one instance of `release` where placement says, in place of `lost` if given; that
    /// one is forgotten first.
    pub fn launch(
        &mut self,
        release: &Release,
        purpose: Purpose,
        lost: Option<usize>,
        reason: impl FnOnce(HostId) -> Reason,
    ) -> Result<(), Obstacle> {
        let freed = u32::from(lost.is_some());
        if self.count(Row::runs) - freed >= self.ceiling.running
            || self.count(|_| true) - freed >= self.ceiling.total
        {
            return Err(Obstacle::Waiting);
        }
        let host = placement::choose(self, release)?;
        if let Some(at) = lost {
            self.forget_lost(at);
        }
        let reason = reason(host.clone());
        self.rows.push(Row {
            id: None,
            host: host.clone(),
            release: release.clone(),
            is_new: purpose == Purpose::Deployment,
            lost: false,
            memory: self.snapshot.instance_memory,
            intent: Intent::Standby,
            observed: Observed::Pending,
            launched_at: self.now,
            drained: false,
            routed: false,
            intent_since: self.now,
            forgotten: false,
        });
        self.changes.push(Change::Launch {
            host,
            release: release.clone(),
            purpose,
            reason,
        });
        Ok(())
    }

    pub fn put_in_service(&mut self, at: usize, reason: impl FnOnce(InstanceId) -> Reason) {
        if let Some(instance) = self.rows[at].id.clone() {
            self.rows[at].intent = Intent::InService;
            self.rows[at].drained = false;
            self.rows[at].routed = false;
            self.rows[at].intent_since = self.now;
            let reason = reason(instance.clone());
            self.changes.push(Change::PutInService { instance, reason });
        }
    }

    pub fn drain(&mut self, at: usize, reason: impl FnOnce(InstanceId) -> Reason) {
        if let Some(instance) = self.rows[at].id.clone() {
            self.rows[at].intent = Intent::Draining { since: self.now };
            let delay = self.deregistration_delay();
            self.replan |= delay.is_zero();
            self.wake_at(self.now + delay);
            let reason = reason(instance.clone());
            self.changes.push(Change::Drain { instance, reason });
        }
    }

    pub fn stop(&mut self, at: usize, reason: impl FnOnce(InstanceId) -> Reason) {
        if let Some(instance) = self.rows[at].id.clone() {
            self.rows[at].intent = Intent::Stopping { since: self.now };
            self.wake_at(self.now + crate::limits::STOP_LIMIT);
            let reason = reason(instance.clone());
            self.changes.push(Change::Stop { instance, reason });
        }
    }

    /// Out of service gently where it has traffic, at once where it has none.
    pub fn take_out(&mut self, at: usize, reason: impl FnOnce(InstanceId) -> Reason) {
        let row = &self.rows[at];
        if row.lost {
            self.forget_lost(at);
        } else if row.in_service() && !row.dead() {
            self.drain(at, reason);
        } else {
            self.stop(at, reason);
        }
    }

    pub fn forget(&mut self, at: usize, reason: impl FnOnce(InstanceId) -> Reason) {
        if let Some(instance) = self.rows[at].id.clone() {
            self.rows[at].forgotten = true;
            let reason = reason(instance.clone());
            self.changes.push(Change::Forget { instance, reason });
        }
    }

    pub fn forget_lost(&mut self, at: usize) {
        let host = self.rows[at].host.clone();
        self.forget(at, |instance| Reason::HostLost { instance, host });
    }

    pub fn set_split(&mut self, new_percent: Option<u8>, reason: Reason) {
        if self.split != new_percent {
            self.split = new_percent;
            self.changes.push(Change::SetSplit { new_percent, reason });
        }
    }

    pub fn advance(&mut self, to: Phase, reason: Reason) -> Step {
        self.phase = to.clone();
        self.phase_since = self.now;
        self.changes.push(Change::AdvancePhase { to, reason });
        self.replan = true;
        Step::Again
    }

    pub fn finish(&mut self, status: DeploymentStatus, current: Option<Release>, reason: Reason) -> Step {
        // No deployment, no two groups to split between.
        self.set_split(None, Reason::SplitEnds);
        self.changes.push(Change::Finish {
            status,
            current,
            reason,
        });
        self.replan = true;
        // What hindered the deployment is in its reason; the next plan says what hinders from then on.
        self.hindrance = None;
        Step::Ended
    }

    /// The delay in force: the running deployment's, else the environment's.
    pub fn deregistration_delay(&self) -> std::time::Duration {
        match &self.snapshot.deployment {
            Some(deployment) => deployment.options.deregistration_delay,
            None => self.snapshot.deregistration_delay,
        }
    }
}

fn row(snapshot: &Snapshot, instance: &Instance) -> Row {
    let is_new = snapshot
        .deployment
        .as_ref()
        .is_some_and(|d| d.id == instance.deployment && d.target == instance.release);
    let alive = snapshot
        .hosts
        .iter()
        .any(|host| host.id == instance.host && host.alive);
    Row {
        id: Some(instance.id.clone()),
        host: instance.host.clone(),
        release: instance.release.clone(),
        is_new,
        lost: !alive,
        memory: instance.memory,
        intent: instance.intent.clone(),
        observed: instance.observed.clone(),
        launched_at: instance.launched_at,
        drained: instance.drained,
        routed: instance.routed,
        intent_since: instance.intent_since,
        forgotten: false,
    }
}

pub(crate) fn saturate(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
