//! `UntagQueue`: takes tags away; keys that the queue does not have are none of its business.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::Deserialize;

use super::Action;
use crate::{
    Sqs, errors, reach,
    tags::{self, Tags},
    url,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagQueue {
    queue_url: Option<String>,
    tag_keys: Option<Vec<String>>,
}

impl Operation for UntagQueue {
    const NAME: &'static str = "UntagQueue";
    const INPUT: Names = &[Member::list("TagKeys", "TagKey")];
    type Output = ();
}

impl Action for UntagQueue {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let keys = self.tag_keys.unwrap_or_default();
        let key = url::asked(self.queue_url.as_deref(), call)?;
        let found = sqs.find(&key).await?;
        let context = reach::Context::from([("aws:tagkeys".to_owned(), keys.clone())]);
        sqs.allow(caller, call, &key, found.as_deref(), Self::NAME, context)?;
        let queue = found.ok_or_else(errors::no_such_queue)?;
        if keys.is_empty() {
            return Err(errors::missing("TagKeys"));
        }
        sqs.backend
            .change_tags(&queue.key, Tags::new(), &keys, tags::fit)
            .await?;
        Ok(())
    }
}
