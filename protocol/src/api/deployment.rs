//! `/api/v1/deployments` and `/api/v1/environments/{name}/deployments`

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, Timestamp};

/// Beanstalk's `DeploymentPolicy` (`aws:elasticbeanstalk:command`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeploymentPolicy {
    AllAtOnce,
    Rolling,
    RollingWithAdditionalBatch,
    Immutable,
    TrafficSplitting,
}

impl DeploymentPolicy {
    pub const ALL: [DeploymentPolicy; 5] = [
        DeploymentPolicy::AllAtOnce,
        DeploymentPolicy::Rolling,
        DeploymentPolicy::RollingWithAdditionalBatch,
        DeploymentPolicy::Immutable,
        DeploymentPolicy::TrafficSplitting,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            DeploymentPolicy::AllAtOnce => "AllAtOnce",
            DeploymentPolicy::Rolling => "Rolling",
            DeploymentPolicy::RollingWithAdditionalBatch => "RollingWithAdditionalBatch",
            DeploymentPolicy::Immutable => "Immutable",
            DeploymentPolicy::TrafficSplitting => "TrafficSplitting",
        }
    }
}

/// `Running` until it ends; then exactly one of the others, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeploymentStatus {
    Running,
    Succeeded,
    /// It failed and what it left behind is what its policy says.
    Failed,
    /// It failed and every instance is back on the version before.
    RolledBack,
    Aborted,
    /// A newer deployment took its place.
    Superseded,
}

impl DeploymentStatus {
    pub fn is_terminal(self) -> bool {
        self != DeploymentStatus::Running
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeploymentKind {
    /// The first one of an environment.
    Launch,
    Version,
    Configuration,
    /// All instances go; ends with the environment `Terminated`.
    Terminate,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Deployment {
    pub id: DeploymentId,
    pub environment: String,
    /// From 1, per environment.
    pub number: u32,
    pub kind: DeploymentKind,
    pub version_label: String,
    pub previous_version_label: Option<String>,
    pub policy: DeploymentPolicy,
    pub status: DeploymentStatus,
    /// Name of the phase it is in, or ended in.
    pub phase: String,
    /// Why it ended so; a sentence. For a failure: with the app's own last lines in `log_tail`.
    pub reason: Option<String>,
    pub log_tail: Option<String>,
    pub instances_total: u32,
    /// Instances that run the new release and passed the gate.
    pub instances_done: u32,
    /// Percent of traffic on the new release.
    pub new_version_percent: u8,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub timings: DeploymentTimings,
}

/// Where the time went, milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeploymentTimings {
    /// From the start until the image was ready on every host that needs it.
    pub build_ms: Option<u64>,
    /// Time without any instance in service (AllAtOnce has some).
    pub outage_ms: u64,
    pub total_ms: Option<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateDeployment {
    pub version_label: String,
    /// Overrides the environment's policy for this deployment only.
    #[serde(default)]
    pub policy: Option<DeploymentPolicy>,
}

/// `GET /api/v1/deployments/{id}/result`: answers when the deployment has ended, or after `timeout`
/// seconds with the deployment as it then is (status `running`, HTTP 202).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
pub struct ResultQuery {
    /// Seconds, 1 to 3600, 600 when absent.
    #[serde(default)]
    pub timeout: Option<u32>,
}
