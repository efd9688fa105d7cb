//! `ListQueues`: queues of the caller's account and region in the order of their names.
//!
//! An environment is told those of its application.

use std::sync::Arc;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::Action;
use crate::{
    Sqs,
    backend::Page,
    model::{Queue, QueueKey},
    paging, reach,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListQueues {
    queue_name_prefix: Option<String>,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListQueues {
    const NAME: &'static str = "ListQueues";
    const OUTPUT: Names = &[Member::list("QueueUrls", "QueueUrl")];
    type Output = Listed;
}

impl Action for ListQueues {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Listed, AwsError> {
        let owner = self.owner(sqs, caller, call)?;
        let asked = paging::asked(self.max_results, self.next_token.as_deref())?;
        let mut page = Page {
            prefix: self.queue_name_prefix.unwrap_or_default(),
            after: asked.after.clone(),
            limit: asked.limit + 1,
        };
        let most = page.limit as usize;
        let mut found: Vec<Arc<Queue>> = Vec::new();
        while found.len() < most {
            let more = sqs
                .backend
                .list(caller.account.as_str(), &call.region, &page)
                .await?;
            let last = more.len() < most;
            page.after = more.last().map(|queue| queue.key.name.clone()).or(page.after);
            let told =
                |queue: &Arc<Queue>| owner.is_none_or(|owner| queue.application.as_deref() == Some(owner));
            found.extend(more.into_iter().filter(told));
            if last {
                break;
            }
        }
        let next_token = asked.cut(&mut found, |queue| queue.key.name.clone());
        let queue_urls = found.iter().map(|queue| sqs.url_of(&queue.key, call)).collect();
        Ok(Listed {
            queue_urls,
            next_token,
        })
    }
}

impl ListQueues {
    /// The application to whose queues the list is narrowed; None: all are told.
    fn owner<'a>(&self, sqs: &Sqs, caller: &'a Caller, call: &Call) -> Result<Option<&'a str>, AwsError> {
        let all = QueueKey {
            account: caller.account.clone(),
            region: call.region.clone(),
            name: "*".to_owned(),
        };
        let allowed = sqs.allow(caller, call, &all, None, Self::NAME, reach::Context::new());
        allowed.map(|()| reach::application(caller))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::answer;

    #[test]
    fn urls_are_a_flat_list_in_xml_and_absent_when_there_are_none() {
        let listed = |urls: &[&str], token: Option<&str>| Listed {
            queue_urls: urls.iter().map(|&url| url.to_owned()).collect(),
            next_token: token.map(str::to_owned),
        };
        let (xml, json) = answer::<ListQueues>(&listed(&["http://h/1/a", "http://h/1/b"], Some("t")));
        let part = "<QueueUrl>http://h/1/a</QueueUrl><QueueUrl>http://h/1/b</QueueUrl>";
        assert!(
            xml.contains(part) && xml.contains("<NextToken>t</NextToken>"),
            "{xml}"
        );
        let expected = serde_json::json!({ "QueueUrls": ["http://h/1/a", "http://h/1/b"], "NextToken": "t" });
        assert_eq!(json, expected);
        assert_eq!(answer::<ListQueues>(&listed(&[], None)).1, serde_json::json!({}));
    }
}
