//! Attributes as callers are told them.

use std::{collections::BTreeMap, time::Duration};

use beanpole_wire::AwsError;

use super::{Name, parse, redrive};
use crate::model::{
    Kind, Millis, Queue,
    queue::{Counts, DeduplicationScope, Encryption, ThroughputLimit},
};

/// The names that a call asks for: each once, `All` for every one.
pub fn wanted(asked: &[String]) -> Result<Vec<Name>, AwsError> {
    if asked.iter().any(|name| name == "All") {
        return Ok(Name::ALL.to_vec());
    }
    asked
        .iter()
        .map(|name| name.parse().map_err(|_| parse::unknown(name)))
        .collect()
}

/// Those of the wanted attributes that the queue has.
pub fn render(wanted: &[Name], queue: &Queue, counts: Counts) -> BTreeMap<&'static str, String> {
    wanted
        .iter()
        .filter_map(|name| Some((name.as_str(), one(*name, queue, counts)?)))
        .collect()
}

fn one(name: Name, queue: &Queue, counts: Counts) -> Option<String> {
    match name {
        Name::ApproximateNumberOfMessages => Some(counts.visible.to_string()),
        Name::ApproximateNumberOfMessagesDelayed => Some(counts.delayed.to_string()),
        Name::ApproximateNumberOfMessagesNotVisible => Some(counts.in_flight.to_string()),
        other => stored(other, queue),
    }
}

/// An attribute that is known without counting messages; None where the queue does not have it.
pub fn stored(name: Name, queue: &Queue) -> Option<String> {
    let has = &queue.attributes;
    let on_fifo = |value: &str| (queue.kind == Kind::Fifo).then(|| value.to_owned());
    match name {
        Name::ApproximateNumberOfMessages
        | Name::ApproximateNumberOfMessagesDelayed
        | Name::ApproximateNumberOfMessagesNotVisible => None,
        Name::CreatedTimestamp => Some(epoch(queue.created_at)),
        Name::LastModifiedTimestamp => Some(epoch(queue.modified_at)),
        Name::QueueArn => Some(queue.key.arn().0),
        Name::DelaySeconds => Some(seconds(has.delay)),
        Name::MaximumMessageSize => Some(has.maximum_message_size.to_string()),
        Name::MessageRetentionPeriod => Some(seconds(has.retention)),
        Name::ReceiveMessageWaitTimeSeconds => Some(seconds(has.receive_wait)),
        Name::VisibilityTimeout => Some(seconds(has.visibility_timeout)),
        Name::Policy => has.policy.as_ref().map(|(_, text)| text.clone()),
        Name::RedrivePolicy => has.redrive.as_ref().map(redrive::render),
        Name::RedriveAllowPolicy => has.redrive_allow.as_ref().map(redrive::render_allow),
        Name::KmsMasterKeyId => match &has.encryption {
            Encryption::Kms { key, .. } => Some(key.clone()),
            Encryption::Off | Encryption::Managed => None,
        },
        Name::KmsDataKeyReusePeriodSeconds => match &has.encryption {
            Encryption::Kms { reuse, .. } => Some(seconds(*reuse)),
            Encryption::Off | Encryption::Managed => None,
        },
        Name::SqsManagedSseEnabled => Some((has.encryption == Encryption::Managed).to_string()),
        Name::FifoQueue => on_fifo("true"),
        Name::ContentBasedDeduplication => on_fifo(if has.content_based_deduplication {
            "true"
        } else {
            "false"
        }),
        Name::DeduplicationScope => on_fifo(match has.deduplication_scope {
            DeduplicationScope::Queue => "queue",
            DeduplicationScope::MessageGroup => "messageGroup",
        }),
        Name::FifoThroughputLimit => on_fifo(match has.throughput_limit {
            ThroughputLimit::PerQueue => "perQueue",
            ThroughputLimit::PerMessageGroupId => "perMessageGroupId",
        }),
    }
}

fn seconds(duration: Duration) -> String {
    duration.as_secs().to_string()
}

fn epoch(at: Millis) -> String {
    at.div_euclid(1000).to_string()
}
