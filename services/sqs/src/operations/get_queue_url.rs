//! `GetQueueUrl`: where a queue is reached, by its name and, for another account's, its owner.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::{Deserialize, Serialize};

use super::Action;
use crate::{Sqs, errors, model::QueueKey, names};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetQueueUrl {
    queue_name: Option<String>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    queue_owner: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Found {
    queue_url: String,
}

impl Operation for GetQueueUrl {
    const NAME: &'static str = "GetQueueUrl";
    type Output = Found;
}

impl Action for GetQueueUrl {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Found, AwsError> {
        let name = self.queue_name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| errors::missing("QueueName"))?;
        names::check(&name)?;
        let account = match self.queue_owner.as_deref() {
            None | Some("") => caller.account.clone(),
            Some(text) => text.parse().map_err(|_| {
                errors::invalid(text, "QueueOwnerAWSAccountId", "An account id has 12 digits.")
            })?,
        };
        let key = QueueKey {
            account,
            region: call.region.clone(),
            name,
        };
        let queue = sqs.queue_of(caller, call, &key, Self::NAME).await?;
        let queue_url = sqs.url_of(&queue.key, call);
        Ok(Found { queue_url })
    }
}
