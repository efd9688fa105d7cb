//! `/api/v1/applications/{application}/queues`

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// An SQS queue that an application owns: its environments may use it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Queue {
    pub name: String,
    pub arn: String,
    /// As people's own SDKs reach it; instances are told another one, in `property`.
    pub url: String,
    /// The environment property that holds the URL for instances.
    pub property: String,
    /// All attributes under AWS's names, the approximate numbers of messages too.
    pub attributes: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
}

/// `PUT /api/v1/applications/{application}/queues/{queue}`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeclareQueue {
    /// As for SQS's `CreateQueue`: `VisibilityTimeout`, `FifoQueue`, `RedrivePolicy` …
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}
