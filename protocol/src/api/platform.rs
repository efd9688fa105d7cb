//! `GET /api/v1/platforms`

use serde::{Deserialize, Serialize};

use crate::Platform;

/// A platform that environments can run on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformVersion {
    /// As `bp create --platform` takes it.
    pub name: Platform,
    /// Language and system, such as `Python 3.11 on Debian 12`.
    pub branch: String,
    pub version: String,
    /// What changed from version to version, Markdown.
    pub changelog: String,
}
