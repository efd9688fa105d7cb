//! `PurgeQueue`: all messages of a queue.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::Deserialize;

use super::Action;
use crate::{Sqs, backend::Failure, errors};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PurgeQueue {
    queue_url: Option<String>,
}

impl Operation for PurgeQueue {
    const NAME: &'static str = "PurgeQueue";
    type Output = ();
}

impl Action for PurgeQueue {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        match sqs.backend.purge(&queue.key, sqs.backend.now()).await {
            Err(Failure::PurgedRecently) => Err(errors::PURGE_IN_PROGRESS.because(format!(
                "Only one PurgeQueue operation on {} is allowed every 60 seconds.",
                queue.key.name
            ))),
            done => Ok(done?),
        }
    }
}
