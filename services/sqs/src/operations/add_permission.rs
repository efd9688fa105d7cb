//! `AddPermission`: a statement in the queue's policy that lets other accounts in.

use beanpole_access::{Caller, Policy};
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::Deserialize;

use super::Action;
use crate::{
    Sqs, errors,
    model::{Attributes, Queue},
    permission::{self, Permission},
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPermission {
    queue_url: Option<String>,
    label: Option<String>,
    #[serde(rename = "AWSAccountIds")]
    accounts: Option<Vec<String>>,
    actions: Option<Vec<String>>,
}

impl Operation for AddPermission {
    const NAME: &'static str = "AddPermission";
    const INPUT: Names = &[
        Member::list("AWSAccountIds", "AWSAccountId"),
        Member::list("Actions", "ActionName"),
    ];
    type Output = ();
}

impl Action for AddPermission {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<(), AwsError> {
        let queue = sqs
            .queue(caller, call, self.queue_url.as_deref(), Self::NAME)
            .await?;
        let permission = Permission {
            label: self.label.as_deref().unwrap_or_default(),
            accounts: self.accounts.as_deref().unwrap_or_default(),
            actions: self.actions.as_deref().unwrap_or_default(),
        };
        let change = |queue: &Queue| with(queue, &permission);
        sqs.backend
            .change_attributes::<AwsError>(&queue.key, sqs.backend.now(), change)
            .await?;
        Ok(())
    }
}

fn with(queue: &Queue, permission: &Permission<'_>) -> Result<Attributes, AwsError> {
    let current = queue.attributes.policy.as_ref().map(|(_, text)| text.as_str());
    let text = permission::add(current, &queue.key.arn(), permission)?;
    let policy = parsed(&text)?;
    Ok(Attributes {
        policy: Some((policy, text)),
        ..queue.attributes.clone()
    })
}

/// A policy that was put together here.
pub(super) fn parsed(text: &str) -> Result<Policy, AwsError> {
    Policy::resource(text).map_err(|error| {
        errors::INVALID_ATTRIBUTE_VALUE
            .because(format!("The policy of the queue would not be valid: {error}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{attributes::Name, attributes::stored, examples::queue};

    #[test]
    fn the_policy_that_is_stored_is_the_one_that_decides() {
        let (accounts, actions) = (["111111111111".to_owned()], ["SendMessage".to_owned()]);
        let permission = Permission {
            label: "share",
            accounts: &accounts,
            actions: &actions,
        };
        let mut queue = queue("jobs");
        queue.attributes = with(&queue, &permission).unwrap();
        let (policy, text) = queue.attributes.policy.clone().unwrap();
        assert_eq!(Policy::resource(&text).unwrap(), policy);
        assert_eq!(stored(Name::Policy, &queue), Some(text));
    }
}
