//! `SendMessage`: one message into a queue.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{Action, BINARY_LISTS, MESSAGE_ATTRIBUTES, MESSAGE_SYSTEM_ATTRIBUTES, STRING_LISTS};
use crate::{
    Sqs, errors,
    message::{self, AttributeValues, Draft, Sender},
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendMessage {
    queue_url: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<AttributeValues>,
    message_system_attributes: Option<AttributeValues>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sent {
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_message_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    md5_of_message_system_attributes: Option<String>,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl Operation for SendMessage {
    const NAME: &'static str = "SendMessage";
    const INPUT: Names = &[
        MESSAGE_ATTRIBUTES,
        MESSAGE_SYSTEM_ATTRIBUTES,
        STRING_LISTS,
        BINARY_LISTS,
    ];
    type Output = Sent;
}

impl Action for SendMessage {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Sent, AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let draft = Draft {
            body: self.message_body,
            delay_seconds: self.delay_seconds,
            attributes: self.message_attributes,
            system_attributes: self.message_system_attributes,
            deduplication_id: self.message_deduplication_id,
            group_id: self.message_group_id,
        };
        let id = caller.user_id();
        let sender = Sender {
            id: &id,
            trace_header: trace_header(call),
        };
        let prepared = message::prepare(draft, &queue, sender)?;
        let sent = sqs.backend.send(&queue, vec![prepared.outgoing]).await?;
        let lost = || errors::UNAVAILABLE.because("The message store did not answer; try again.");
        let sent = sent.into_iter().next().ok_or_else(lost)?;
        Ok(Sent {
            md5_of_message_body: prepared.digests.body,
            md5_of_message_attributes: prepared.digests.attributes,
            md5_of_message_system_attributes: prepared.digests.system_attributes,
            message_id: sent.message_id,
            sequence_number: sent.sequence_number,
        })
    }
}

/// The trace that a request came with, which its messages carry on.
pub(super) fn trace_header(call: &Call) -> Option<&str> {
    let value = call.headers.get("x-amzn-trace-id")?.to_str().ok()?;
    (!value.is_empty()).then_some(value)
}
