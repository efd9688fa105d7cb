//! The names of queue attributes, and what each is for.

use std::str::FromStr;

use crate::model::Kind;

/// A queue attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    ApproximateNumberOfMessages,
    ApproximateNumberOfMessagesDelayed,
    ApproximateNumberOfMessagesNotVisible,
    ContentBasedDeduplication,
    CreatedTimestamp,
    DeduplicationScope,
    DelaySeconds,
    FifoQueue,
    FifoThroughputLimit,
    KmsDataKeyReusePeriodSeconds,
    KmsMasterKeyId,
    LastModifiedTimestamp,
    MaximumMessageSize,
    MessageRetentionPeriod,
    Policy,
    QueueArn,
    ReceiveMessageWaitTimeSeconds,
    RedriveAllowPolicy,
    RedrivePolicy,
    SqsManagedSseEnabled,
    VisibilityTimeout,
}

/// Who says what an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Callers, for every queue.
    Settable,
    /// Callers, for FIFO queues.
    SettableOnFifo,
    /// The service.
    ReadOnly,
}

impl Name {
    pub const ALL: [Self; 21] = [
        Self::ApproximateNumberOfMessages,
        Self::ApproximateNumberOfMessagesDelayed,
        Self::ApproximateNumberOfMessagesNotVisible,
        Self::ContentBasedDeduplication,
        Self::CreatedTimestamp,
        Self::DeduplicationScope,
        Self::DelaySeconds,
        Self::FifoQueue,
        Self::FifoThroughputLimit,
        Self::KmsDataKeyReusePeriodSeconds,
        Self::KmsMasterKeyId,
        Self::LastModifiedTimestamp,
        Self::MaximumMessageSize,
        Self::MessageRetentionPeriod,
        Self::Policy,
        Self::QueueArn,
        Self::ReceiveMessageWaitTimeSeconds,
        Self::RedriveAllowPolicy,
        Self::RedrivePolicy,
        Self::SqsManagedSseEnabled,
        Self::VisibilityTimeout,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApproximateNumberOfMessages => "ApproximateNumberOfMessages",
            Self::ApproximateNumberOfMessagesDelayed => "ApproximateNumberOfMessagesDelayed",
            Self::ApproximateNumberOfMessagesNotVisible => "ApproximateNumberOfMessagesNotVisible",
            Self::ContentBasedDeduplication => "ContentBasedDeduplication",
            Self::CreatedTimestamp => "CreatedTimestamp",
            Self::DeduplicationScope => "DeduplicationScope",
            Self::DelaySeconds => "DelaySeconds",
            Self::FifoQueue => "FifoQueue",
            Self::FifoThroughputLimit => "FifoThroughputLimit",
            Self::KmsDataKeyReusePeriodSeconds => "KmsDataKeyReusePeriodSeconds",
            Self::KmsMasterKeyId => "KmsMasterKeyId",
            Self::LastModifiedTimestamp => "LastModifiedTimestamp",
            Self::MaximumMessageSize => "MaximumMessageSize",
            Self::MessageRetentionPeriod => "MessageRetentionPeriod",
            Self::Policy => "Policy",
            Self::QueueArn => "QueueArn",
            Self::ReceiveMessageWaitTimeSeconds => "ReceiveMessageWaitTimeSeconds",
            Self::RedriveAllowPolicy => "RedriveAllowPolicy",
            Self::RedrivePolicy => "RedrivePolicy",
            Self::SqsManagedSseEnabled => "SqsManagedSseEnabled",
            Self::VisibilityTimeout => "VisibilityTimeout",
        }
    }

    pub fn access(self) -> Access {
        match self {
            Self::ContentBasedDeduplication
            | Self::DeduplicationScope
            | Self::FifoQueue
            | Self::FifoThroughputLimit => Access::SettableOnFifo,
            Self::ApproximateNumberOfMessages
            | Self::ApproximateNumberOfMessagesDelayed
            | Self::ApproximateNumberOfMessagesNotVisible
            | Self::CreatedTimestamp
            | Self::LastModifiedTimestamp
            | Self::QueueArn => Access::ReadOnly,
            Self::DelaySeconds
            | Self::KmsDataKeyReusePeriodSeconds
            | Self::KmsMasterKeyId
            | Self::MaximumMessageSize
            | Self::MessageRetentionPeriod
            | Self::Policy
            | Self::ReceiveMessageWaitTimeSeconds
            | Self::RedriveAllowPolicy
            | Self::RedrivePolicy
            | Self::SqsManagedSseEnabled
            | Self::VisibilityTimeout => Access::Settable,
        }
    }

    /// Whether a caller may set it on a queue of this kind.
    pub fn settable_on(self, kind: Kind) -> bool {
        match self.access() {
            Access::Settable => true,
            Access::SettableOnFifo => kind == Kind::Fifo,
            Access::ReadOnly => false,
        }
    }

    /// Whether it takes a count of messages to tell.
    pub fn is_count(self) -> bool {
        matches!(
            self,
            Self::ApproximateNumberOfMessages
                | Self::ApproximateNumberOfMessagesDelayed
                | Self::ApproximateNumberOfMessagesNotVisible
        )
    }
}

/// A name that no queue attribute has.
#[derive(Debug, thiserror::Error)]
#[error("no queue attribute has that name")]
pub struct UnknownName;

impl FromStr for Name {
    type Err = UnknownName;
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|name| name.as_str() == text);
        found.ok_or(UnknownName)
    }
}
