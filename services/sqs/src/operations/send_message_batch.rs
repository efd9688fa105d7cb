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
    message::{self, AttributeValues, Digests, Draft, Sender},
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
        let mut outgoing = Vec::new();
        let mut checked = Vec::new();
        for draft in drafts {
            checked.push(message::prepare(draft, &queue, sender).map(|prepared| {
                outgoing.push(prepared.outgoing);
                prepared.digests
            }));
        }
        let sent = if outgoing.is_empty() {
            Vec::new()
        } else {
            sqs.backend.send(&queue, outgoing).await?
        };
        let results = batch::merge(checked, sent, |digests, sent| Ok((digests, sent)));
        let named = ids.into_iter().zip(results);
        Ok(Results::of(named.map(|(id, result)| {
            let done = result.map(|(digests, sent)| told(id.clone(), digests, sent));
            (id, done)
        })))
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

fn told(id: String, digests: Digests, sent: model::Sent) -> SentEntry {
    SentEntry {
        id,
        message_id: sent.message_id,
        md5_of_message_body: digests.body,
        md5_of_message_attributes: digests.attributes,
        md5_of_message_system_attributes: digests.system_attributes,
        sequence_number: sent.sequence_number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{errors, examples::answer};

    #[test]
    fn both_outcomes_are_told_in_both_protocols() {
        let digests = Digests {
            body: "5d41402abc4b2a76b9719d911017c592".to_owned(),
            attributes: None,
            system_attributes: None,
        };
        let sent = model::Sent {
            message_id: "id".to_owned(),
            sequence_number: None,
        };
        let results = Results::of([
            ("a".to_owned(), Ok(told("a".to_owned(), digests, sent))),
            ("b".to_owned(), Err(errors::missing("MessageBody"))),
        ]);
        let (xml, json) = answer::<SendMessageBatch>(&results);
        for part in [
            "<SendMessageBatchResultEntry><Id>a</Id><MessageId>id</MessageId>",
            "<BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault><Code>MissingParameter</Code>",
        ] {
            assert!(xml.contains(part), "{part} is not in {xml}");
        }
        let expected = serde_json::json!({
            "Successful": [{
                "Id": "a", "MessageId": "id", "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c592",
            }],
            "Failed": [{
                "Id": "b", "SenderFault": true, "Code": "MissingParameter",
                "Message": "The request must contain the parameter MessageBody.",
            }],
        });
        assert_eq!(json, expected);
    }
}
