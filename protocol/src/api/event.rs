//! `/api/v1/environments/{name}/events` and its live stream `…/events/stream` (server-sent events).

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, Timestamp};

/// Beanstalk's severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Event {
    /// Grows; the cursor of lists and the `id:` of the stream.
    pub id: i64,
    /// Unique and increasing within an environment, at least 2 ms apart.
    pub at: Timestamp,
    pub severity: Severity,
    /// Stable machine-readable name of what happened, such as `instance_launched`.
    pub kind: String,
    pub message: String,
    pub application: Option<String>,
    pub environment: Option<String>,
    pub deployment: Option<DeploymentId>,
    pub version_label: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct EventQuery {
    /// Only events with a greater id, oldest first. Absent: the newest `limit`, still oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Only this severity and worse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
}
