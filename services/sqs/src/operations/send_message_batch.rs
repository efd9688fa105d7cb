//! `SendMessageBatch`: up to ten messages, each with its own outcome.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{
    Action, BINARY_LISTS, FAILED, MESSAGE_ATTRIBUTES, MESSAGE_SYSTEM_ATTRIBUTES, STRING_LISTS,
    send_message::trace_header,
};
use crate::{
    Sqs,
    batch::{self, Results},
    message::{self, AttributeValues, Draft, Prepared, Sender},
    model,
};

const ENTRY: &str = "SendMessageBatchRequestEntry";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SendMessageBatch {
    queue_url: Option<String>,
    entries: Option<Vec<Entry>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    id: Option<String>,
    message_body: Option<String>,
    delay_seconds: Option<i64>,
    message_attributes: Option<AttributeValues>,
    message_system_attributes: Option<AttributeValues>,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SentEntry {
    id: String,
    message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    md5_of_message_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<String>,
    #[serde(
        rename = "MD5OfMessageSystemAttributes",
        skip_serializing_if = "Option::is_none"
    )]
    md5_of_message_system_attributes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl Operation for SendMessageBatch {
    const NAME: &'static str = "SendMessageBatch";
    const INPUT: Names = &[
        Member::list("Entries", ENTRY),
        MESSAGE_ATTRIBUTES,
        MESSAGE_SYSTEM_ATTRIBUTES,
        STRING_LISTS,
        BINARY_LISTS,
    ];
    const OUTPUT: Names = &[Member::list("Successful", "SendMessageBatchResultEntry"), FAILED];
    type Output = Results<SentEntry>;
}

impl Action for SendMessageBatch {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Results<SentEntry>, AwsError> {
        let queue_url = self.queue_url.as_deref();
        let queue = sqs.queue(caller, call, queue_url, "SendMessage").await?;
        let (ids, drafts): (Vec<_>, Vec<_>) = self.entries.into_iter().flatten().map(Entry::split).unzip();
        let ids = batch::check_ids(ids, ENTRY)?;
        batch::check_size(drafts.iter().map(message::size).sum())?;
        let id = caller.user_id();
        let sender = Sender {
            id: &id,
            trace_header: trace_header(call),
        };
        let checked = drafts
            .into_iter()
            .map(|draft| message::prepare(draft, &queue, sender));
        let named: Vec<Result<(String, Prepared), AwsError>> = ids
            .iter()
            .zip(checked)
            .map(|(id, checked)| Ok((id.clone(), checked?)))
            .collect();
        let good = named.iter().flatten();
        let outgoing: Vec<_> = good.map(|(_, prepared)| prepared.outgoing.clone()).collect();
        let sent = if outgoing.is_empty() {
            Vec::new()
        } else {
            sqs.backend.send(&queue, outgoing).await?
        };
        let results = batch::merge(named, sent, |(id, prepared), sent| Ok(told(id, prepared, sent)));
        Ok(Results::of(ids.into_iter().zip(results)))
    }
}

impl Entry {
    fn split(self) -> (Option<String>, Draft) {
        let draft = Draft {
            body: self.message_body,
            delay_seconds: self.delay_seconds,
            attributes: self.message_attributes,
            system_attributes: self.message_system_attributes,
            deduplication_id: self.message_deduplication_id,
            group_id: self.message_group_id,
        };
        (self.id, draft)
    }
}

fn told(id: String, prepared: Prepared, sent: model::Sent) -> SentEntry {
    SentEntry {
        id,
        message_id: sent.message_id,
        md5_of_message_body: prepared.md5_of_body,
        md5_of_message_attributes: prepared.md5_of_attributes,
        md5_of_message_system_attributes: prepared.md5_of_system_attributes,
        sequence_number: sent.sequence_number,
    }
}
