//! What to do so that the host becomes what is desired. Pure.
//!
//! Invariants, tested as properties: a container that is desired and runs is never touched; nothing
//! is done twice (an instance with an action under way gets no other); when everything is as desired
//! there is nothing to do.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_protocol::{
    InstanceId, Timestamp, VersionId,
    agent::{Desired, DesiredInstance, DesiredState, ImageState},
};

use crate::{
    docker::containers::name,
    life::Life,
    model::{Container, Status},
};

/// How an image on the desired list stands here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageRecord {
    pub attempt: u32,
    pub state: ImageState,
}

/// Everything the decision rests on.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    pub desired: &'a Desired,
    pub containers: &'a [Container],
    pub lives: &'a BTreeMap<InstanceId, Life>,
    pub images: &'a BTreeMap<VersionId, ImageRecord>,
    /// Instances with an action under way.
    pub busy: &'a BTreeSet<InstanceId>,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look whether the image is here, and build it when it is not.
    Prepare { version: VersionId },
    /// Make a container and start it.
    Launch { instance: InstanceId },
    /// Start a container that exists.
    Start {
        instance: InstanceId,
        container: String,
        after_exit: bool,
    },
    /// Note how a run ended, with its last words.
    Examine { instance: InstanceId, container: String },
    /// Remove members of a pod that cannot be used, and start those whose time has come.
    Gather {
        instance: InstanceId,
        container: String,
        run: String,
        stale: Vec<String>,
        start: Vec<String>,
    },
    /// Note that a member of a pod will not come up, with its last words.
    ExamineMember {
        instance: InstanceId,
        member: String,
        why: String,
    },
    /// Stop gracefully and remove, the members of a pod first.
    Stop {
        instance: InstanceId,
        container: String,
        members: Vec<String>,
        grace: u32,
    },
}

impl Action {
    /// The instance that is busy while this is done.
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Action::Prepare { .. } => None,
            Action::Launch { instance }
            | Action::Start { instance, .. }
            | Action::Examine { instance, .. }
            | Action::Gather { instance, .. }
            | Action::ExamineMember { instance, .. }
            | Action::Stop { instance, .. } => Some(instance),
        }
    }
}

/// What to do now, and when to look again if nothing happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub actions: Vec<Action>,
    pub wake: Option<Timestamp>,
}

/// The container of an instance: the one with its name, should there be several with its label.
pub fn container_of<'a>(instance: &InstanceId, containers: &'a [Container]) -> Option<&'a Container> {
    let expected = name(instance);
    let mut own = containers
        .iter()
        .filter(|container| container.instance == *instance && !container.is_orphan);
    let first = own.clone().next();
    own.find(|container| container.name == expected).or(first)
}

pub fn diff(world: World<'_>) -> Plan {
    let mut plan = Plan::default();
    prepare_images(&world, &mut plan);
    for instance in &world.desired.instances {
        if !world.busy.contains(&instance.id) {
            converge(&world, instance, &mut plan);
        }
    }
    stop_strays(&world, &mut plan);
    plan
}

fn prepare_images(world: &World<'_>, plan: &mut Plan) {
    for image in &world.desired.images {
        let due = match world.images.get(&image.version) {
            None => true,
            Some(record) => {
                record.attempt < image.attempt && matches!(record.state, ImageState::Failed { .. })
            }
        };
        if due {
            plan.actions.push(Action::Prepare {
                version: image.version.clone(),
            });
        }
    }
}

