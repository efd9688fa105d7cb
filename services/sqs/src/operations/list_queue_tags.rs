//! `ListQueueTags`: a queue's tags.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{Action, TAGS};
use crate::{Sqs, tags::Tags};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListQueueTags {
    queue_url: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    #[serde(skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
}

impl Operation for ListQueueTags {
    const NAME: &'static str = "ListQueueTags";
    const OUTPUT: Names = &[TAGS];
    type Output = Listed;
}

impl Action for ListQueueTags {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Listed, AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        Ok(Listed {
            tags: queue.tags.clone(),
        })
    }
}
