//! `POST /api/v1/environments/{name}/plan`: what a bundle would change, before it is deployed.

use serde::{Deserialize, Serialize};

use super::Finding;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BundlePlan {
    /// The version that it is compared with; absent where nothing runs yet.
    pub version_label: Option<String>,
    /// Whether a deployment of it would be refused.
    pub refused: bool,
    pub findings: Vec<Finding>,
    /// Options that would have another value.
    pub options: Vec<OptionChange>,
    /// Entries of configuration files, option settings aside, that would be added, removed or changed.
    pub entries: Vec<EntryChange>,
    /// Queues that the files declare and that would be made, changed or removed.
    #[serde(default)]
    pub queues: Vec<QueueChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OptionChange {
    pub namespace: String,
    pub name: String,
    /// Absent: there is none.
    pub before: Option<String>,
    pub after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntryChange {
    pub file: String,
    /// Such as `commands` or `packages.apt`.
    pub section: String,
    pub name: String,
    pub happened: Happened,
    /// In a few words.
    pub summary: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueChange {
    /// Its name in the files.
    pub logical_id: String,
    pub name: String,
    pub happened: Happened,
    /// In a few words.
    pub summary: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    Added,
    Removed,
    Changed,
}
