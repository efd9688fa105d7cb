//! Errors on the wire: RFC 9457 `application/problem+json`.

use serde::{Deserialize, Serialize};

/// What went wrong, for people (`message`) and programs (`kind`).
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{message}")]
pub struct Problem {
    /// Id of this very error; a 5xx is found in the server's log by it.
    pub id: String,
    /// Stable machine-readable name, such as `environment_busy`.
    pub kind: String,
    /// HTTP status.
    pub status: u16,
    /// What was wrong, where, and what to do next.
    pub message: String,
    /// The offending field, option or file, when there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
}
