//! `DeleteMessage`: a message that was handled.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::Deserialize;

use super::Action;
use crate::{Sqs, errors};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteMessage {
    queue_url: Option<String>,
    receipt_handle: Option<String>,
}

impl Operation for DeleteMessage {
    const NAME: &'static str = "DeleteMessage";
    type Output = ();
}

impl Action for DeleteMessage {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let handle = receipt_handle(self.receipt_handle)?;
        let results = sqs.backend.delete(&queue, vec![handle.clone()]).await;
        let deleted: Result<Vec<()>, _> = results.into_iter().collect();
        deleted.map_err(|failure| errors::of_receipt(failure, &handle, None))?;
        Ok(())
    }
}

/// The handle of a request or of a batch's entry.
pub(super) fn receipt_handle(given: Option<String>) -> Result<String, AwsError> {
    let given = given.filter(|handle| !handle.is_empty());
    given.ok_or_else(|| errors::missing("ReceiptHandle"))
}
