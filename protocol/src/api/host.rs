//! `/api/v1/hosts`

use serde::{Deserialize, Serialize};

use crate::{HostId, Timestamp};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Host {
    pub id: HostId,
    pub name: String,
    /// Its agent reported within the lease.
    pub online: bool,
    pub last_seen_at: Option<Timestamp>,
    pub cpus: u32,
    pub memory_bytes: u64,
    pub docker_version: String,
    pub agent_version: String,
    pub instances: u32,
    /// Why instances on it cannot reach AWS's services of the server, when they cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services_trouble: Option<String>,
    pub joined_at: Timestamp,
}

/// `POST /api/v1/hosts/join-tokens`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinToken {
    /// Shown once. Good for one agent, until `expires_at`.
    pub token: String,
    pub expires_at: Timestamp,
}
