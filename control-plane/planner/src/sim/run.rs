//! Turns the clock: faults strike, the world moves, the planner plans, until all is quiet.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use beanpole_protocol::{Timestamp, api::DeploymentStatus};

use super::{
    check,
    scenario::{Fault, Scenario},
    store::{self, Ended},
    world::{BEGIN, MEMORY, World, host, release},
};
use crate::{
    cause::Cause,
    change::{Change, Phase, Plan},
    plan,
    policy::in_force,
    reason::{Left, Reason},
    snapshot::{AbortRequest, Instance, Intent, Observed},
};

/// Plans made for one moment before it must be quiet.
const PLANS_AT_ONCE: usize = 60;
/// Turns of the clock before a simulation counts as endless.
const TURNS: usize = 6_000;

pub struct Run {
    pub world: World,
    pub ended: Vec<Ended>,
    /// What happened, a line each: golden output.
    pub log: Vec<String>,
    /// Fewest healthy instances in service at any moment while a deployment ran.
    pub least_serving: usize,
    /// Most instances that were not stopping at any moment.
    pub most_running: usize,
    wake: Option<Timestamp>,
    /// When the last fault struck, or what it does is over.
    troubled_until: Timestamp,
}

impl Run {
    /// Runs until the deployment has ended and, after that, for `after` of simulated time.
    pub fn of(scenario: &Scenario, after: Duration) -> Self {
        let mut run = Self {
            world: World::new(scenario),
            ended: Vec::new(),
            log: Vec::new(),
            least_serving: usize::MAX,
            most_running: 0,
            wake: None,
            troubled_until: BEGIN,
        };
        match catch_unwind(AssertUnwindSafe(|| run.until_quiet(scenario, after))) {
            Ok(()) => run,
            Err(cause) => {
                let cause = cause.downcast_ref::<String>().cloned();
                let cause = cause.unwrap_or_else(|| "an assertion without text".to_owned());
                panic!(
                    "{cause}\n{scenario}{}\n{:#?}",
                    run.log.join("\n"),
                    run.world.snapshot
                )
            }
        }
    }

    fn until_quiet(&mut self, scenario: &Scenario, after: Duration) {
        let run = self;
        let mut faults = scenario.faults.clone();
        faults.sort_by_key(|(at, _)| *at);
        faults.reverse();
        run.plan();
        for _ in 0..TURNS {
            let quiet =
                run.world.snapshot.deployment.is_none() && faults.is_empty() && run.world.away.is_empty();
            let rest = run
                .ended
                .last()
                .map(|ended| ended.at.max(run.troubled_until) + after);
            if quiet && rest.is_some_and(|rest| run.world.now >= rest) {
                return;
            }
            let fault = faults.last().map(|(at, _)| BEGIN + Duration::from_secs(*at));
            let horizon = rest.filter(|_| quiet);
            let next = [run.world.next_event(), run.wake, fault, horizon]
                .into_iter()
                .flatten()
                .min();
            let next = next.expect("something happens next, or all is quiet");
            run.world.now = run.world.now.max(next);
            while faults
                .last()
                .is_some_and(|(at, _)| BEGIN + Duration::from_secs(*at) <= run.world.now)
            {
                if let Some((_, fault)) = faults.pop() {
                    run.strike(scenario, fault);
                }
            }
            run.world.advance();
            run.plan();
        }
        panic!("{}", "it never ends".to_owned());
    }

    /// Plans and applies until there is nothing more to do at this moment.
    fn plan(&mut self) {
        for _ in 0..PLANS_AT_ONCE {
            let made = plan(&self.world.snapshot, self.world.now);
            check::plan(&self.world.snapshot, &made, self.world.now);
            self.record(&made);
            self.measure();
            self.wake = made.next_wake.filter(|wake| *wake > self.world.now);
            let again = made.next_wake == Some(self.world.now);
            if made.changes.is_empty() {
                assert!(!again, "wants to plan again at once, with nothing to do");
                return;
            }
            let before = self.ended.len();
            store::apply(&mut self.world, &made, &mut self.ended);
            if self.ended.len() > before {
                self.honest();
            }
        }
        panic!("{}", "no rest at one moment".to_owned());
    }

