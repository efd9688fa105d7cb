//! `/api/v1/access-keys`, `/api/v1/accounts` and their roles: who may call the AWS services.
//!
//! Policy documents are IAM's, as JSON; what is not understood in one is refused with its place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccessKeyId, Timestamp};

/// Whether a key's signatures are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    Active,
    Inactive,
}

impl KeyStatus {
    /// Its form on the wire and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            KeyStatus::Active => "active",
            KeyStatus::Inactive => "inactive",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessKey {
    pub id: AccessKeyId,
    /// Twelve digits.
    pub account: String,
    /// Name of the user who calls with it: `arn:aws:iam::ACCOUNT:user/NAME`.
    pub user: String,
    pub status: KeyStatus,
    /// What the key may of what its user may; absent: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub policy: Option<Value>,
    pub created_at: Timestamp,
    /// Day of the last use (UTC), such as 2026-01-31.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_on: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateAccessKey {
    /// Name of the user who will call with it; the caller when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Twelve digits; the installation's own account, 000000000000, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// An IAM policy that narrows what the user may; all of SQS in the account when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub policy: Option<Value>,
}

#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccessKey {
    pub key: AccessKey,
    /// Shown once.
    pub secret: String,
    /// The region in which applications declare their queues. Any other works too and has queues of its own.
    pub region: String,
}

/// `PATCH /api/v1/access-keys/{id}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateAccessKey {
    pub status: KeyStatus,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    pub name: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateAccount {
    /// Twelve digits.
    pub id: String,
    pub name: String,
}

/// A role of an account, which callers assume by STS for a while.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessRole {
    pub account: String,
    pub name: String,
    /// `arn:aws:iam::ACCOUNT:role/NAME`
    pub arn: String,
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub trust: Value,
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Object>))]
    pub policies: BTreeMap<String, Value>,
    pub max_session_seconds: u32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// `PUT /api/v1/accounts/{account}/roles/{name}`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PutAccessRole {
    /// An IAM policy with principals: who may assume the role.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub trust: Value,
    /// IAM policies by name: what its sessions may. With none of them they may nothing of their own.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, Object>))]
    pub policies: BTreeMap<String, Value>,
    /// How long a session may last: 3600 to 43200, 3600 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_session_seconds: Option<u32>,
}
