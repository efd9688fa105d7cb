//! `StartMessageMoveTask`: moves messages out of a dead-letter queue, to one queue or each to its own.

use std::sync::Arc;

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::{Deserialize, Serialize};

use super::Action;
use crate::{
    Sqs, errors,
    model::{Queue, QueueKey},
    reach, task_handle, url,
};

/// Sources of a dead-letter queue that are looked at in one step.
const PAGE: u32 = 100;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Started {
    task_handle: String,
}

impl Operation for StartMessageMoveTask {
    const NAME: &'static str = "StartMessageMoveTask";
    type Output = Started;
}

impl Action for StartMessageMoveTask {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Started, AwsError> {
        let source = key_of("SourceArn", self.source_arn.as_deref())?;
        let source = queue_of(sqs, caller, call, &source, "SourceArn", &Self::RIGHTS).await?;
        let rate = rate(self.max_number_of_messages_per_second)?;
        if sqs.backend.sources_of(&source.key, None, 1).await?.is_empty() {
            return Err(errors::INVALID_PARAMETER_VALUE
                .because("Source queue must be configured as a Dead Letter Queue."));
        }
        let destination = match self.destination_arn.as_deref().filter(|arn| !arn.is_empty()) {
            None => {
                may_send_home(sqs, caller, call, &source).await?;
                None
            }
            given => {
                let key = key_of("DestinationArn", given)?;
                let queue = queue_of(sqs, caller, call, &key, "DestinationArn", &["SendMessage"]).await?;
                check_pair(&source, &queue)?;
                Some(queue)
            }
        };
        let now = sqs.backend.now();
        let task = sqs
            .backend
            .start_move(&source, destination.as_deref(), rate, now)
            .await?;
        let task_handle = task_handle::of(&task.handle, &source.key);
        Ok(Started { task_handle })
    }
}

impl StartMessageMoveTask {
    /// What a caller must be allowed on the source.
    const RIGHTS: [&str; 3] = [Self::NAME, "ReceiveMessage", "DeleteMessage"];
}

/// The queue of an ARN in a request.
pub(super) fn key_of(parameter: &str, arn: Option<&str>) -> Result<QueueKey, AwsError> {
    let arn = arn.filter(|arn| !arn.is_empty());
    let arn = arn.ok_or_else(|| errors::missing(parameter))?;
    url::of_arn(arn).ok_or_else(|| {
        errors::INVALID_PARAMETER_VALUE.because(format!(
            "You must use this format to specify the {parameter}: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ))
    })
}

/// The queue of an ARN, for a caller who may do all of these with it.
pub(super) async fn queue_of(
    sqs: &Sqs,
    caller: &Caller,
    call: &Call,
    key: &QueueKey,
    parameter: &str,
    actions: &[&str],
) -> Result<Arc<Queue>, AwsError> {
    let found = sqs.find(key).await?;
    for action in actions {
        sqs.allow(caller, call, key, found.as_deref(), action, reach::Context::new())?;
    }
    // A task stays in one region, which is the call's.
    found.filter(|_| key.region == call.region).ok_or_else(|| {
        errors::RESOURCE_NOT_FOUND.because(format!(
            "The resource that you specified for the {parameter} parameter doesn't exist."
        ))
    })
}

fn rate(given: Option<i64>) -> Result<Option<u32>, AwsError> {
    let Some(given) = given else { return Ok(None) };
    match u32::try_from(given) {
        Ok(rate) if (1..=500).contains(&rate) => Ok(Some(rate)),
        _ => Err(errors::invalid(
            given,
            "MaxNumberOfMessagesPerSecond",
            "Must be between 1 and 500, if provided.",
        )),
    }
}

fn check_pair(source: &Queue, destination: &Queue) -> Result<(), AwsError> {
    let refused = |text: &'static str| Err(errors::INVALID_PARAMETER_VALUE.because(text));
    if source.key == destination.key {
        return refused("Source queue arn and destination queue arn cannot be the same");
    }
    if source.kind != destination.kind {
        return refused("Source and destination queue must be of the same type.");
    }
    Ok(())
}

/// Each message goes where it came from: the caller may send to all of those.
async fn may_send_home(sqs: &Sqs, caller: &Caller, call: &Call, source: &Queue) -> Result<(), AwsError> {
    let mut after: Option<QueueKey> = None;
    loop {
        let origins = sqs.backend.sources_of(&source.key, after.as_ref(), PAGE).await?;
        for origin in &origins {
            let none = reach::Context::new();
            sqs.allow(caller, call, &origin.key, Some(origin), "SendMessage", none)?;
        }
        if origins.len() < PAGE as usize {
            return Ok(());
        }
        after = origins.last().map(|origin| origin.key.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::{key, queue};

    #[test]
    fn a_rate_is_1_to_500() {
        assert_eq!(rate(None).unwrap(), None);
        assert_eq!(rate(Some(500)).unwrap(), Some(500));
        for bad in [-1, 0, 501] {
            assert_eq!(rate(Some(bad)).unwrap_err().kind, errors::INVALID_PARAMETER_VALUE);
        }
    }

    #[test]
    fn an_arn_is_required_and_read() {
        assert_eq!(
            key_of("SourceArn", Some(&key("dead").arn().0)).unwrap(),
            key("dead")
        );
        let missing = key_of("SourceArn", None).unwrap_err().message;
        assert_eq!(missing, "The request must contain the parameter SourceArn.");
        let wrong = key_of("SourceArn", Some("dead")).unwrap_err().message;
        assert!(
            wrong.starts_with("You must use this format to specify the SourceArn: arn:"),
            "{wrong}"
        );
    }

    #[test]
    fn messages_go_to_another_queue_of_the_same_kind() {
        assert!(check_pair(&queue("dead"), &queue("jobs")).is_ok());
        assert!(check_pair(&queue("dead"), &queue("dead")).is_err());
        assert!(check_pair(&queue("dead"), &queue("jobs.fifo")).is_err());
    }
}
