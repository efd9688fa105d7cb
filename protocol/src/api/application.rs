//! `/api/v1/applications`

use serde::{Deserialize, Serialize};

use crate::{ApplicationId, Timestamp};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Application {
    pub id: ApplicationId,
    /// 1 to 100 characters, unique.
    pub name: String,
    pub description: String,
    pub created_at: Timestamp,
    pub environments: u32,
    pub versions: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateApplication {
    pub name: String,
    #[serde(default)]
    pub description: String,
}
