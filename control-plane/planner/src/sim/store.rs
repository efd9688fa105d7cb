//! Applies a plan to the world as reconcile does, and refuses what the database would refuse.

use beanpole_protocol::{DeploymentId, InstanceId, Timestamp};

use super::{scenario::Behaviour, world::World};
use crate::{
    change::{Change, Plan, Purpose},
    snapshot::{Deployment, ImageState, Instance, Intent, Observed},
};

/// How a deployment ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub at: Timestamp,
    pub deployment: Deployment,
    pub change: Change,
}

pub fn apply(world: &mut World, plan: &Plan, ended: &mut Vec<Ended>) {
    for change in &plan.changes {
        match change {
            Change::PrepareImage { host, version } => {
                let behaviour = world.behaviours.get(version).copied().unwrap_or(Behaviour::Good);
                world.set_image(host, version, ImageState::Building);
                if behaviour != Behaviour::BuildHangs {
                    let done = world.now + world.dice.millis(4_000, 30_000);
                    world
                        .builds
                        .push((done, host.clone(), version.clone(), behaviour));
                }
            }
            Change::Launch {
                host,
                release,
                purpose,
                ..
            } => {
                let used: u64 = world
                    .snapshot
                    .instances
                    .iter()
                    .filter(|i| i.host == *host)
                    .map(|i| i.memory)
                    .sum();
                let known = world
                    .snapshot
                    .hosts
                    .iter()
                    .find(|known| known.id == *host)
                    .expect("host exists");
                assert!(known.alive, "launched on a host that is away");
                assert!(
                    known.memory >= used + world.snapshot.instance_memory,
                    "launched on a full host"
                );
                let ready = known
                    .images
                    .iter()
                    .any(|i| i.version == release.version && i.state == ImageState::Ready);
                assert!(ready, "launched where the image is not ready");
                let deployment = match (purpose, &world.snapshot.deployment) {
                    (Purpose::Deployment, Some(deployment)) => {
                        assert_eq!(
                            deployment.target, *release,
                            "launched another release for the deployment"
                        );
                        deployment.id.clone()
                    }
                    (Purpose::Deployment, None) => panic!("launched for a deployment where none runs"),
                    (Purpose::Upkeep, _) => "d-0".parse::<DeploymentId>().expect("an id"),
                };
                world.add_instance(host.clone(), release.clone(), deployment);
            }
            Change::PutInService { instance, .. } => {
                let now = world.now;
                // Some edges never say that they have it.
                let routed = world.dice.millis(0, 10) < std::time::Duration::from_millis(9);
                let phase = world.snapshot.deployment.as_ref().map(|d| d.phase.name());
                let row = row(world, instance);
                let back = matches!(row.intent, Intent::Draining { .. }) && phase == Some("returning");
                assert!(row.intent == Intent::Standby || back, "{instance} put in service");
                row.drained = false;
                row.intent = Intent::InService;
                row.intent_since = now;
                row.routed = routed;
                world.containers.get_mut(instance).expect("container").drained_at = None;
            }
            Change::Drain { instance, .. } => {
                let now = world.now;
                let open = world.dice.millis(1_000, 30_000);
                let row = row(world, instance);
                assert_eq!(row.intent, Intent::InService, "{instance} drained");
                row.intent = Intent::Draining { since: now };
                world.containers.get_mut(instance).expect("container").drained_at = Some(now + open);
            }
            Change::Stop { instance, .. } => {
                let now = world.now;
                let stopping = world.dice.millis(1_000, 20_000);
                let hangs = world.stops_hang;
                let row = row(world, instance);
                assert!(
                    !matches!(row.intent, Intent::Stopping { .. }),
                    "{instance} stopped twice"
                );
                row.intent = Intent::Stopping { since: now };
                let container = world.containers.get_mut(instance).expect("container");
                container.reports.clear();
                if !hangs {
                    container.reports.push_back((now + stopping, Observed::Gone));
                }
            }
            Change::Forget { instance, .. } => {
                row(world, instance);
                world.snapshot.instances.retain(|row| row.id != *instance);
                world.containers.remove(instance);
            }
            Change::SetSplit { new_percent, .. } => world.snapshot.split = *new_percent,
            Change::AdvancePhase { to, .. } => {
                let now = world.now;
                let deployment = world.snapshot.deployment.as_mut().expect("a deployment runs");
                assert!(
                    to.rank() > deployment.phase.rank(),
                    "{} after {}",
                    to.name(),
                    deployment.phase.name()
                );
                deployment.phase = to.clone();
                deployment.phase_since = now;
            }
            Change::Finish { status, current, .. } => {
                assert!(status.is_terminal());
                let deployment = world.snapshot.deployment.take().expect("a deployment runs");
                world.snapshot.current = current.clone();
                ended.push(Ended {
                    at: world.now,
                    deployment,
                    change: change.clone(),
                });
            }
            Change::SetHindrance { reason } => {
                assert_ne!(world.snapshot.hindrance, *reason, "said again");
                world.snapshot.hindrance = reason.clone();
            }
        }
    }
}

fn row<'w>(world: &'w mut World, instance: &InstanceId) -> &'w mut Instance {
    world
        .snapshot
        .instances
        .iter_mut()
        .find(|row| row.id == *instance)
        .expect("a row that exists")
}