fn converge(world: &World<'_>, wanted: &DesiredInstance, plan: &mut Plan) {
    let instance = wanted.id.clone();
    let container = container_of(&wanted.id, world.containers);
    let fresh = Life::default();
    let life = world.lives.get(&wanted.id).unwrap_or(&fresh);
    match (wanted.state, container) {
        (DesiredState::Stopped, None) => {}
        (DesiredState::Stopped, Some(container)) => {
            plan.actions.push(stop(container, wanted.stop_grace_seconds));
        }
        (DesiredState::Running, None) => {
            if image_is_awaited(world, wanted) {
                return;
            }
            start_when_due(life, world.now, plan, Action::Launch { instance });
        }
        (DesiredState::Running, Some(container)) => match &container.status {
            Status::Running => gather(container, life, world.now, plan),
            Status::Removing => {}
            Status::Exited(exit) if life.is_new_exit(exit) => {
                plan.actions.push(Action::Examine {
                    instance,
                    container: container.id.clone(),
                });
            }
            Status::Created | Status::Exited(_) => {
                let after_exit = matches!(container.status, Status::Exited(_));
                let start = Action::Start {
                    instance,
                    container: container.id.clone(),
                    after_exit,
                };
                start_when_due(life, world.now, plan, start);
            }
        },
    }
}

fn stop(container: &Container, grace: u32) -> Action {
    Action::Stop {
        instance: container.instance.clone(),
        container: container.id.clone(),
        members: container.members.iter().map(|member| member.id.clone()).collect(),
        grace,
    }
}

/// Brings the members of a pod towards what it is to be.
fn gather(container: &Container, life: &Life, now: Timestamp, plan: &mut Plan) {
    let Some(pod) = &container.pod else { return };
    let seen = container.seen_members();
    let failed = beanpole_pod::failure(pod, &seen).filter(|_| !life.ever_healthy && life.failed.is_none());
    if let Some(failed) = failed
        && let Some(member) = container.members.iter().find(|member| member.name == failed.name)
    {
        let words = match &member.status {
            Status::Exited(exit) => exit.words(),
            _ => format!("was started {} times and ended each time", failed.restarts + 1),
        };
        plan.actions.push(Action::ExamineMember {
            instance: container.instance.clone(),
            member: member.id.clone(),
            why: format!("the container {} {words}", failed.name),
        });
        return;
    }
    let start = beanpole_pod::startable(pod, &seen);
    let stale: Vec<String> = container
        .stale_members()
        .map(|member| member.id.clone())
        .collect();
    if start.is_empty() && stale.is_empty() {
        return;
    }
    let action = Action::Gather {
        instance: container.instance.clone(),
        container: container.id.clone(),
        run: container.run.clone(),
        stale,
        start: start.into_iter().map(str::to_owned).collect(),
    };
    start_when_due(life, now, plan, action);
}

fn start_when_due(life: &Life, now: Timestamp, plan: &mut Plan, action: Action) {
    if life.may_start(now) {
        plan.actions.push(action);
    } else if let (None, Some(at)) = (&life.failed, life.not_before) {
        plan.wake = Some(plan.wake.map_or(at, |wake| wake.min(at)));
    }
}

/// Whether an instance must wait because its image is on the list and not ready.
fn image_is_awaited(world: &World<'_>, wanted: &DesiredInstance) -> bool {
    let listed = world
        .desired
        .images
        .iter()
        .any(|image| image.version == wanted.release.version);
    let ready = world
        .images
        .get(&wanted.release.version)
        .is_some_and(|record| matches!(record.state, ImageState::Ready { .. }));
    listed && !ready
}

/// Containers of ours that no instance on the list owns: left from a list that is no more.
fn stop_strays(world: &World<'_>, plan: &mut Plan) {
    let owned: BTreeSet<&str> = world
        .desired
        .instances
        .iter()
        .filter_map(|wanted| container_of(&wanted.id, world.containers))
        .map(|container| container.id.as_str())
        .collect();
    for container in world.containers {
        let is_stray = !owned.contains(container.id.as_str()) && container.status != Status::Removing;
        let is_busy = world.busy.contains(&container.instance)
            || plan
                .actions
                .iter()
                .any(|action| action.instance() == Some(&container.instance));
        if is_stray && !is_busy {
            plan.actions.push(stop(container, container.grace));
        }
    }
}

#[cfg(test)]
mod tests;
