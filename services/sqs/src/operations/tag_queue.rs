//! `TagQueue`: adds tags, and replaces those of the same key.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Names, Operation};
use serde::Deserialize;

use super::{Action, TAGS};
use crate::{
    Sqs, errors, reach,
    tags::{self, Tags},
    url,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagQueue {
    queue_url: Option<String>,
    tags: Option<Tags>,
}

impl Operation for TagQueue {
    const NAME: &'static str = "TagQueue";
    const INPUT: Names = &[TAGS];
    type Output = ();
}

impl Action for TagQueue {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let tags = self.tags.unwrap_or_default();
        let key = url::asked(self.queue_url.as_deref(), call)?;
        let found = sqs.find(&key).await?;
        sqs.allow(
            caller,
            call,
            &key,
            found.as_deref(),
            Self::NAME,
            reach::of_tags(&tags),
        )?;
        let queue = found.ok_or_else(errors::no_such_queue)?;
        if tags.is_empty() {
            return Err(errors::missing("Tags"));
        }
        tags::check(&tags)?;
        if sqs.backend.change_tags(&queue.key, tags, &[], tags::fit).await? {
            Ok(())
        } else {
            Err(tags::too_many(&queue.key.name))
        }
    }
}
