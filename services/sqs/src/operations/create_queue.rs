//! `CreateQueue`: a new queue, or the same one again when it agrees with what is asked.

use std::collections::BTreeMap;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{ATTRIBUTES, Action};
use crate::{Sqs, backend::Failure, declare, errors, model::QueueKey, names, reach, tags::Tags};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateQueue {
    queue_name: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
    /// In lower case in AWS's model, unlike everything else.
    #[serde(rename = "tags")]
    tags: Option<Tags>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Created {
    queue_url: String,
}

impl Operation for CreateQueue {
    const NAME: &'static str = "CreateQueue";
    const INPUT: Names = &[ATTRIBUTES, Member::map("tags", "Tag", "Key", "Value")];
    type Output = Created;
}

impl Action for CreateQueue {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Created, AwsError> {
        let name = self.queue_name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| errors::missing("QueueName"))?;
        let given = self.attributes.unwrap_or_default();
        let tags = self.tags.unwrap_or_default();
        let kind = names::kind(&name, &given)?;
        let key = QueueKey {
            account: caller.account.clone(),
            region: call.region.clone(),
            name,
        };
        let existing = sqs.find(&key).await?;
        let existing = existing.as_deref();
        sqs.allow(caller, call, &key, existing, Self::NAME, reach::of_tags(&tags))?;
        if !tags.is_empty() {
            sqs.allow(caller, call, &key, existing, "TagQueue", reach::of_tags(&tags))?;
        }
        let application = reach::application(caller).map(str::to_owned);
        let (new, changes) = sqs.new_queue(key, kind, given, tags, application).await?;
        let queue = match sqs.backend.create(new, sqs.backend.now()).await {
            Ok(queue) => queue,
            Err(Failure::Exists(queue)) => {
                // It may have been made by another between the look above and now.
                sqs.allow(
                    caller,
                    call,
                    &queue.key,
                    Some(&queue),
                    Self::NAME,
                    reach::Context::new(),
                )?;
                declare::check_agreement(&queue, &changes)?;
                queue
            }
            Err(failure) => return Err(failure.into()),
        };
        let queue_url = sqs.url_of(&queue.key, call);
        Ok(Created { queue_url })
    }
}
