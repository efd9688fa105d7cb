//! Statements that `AddPermission` writes into a queue's policy and `RemovePermission` takes out.
//!
//! Works on the policy's own text, so that what callers wrote in other statements stays as it is.

use beanpole_access::{AccountId, Arn, Policy};
use beanpole_wire::AwsError;
use serde_json::{Map, Value, json};

use crate::errors;

const MOST_ACTIONS: usize = 7;
const MOST_STATEMENTS: usize = 20;

/// Actions that an owner can share; the batch forms go with them.
const SHAREABLE: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// Actions that stay the owner's, whatever a policy says.
pub const OWNERS_ONLY: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// What `AddPermission` asks for.
#[derive(Clone, Copy, Debug)]
pub struct Permission<'a> {
    pub label: &'a str,
    pub accounts: &'a [String],
    pub actions: &'a [String],
}

impl Permission<'_> {
    fn check(&self) -> Result<(), AwsError> {
        check_label(self.label)?;
        if self.accounts.is_empty() {
            return Err(errors::missing("AWSAccountIds"));
        }
        if self.actions.is_empty() {
            return Err(errors::missing("Actions"));
        }
        if self.actions.len() > MOST_ACTIONS {
            let count = self.actions.len();
            return Err(errors::OVER_LIMIT.because(format!(
                "{count} Actions were found, maximum allowed is {MOST_ACTIONS}."
            )));
        }
        for action in self.actions {
            let refused = |reason| Err(errors::invalid(format!("SQS:{action}"), "ActionName", reason));
            if OWNERS_ONLY.contains(&action.as_str()) {
                return refused("Only the queue owner is allowed to invoke this action.");
            }
            if !SHAREABLE.contains(&action.as_str()) {
                return refused("Please refer to the appropriate WSDL for a list of valid actions.");
            }
        }
        let unknown = |account: &&String| account.parse::<AccountId>().is_err();
        match self.accounts.iter().find(unknown) {
            Some(account) => {
                let value = format!("[{account}]");
                Err(errors::invalid(value, "PrincipalId", "Unable to verify."))
            }
            None => Ok(()),
        }
    }
}

/// The policy's text with the permission in it.
pub fn add(current: Option<&str>, queue: &Arn, permission: &Permission<'_>) -> Result<String, AwsError> {
    permission.check()?;
    let mut policy = match current {
        Some(text) => read(text)?,
        None => Map::from_iter([
            ("Version".to_owned(), "2012-10-17".into()),
            ("Id".to_owned(), format!("{queue}/SQSDefaultPolicy").into()),
        ]),
    };
    let mut statements = take_statements(&mut policy);
    if statements.iter().any(|one| has_label(one, permission.label)) {
        return Err(errors::invalid(permission.label, "Label", "Already exists."));
    }
    if statements.len() >= MOST_STATEMENTS {
        return Err(errors::OVER_LIMIT.because(format!(
            "{} Statements were found, maximum allowed is {MOST_STATEMENTS}.",
            statements.len() + 1
        )));
    }
    let account = |id: &String| format!("arn:aws:iam::{id}:root");
    let action = |name: &String| format!("SQS:{name}");
    statements.push(json!({
        "Sid": permission.label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_more(permission.accounts.iter().map(account)) },
        "Action": one_or_more(permission.actions.iter().map(action)),
        "Resource": queue.0,
    }));
    Ok(written(policy, statements))
}

/// The policy's text without the permission; None when it was the only one.
pub fn remove(current: Option<&str>, label: &str) -> Result<Option<String>, AwsError> {
    check_label(label)?;
    let absent = || errors::invalid(label, "Label", "can't find label.");
    let mut policy = read(current.ok_or_else(absent)?)?;
    let mut statements = take_statements(&mut policy);
    let before = statements.len();
    statements.retain(|one| !has_label(one, label));
    if statements.len() == before {
        return Err(absent());
    }
    let empty = statements.is_empty();
    Ok((!empty).then(|| written(policy, statements)))
}

/// More than a queue's policy may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Beyond {
    #[error("{0} statements were found, {MOST_STATEMENTS} are allowed")]
    Statements(usize),
    #[error("{0} actions were found in a statement, {MOST_ACTIONS} are allowed")]
    Actions(usize),
}

/// Whether a policy keeps SQS's limits.
pub fn within_limits(policy: &Policy) -> Result<(), Beyond> {
    if policy.statements.len() > MOST_STATEMENTS {
        return Err(Beyond::Statements(policy.statements.len()));
    }
    let most = policy
        .statements
        .iter()
        .map(|one| one.actions.items().len())
        .max();
    match most {
        Some(count) if count > MOST_ACTIONS => Err(Beyond::Actions(count)),
        _ => Ok(()),
    }
}

fn check_label(label: &str) -> Result<(), AwsError> {
    if label.is_empty() {
        return Err(errors::missing("Label"));
    }
    let good = label
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !good || label.len() > 80 {
        let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(errors::invalid(label, "Label", reason));
    }
    Ok(())
}

