//! What is: hosts, containers, images, and what the server knows of them.
//!
//! Truth runs ahead of knowledge: a container changes when its time comes, the server learns of it
//! when a report arrives, which a host that is away does not send.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use beanpole_protocol::{
    DeploymentId, EnvironmentId, HostId, InstanceId, Release, Timestamp, VersionId, api::DeploymentKind,
};

use super::scenario::{Behaviour, Scenario};
use crate::{
    change::Phase,
    snapshot::{Deployment, Host, HostImage, ImageState, Instance, Intent, Observed, Snapshot},
};

pub const MEMORY: u64 = 256 << 20;
pub const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// Times drawn from the seed; all alike without one.
pub struct Dice(Option<u64>);

impl Dice {
    /// Milliseconds from `low` to `high`, or `low` when nothing is random.
    pub fn millis(&mut self, low: u64, high: u64) -> Duration {
        let Some(state) = &mut self.0 else {
            return Duration::from_millis(low);
        };
        // xorshift64*
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        let drawn = state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16;
        Duration::from_millis(low + drawn % (high - low + 1))
    }
}

/// A container, and the reports about it still under way.
pub struct Container {
    pub reports: VecDeque<(Timestamp, Observed)>,
    pub drained_at: Option<Timestamp>,
}

pub struct World {
    pub now: Timestamp,
    pub snapshot: Snapshot,
    pub behaviours: BTreeMap<VersionId, Behaviour>,
    pub containers: BTreeMap<InstanceId, Container>,
    /// Images under way: when each is done, and how.
    pub builds: Vec<(Timestamp, HostId, VersionId, Behaviour)>,
    /// Hosts that are away, until when.
    pub away: Vec<(Timestamp, HostId)>,
    pub dice: Dice,
    pub launched: u32,
    /// Containers that are told to stop do not.
    pub stops_hang: bool,
    deployments: u32,
}

fn id<T: std::str::FromStr>(text: String) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("simulated ids are well-formed")
}

pub fn version(n: u32) -> VersionId {
    id(format!("v-{n}"))
}

pub fn release(n: u32) -> Release {
    Release {
        version: version(n),
        configuration: 1,
    }
}

pub fn host(n: usize) -> HostId {
    id(format!("h-{}", n + 1))
}

impl World {
    pub fn new(scenario: &Scenario) -> Self {
        let hosts = scenario.hosts.iter().enumerate().map(|(n, room)| Host {
            id: host(n),
            alive: true,
            heard_at: Some(BEGIN),
            memory: u64::from(*room) * MEMORY,
            other_instances: 0,
            images: vec![HostImage {
                version: version(1),
                state: ImageState::Ready,
            }],
        });
        let launch = scenario.kind == DeploymentKind::Launch;
        let snapshot = Snapshot {
            environment: id::<EnvironmentId>("e-sim".into()),
            desired: scenario.desired,
            current: (!launch).then(|| release(1)),
            instance_memory: MEMORY,
            deregistration_delay: scenario.options.deregistration_delay,
            deployment: None,
            instances: Vec::new(),
            hosts: hosts.collect(),
            split: None,
            hindrance: None,
        };
        let mut world = Self {
            now: BEGIN - Duration::from_secs(3600),
            snapshot,
            behaviours: BTreeMap::from([
                (version(1), scenario.old),
                (version(2), scenario.new),
                (version(3), Behaviour::Good),
            ]),
            containers: BTreeMap::new(),
            builds: Vec::new(),
            away: Vec::new(),
            dice: Dice(scenario.seed.map(|seed| seed | 1)),
            launched: 0,
            stops_hang: false,
            deployments: 1,
        };
        if !launch {
            world.populate(scenario.desired);
        }
        world.now = BEGIN;
        world.snapshot.instance_memory = scenario.memory * MEMORY;
        let target = if scenario.same_release {
            release(1)
        } else {
            release(2)
        };
        world.deploy(scenario, target, scenario.kind);
        world
    }

    /// The old instances, in service for an hour.
    fn populate(&mut self, desired: u32) {
        for _ in 0..desired {
            let room = |host: &&Host| {
                let used = self
                    .snapshot
                    .instances
                    .iter()
                    .filter(|i| i.host == host.id)
                    .count() as u64;
                host.memory >= (used + 1) * MEMORY
            };
            let Some(host) = self.snapshot.hosts.iter().filter(room).min_by_key(|host| {
                self.snapshot
                    .instances
                    .iter()
                    .filter(|i| i.host == host.id)
                    .count()
            }) else {
                return;
            };
            let host = host.id.clone();
            let instance = self.add_instance(host, release(1), id("d-0".into()));
            let at = self.snapshot.instances.len() - 1;
            self.snapshot.instances[at].intent = Intent::InService;
            self.snapshot.instances[at].observed = Observed::Healthy;
            if let Some(container) = self.containers.get_mut(&instance) {
                container.reports.clear();
            }
        }
    }

    pub fn deploy(&mut self, scenario: &Scenario, target: Release, kind: DeploymentKind) {
        if kind == DeploymentKind::Terminate {
            self.snapshot.desired = 0;
        }
        let number = self.deployments;
        self.deployments += 1;
        self.snapshot.deployment = Some(Deployment {
            id: id::<DeploymentId>(format!("d-{number}")),
            kind,
            target,
            previous: self.snapshot.current.clone(),
            options: scenario.options.clone(),
            phase: Phase::Preparing,
            phase_since: self.now,
            started_at: self.now,
            abort: None,
        });
    }

