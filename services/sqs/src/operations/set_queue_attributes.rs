//! `SetQueueAttributes`: all of the given ones, or none.

use std::collections::BTreeMap;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Names, Operation};
use serde::Deserialize;

use super::{ATTRIBUTES, Action};
use crate::{Sqs, attributes, errors};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetQueueAttributes {
    queue_url: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
}

impl Operation for SetQueueAttributes {
    const NAME: &'static str = "SetQueueAttributes";
    const INPUT: Names = &[ATTRIBUTES];
    type Output = ();
}

impl Action for SetQueueAttributes {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let given = self.attributes.filter(|given| !given.is_empty());
        let given = given.ok_or_else(|| errors::missing("Attributes"))?;
        let changes = attributes::changes(&given, queue.kind)?;
        sqs.check_redrive(&queue.key, queue.kind, &changes).await?;
        let change = |queue: &crate::model::Queue| attributes::apply(&queue.attributes, &changes);
        sqs.backend
            .change_attributes::<AwsError>(&queue.key, sqs.backend.now(), change)
            .await?;
        Ok(())
    }
}
