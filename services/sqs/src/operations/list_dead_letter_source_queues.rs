//! `ListDeadLetterSourceQueues`: the queues whose redrive policy names this one.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::Action;
use crate::{Sqs, errors, paging, url};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListDeadLetterSourceQueues {
    queue_url: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    /// In lower case in AWS's model, and required: an empty list is told.
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListDeadLetterSourceQueues {
    const NAME: &'static str = "ListDeadLetterSourceQueues";
    const OUTPUT: Names = &[Member::list("queueUrls", "QueueUrl")];
    type Output = Listed;
}

impl Action for ListDeadLetterSourceQueues {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Listed, AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let asked = paging::asked(self.max_results, self.next_token.as_deref())?;
        let after = match asked.after.as_deref() {
            None => None,
            Some(arn) => Some(url::of_arn(arn).ok_or_else(|| {
                let token = self.next_token.unwrap_or_default();
                errors::invalid(token, "NextToken", "It is no token that this list has given.")
            })?),
        };
        let limit = asked.limit + 1;
        let mut found = sqs.backend.sources_of(&queue.key, after.as_ref(), limit).await?;
        let next_token = asked.cut(&mut found, |source| source.key.arn().0);
        let queue_urls = found.iter().map(|source| sqs.url_of(&source.key, call)).collect();
        Ok(Listed {
            queue_urls,
            next_token,
        })
    }
}
