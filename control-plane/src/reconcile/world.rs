//! What reconcile knows of one environment, and how it is shown to the planner.
//!
//! Loading is SQL, showing is pure. Invariant: `drained` is said only when no edge can send the
//! instance another request.

use std::{collections::BTreeMap, time::Duration};

use beanpole_planner::{
    Snapshot,
    snapshot::{self, Observed},
};
use beanpole_protocol::{EnvironmentId, HostId, VersionId, agent::InstanceState, api::DeploymentKind};
use sqlx::PgConnection;

use super::ReconcileError;
use crate::{
    configurations::{self, ConfigurationError},
    options::{OptionSet, Settings},
    secrets::Secrets,
    store::{
        deployments::{self, DeploymentRow},
        environments::{self, EnvironmentRow},
        host_images::{self, BuildState, ImageRow},
        hosts::{self, HostRow},
        instances::{self, InstanceRow},
    },
};

pub struct World {
    pub environment: EnvironmentRow,
    /// The one that runs now.
    pub deployment: Option<DeploymentRow>,
    pub instances: Vec<InstanceRow>,
    pub hosts: Vec<HostRow>,
    /// By host: memory reserved and instances placed by other environments.
    pub others: BTreeMap<HostId, (u64, u32)>,
    pub images: Vec<ImageRow>,
    /// Configuration revisions in play, typed.
    pub settings: BTreeMap<i32, Settings>,
    /// The same, as set.
    pub sets: BTreeMap<i32, OptionSet>,
}

