//! What the server and the edge are shown of the agent's state. Pure.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_protocol::{
    InstanceId, Timestamp, VersionId,
    agent::{
        Desired, DesiredInstance, DesiredState, ImageState, InstanceState, ObservedImage, ObservedInstance,
    },
};

use beanpole_protocol::routes::{EnvironmentRoute, TargetState};

use crate::{
    diff::{ImageRecord, container_of},
    docker::stats::Sample,
    health::Verdict,
    life::Life,
    link::report::State,
    model::{Container, Status},
    routes::Local,
};

/// Everything a report is made from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub desired: &'a Desired,
    pub containers: &'a [Container],
    pub lives: &'a BTreeMap<InstanceId, Life>,
    pub images: &'a BTreeMap<VersionId, ImageRecord>,
    pub busy: &'a BTreeSet<InstanceId>,
    pub samples: &'a BTreeMap<InstanceId, Sample>,
    pub now: Timestamp,
}

impl View<'_> {
    pub fn images(&self) -> Vec<ObservedImage> {
        self.images
            .iter()
            .map(|(version, record)| ObservedImage {
                version: version.clone(),
                state: record.state.clone(),
                attempt: record.attempt,
            })
            .collect()
    }

    pub fn instances(&self) -> Vec<ObservedInstance> {
        self.desired
            .instances
            .iter()
            .map(|wanted| self.instance(wanted))
            .collect()
    }

    fn instance(&self, wanted: &DesiredInstance) -> ObservedInstance {
        let container = container_of(&wanted.id, self.containers);
        let fresh = Life::default();
        let life = self.lives.get(&wanted.id).unwrap_or(&fresh);
        let state = self.state(wanted, container, life);
        let sample = self.samples.get(&wanted.id);
        let is_well = matches!(state, InstanceState::Healthy | InstanceState::Gone);
        ObservedInstance {
            id: wanted.id.clone(),
            state,
            // On the loopback address only this host's own edge reaches it.
            address: container
                .and_then(|container| container.address)
                .filter(|address| !address.ip().is_loopback()),
            restarts: life.restarts,
            log_tail: life.tail.clone().filter(|_| !is_well),
            memory_bytes: sample.map(|sample| sample.memory_bytes),
            cpu_percent: sample.and_then(|sample| sample.cpu_percent),
        }
    }

    fn state(&self, wanted: &DesiredInstance, container: Option<&Container>, life: &Life) -> InstanceState {
        match (wanted.state, container) {
            (DesiredState::Stopped, None) if !self.busy.contains(&wanted.id) => InstanceState::Gone,
            (DesiredState::Stopped, _) => InstanceState::Unhealthy {
                detail: "stopping".to_owned(),
            },
            (DesiredState::Running, container) => {
                if let Some(reason) = &life.failed {
                    return InstanceState::Failed {
                        reason: reason.clone(),
                    };
                }
                if life.is_crash_looping(self.now) {
                    let trouble = life.trouble.as_deref().unwrap_or("the application exits");
                    return InstanceState::Failed {
                        reason: format!("{trouble}; it exited {} times within a minute", life.exits.len()),
                    };
                }
                match container {
                    Some(container) => running(container, life),
                    None => self.without_container(wanted, life),
                }
            }
        }
    }

    fn without_container(&self, wanted: &DesiredInstance, life: &Life) -> InstanceState {
        let record = self.images.get(&wanted.release.version);
        match (record.map(|record| &record.state), &life.trouble) {
            (Some(ImageState::Failed { reason }), _) => InstanceState::Failed {
                reason: format!("its image was not built: {reason}"),
            },
            (_, Some(trouble)) if life.ever_healthy => InstanceState::Unhealthy {
                detail: trouble.clone(),
            },
            (_, Some(trouble)) => InstanceState::Starting {
                passes: 0,
                detail: trouble.clone(),
            },
            (_, None) => InstanceState::Pending,
        }
    }
}

fn running(container: &Container, life: &Life) -> InstanceState {
    let detail = || {
        life.trouble
            .clone()
            .unwrap_or_else(|| "the application is not running".to_owned())
    };
    let verdict = match container.status {
        Status::Running => life.verdict_of(&container.run),
        Status::Created | Status::Exited(_) | Status::Removing => None,
    };
    match verdict {
        Some(Verdict::Healthy) => InstanceState::Healthy,
        Some(Verdict::Starting { passes, detail }) => InstanceState::Starting {
            passes: *passes,
            detail: detail.clone(),
        },
        Some(Verdict::Unhealthy { detail }) => InstanceState::Unhealthy {
            detail: detail.clone(),
        },
        None if life.ever_healthy => InstanceState::Unhealthy { detail: detail() },
        None if matches!(container.status, Status::Created | Status::Running) && life.trouble.is_none() => {
            InstanceState::Pending
        }
        None => InstanceState::Starting {
            passes: 0,
            detail: detail(),
        },
    }
}

/// Addresses and health of the instances that run here, for the edge.
pub(super) fn local(
    desired: &Desired,
    containers: &[Container],
    lives: &BTreeMap<InstanceId, Life>,
) -> BTreeMap<InstanceId, Local> {
    desired
        .instances
        .iter()
        .map(|wanted| {
            let container = container_of(&wanted.id, containers);
            let healthy = container.is_some_and(|container| {
                let verdict = lives
                    .get(&wanted.id)
                    .and_then(|life| life.verdict_of(&container.run));
                container.address.is_some() && verdict.is_some_and(Verdict::is_healthy)
            });
            let address = container.and_then(|container| container.address);
            (wanted.id.clone(), Local { address, healthy })
        })
        .collect()
}

/// The failed builds among the images.
pub(super) fn failed(images: &BTreeMap<VersionId, ImageRecord>) -> BTreeMap<VersionId, ImageRecord> {
    images
        .iter()
        .filter(|(_, record)| matches!(record.state, ImageState::Failed { .. }))
        .map(|(version, record)| (version.clone(), record.clone()))
        .collect()
}

/// The part of a state whose change the server should hear of at once: no samples, no counters, no
/// words of output or of probes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Essence {
    generation: u64,
    images: Vec<ObservedImage>,
    instances: Vec<ObservedInstance>,
    /// The edge's generation, and which of the targets that it empties have requests open.
    edge: Option<(u64, Vec<InstanceId>)>,
}

pub(super) fn essence(state: &State, routes: &[EnvironmentRoute]) -> Essence {
    let instances = state
        .instances
        .iter()
        .map(|instance| ObservedInstance {
            state: without_words(&instance.state),
            log_tail: None,
            memory_bytes: None,
            cpu_percent: None,
            ..instance.clone()
        })
        .collect();
    let draining: BTreeSet<&InstanceId> = routes
        .iter()
        .flat_map(|environment| &environment.sets)
        .flat_map(|set| &set.targets)
        .filter(|target| target.state == TargetState::Draining)
        .map(|target| &target.instance)
        .collect();
    let edge = state.edge.as_ref().map(|edge| {
        let open = edge
            .targets
            .iter()
            .filter(|t| t.in_flight > 0 && draining.contains(&t.instance));
        (
            edge.generation,
            open.map(|target| target.instance.clone()).collect(),
        )
    });
    Essence {
        generation: state.generation,
        images: state.images.clone(),
        instances,
        edge,
    }
}

fn without_words(state: &InstanceState) -> InstanceState {
    match state {
        InstanceState::Starting { .. } => InstanceState::Starting {
            passes: 0,
            detail: String::new(),
        },
        InstanceState::Unhealthy { .. } => InstanceState::Unhealthy {
            detail: String::new(),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
