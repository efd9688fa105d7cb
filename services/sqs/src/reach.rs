//! Which queue a call means, and whether its caller may.
//!
//! A queue of another account is reached only with a right from both sides; without one the answer is
//! the same whether that queue exists or not.

use std::{collections::BTreeMap, sync::Arc};

use beanpole_access::{Ask, Caller, Decision, Principal, Transport, authorize, request_context};
use beanpole_wire::{AwsError, Call};
use time::OffsetDateTime;

use crate::{
    Sqs,
    attributes::{Change, redrive},
    backend::Failure,
    errors,
    model::{Kind, Millis, Queue, QueueKey},
    permission::OWNERS_ONLY,
    tags::Tags,
    url,
};

/// Condition keys in lower case.
pub type Context = BTreeMap<String, Vec<String>>;

impl Sqs {
    /// The queue of a call's `QueueUrl`, for an action that the caller may do with it.
    pub(crate) async fn queue(
        &self,
        caller: &Caller,
        call: &Call,
        queue_url: Option<&str>,
        action: &str,
    ) -> Result<Arc<Queue>, AwsError> {
        let key = url::asked(queue_url, call)?;
        self.queue_of(caller, call, &key, action).await
    }

    pub(crate) async fn queue_of(
        &self,
        caller: &Caller,
        call: &Call,
        key: &QueueKey,
        action: &str,
    ) -> Result<Arc<Queue>, AwsError> {
        let found = self.find(key).await?;
        self.allow(caller, call, key, found.as_deref(), action, Context::new())?;
        found.ok_or_else(errors::no_such_queue)
    }

