//! Attributes of a queue as one JSON column.

use std::time::Duration;

use beanpole_access::{AccountId, Policy};
use serde::{Deserialize, Serialize};

use crate::model::{
    Attributes, QueueKey,
    queue::{DeduplicationScope, Encryption, RedriveAllow, RedrivePolicy, ThroughputLimit},
};

/// What stands in the column. A field that is added later has a default.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stored {
    delay: u64,
    maximum_message_size: u32,
    retention: u64,
    receive_wait: u64,
    visibility_timeout: u64,
    policy: Option<String>,
    redrive: Option<(Key, u32)>,
    redrive_allow: Option<Allow>,
    encryption: Sealing,
    content_based_deduplication: bool,
    scope_is_group: bool,
    limit_is_per_group: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Key(String, String, String);

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Allow {
    All,
    None,
    Queues(Vec<Key>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sealing {
    Off,
    Managed,
    Kms { key: String, reuse: u64 },
}

/// A column that this version cannot read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("an account id in a queue's attributes is not one")]
    Account,
    #[error("the policy of a queue cannot be read")]
    Policy,
}

fn key(key: &QueueKey) -> Key {
    Key(key.account.to_string(), key.region.clone(), key.name.clone())
}

fn queue_key(key: &Key) -> Result<QueueKey, Unreadable> {
    let account: AccountId = key.0.parse().map_err(|_| Unreadable::Account)?;
    Ok(QueueKey {
        account,
        region: key.1.clone(),
        name: key.2.clone(),
    })
}

impl From<&Attributes> for Stored {
    fn from(attributes: &Attributes) -> Self {
        Self {
            delay: attributes.delay.as_secs(),
            maximum_message_size: attributes.maximum_message_size,
            retention: attributes.retention.as_secs(),
            receive_wait: attributes.receive_wait.as_secs(),
            visibility_timeout: attributes.visibility_timeout.as_secs(),
            policy: attributes.policy.as_ref().map(|(_, text)| text.clone()),
            redrive: attributes
                .redrive
                .as_ref()
                .map(|redrive| (key(&redrive.dead_letter_queue), redrive.max_receive_count)),
            redrive_allow: attributes.redrive_allow.as_ref().map(|allow| match allow {
                RedriveAllow::AllowAll => Allow::All,
                RedriveAllow::DenyAll => Allow::None,
                RedriveAllow::ByQueue(keys) => Allow::Queues(keys.iter().map(key).collect()),
            }),
            encryption: match &attributes.encryption {
                Encryption::Off => Sealing::Off,
                Encryption::Managed => Sealing::Managed,
                Encryption::Kms { key, reuse } => Sealing::Kms {
                    key: key.clone(),
                    reuse: reuse.as_secs(),
                },
            },
            content_based_deduplication: attributes.content_based_deduplication,
            scope_is_group: attributes.deduplication_scope == DeduplicationScope::MessageGroup,
            limit_is_per_group: attributes.throughput_limit == ThroughputLimit::PerMessageGroupId,
        }
    }
}

impl TryFrom<&Stored> for Attributes {
    type Error = Unreadable;

    fn try_from(stored: &Stored) -> Result<Self, Unreadable> {
        let policy = stored.policy.as_ref().map(|text| {
            let policy = Policy::parse(text).map_err(|_| Unreadable::Policy)?;
            Ok((policy, text.clone()))
        });
        let redrive = stored.redrive.as_ref().map(|(key, max)| {
            Ok(RedrivePolicy {
                dead_letter_queue: queue_key(key)?,
                max_receive_count: *max,
            })
        });
        let redrive_allow = stored.redrive_allow.as_ref().map(|allow| {
            Ok(match allow {
                Allow::All => RedriveAllow::AllowAll,
                Allow::None => RedriveAllow::DenyAll,
                Allow::Queues(keys) => {
                    RedriveAllow::ByQueue(keys.iter().map(queue_key).collect::<Result<_, _>>()?)
                }
            })
        });
        Ok(Self {
            delay: Duration::from_secs(stored.delay),
            maximum_message_size: stored.maximum_message_size,
            retention: Duration::from_secs(stored.retention),
            receive_wait: Duration::from_secs(stored.receive_wait),
            visibility_timeout: Duration::from_secs(stored.visibility_timeout),
            policy: policy.transpose()?,
            redrive: redrive.transpose()?,
            redrive_allow: redrive_allow.transpose()?,
            encryption: match &stored.encryption {
                Sealing::Off => Encryption::Off,
                Sealing::Managed => Encryption::Managed,
                Sealing::Kms { key, reuse } => Encryption::Kms {
                    key: key.clone(),
                    reuse: Duration::from_secs(*reuse),
                },
            },
            content_based_deduplication: stored.content_based_deduplication,
            deduplication_scope: if stored.scope_is_group {
                DeduplicationScope::MessageGroup
            } else {
                DeduplicationScope::Queue
            },
            throughput_limit: if stored.limit_is_per_group {
                ThroughputLimit::PerMessageGroupId
            } else {
                ThroughputLimit::PerQueue
            },
        })
    }
}
