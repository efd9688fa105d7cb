//! `RemovePermission`: takes a statement out of the queue's policy.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::Deserialize;

use super::{Action, add_permission::parsed};
use crate::{
    Sqs,
    model::{Attributes, Queue},
    permission,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovePermission {
    queue_url: Option<String>,
    label: Option<String>,
}

impl Operation for RemovePermission {
    const NAME: &'static str = "RemovePermission";
    type Output = ();
}

impl Action for RemovePermission {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let label = self.label.unwrap_or_default();
        let change = |queue: &Queue| without(queue, &label);
        sqs.backend
            .change_attributes::<AwsError>(&queue.key, sqs.backend.now(), change)
            .await?;
        Ok(())
    }
}

fn without(queue: &Queue, label: &str) -> Result<Attributes, AwsError> {
    let current = queue.attributes.policy.as_ref().map(|(_, text)| text.as_str());
    let left = permission::remove(current, label)?;
    let policy = left
        .map(|text| parsed(&text).map(|policy| (policy, text)))
        .transpose()?;
    Ok(Attributes {
        policy,
        ..queue.attributes.clone()
    })
}
