//! An agent without Docker: takes its desired list through the real functions, does at once what it
//! asks for, and reports that. What goes wrong is for the test to say.

use std::collections::BTreeMap;

use beanpole_protocol::{
    HostId, InstanceId, Timestamp, VersionId,
    agent::{
        Desired, DesiredInstance, DesiredState, HostFacts, ImageState, InstanceState, ObservedImage,
        ObservedInstance, Report,
    },
    routes::{EdgeStatus, TargetState, TargetStatus},
};

use crate::{App, agents, auth::token, store::hosts};

pub struct FakeAgent {
    pub host: HostId,
    boot: Timestamp,
    sequence: u64,
    /// What it had last.
    pub desired: Desired,
    /// Versions that do not build, and why.
    pub bad_builds: BTreeMap<VersionId, String>,
    /// Versions whose instances get into this state instead of becoming healthy.
    pub bad_versions: BTreeMap<VersionId, InstanceState>,
    /// Instances with this environment property do not come up.
    pub bad_property: Option<(String, String)>,
    /// Open requests of instances.
    pub in_flight: BTreeMap<InstanceId, u64>,
}

impl FakeAgent {
    pub async fn join(app: &App, name: &str, memory_mib: u64) -> Self {
        let host = HostId::random();
        let mut connection = app.pool.acquire().await.unwrap();
        let hash = token::hash(name);
        assert!(
            hosts::insert(&mut connection, &host, name, &hash, Timestamp::now())
                .await
                .unwrap()
        );
        drop(connection);
        let mut agent = Self::of(host);
        agent.desired = agents::desired_now(app, &agent.host).await.unwrap();
        let report = agent.report(memory_mib);
        assert!(send(app, &agent.host, &report).await);
        agent
    }

    /// The agent of a host that has joined.
    pub fn of(host: HostId) -> Self {
        Self {
            host,
            boot: Timestamp::now(),
            sequence: 0,
            desired: Desired::default(),
            bad_builds: BTreeMap::new(),
            bad_versions: BTreeMap::new(),
            bad_property: None,
            in_flight: BTreeMap::new(),
        }
    }

    /// Takes the list, does what it says, reports: whether the list was a new one.
    pub async fn step(&mut self, app: &App) -> bool {
        let desired = agents::desired_now(app, &self.host).await.unwrap();
        let is_new = desired.generation != self.desired.generation;
        self.desired = desired;
        let report = self.report(16 * 1024);
        assert!(send(app, &self.host, &report).await);
        is_new
    }

    /// A report of everything as asked for, but for what is to go wrong.
    pub fn report(&mut self, memory_mib: u64) -> Report {
        self.sequence += 1;
        let images = self.desired.images.iter().map(|image| ObservedImage {
            version: image.version.clone(),
            attempt: image.attempt,
            state: match self.bad_builds.get(&image.version) {
                Some(reason) => ImageState::Failed {
                    reason: reason.clone(),
                },
                None => ImageState::Ready { build_ms: Some(1200) },
            },
        });
        Report {
            boot: self.boot,
            sequence: self.sequence,
            generation: self.desired.generation,
            facts: HostFacts {
                cpus: 4,
                memory_bytes: memory_mib << 20,
                ..HostFacts::default()
            },
            images: images.collect(),
            instances: self
                .desired
                .instances
                .iter()
                .map(|wanted| self.observe(wanted))
                .collect(),
            edge: Some(self.edge()),
        }
    }

    fn observe(&self, wanted: &DesiredInstance) -> ObservedInstance {
        let state = match (wanted.state, self.bad_versions.get(&wanted.release.version)) {
            (DesiredState::Stopped, _) => InstanceState::Gone,
            _ if self.is_bad(wanted) => InstanceState::Failed {
                reason: "it does not like its environment".to_owned(),
            },
            (DesiredState::Running, Some(bad)) => bad.clone(),
            (DesiredState::Running, None) => InstanceState::Healthy,
        };
        ObservedInstance {
            id: wanted.id.clone(),
            log_tail: (state != InstanceState::Healthy).then(|| format!("the last words of {}\0", wanted.id)),
            state,
            address: Some(([127, 0, 0, 1], 30_000).into()),
            restarts: 0,
            memory_bytes: Some(50 << 20),
            cpu_percent: Some(1.0),
        }
    }

    fn is_bad(&self, wanted: &DesiredInstance) -> bool {
        let bad = self.bad_property.as_ref();
        bad.is_some_and(|(key, value)| wanted.env.get(key) == Some(value))
    }

    fn edge(&self) -> EdgeStatus {
        let mut targets = Vec::new();
        for route in &self.desired.routes {
            for set in &route.sets {
                for target in &set.targets {
                    targets.push(TargetStatus {
                        instance: target.instance.clone(),
                        environment: route.environment.clone(),
                        version: set.version.clone(),
                        in_flight: self.in_flight.get(&target.instance).copied().unwrap_or(0),
                        requests: 10,
                        classes: [0, 10, 0, 0, 0],
                        failures: 0,
                        p50_ms: 1.0,
                        p90_ms: 2.0,
                        p99_ms: 3.0,
                    });
                }
            }
        }
        EdgeStatus {
            generation: self.desired.generation,
            targets,
        }
    }

    /// Instances that get traffic, by the version label of their set.
    pub fn in_service(&self, environment: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for route in self
            .desired
            .routes
            .iter()
            .filter(|route| route.name == environment)
        {
            for set in &route.sets {
                let serving = set
                    .targets
                    .iter()
                    .filter(|target| target.state == TargetState::InService)
                    .count();
                if serving > 0 {
                    counts.insert(set.version.clone(), serving);
                }
            }
        }
        counts
    }
}

/// Hands a report in, as the route does.
pub async fn send(app: &App, host: &HostId, report: &Report) -> bool {
    let mut transaction = app.pool.begin().await.unwrap();
    let taken = agents::report::take(&mut transaction, host, report, Timestamp::now())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    taken
}