    fn measure(&mut self) {
        let rows = &self.world.snapshot.instances;
        let serves = |i: &&Instance| {
            i.intent == Intent::InService && i.observed == Observed::Healthy && self.world.is_alive(&i.host)
        };
        if self.world.snapshot.deployment.is_some() {
            self.least_serving = self.least_serving.min(rows.iter().filter(serves).count());
        }
        let running = rows
            .iter()
            .filter(|i| !matches!(i.intent, Intent::Stopping { .. }))
            .count();
        self.most_running = self.most_running.max(running);
    }

    /// What a deployment's end says is so.
    fn honest(&self) {
        let Some(Ended {
            deployment,
            change: Change::Finish { status, reason, .. },
            at,
        }) = self.ended.last()
        else {
            return;
        };
        if *at != self.world.now || self.world.snapshot.deployment.is_some() {
            return;
        }
        let alive =
            |i: &&Instance| self.world.is_alive(&i.host) && !matches!(i.intent, Intent::Stopping { .. });
        let new = |i: &&Instance| i.deployment == deployment.id && i.release == deployment.target;
        let rows = &self.world.snapshot.instances;
        if let Phase::Returning { cause, .. } = &deployment.phase {
            let told = match reason {
                Reason::Aborted { by, .. } => Some(Cause::Aborted { by: by.clone() }),
                other => other.cause().cloned(),
            };
            assert_eq!(
                told.as_ref(),
                Some(cause),
                "it ended for another reason: {reason}"
            );
        }
        match (status, reason) {
            (
                DeploymentStatus::Aborted,
                Reason::Aborted {
                    left: Left::Nothing, ..
                },
            ) => {
                assert!(rows.iter().all(|i| matches!(i.intent, Intent::Stopping { .. })));
            }
            (DeploymentStatus::Succeeded, Reason::Terminated) => assert!(rows.is_empty()),
            (DeploymentStatus::Succeeded, _) => {
                assert!(
                    rows.iter().filter(alive).all(|i| new(&i)),
                    "success with old instances: {reason}"
                );
            }
            (DeploymentStatus::RolledBack, _)
            | (
                DeploymentStatus::Aborted,
                Reason::Aborted {
                    left: Left::Previous, ..
                },
            ) => {
                assert!(
                    !rows.iter().filter(alive).any(|i| new(&i)),
                    "new instances are left: {reason}"
                );
            }
            _ => {}
        }
    }

    fn strike(&mut self, scenario: &Scenario, fault: Fault) {
        self.note(&format!("! {fault:?}"));
        let now = self.world.now;
        let lasts = match fault {
            Fault::HostLost { seconds, .. }
            | Fault::InstanceUnwell { seconds, .. }
            | Fault::ServerAway(seconds) => seconds,
            _ => 0,
        };
        self.troubled_until = self.troubled_until.max(now + Duration::from_secs(lasts));
        match fault {
            Fault::HostLost {
                host: n,
                seconds,
                containers_die,
            } => {
                let lost = host(n % scenario.hosts.len());
                self.world
                    .away
                    .push((now + Duration::from_secs(seconds), lost.clone()));
                for known in &mut self.world.snapshot.hosts {
                    known.alive &= known.id != lost;
                }
                let on_it: Vec<_> = self
                    .world
                    .snapshot
                    .instances
                    .iter()
                    .filter(|i| i.host == lost)
                    .map(|i| i.id.clone())
                    .collect();
                for instance in on_it.iter().filter(|_| containers_die) {
                    self.report(instance, now, Observed::Gone);
                }
            }
            Fault::Desired(desired) => {
                let terminating = self.world.snapshot.deployment.as_ref().map(|d| d.kind)
                    == Some(beanpole_protocol::api::DeploymentKind::Terminate);
                if !terminating {
                    self.world.snapshot.desired = desired;
                }
            }
            Fault::Abort => {
                if let Some(deployment) = &mut self.world.snapshot.deployment {
                    deployment.abort = Some(AbortRequest { by: "ada".into() });
                }
            }
            Fault::InstanceFails(nth) => {
                if let Some(instance) = self.nth(nth) {
                    self.report(
                        &instance,
                        now,
                        Observed::Failed {
                            reason: "exited with status 137".into(),
                        },
                    );
                }
            }
            Fault::InstanceRemoved(nth) => {
                if let Some(instance) = self.nth(nth) {
                    self.report(&instance, now, Observed::Gone);
                }
            }
            Fault::InstanceUnwell { nth, seconds } => {
                let healthy = self.nth(nth).filter(|id| {
                    self.world
                        .snapshot
                        .instances
                        .iter()
                        .any(|i| i.id == *id && i.observed == Observed::Healthy)
                });
                if let Some(instance) = healthy {
                    self.report(
                        &instance,
                        now,
                        Observed::Unhealthy {
                            detail: "timed out".into(),
                        },
                    );
                    if let Some(container) = self.world.containers.get_mut(&instance) {
                        container
                            .reports
                            .push_back((now + Duration::from_secs(seconds), Observed::Healthy));
                    }
                }
            }
            Fault::StopsHang => self.world.stops_hang = true,
            Fault::Room { host: n, instances } => {
                let host = host(n % scenario.hosts.len());
                for known in self
                    .world
                    .snapshot
                    .hosts
                    .iter_mut()
                    .filter(|known| known.id == host)
                {
                    known.memory = u64::from(instances) * MEMORY;
                }
            }
            Fault::ServerAway(seconds) => {
                // It plans once more on what it knew, then hears what has happened.
                self.world.now = now + Duration::from_secs(seconds);
                self.plan();
                self.world.now = self.world.now + Duration::from_secs(2);
            }
            Fault::Supersede(policy) => self.supersede(scenario, policy),
        }
    }

