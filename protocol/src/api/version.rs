//! `/api/v1/applications/{application}/versions`
//!
//! A version is made by `PUT /api/v1/applications/{application}/versions/{label}` with the zip as body.

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::{Platform, Timestamp, VersionId};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApplicationVersion {
    pub id: VersionId,
    pub application: String,
    /// 1 to 100 characters, unique in its application.
    pub label: String,
    pub description: String,
    /// The platform the bundle's files point to.
    pub platform: Platform,
    /// SHA-256 of the bundle as uploaded, hex.
    pub sha256: String,
    pub size_bytes: u64,
    /// Things worth knowing, such as "the bundle's single top-level folder was taken as its root".
    pub notes: Vec<String>,
    /// What is wrong with its configuration files (`.ebextensions`). With an error among them it cannot be
    /// deployed.
    #[serde(default)]
    pub findings: Vec<Finding>,
    pub created_at: Timestamp,
    /// Where builds of this version stand, one entry a host.
    pub builds: Vec<Build>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Build {
    pub host: String,
    pub status: BuildStatus,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub duration_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum BuildStatus {
    Building,
    Ready,
    Failed,
}

/// Query of the upload.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct UploadQuery {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Overrides the detected platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// `GET …/versions/{label}/build-log`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BuildLog {
    /// Plain text, oldest line first.
    pub text: String,
}
