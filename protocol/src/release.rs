//! A release: what an instance runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::VersionId;

/// An application version together with a configuration revision of its environment.
///
/// Two instances of one environment are alike exactly when their releases are equal: a new version
/// and a changed environment property are both a new release, rolled out by the same policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    pub version: VersionId,
    /// Revision of the environment's configuration, from 1.
    pub configuration: i32,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.version, self.configuration)
    }
}
