//! An instance of several containers: what the build of its version tells the agent that runs it.
//!
//! Pure. The containers of a pod share one network, which a container that does nothing else holds, so that
//! each reaches the others at `localhost` and by their names; see `docs/decisions/0027-pods.md`.

pub mod expand;
mod order;
mod share;
mod start;
mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::{
    order::{Seen, failure, startable},
    share::{HOLDER_MEMORY, TooLittle, shares},
    start::{StartError, Started},
    words::words,
};

/// The containers of an instance, in the order of the bundle's file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    pub containers: Vec<PodContainer>,
    /// Names by which containers find each other, beside `localhost`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Volumes of the instance, which go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// What `.env` of the bundle says, for references that no environment property answers.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
}

/// One container. In its texts `$NAME` and `${NAME…}` stand for environment properties ([`expand`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodContainer {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Argv>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Argv>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Name, and its value; none: the property of that name, if there is one. A later one wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, Option<String>)>,
    /// It gets every environment property.
    #[serde(skip_serializing_if = "is_false")]
    pub all_properties: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Folders in memory.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<String>,
    pub restart: Restart,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// What must be so before it starts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Bytes; none: an equal share of what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Thousandths of a CPU; none: an equal share of what is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A program and its arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Argv {
    /// Split into words when everything in it is known.
    Line(String),
    List(Vec<String>),
}

/// A volume of the instance in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    pub volume: String,
    pub path: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
}

/// What happens when a container's program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// It is started again whatever it ended with.
    Always,
    /// It is started again unless it ended with exit code 0.
    #[default]
    OnFailure,
    /// The same, so many times.
    AtMost(u32),
    Never,
}

/// How Docker finds out whether a container is well, for those that wait for it. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Healthcheck {
    /// `NONE`, `CMD` with arguments, or `CMD-SHELL` with a line; empty: what the image says.
    pub test: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_period_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
}

/// Another container, and what it must have come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub container: String,
    pub condition: Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    Started,
    Healthy,
    /// It ended with exit code 0.
    Succeeded,
    /// It ended.
    Ended,
}

/// The name of the image of a version's container beside the version's own, which is `image`.
pub fn image_of(image: &str, container: &str) -> String {
    format!("{image}-{container}")
}