    /// A new row and its container: what it will report, and when.
    pub fn add_instance(&mut self, host: HostId, release: Release, deployment: DeploymentId) -> InstanceId {
        self.launched += 1;
        let instance: InstanceId = id(format!("i-{}", self.launched));
        let started = self.now + self.dice.millis(300, 2_000) + self.dice.millis(0, 1_500);
        let up = started + self.dice.millis(2_000, 9_000);
        let mut reports = VecDeque::from([(
            started,
            Observed::Starting {
                detail: "connection refused".into(),
            },
        )]);
        match self
            .behaviours
            .get(&release.version)
            .copied()
            .unwrap_or(Behaviour::Good)
        {
            Behaviour::Good | Behaviour::BuildFails | Behaviour::BuildHangs => {
                reports.push_back((up, Observed::Healthy));
            }
            Behaviour::NeverHealthy => {
                reports.push_back((
                    up,
                    Observed::Starting {
                        detail: "answered 500 instead of 200".into(),
                    },
                ));
            }
            Behaviour::CrashLoop => {
                let at = up + self.dice.millis(3_000, 20_000);
                reports.push_back((
                    at,
                    Observed::Failed {
                        reason: "exited with status 1, 5 times".into(),
                    },
                ));
            }
            Behaviour::GoesBad { after } => {
                reports.push_back((up, Observed::Healthy));
                let at = up + Duration::from_secs(after);
                reports.push_back((
                    at,
                    Observed::Unhealthy {
                        detail: "answered 503 instead of 200".into(),
                    },
                ));
            }
        }
        self.containers.insert(
            instance.clone(),
            Container {
                reports,
                drained_at: None,
            },
        );
        self.snapshot.instances.push(Instance {
            id: instance.clone(),
            host,
            release,
            deployment,
            memory: self.snapshot.instance_memory,
            intent: Intent::Standby,
            observed: Observed::Pending,
            launched_at: self.now,
            drained: false,
            routed: false,
            intent_since: self.now,
        });
        instance
    }

    pub fn is_alive(&self, host: &HostId) -> bool {
        self.snapshot
            .hosts
            .iter()
            .any(|known| known.id == *host && known.alive)
    }

    /// When something happens by itself next.
    pub fn next_event(&self) -> Option<Timestamp> {
        let reports = self
            .snapshot
            .instances
            .iter()
            .filter(|i| self.is_alive(&i.host))
            .filter_map(|instance| {
                let container = self.containers.get(&instance.id)?;
                let report = container.reports.front().map(|(at, _)| *at);
                let drained = container.drained_at.filter(|_| !instance.drained);
                report.into_iter().chain(drained).min()
            });
        let builds = self
            .builds
            .iter()
            .filter(|(_, host, _, _)| self.is_alive(host))
            .map(|(at, ..)| *at);
        reports
            .chain(builds)
            .chain(self.away.iter().map(|(at, _)| *at))
            .min()
    }

    /// Lets everything happen whose time has come. True when the server learnt something.
    pub fn advance(&mut self) -> bool {
        let mut learnt = self.hosts_return();
        for host in self.snapshot.hosts.iter_mut().filter(|host| host.alive) {
            host.heard_at = Some(self.now);
        }
        learnt |= self.builds_end();
        let alive: Vec<HostId> = self
            .snapshot
            .hosts
            .iter()
            .filter(|h| h.alive)
            .map(|h| h.id.clone())
            .collect();
        for instance in &mut self.snapshot.instances {
            let Some(container) = self.containers.get_mut(&instance.id) else {
                continue;
            };
            if !alive.contains(&instance.host) {
                continue;
            }
            while let Some((at, _)) = container.reports.front() {
                if *at > self.now {
                    break;
                }
                if let Some((_, observed)) = container.reports.pop_front() {
                    learnt |= instance.observed != observed;
                    instance.observed = observed;
                }
            }
            if container.drained_at.is_some_and(|at| at <= self.now) && !instance.drained {
                instance.drained = true;
                learnt = true;
            }
        }
        learnt
    }

    fn hosts_return(&mut self) -> bool {
        let now = self.now;
        let back: Vec<HostId> = self
            .away
            .iter()
            .filter(|(at, _)| *at <= now)
            .map(|(_, host)| host.clone())
            .collect();
        self.away.retain(|(at, _)| *at > now);
        for host in &mut self.snapshot.hosts {
            if back.contains(&host.id) && !self.away.iter().any(|(_, away)| *away == host.id) {
                host.alive = true;
            }
        }
        !back.is_empty()
    }

    fn builds_end(&mut self) -> bool {
        let now = self.now;
        let alive: Vec<HostId> = self
            .snapshot
            .hosts
            .iter()
            .filter(|h| h.alive)
            .map(|h| h.id.clone())
            .collect();
        let (done, under_way): (Vec<_>, Vec<_>) = std::mem::take(&mut self.builds)
            .into_iter()
            .partition(|(at, host, _, _)| *at <= now && alive.contains(host));
        self.builds = under_way;
        for (_, host, version, behaviour) in &done {
            let state = match behaviour {
                Behaviour::BuildFails => ImageState::Failed {
                    reason: "pip: no matching distribution found for flusk".into(),
                    at: now,
                },
                _ => ImageState::Ready,
            };
            self.set_image(host, version, state);
        }
        !done.is_empty()
    }

    pub fn set_image(&mut self, host: &HostId, version: &VersionId, state: ImageState) {
        let Some(host) = self.snapshot.hosts.iter_mut().find(|known| known.id == *host) else {
            return;
        };
        match host.images.iter_mut().find(|image| image.version == *version) {
            Some(image) => image.state = state,
            None => host.images.push(HostImage {
                version: version.clone(),
                state,
            }),
        }
    }
}