/// Loads an environment that the caller has locked.
pub async fn load(
    conn: &mut PgConnection,
    secrets: &Secrets,
    id: &EnvironmentId,
) -> Result<World, ReconcileError> {
    let environment = environments::by_id(conn, id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let deployment = deployments::active(conn, id).await?;
    let releases: Vec<_> = deployment
        .iter()
        .flat_map(|deployment| [Some(&deployment.target), deployment.previous.as_ref()])
        .chain([environment.current.as_ref()])
        .flatten()
        .collect();
    let mut revisions: Vec<_> = releases
        .iter()
        .map(|release| release.configuration)
        .chain([environment.configuration])
        .map(|revision| (id.clone(), revision))
        .collect();
    revisions.sort();
    revisions.dedup();
    let mut versions: Vec<VersionId> = releases.iter().map(|release| release.version.clone()).collect();
    versions.sort();
    versions.dedup();

    let sets: BTreeMap<i32, OptionSet> = configurations::load(conn, secrets, &revisions)
        .await?
        .into_iter()
        .map(|((_, revision), set)| (revision, set))
        .collect();
    let settings = sets
        .iter()
        .map(|(revision, set)| Ok((*revision, Settings::of(set, environment.platform)?)))
        .collect::<Result<_, ReconcileError>>()?;
    Ok(World {
        instances: instances::of_environment(conn, id).await?,
        hosts: hosts::all(conn).await?,
        others: instances::reserved_by_others(conn, id).await?,
        images: host_images::of_versions(conn, &versions).await?,
        environment,
        deployment,
        settings,
        sets,
    })
}

impl World {
    /// The typed options of a revision in play.
    pub fn settings_of(&self, revision: i32) -> Result<&Settings, ReconcileError> {
        self.settings.get(&revision).ok_or_else(|| {
            ConfigurationError::Missing {
                environment: self.environment.id.clone(),
                revision,
            }
            .into()
        })
    }

    pub fn host(&self, id: &HostId) -> Option<&HostRow> {
        self.hosts.iter().find(|host| host.id == *id)
    }

    /// What the planner decides on.
    pub fn snapshot(&self) -> Result<Snapshot, ReconcileError> {
        let environment = &self.environment;
        let in_force = self.settings_of(environment.configuration)?;
        let launched = match (&self.deployment, &environment.current) {
            (Some(deployment), _) => self.settings_of(deployment.target.configuration)?,
            (None, Some(current)) => self.settings_of(current.configuration)?,
            (None, None) => in_force,
        };
        let terminating = self
            .deployment
            .as_ref()
            .is_some_and(|deployment| deployment.kind == DeploymentKind::Terminate);
        Ok(Snapshot {
            environment: environment.id.clone(),
            desired: if terminating {
                0
            } else {
                environment.desired_instances
            },
            current: environment.current.clone(),
            instance_memory: launched.limits.memory_bytes,
            deregistration_delay: Duration::from_secs(u64::from(in_force.deregistration_delay)),
            deployment: self.deployment.as_ref().map(deployment),
            instances: self.instances.iter().map(|row| self.instance(row)).collect(),
            hosts: self.hosts.iter().map(|row| self.shown_host(row)).collect(),
            split: environment.split_percent,
            hindrance: environment.hindrance.clone(),
        })
    }

    fn instance(&self, row: &InstanceRow) -> snapshot::Instance {
        snapshot::Instance {
            id: row.id.clone(),
            host: row.host_id.clone(),
            release: row.release.clone(),
            deployment: row.deployment_id.clone(),
            memory: u64::try_from(row.memory_bytes).unwrap_or(0),
            intent: row.intent.clone(),
            observed: observed(row),
            launched_at: row.launched_at,
            drained: drained(row, &self.hosts),
            routed: routed(row, &self.hosts),
            intent_since: row.intent_since,
        }
    }

    fn shown_host(&self, row: &HostRow) -> snapshot::Host {
        let (reserved, other_instances) = self.others.get(&row.id).copied().unwrap_or((0, 0));
        let images = self.images.iter().filter(|image| image.host_id == row.id);
        snapshot::Host {
            id: row.id.clone(),
            alive: row.alive(),
            heard_at: row.last_seen_at,
            memory: row.facts.memory_bytes.saturating_sub(reserved),
            other_instances,
            images: images.map(image).collect(),
        }
    }
}

fn deployment(row: &DeploymentRow) -> snapshot::Deployment {
    snapshot::Deployment {
        id: row.id.clone(),
        kind: row.kind,
        target: row.target.clone(),
        previous: row.previous.clone(),
        options: row.options.clone(),
        phase: row.phase.clone(),
        phase_since: row.phase_since,
        started_at: row.started_at,
        abort: row.abort_by.clone().map(|by| snapshot::AbortRequest { by }),
    }
}

fn image(row: &ImageRow) -> snapshot::HostImage {
    snapshot::HostImage {
        version: row.version.clone(),
        state: match row.state {
            BuildState::Wanted | BuildState::Building => snapshot::ImageState::Building,
            BuildState::Ready => snapshot::ImageState::Ready,
            BuildState::Failed => snapshot::ImageState::Failed {
                reason: row.reason.clone().unwrap_or_default(),
                at: row.updated_at,
            },
        },
    }
}

/// What its agent last said of an instance.
pub fn observed(row: &InstanceRow) -> Observed {
    match row.observed.as_ref().map(|observed| &observed.state) {
        None | Some(InstanceState::Pending) => Observed::Pending,
        Some(InstanceState::Starting { detail, .. }) => Observed::Starting {
            detail: detail.clone(),
        },
        Some(InstanceState::Healthy) => Observed::Healthy,
        Some(InstanceState::Unhealthy { detail }) => Observed::Unhealthy {
            detail: detail.clone(),
        },
        Some(InstanceState::Failed { reason }) => Observed::Failed {
            reason: reason.clone(),
        },
        Some(InstanceState::Gone) => Observed::Gone,
    }
}

/// Whether every edge that answers serves routes that show the instance's intent.
fn routed(row: &InstanceRow, hosts: &[HostRow]) -> bool {
    hosts.iter().filter(|host| host.alive()).all(|host| {
        let needed = row.intent_generations.get(&host.id).copied().unwrap_or(0);
        host.edge.as_ref().is_none_or(|edge| edge.generation >= needed)
    })
}

/// Whether every edge that is up serves routes that show the instance's intent, and has no request
/// of it open. An edge that does not answer says neither.
fn drained(row: &InstanceRow, hosts: &[HostRow]) -> bool {
    hosts.iter().filter(|host| host.alive()).all(|host| {
        let needed = row.intent_generations.get(&host.id).copied().unwrap_or(0);
        host.edge.as_ref().is_some_and(|edge| {
            edge.generation >= needed
                && edge
                    .targets
                    .iter()
                    .all(|target| target.instance != row.id || target.in_flight == 0)
        })
    })
}
