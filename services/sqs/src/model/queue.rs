//! A queue: its key, its kind, its attributes as typed values.

use std::{collections::BTreeMap, fmt, time::Duration};

use beanpole_access::{AccountId, Arn, Policy};

use super::Millis;

/// What names a queue: unique in an installation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueKey {
    pub account: AccountId,
    pub region: String,
    pub name: String,
}

impl QueueKey {
    pub fn arn(&self) -> Arn {
        Arn(format!(
            "arn:aws:sqs:{}:{}:{}",
            self.region, self.account, self.name
        ))
    }

    /// The part of its URLs that identifies it; what stands before leads to a server.
    pub fn path(&self) -> String {
        format!("/{}/{}", self.account, self.name)
    }
}

impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.arn())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Standard,
    Fifo,
}

/// Over what a deduplication id or a body's hash is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeduplicationScope {
    Queue,
    MessageGroup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThroughputLimit {
    PerQueue,
    PerMessageGroupId,
}

/// How bodies are kept at rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    Off,
    /// `SqsManagedSseEnabled`.
    Managed,
    /// `KmsMasterKeyId`: a key of that name, a new data key each `reuse`.
    Kms {
        key: String,
        reuse: Duration,
    },
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedrivePolicy {
    pub dead_letter_queue: QueueKey,
    /// 1 to 1000.
    pub max_receive_count: u32,
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedriveAllow {
    AllowAll,
    DenyAll,
    ByQueue(Vec<QueueKey>),
}

/// Attributes that can be set, with AWS's defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributes {
    /// 0 to 900 s; 0.
    pub delay: Duration,
    /// Bytes, 1024 to 1,048,576; the largest.
    pub maximum_message_size: u32,
    /// 60 s to 14 days; 4 days.
    pub retention: Duration,
    /// 0 to 20 s; 0.
    pub receive_wait: Duration,
    /// 0 to 12 h; 30 s.
    pub visibility_timeout: Duration,
    /// The queue's policy, parsed, and the text that it was set with.
    pub policy: Option<(Policy, String)>,
    pub redrive: Option<RedrivePolicy>,
    /// None where it was never set; then every queue may.
    pub redrive_allow: Option<RedriveAllow>,
    pub encryption: Encryption,
    pub content_based_deduplication: bool,
    pub deduplication_scope: DeduplicationScope,
    pub throughput_limit: ThroughputLimit,
}

impl Default for Attributes {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            maximum_message_size: 1_048_576,
            retention: Duration::from_secs(345_600),
            receive_wait: Duration::ZERO,
            visibility_timeout: Duration::from_secs(30),
            policy: None,
            redrive: None,
            redrive_allow: None,
            encryption: Encryption::Managed,
            content_based_deduplication: false,
            deduplication_scope: DeduplicationScope::Queue,
            throughput_limit: ThroughputLimit::PerQueue,
        }
    }
}

/// A queue as a process knows it: a copy that may be some seconds old.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// Unique in its message store; a purge gives the queue a new one.
    pub id: i64,
    /// Name of the message store that keeps its messages.
    pub store: String,
    pub key: QueueKey,
    pub kind: Kind,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    /// Id of the application that owns it: its environments may use it without further policy.
    pub application: Option<String>,
    pub created_at: Millis,
    pub modified_at: Millis,
}

/// `ApproximateNumberOfMessages…`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub visible: u64,
    pub in_flight: u64,
    pub delayed: u64,
}
