//! `ReceiveMessage`: up to ten messages, waited for if asked to.

mod system;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use system::SystemAttribute;

use super::{ATTRIBUTES, Action, MESSAGE_ATTRIBUTES, change_message_visibility::visibility};
use crate::{
    Sqs,
    backend::Wanted,
    errors, md5,
    message::{self, AttributeValues},
    model::{Delivered, Queue},
};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReceiveMessage {
    queue_url: Option<String>,
    /// The older name of the next member; both are asked.
    attribute_names: Option<Vec<String>>,
    message_system_attribute_names: Option<Vec<String>>,
    message_attribute_names: Option<Vec<String>>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Received {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Message>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Message {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(skip_serializing_if = "AttributeValues::is_empty")]
    message_attributes: AttributeValues,
}

impl Operation for ReceiveMessage {
    const NAME: &'static str = "ReceiveMessage";
    const INPUT: Names = &[
        Member::list("AttributeNames", "AttributeName"),
        Member::list("MessageSystemAttributeNames", "MessageSystemAttributeName"),
        Member::list("MessageAttributeNames", "MessageAttributeName"),
    ];
    const OUTPUT: Names = &[
        Member::list("Messages", "Message"),
        ATTRIBUTES,
        MESSAGE_ATTRIBUTES,
    ];
    type Output = Received;
}

impl Action for ReceiveMessage {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Received, AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let system = self.system_attributes()?;
        let asked = self.message_attribute_names.clone().unwrap_or_default();
        let wanted = self.wanted(&queue)?;
        let delivered = sqs.backend.receive(&queue, wanted).await?;
        let messages = delivered
            .into_iter()
            .map(|one| told(one, &system, &asked))
            .collect();
        Ok(Received { messages })
    }
}

impl ReceiveMessage {
    fn wanted(self, queue: &Queue) -> Result<Wanted, AwsError> {
        let most = self.max_number_of_messages.unwrap_or(1);
        let max = u32::try_from(most).ok().filter(|max| (1..=10).contains(max));
        let max = max.ok_or_else(|| {
            let reason = "Must be between 1 and 10, if provided.";
            errors::invalid(most, "MaxNumberOfMessages", reason)
        })?;
        let visibility = match self.visibility_timeout {
            Some(seconds) => visibility(seconds)?,
            None => queue.attributes.visibility_timeout,
        };
        let wait = match self.wait_time_seconds {
            None => queue.attributes.receive_wait,
            Some(seconds) => {
                let in_range = u64::try_from(seconds).ok().filter(|seconds| *seconds <= 20);
                in_range.map(Duration::from_secs).ok_or_else(|| {
                    let reason = "Must be >= 0 and <= 20, if provided.";
                    errors::invalid(seconds, "WaitTimeSeconds", reason)
                })?
            }
        };
        Ok(Wanted {
            max,
            visibility,
            wait,
            attempt: message::attempt_id(self.receive_request_attempt_id, queue)?,
        })
    }

    fn system_attributes(&self) -> Result<Vec<SystemAttribute>, AwsError> {
        let names = [&self.attribute_names, &self.message_system_attribute_names];
        system::asked(names.into_iter().flatten().flatten())
    }
}

fn told(message: Delivered, system: &[SystemAttribute], asked: &[String]) -> Message {
    let attributes = system
        .iter()
        .filter_map(|one| Some((one.as_str(), one.of(&message)?)))
        .collect();
    // The digest is of what is returned, not of what was sent.
    let selected = message::select(message.attributes, asked);
    Message {
        message_id: message.message_id,
        receipt_handle: message.receipt_handle,
        md5_of_body: md5::of_text(&message.body),
        body: message.body,
        attributes,
        md5_of_message_attributes: md5::of_attributes(&selected),
        message_attributes: selected
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect(),
    }
}
