//! `ChangeMessageVisibilityBatch`: up to ten messages, each with its own outcome.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{Action, FAILED, change_message_visibility::change};
use crate::{
    Sqs,
    batch::{self, Results},
    errors,
};

const ENTRY: &str = "ChangeMessageVisibilityBatchRequestEntry";

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChangeMessageVisibilityBatch {
    queue_url: Option<String>,
    entries: Option<Vec<Entry>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    id: Option<String>,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Changed {
    id: String,
}

impl Operation for ChangeMessageVisibilityBatch {
    const NAME: &'static str = "ChangeMessageVisibilityBatch";
    const INPUT: Names = &[Member::list("Entries", ENTRY)];
    const OUTPUT: Names = &[
        Member::list("Successful", "ChangeMessageVisibilityBatchResultEntry"),
        FAILED,
    ];
    type Output = Results<Changed>;
}

impl Action for ChangeMessageVisibilityBatch {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Results<Changed>, AwsError> {
        let queue_url = self.queue_url.as_deref();
        let queue = sqs
            .queue(caller, call, queue_url, "ChangeMessageVisibility")
            .await?;
        let entries = self.entries.into_iter().flatten();
        let (ids, checked): (Vec<_>, Vec<_>) = entries
            .map(|one| (one.id, change(one.receipt_handle, one.visibility_timeout)))
            .unzip();
        let ids = batch::check_ids(ids, ENTRY)?;
        let good: Vec<_> = checked.iter().flatten().cloned().collect();
        let changed = if good.is_empty() {
            Vec::new()
        } else {
            sqs.backend.change_visibility(&queue, good).await
        };
        let results = batch::merge(checked, changed, |(handle, timeout), changed| {
            changed.map_err(|failure| errors::of_receipt(failure, &handle, Some(timeout.as_secs())))
        });
        let named = ids.into_iter().zip(results);
        Ok(Results::of(named.map(|(id, result)| {
            let done = result.map(|()| Changed { id: id.clone() });
            (id, done)
        })))
    }
}