    /// The queue, if there is one.
    pub(crate) async fn find(&self, key: &QueueKey) -> Result<Option<Arc<Queue>>, AwsError> {
        match self.backend.queue(key).await {
            Ok(queue) => Ok(Some(queue)),
            Err(Failure::NoSuchQueue) => Ok(None),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Whether the caller may do `action` with the queue of this key, as it was found. `more` are
    /// condition keys of the action.
    pub(crate) fn allow(
        &self,
        caller: &Caller,
        call: &Call,
        key: &QueueKey,
        queue: Option<&Queue>,
        action: &str,
        more: Context,
    ) -> Result<(), AwsError> {
        let secure = self
            .settings
            .base_url
            .as_deref()
            .is_some_and(|base| base.starts_with("https:"));
        let transport = if secure { Transport::Tls } else { Transport::Plain };
        let mut context = request_context(moment(self.backend.now()), None, transport);
        context.extend(of_call(call, key, queue));
        context.extend(more);
        decide(caller, key, queue, action, &context)
    }

    /// Whether the target that a redrive policy among the changes names may be one.
    pub(crate) async fn check_redrive(
        &self,
        source: &QueueKey,
        kind: Kind,
        changes: &[Change],
    ) -> Result<(), AwsError> {
        for change in changes {
            if let Change::Redrive(Some(policy)) = change {
                let target = self.find(&policy.dead_letter_queue).await?;
                redrive::check(source, kind, policy, target.as_deref())?;
            }
        }
        Ok(())
    }

    /// The URL by which this caller reaches a queue.
    pub(crate) fn url_of(&self, key: &QueueKey, call: &Call) -> String {
        url::of(key, call, self.settings.base_url.as_deref())
    }
}

/// The application whose environment calls.
pub fn application(caller: &Caller) -> Option<&str> {
    match &caller.principal {
        Principal::Environment { application, .. } => Some(application),
        _ => None,
    }
}

/// Condition keys about tags that a request sets.
pub fn of_tags(tags: &Tags) -> Context {
    let mut context: Context = tags
        .iter()
        .map(|(key, value)| {
            (
                format!("aws:requesttag/{}", key.to_lowercase()),
                vec![value.clone()],
            )
        })
        .collect();
    if !tags.is_empty() {
        context.insert("aws:tagkeys".to_owned(), tags.keys().cloned().collect());
    }
    context
}

fn moment(millis: Millis) -> OffsetDateTime {
    let nanos = i128::from(millis) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn of_call(call: &Call, key: &QueueKey, queue: Option<&Queue>) -> Context {
    let mut context = Context::from([
        ("aws:requestedregion".to_owned(), vec![call.region.clone()]),
        ("aws:resourceaccount".to_owned(), vec![key.account.to_string()]),
    ]);
    if let Some(agent) = call
        .headers
        .get(http::header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
    {
        context.insert("aws:useragent".to_owned(), vec![agent.to_owned()]);
    }
    for (tag, value) in queue.iter().flat_map(|queue| &queue.tags) {
        context.insert(
            format!("aws:resourcetag/{}", tag.to_lowercase()),
            vec![value.clone()],
        );
    }
    context
}

fn decide(
    caller: &Caller,
    key: &QueueKey,
    queue: Option<&Queue>,
    action: &str,
    context: &Context,
) -> Result<(), AwsError> {
    let arn = key.arn();
    let full = format!("sqs:{action}");
    // What is not there yet would be the caller's application's own.
    let owner = match queue {
        Some(queue) => queue.application.as_deref(),
        None => application(caller),
    };
    let ask = Ask {
        action: &full,
        resource: &arn,
        owner: &key.account,
        application: owner,
        policy: queue
            .and_then(|queue| queue.attributes.policy.as_ref())
            .map(|(policy, _)| policy),
        context,
    };
    let outsider = caller.account != key.account
        || matches!(caller.principal, Principal::Anonymous | Principal::Service { .. });
    let decision = if outsider && OWNERS_ONLY.contains(&action) {
        Decision::NotAllowed
    } else {
        authorize(caller, &ask)
    };
    match decision.refusal(caller, &ask) {
        None => Ok(()),
        Some(sentence) => Err(errors::ACCESS_DENIED.because(sentence)),
    }
}

#[cfg(test)]
mod tests {
    use beanpole_access::Policy;

    use super::*;
    use crate::examples::{key, queue};

    fn caller(account: &str, principal: Principal) -> Caller {
        let account = account.parse().unwrap();
        Caller {
            principal,
            ..Caller::anonymous(account)
        }
    }

    fn may(caller: &Caller, queue: Option<&Queue>, action: &str) -> bool {
        let decided = decide(caller, &key("jobs"), queue, action, &Context::new());
        match decided {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(
                    (error.kind.code, error.kind.status),
                    ("AccessDeniedException", 403)
                );
                assert!(
                    error.message.contains("is not authorized to perform: sqs:"),
                    "{}",
                    error.message
                );
                false
            }
        }
    }

    fn shared(actions: &str) -> Queue {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"{actions}",
               "Resource":"*"}}]}}"#
        );
        let mut queue = queue("jobs");
        queue.attributes.policy = Some((Policy::resource(&text).unwrap(), text));
        queue
    }

    #[test]
    fn the_owner_learns_that_a_queue_is_not_there_and_a_stranger_does_not() {
        let owner = caller("000000000000", Principal::Root);
        let stranger = caller("111111111111", Principal::Root);
        assert!(may(&owner, None, "SendMessage"));
        assert!(!may(&stranger, None, "SendMessage"));
        assert!(!may(&stranger, Some(&queue("jobs")), "SendMessage"));
    }

    #[test]
    fn another_account_comes_in_by_the_queues_policy_but_never_owns_it() {
        let stranger = caller("111111111111", Principal::Root);
        assert!(may(&stranger, Some(&shared("sqs:*")), "SendMessage"));
        assert!(!may(
            &stranger,
            Some(&shared("sqs:SendMessage")),
            "ReceiveMessage"
        ));
        let nobody = Caller::anonymous("000000000000".parse().unwrap());
        assert!(may(&nobody, Some(&shared("sqs:*")), "SendMessage"));
        for action in OWNERS_ONLY {
            for outsider in [&stranger, &nobody] {
                assert!(!may(outsider, Some(&shared("sqs:*")), action), "{action}");
            }
        }
    }

    #[test]
    fn an_environment_uses_queues_of_its_application() {
        let environment = caller(
            "000000000000",
            Principal::Environment {
                environment: "e-1".to_owned(),
                application: "app-1".to_owned(),
            },
        );
        let mut own = queue("jobs");
        own.application = Some("app-1".to_owned());
        assert!(may(&environment, Some(&own), "SendMessage"));
        assert!(may(&environment, None, "CreateQueue"));
        own.application = Some("app-2".to_owned());
        assert!(!may(&environment, Some(&own), "SendMessage"));
        assert!(!may(&environment, Some(&queue("jobs")), "SendMessage"));
    }

    #[test]
    fn tags_are_condition_keys() {
        let tags = Tags::from([("Team".to_owned(), "blue".to_owned())]);
        assert_eq!(
            of_tags(&tags),
            Context::from([
                ("aws:requesttag/team".to_owned(), vec!["blue".to_owned()]),
                ("aws:tagkeys".to_owned(), vec!["Team".to_owned()]),
            ])
        );
        assert!(of_tags(&Tags::new()).is_empty());
    }
}