fn read(text: &str) -> Result<Map<String, Value>, AwsError> {
    serde_json::from_str(text)
        .map_err(|_| errors::INVALID_ATTRIBUTE_VALUE.because("The policy of the queue is not a JSON object."))
}

/// Takes the statements out as a list; a document may have one without a list around it.
fn take_statements(policy: &mut Map<String, Value>) -> Vec<Value> {
    match policy.remove("Statement") {
        Some(Value::Array(list)) => list,
        Some(alone) => vec![alone],
        None => Vec::new(),
    }
}

fn written(mut policy: Map<String, Value>, statements: Vec<Value>) -> String {
    policy.insert("Statement".to_owned(), Value::Array(statements));
    Value::Object(policy).to_string()
}

fn has_label(statement: &Value, label: &str) -> bool {
    statement.get("Sid").and_then(Value::as_str) == Some(label)
}

fn one_or_more(mut texts: impl ExactSizeIterator<Item = String>) -> Value {
    match texts.len() {
        1 => texts.next().into(),
        _ => texts.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::key;

    fn texts(items: &[&str]) -> Vec<String> {
        items.iter().map(|&item| item.to_owned()).collect()
    }

    fn added(
        current: Option<&str>,
        label: &str,
        accounts: &[&str],
        actions: &[&str],
    ) -> Result<String, AwsError> {
        let (accounts, actions) = (texts(accounts), texts(actions));
        let permission = Permission {
            label,
            accounts: &accounts,
            actions: &actions,
        };
        add(current, &key("jobs").arn(), &permission)
    }

    #[test]
    fn a_permission_becomes_a_statement_of_the_policy() {
        let text = added(None, "share", &["111111111111"], &["SendMessage", "GetQueueUrl"]).unwrap();
        let policy: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            policy["Statement"][0],
            json!({
                "Sid": "share", "Effect": "Allow",
                "Principal": { "AWS": "arn:aws:iam::111111111111:root" },
                "Action": ["SQS:SendMessage", "SQS:GetQueueUrl"],
                "Resource": "arn:aws:sqs:us-east-1:000000000000:jobs",
            })
        );
        assert!(Policy::resource(&text).is_ok());
        assert_eq!(remove(Some(&text), "share").unwrap(), None);
    }

    #[test]
    fn other_statements_stay_as_they_were_written() {
        let own = r#"{"Version":"2012-10-17","Statement":{"Sid":"own","Effect":"Deny","Principal":"*","Action":"sqs:*"}}"#;
        let both = added(Some(own), "share", &["111111111111"], &["*"]).unwrap();
        let left = remove(Some(&both), "share").unwrap().unwrap();
        let (left, own): (Value, Value) = (
            serde_json::from_str(&left).unwrap(),
            serde_json::from_str(own).unwrap(),
        );
        assert_eq!(left["Statement"][0], own["Statement"]);
    }

    #[test]
    fn permissions_are_refused_with_aws_words() {
        let good = added(None, "a", &["111111111111"], &["*"]).unwrap();
        let many = texts(&["SendMessage"; 8]);
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let table = [
            (
                added(None, "a b", &["111111111111"], &["*"]),
                "Value a b for parameter Label is invalid.",
            ),
            (
                added(None, "", &["111111111111"], &["*"]),
                "The request must contain the parameter Label.",
            ),
            (
                added(None, "a", &[], &["*"]),
                "The request must contain the parameter AWSAccountIds.",
            ),
            (
                added(None, "a", &["111111111111"], &[]),
                "The request must contain the parameter Actions.",
            ),
            (
                added(None, "a", &["111111111111"], &many),
                "8 Actions were found, maximum allowed is 7.",
            ),
            (
                added(None, "a", &["111111111111"], &["DeleteQueue"]),
                "Value SQS:DeleteQueue for parameter ActionName is invalid. Reason: Only the queue owner",
            ),
            (
                added(None, "a", &["111111111111"], &["SendMessageBatch"]),
                "Value SQS:SendMessageBatch for parameter ActionName is invalid. Reason: Please refer",
            ),
            (
                added(None, "a", &["joe"], &["*"]),
                "Value [joe] for parameter PrincipalId is invalid.",
            ),
            (
                added(Some(&good), "a", &["111111111111"], &["*"]),
                "Value a for parameter Label is invalid. Reason: Already exists.",
            ),
        ];
        for (result, text) in table {
            let message = result.unwrap_err().message;
            assert!(message.starts_with(text), "{message}");
        }
        assert!(
            remove(None, "a")
                .unwrap_err()
                .message
                .ends_with("Reason: can't find label.")
        );
        assert!(
            remove(Some(&good), "b")
                .unwrap_err()
                .message
                .ends_with("Reason: can't find label.")
        );
    }

    #[test]
    fn twenty_statements_are_the_most() {
        let mut text = None;
        for number in 0..20 {
            text = Some(added(text.as_deref(), &format!("l{number}"), &["111111111111"], &["*"]).unwrap());
        }
        let error = added(text.as_deref(), "more", &["111111111111"], &["*"]).unwrap_err();
        assert_eq!(error.kind, errors::OVER_LIMIT);
        assert!(within_limits(&Policy::resource(&text.unwrap()).unwrap()).is_ok());
    }
}
