//! The world as the planner is shown it: values only, loaded in one transaction.

use std::time::Duration;

use beanpole_protocol::{
    DeploymentId, EnvironmentId, HostId, InstanceId, Release, Timestamp, api::DeploymentKind,
};

use crate::{change::Phase, options::DeploymentOptions, reason::Reason};

#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub environment: EnvironmentId,
    /// Instances that should serve when nothing is being deployed (0 once terminating).
    pub desired: u32,
    /// The release of the last successful deployment; none before the first one has succeeded.
    pub current: Option<Release>,
    /// Memory one instance reserves on its host, bytes.
    pub instance_memory: u64,
    /// `DeregistrationDelay` in force for instances drained outside a deployment.
    pub deregistration_delay: Duration,
    /// The one that runs now.
    pub deployment: Option<Deployment>,
    /// Every instance not yet forgotten, oldest first.
    pub instances: Vec<Instance>,
    pub hosts: Vec<Host>,
    /// Percent of new requests that go to instances of the deployment's release while a traffic
    /// split is on; none when all in-service instances share the traffic evenly.
    pub split: Option<u8>,
    /// What the last `Change::SetHindrance` said: kept so that an unchanged trouble is said once.
    pub hindrance: Option<Reason>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    pub id: DeploymentId,
    pub kind: DeploymentKind,
    pub target: Release,
    /// What to return to: the release of the last successful deployment, if any.
    pub previous: Option<Release>,
    pub options: DeploymentOptions,
    pub phase: Phase,
    /// When the phase began.
    pub phase_since: Timestamp,
    pub started_at: Timestamp,
    pub abort: Option<AbortRequest>,
}

/// Somebody wants it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct AbortRequest {
    pub by: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub id: InstanceId,
    pub host: HostId,
    pub release: Release,
    /// The deployment it was launched for (see `change::Purpose`).
    pub deployment: DeploymentId,
    /// Memory it reserves on its host until it is forgotten, bytes.
    pub memory: u64,
    pub intent: Intent,
    pub observed: Observed,
    pub launched_at: Timestamp,
    /// Every edge serves routes without it and it has no open request.
    pub drained: bool,
    /// For one in service: every edge that answers serves routes with it.
    pub routed: bool,
    /// Since when it has its intent.
    pub intent_since: Timestamp,
}

/// What was decided for an instance. Only moves downwards, but for an instance of the release that a
/// deployment goes back to: while it drains it can be put in service again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// Runs without traffic.
    Standby,
    /// Runs and gets traffic.
    InService,
    /// Gets no new request; open ones may finish.
    Draining { since: Timestamp },
    /// Its agent is to stop and remove it.
    Stopping { since: Timestamp },
}

/// What its agent sees, or that no agent sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    Pending,
    /// Started, gate not passed. `detail` is what its last check met; it may be empty.
    Starting {
        detail: String,
    },
    Healthy,
    /// Was healthy, fails its checks now.
    Unhealthy {
        detail: String,
    },
    /// Will not come up.
    Failed {
        reason: String,
    },
    /// The container is no more.
    Gone,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    pub id: HostId,
    /// Its lease is valid. An instance on a host that is not alive counts as lost.
    pub alive: bool,
    /// When its agent last reported. What an instance had not become by its deadline is only held
    /// against it when a report from after the deadline still says so.
    pub heard_at: Option<Timestamp>,
    /// Memory that instances of other environments do not reserve, bytes. The planner subtracts
    /// this environment's own instances itself.
    pub memory: u64,
    /// Instances of other environments on it.
    pub other_instances: u32,
    /// The image of each release the planner may launch, by version.
    pub images: Vec<HostImage>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostImage {
    pub version: beanpole_protocol::VersionId,
    pub state: ImageState,
}

/// An image not listed for a host is `Absent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageState {
    Absent,
    /// From the moment `PrepareImage` was written down, not only once an agent says so.
    Building,
    Ready,
    /// `at`: when it failed. A failure older than the deployment is tried again.
    Failed {
        reason: String,
        at: Timestamp,
    },
}