    fn supersede(&mut self, scenario: &Scenario, policy: beanpole_protocol::api::DeploymentPolicy) {
        use beanpole_protocol::api::DeploymentKind::{Terminate, Version};
        let Some(running) = &self.world.snapshot.deployment else {
            return;
        };
        if running.kind == Terminate {
            return;
        }
        self.log
            .push(format!("          {} is superseded", in_force(running).name()));
        let mut newer = scenario.clone();
        newer.options.policy = policy;
        self.world.deploy(&newer, release(3), Version);
    }

    /// From now on the container is in this state, whatever it would have become.
    fn report(&mut self, instance: &beanpole_protocol::InstanceId, at: Timestamp, observed: Observed) {
        if let Some(container) = self.world.containers.get_mut(instance) {
            container.reports.clear();
            container.reports.push_back((at, observed));
        }
    }

    fn nth(&self, nth: usize) -> Option<beanpole_protocol::InstanceId> {
        let stay: Vec<_> = self
            .world
            .snapshot
            .instances
            .iter()
            .filter(|i| matches!(i.intent, Intent::InService | Intent::Standby))
            .collect();
        stay.get(nth % stay.len().max(1)).map(|i| i.id.clone())
    }

    fn record(&mut self, plan: &Plan) {
        for change in &plan.changes {
            let line = match change {
                Change::PrepareImage { host, version } => format!("prepare {version} on {host}"),
                Change::SetHindrance { reason: None } => "unhindered".to_owned(),
                Change::AdvancePhase { to, reason } => format!("== {} == {reason}", to.name()),
                Change::Finish {
                    status,
                    current,
                    reason,
                } => {
                    let current = current.as_ref().map_or("none".to_owned(), ToString::to_string);
                    format!("== finish == {status:?}, current {current}: {reason}")
                }
                Change::SetSplit { new_percent, reason } => format!("split {new_percent:?}: {reason}"),
                Change::SetHindrance { reason: Some(reason) } => format!("hindered: {reason}"),
                Change::Launch { reason, .. }
                | Change::PutInService { reason, .. }
                | Change::Drain { reason, .. }
                | Change::Stop { reason, .. }
                | Change::Forget { reason, .. } => reason.to_string(),
            };
            self.note(&line);
        }
    }

    fn note(&mut self, line: &str) {
        let at = self.world.now.since(BEGIN).as_millis();
        self.log
            .push(format!("{:>7}.{} {line}", at / 1000, at % 1000 / 100));
    }

    pub fn end(&self) -> (DeploymentStatus, Reason) {
        match self.ended.last().map(|ended| &ended.change) {
            Some(Change::Finish { status, reason, .. }) => (*status, reason.clone()),
            other => panic!("no end but {other:?}"),
        }
    }
}
