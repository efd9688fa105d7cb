//! What the server and an agent say to each other.
//!
//! The agent asks for its host's whole desired list (`GET /agent/v1/desired?known=<generation>`,
//! held open until there is another one: 200 with [`Desired`], or 204 after 30 seconds without),
//! makes the host match it, and reports what it sees (`POST /agent/v1/report`, answered 204).
//! Reports are ordered by `(boot, sequence)`: a late one loses, silently. An agent reports when
//! something changes and at the latest every [`REPORT_EVERY_SECONDS`].
//!
//! `GET /agent/v1/bundles/{version}` is the source bundle (zip) of a version on the desired list;
//! `POST /agent/v1/builds/{version}/log` (text body) appends to that build's log, which a new
//! `attempt` starts afresh. All but `join` carry the host's credential as a bearer token.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::routes::{EdgeStatus, EnvironmentRoute};
use crate::{
    DeploymentId, EnvironmentId, HostId, InstanceId, Platform, Release, TaskId, Timestamp, VersionId,
};

/// An agent with nothing new to say still says so this often; its lease is [`LEASE_SECONDS`].
pub const REPORT_EVERY_SECONDS: u64 = 3;

/// A host that was not heard of for this long counts as lost.
pub const LEASE_SECONDS: u64 = 20;

/// `POST /agent/v1/join`: a single-use join token is turned into a host credential.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinRequest {
    pub token: String,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JoinResponse {
    pub host: HostId,
    /// Bearer credential of this host from now on; the server keeps only its hash.
    pub credential: String,
}

/// Everything a host should have. What is not listed should not be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// Grows with every change for this host.
    pub generation: u64,
    pub images: Vec<DesiredImage>,
    pub instances: Vec<DesiredInstance>,
    /// Routes for the edge of this host (without local addresses, which the agent knows best).
    pub routes: Vec<EnvironmentRoute>,
    /// Questions only this host can answer.
    pub tasks: Vec<Task>,
}

/// An image that must be here: in use, about to be, or kept for a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredImage {
    pub version: VersionId,
    /// Repository and tag, such as `beanpole/app:v-01h2…`.
    pub image: String,
    pub platform: Platform,
    /// SHA-256 of the source bundle, hex; checked after the download.
    pub bundle_sha256: String,
    /// For build logs and messages.
    pub application: String,
    pub label: String,
    /// Grows when a failed build is to be tried again.
    #[serde(default)]
    pub attempt: u32,
    /// The region that the installation is, for functions in configuration files.
    #[serde(default)]
    pub region: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesiredInstance {
    pub id: InstanceId,
    pub environment: EnvironmentId,
    pub environment_name: String,
    pub deployment: DeploymentId,
    pub release: Release,
    pub image: String,
    pub state: DesiredState,
    /// Environment properties and what the platform adds. Never logged.
    pub env: BTreeMap<String, String>,
    pub limits: Limits,
    pub health: HealthCheck,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_grace_seconds: u32,
    /// What it needs to use the server's AWS services; absent where the server has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<ServicesAccess>,
}

/// How an instance finds the server's AWS services. Where they are, its agent knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServicesAccess {
    /// The region that the installation is, as AWS would call it.
    pub region: String,
    pub token: InstanceToken,
    /// Queues of its application: name of the property, and the path of the queue's URL.
    pub queues: BTreeMap<String, String>,
    /// What URLs of queues begin with for callers from outside. In a property, an instance is told such a URL with
    /// the address by which it reaches the queue.
    #[serde(default)]
    pub base: String,
}

/// What an instance shows for credentials of its environment. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstanceToken(String);

impl InstanceToken {
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token itself, for the instance only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for InstanceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InstanceToken(hidden)")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DesiredState {
    Running,
    /// Stopped gracefully and removed; the agent reports it `Gone`, then the server forgets it.
    Stopped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub memory_bytes: u64,
    /// Thousandths of a CPU; 0 is no limit.
    pub cpu_millis: u32,
    pub pids: u32,
}

/// The process health-check options of `aws:elasticbeanstalk:environment:process:default`, and the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    pub kind: HealthCheckKind,
    pub interval_ms: u32,
    pub timeout_ms: u32,
    pub healthy_threshold: u32,
    pub unhealthy_threshold: u32,
    /// A fresh instance is healthy after this many passes in a row, probed every `gate_interval_ms`.
    pub gate_passes: u32,
    pub gate_interval_ms: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "protocol")]
pub enum HealthCheckKind {
    Http {
        path: String,
        /// Inclusive ranges of status codes that pass (`MatcherHTTPCode`).
        codes: Vec<(u16, u16)>,
    },
    Tcp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    pub kind: TaskKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum TaskKind {
    /// The last lines of an instance's output.
    LogTail { instance: InstanceId, lines: u32 },
}

/// `POST /agent/v1/tasks/{id}`: the answer to a task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TaskResult {
    pub output: Result<String, String>,
}

/// What one host looks like, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// When this agent process started; together with `sequence` the order of reports.
    pub boot: Timestamp,
    pub sequence: u64,
    /// The generation of the desired list that the agent works from.
    pub generation: u64,
    pub facts: HostFacts,
    pub images: Vec<ObservedImage>,
    pub instances: Vec<ObservedInstance>,
    /// Absent while the edge does not answer.
    pub edge: Option<EdgeStatus>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostFacts {
    pub cpus: u32,
    pub memory_bytes: u64,
    pub docker_version: String,
    pub agent_version: String,
    /// Free bytes where Docker keeps its data, when known.
    pub disk_free_bytes: Option<u64>,
    /// Why instances cannot reach the server's AWS services through this host, when they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services_trouble: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedImage {
    pub version: VersionId,
    pub state: ImageState,
    /// The `attempt` of the desired image that this is the outcome of.
    #[serde(default)]
    pub attempt: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum ImageState {
    Building,
    Ready {
        /// How long the build took; absent when the image was here already.
        build_ms: Option<u64>,
    },
    Failed {
        /// One sentence, with the most telling line of the output at most; the rest is in the log.
        reason: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedInstance {
    pub id: InstanceId,
    pub state: InstanceState,
    /// Address other hosts' edges can reach it at.
    pub address: Option<SocketAddr>,
    /// Times the container was started again after it exited.
    pub restarts: u32,
    /// Last lines of the app's output, sent when it is not well.
    pub log_tail: Option<String>,
    /// Bytes in use and hundredths of a CPU, when a sample exists.
    pub memory_bytes: Option<u64>,
    pub cpu_percent: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum InstanceState {
    /// The container is being made, or waits for its image.
    Pending,
    /// Started, gate not passed yet.
    Starting {
        passes: u32,
        detail: String,
    },
    Healthy,
    /// It was healthy and is not any more.
    Unhealthy {
        detail: String,
    },
    /// It will not come up: it exits again and again, or the container cannot be made.
    Failed {
        reason: String,
    },
    /// The container is no more.
    Gone,
}
