//! `POST /api/v1/environments/{name}/logs`: the last lines of every instance, fetched from its host.

use serde::{Deserialize, Serialize};

use crate::InstanceId;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestLogs {
    /// 1 to 10000, 100 when absent.
    #[serde(default)]
    pub lines: Option<u32>,
    /// One instance only.
    #[serde(default)]
    pub instance: Option<InstanceId>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InstanceLog {
    pub instance: InstanceId,
    pub host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Why there is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
