//! What attributes become by changes, and whether they go together.

use std::time::Duration;

use beanpole_wire::AwsError;

use super::{Change, Name, Switch, render};
use crate::{
    errors,
    model::{
        Attributes, Queue,
        queue::{DeduplicationScope, Encryption, ThroughputLimit},
    },
};

const KEY_REUSE: Duration = Duration::from_secs(300);

/// The attributes after the changes.
pub fn apply(before: &Attributes, changes: &[Change]) -> Result<Attributes, AwsError> {
    let mut after = before.clone();
    for change in changes {
        match change.clone() {
            Change::Delay(delay) => after.delay = delay,
            Change::MaximumMessageSize(size) => after.maximum_message_size = size,
            Change::Retention(retention) => after.retention = retention,
            Change::ReceiveWait(wait) => after.receive_wait = wait,
            Change::VisibilityTimeout(timeout) => after.visibility_timeout = timeout,
            Change::Policy(policy) => after.policy = policy,
            Change::Redrive(redrive) => after.redrive = redrive,
            Change::RedriveAllow(allow) => after.redrive_allow = allow,
            Change::ContentBasedDeduplication(switch) => {
                after.content_based_deduplication = switch == Switch::On;
            }
            Change::DeduplicationScope(scope) => after.deduplication_scope = scope,
            Change::ThroughputLimit(limit) => after.throughput_limit = limit,
            Change::KmsKey(_) | Change::KmsReuse(_) | Change::ManagedEncryption(_) | Change::Fifo => {}
        }
    }
    after.encryption = encryption(&before.encryption, changes)?;
    if after.throughput_limit == ThroughputLimit::PerMessageGroupId
        && after.deduplication_scope != DeduplicationScope::MessageGroup
    {
        return Err(errors::INVALID_ATTRIBUTE_VALUE.because(
            "Invalid value for the parameter FifoThroughputLimit. Reason: The perMessageGroupId value is \
             allowed only when the value for DeduplicationScope is messageGroup.",
        ));
    }
    Ok(after)
}

/// The attributes with those of these names as a new queue has them.
pub fn reset(before: &Attributes, names: impl IntoIterator<Item = Name>) -> Attributes {
    let mut after = before.clone();
    let new = Attributes::default();
    for name in names {
        match name {
            Name::DelaySeconds => after.delay = new.delay,
            Name::MaximumMessageSize => after.maximum_message_size = new.maximum_message_size,
            Name::MessageRetentionPeriod => after.retention = new.retention,
            Name::ReceiveMessageWaitTimeSeconds => after.receive_wait = new.receive_wait,
            Name::VisibilityTimeout => after.visibility_timeout = new.visibility_timeout,
            Name::Policy => after.policy = None,
            Name::RedrivePolicy => after.redrive = None,
            Name::RedriveAllowPolicy => after.redrive_allow = None,
            Name::KmsMasterKeyId | Name::KmsDataKeyReusePeriodSeconds | Name::SqsManagedSseEnabled => {
                after.encryption = new.encryption.clone();
            }
            Name::ContentBasedDeduplication => {
                after.content_based_deduplication = new.content_based_deduplication;
            }
            Name::DeduplicationScope => after.deduplication_scope = new.deduplication_scope,
            Name::FifoThroughputLimit => after.throughput_limit = new.throughput_limit,
            Name::ApproximateNumberOfMessages
            | Name::ApproximateNumberOfMessagesDelayed
            | Name::ApproximateNumberOfMessagesNotVisible
            | Name::CreatedTimestamp
            | Name::FifoQueue
            | Name::LastModifiedTimestamp
            | Name::QueueArn => {}
        }
    }
    after
}

/// A key and the service's own keys exclude each other: the one that is turned on turns the other off,
/// and a request that turns both on is refused.
fn encryption(before: &Encryption, changes: &[Change]) -> Result<Encryption, AwsError> {
    let mut key = None;
    let mut reuse = None;
    let mut managed = None;
    for change in changes {
        match change {
            Change::KmsKey(given) => key = Some(given.clone()),
            Change::KmsReuse(given) => reuse = Some(*given),
            Change::ManagedEncryption(given) => managed = Some(*given),
            _ => {}
        }
    }
    let (key_before, reuse_before) = match before {
        Encryption::Kms { key, reuse } => (Some(key.clone()), *reuse),
        Encryption::Off | Encryption::Managed => (None, KEY_REUSE),
    };
    let reuse = reuse.unwrap_or(reuse_before);
    Ok(match (key, managed) {
        (Some(Some(_)), Some(Switch::On)) => {
            return Err(errors::INVALID_ATTRIBUTE_VALUE.because(
                "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS \
                 SSE or SQS SSE.",
            ));
        }
        (Some(Some(key)), _) => Encryption::Kms { key, reuse },
        (_, Some(Switch::On)) => Encryption::Managed,
        (Some(None), _) if *before == Encryption::Managed && managed.is_none() => Encryption::Managed,
        (Some(None), _) => Encryption::Off,
        (None, _) => match key_before {
            Some(key) => Encryption::Kms { key, reuse },
            None if managed.is_some() => Encryption::Off,
            None => before.clone(),
        },
    })
}

/// The first attribute that the changes give and the queue has otherwise.
pub fn first_difference(queue: &Queue, changes: &[Change]) -> Result<Option<Name>, AwsError> {
    let mut asked = queue.clone();
    asked.attributes = apply(&queue.attributes, changes)?;
    let differs = |name: &Name| match name {
        Name::Policy => policy(queue) != policy(&asked),
        other => render::stored(*other, queue) != render::stored(*other, &asked),
    };
    Ok(changes.iter().map(Change::name).find(differs))
}

fn policy(queue: &Queue) -> Option<&beanpole_access::Policy> {
    queue.attributes.policy.as_ref().map(|(policy, _)| policy)
}
