//! `DeleteMessageBatch`: up to ten messages, each with its own outcome.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{Action, FAILED, delete_message::receipt_handle};
use crate::{
    Sqs,
    batch::{self, Results},
    errors,
};

const ENTRY: &str = "DeleteMessageBatchRequestEntry";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMessageBatch {
    queue_url: Option<String>,
    entries: Option<Vec<Entry>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    id: Option<String>,
    receipt_handle: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Deleted {
    id: String,
}

impl Operation for DeleteMessageBatch {
    const NAME: &'static str = "DeleteMessageBatch";
    const INPUT: Names = &[Member::list("Entries", ENTRY)];
    const OUTPUT: Names = &[
        Member::list("Successful", "DeleteMessageBatchResultEntry"),
        FAILED,
    ];
    type Output = Results<Deleted>;
}

impl Action for DeleteMessageBatch {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Results<Deleted>, AwsError> {
        let queue_url = self.queue_url.as_deref();
        let queue = sqs.queue(caller, call, queue_url, "DeleteMessage").await?;
        let entries = self.entries.into_iter().flatten();
        let (ids, handles): (Vec<_>, Vec<_>) = entries.map(|one| (one.id, one.receipt_handle)).unzip();
        let ids = batch::check_ids(ids, ENTRY)?;
        let checked: Vec<_> = handles.into_iter().map(receipt_handle).collect();
        let good: Vec<String> = checked.iter().flatten().cloned().collect();
        let deleted = if good.is_empty() {
            Vec::new()
        } else {
            sqs.backend.delete(&queue, good).await
        };
        let results = batch::merge(checked, deleted, |handle, deleted| {
            deleted.map_err(|failure| errors::of_receipt(failure, &handle, None))
        });
        let named = ids.into_iter().zip(results);
        Ok(Results::of(named.map(|(id, result)| {
            let done = result.map(|()| Deleted { id: id.clone() });
            (id, done)
        })))
    }
}
