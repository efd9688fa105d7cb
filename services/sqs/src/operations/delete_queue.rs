//! `DeleteQueue`: a queue with all its messages.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::Deserialize;

use super::Action;
use crate::Sqs;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteQueue {
    queue_url: Option<String>,
}

impl Operation for DeleteQueue {
    const NAME: &'static str = "DeleteQueue";
    type Output = ();
}

impl Action for DeleteQueue {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        Ok(sqs.backend.delete_queue(&queue.key, sqs.backend.now()).await?)
    }
}
