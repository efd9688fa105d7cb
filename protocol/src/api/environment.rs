//! `/api/v1/environments`

use serde::{Deserialize, Serialize};

use crate::{EnvironmentId, InstanceId, Platform, Timestamp};

/// Beanstalk's `EnvironmentStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum EnvironmentStatus {
    Launching,
    Updating,
    Ready,
    Terminating,
    Terminated,
}

/// Beanstalk's four health colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthColor {
    Green,
    Yellow,
    Red,
    Grey,
}

/// Beanstalk's health statuses (facts: elastic-beanstalk 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum HealthStatus {
    Ok,
    Info,
    Warning,
    Degraded,
    Severe,
    Pending,
    Unknown,
    NoData,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Health {
    pub color: HealthColor,
    pub status: HealthStatus,
    pub causes: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Tier {
    WebServer,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Environment {
    pub id: EnvironmentId,
    pub application: String,
    /// 4 to 40 letters, digits and dashes; unique.
    pub name: String,
    pub cname: String,
    pub url: String,
    pub tier: Tier,
    pub platform: Platform,
    pub status: EnvironmentStatus,
    pub health: Health,
    /// Label of the version of the last successful deployment.
    pub version_label: Option<String>,
    /// Number of the last successful deployment.
    pub deployment_number: Option<u32>,
    /// The deployment that runs now.
    pub active_deployment: Option<crate::DeploymentId>,
    pub min_instances: u32,
    pub max_instances: u32,
    /// How many instances should run when nothing is being deployed.
    pub desired_instances: u32,
    /// What keeps it from what it should be, such as hosts without room; absent when nothing does.
    #[serde(default)]
    pub hindrance: Option<Hindrance>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A trouble that lasts until somebody does something about it, or something else gives way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hindrance {
    /// `no_room`, `no_host` or `image_unavailable`; more may come.
    pub kind: String,
    /// A sentence, and what to do.
    pub message: String,
}

/// One option setting, as in Beanstalk: namespace, name, value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OptionSetting {
    pub namespace: String,
    pub name: String,
    pub value: String,
}

/// Names an option without a value: it goes back to its default.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OptionName {
    pub namespace: String,
    pub name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateEnvironment {
    pub application: String,
    pub name: String,
    /// First label of the environment's host name; the environment's name when absent.
    #[serde(default)]
    pub cname_prefix: Option<String>,
    /// Taken from the version's bundle when absent.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The version to launch with.
    pub version_label: String,
    #[serde(default)]
    pub options: Vec<OptionSetting>,
}

/// A change of options is a new configuration revision and is rolled out as a deployment, except
/// for capacity alone (`aws:autoscaling:asg`), which is applied at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateEnvironment {
    #[serde(default)]
    pub set: Vec<OptionSetting>,
    #[serde(default)]
    pub remove: Vec<OptionName>,
}

/// What create, update, deploy and terminate answer: the environment and the deployment to await.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EnvironmentChange {
    pub environment: Environment,
    /// Absent when nothing had to be rolled out.
    pub deployment: Option<super::Deployment>,
}

/// `GET /api/v1/environments/{name}/configuration`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Configuration {
    pub revision: u32,
    /// Every known option with its value in force, sorted; environment properties included.
    pub options: Vec<EffectiveOption>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EffectiveOption {
    pub namespace: String,
    pub name: String,
    pub value: String,
    /// Whether it is set for the environment; what is comes first.
    pub set: bool,
    /// Whether the value is the one that the version's `.ebextensions` give; else it is the default.
    #[serde(default)]
    pub from_version: bool,
}

/// `GET /api/v1/environments/{name}/instances`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Instance {
    pub id: InstanceId,
    pub host: String,
    pub version_label: String,
    pub configuration: u32,
    pub deployment_number: u32,
    /// What Beanpole wants of it.
    pub intent: InstanceIntent,
    /// What its agent sees.
    pub state: InstanceCondition,
    pub detail: String,
    pub health: Health,
    pub restarts: u32,
    pub memory_bytes: Option<u64>,
    pub cpu_percent: Option<f64>,
    pub launched_at: Timestamp,
    pub traffic: Option<InstanceTraffic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InstanceIntent {
    /// Runs, gets no traffic yet.
    Standby,
    InService,
    Draining,
    Stopping,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InstanceCondition {
    Pending,
    Starting,
    Healthy,
    Unhealthy,
    Failed,
    Gone,
    /// Its host does not answer.
    Lost,
}

/// Counters of the edge since it started.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceTraffic {
    pub in_flight: u64,
    pub requests: u64,
    /// Answers by class: 1xx to 5xx.
    pub classes: [u64; 5],
    pub failures: u64,
    pub p50_ms: f64,
    pub p90_ms: f64,
    pub p99_ms: f64,
}
