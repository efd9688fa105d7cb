//! A message before it is sent: what callers give, checked in AWS's order.
//!
//! Pure. The size of a batch as a whole and its entries' ids are `batch`'s.

mod attributes;
mod contents;
mod number;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use beanpole_wire::AwsError;
use sha2::{Digest, Sha256};

pub use attributes::AttributeValue;

use crate::{
    errors, md5,
    model::{Kind, Outgoing, Queue, message::Attribute},
};

/// Message attributes as they are given.
pub type AttributeValues = BTreeMap<String, AttributeValue>;

/// The members that one message and an entry of a batch have in common.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub body: Option<String>,
    pub delay_seconds: Option<i64>,
    pub attributes: Option<AttributeValues>,
    pub system_attributes: Option<AttributeValues>,
    pub deduplication_id: Option<String>,
    pub group_id: Option<String>,
}

/// Who sends, and the trace that the request came with.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    pub id: &'a str,
    pub trace_header: Option<&'a str>,
}

/// A message that may be sent, and its digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    pub outgoing: Outgoing,
    pub digests: Digests,
}

/// MD5s by which a client checks what arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    pub body: String,
    pub attributes: Option<String>,
    pub system_attributes: Option<String>,
}

/// What counts against a size limit: the body, and names, types and values of attributes. System
/// attributes do not.
pub fn size(draft: &Draft) -> usize {
    let attributes = draft.attributes.iter().flatten();
    let body = draft.body.as_ref().map_or(0, String::len);
    body + attributes
        .map(|(name, value)| name.len() + value.size())
        .sum::<usize>()
}

/// Checks a message for a queue.
pub fn prepare(draft: Draft, queue: &Queue, sender: Sender<'_>) -> Result<Prepared, AwsError> {
    let size = size(&draft);
    let body = draft.body.filter(|body| !body.is_empty());
    let body = body.ok_or_else(|| errors::missing("MessageBody"))?;
    let delay = delay(draft.delay_seconds, queue)?;
    let group = group(draft.group_id, queue)?;
    let deduplication_id = deduplication_id(draft.deduplication_id, &body, queue)?;
    contents::check_body(&body)?;
    let attributes = attributes::check(draft.attributes.unwrap_or_default())?;
    let system = attributes::check_system(draft.system_attributes.unwrap_or_default())?;
    let most = queue.attributes.maximum_message_size;
    if size > most as usize {
        return Err(errors::INVALID_PARAMETER_VALUE.because(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {most} bytes."
        )));
    }
    Ok(Prepared {
        digests: Digests {
            body: md5::of_text(&body),
            attributes: md5::of_attributes(&attributes),
            system_attributes: md5::of_attributes(&system.given),
        },
        outgoing: Outgoing {
            trace_header: system.trace_header().or(sender.trace_header).map(str::to_owned),
            body,
            attributes,
            delay,
            group,
            deduplication_id,
            sender: sender.id.to_owned(),
        },
    })
}

fn delay(given: Option<i64>, queue: &Queue) -> Result<Option<Duration>, AwsError> {
    let Some(seconds) = given else { return Ok(None) };
    let in_range = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 900);
    let Some(seconds) = in_range else {
        let reason = "DelaySeconds must be >= 0 and <= 900.";
        return Err(errors::invalid(seconds, "DelaySeconds", reason));
    };
    match queue.kind {
        Kind::Standard => Ok(Some(Duration::from_secs(seconds))),
        // SDKs that always send the member send a zero.
        Kind::Fifo if seconds == 0 => Ok(None),
        Kind::Fifo => Err(errors::wrong_queue_type(seconds, "DelaySeconds")),
    }
}

fn group(given: Option<String>, queue: &Queue) -> Result<Option<String>, AwsError> {
    match (given.filter(|group| !group.is_empty()), queue.kind) {
        (Some(group), _) => contents::check_token(&group, "MessageGroupId").map(|()| Some(group)),
        (None, Kind::Standard) => Ok(None),
        (None, Kind::Fifo) => Err(errors::missing("MessageGroupId")),
    }
}

fn deduplication_id(given: Option<String>, body: &str, queue: &Queue) -> Result<Option<String>, AwsError> {
    match (given.filter(|id| !id.is_empty()), queue.kind) {
        (Some(id), Kind::Fifo) => contents::check_token(&id, "MessageDeduplicationId").map(|()| Some(id)),
        (Some(id), Kind::Standard) => Err(errors::wrong_queue_type(id, "MessageDeduplicationId")),
        (None, Kind::Standard) => Ok(None),
        (None, Kind::Fifo) if queue.attributes.content_based_deduplication => {
            Ok(Some(hex::encode(Sha256::digest(body))))
        }
        (None, Kind::Fifo) => Err(errors::INVALID_PARAMETER_VALUE.because(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
             explicitly",
        )),
    }
}

/// The id of a receive attempt, which only FIFO queues take.
pub fn attempt_id(given: Option<String>, queue: &Queue) -> Result<Option<String>, AwsError> {
    const NAME: &str = "ReceiveRequestAttemptId";
    match (given.filter(|id| !id.is_empty()), queue.kind) {
        (None, _) => Ok(None),
        (Some(id), Kind::Fifo) => contents::check_token(&id, NAME).map(|()| Some(id)),
        (Some(id), Kind::Standard) => Err(errors::wrong_queue_type(id, NAME)),
    }
}

/// Those of a message's attributes that a receive asks for: `All`, `.*`, `prefix.*` or names.
pub fn select(attributes: BTreeMap<String, Attribute>, asked: &[String]) -> BTreeMap<String, Attribute> {
    let meets = |name: &str, asked: &String| {
        let prefix = asked.strip_suffix(".*");
        asked == "All" || asked == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
    };
    let wanted = |name: &String| asked.iter().any(|one| meets(name, one));
    attributes.into_iter().filter(|(name, _)| wanted(name)).collect()
}
