//! `ListMessageMoveTasks`: the latest tasks of a source.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Names, Operation};
use serde::{Deserialize, Serialize};

use super::{
    Action,
    start_message_move_task::{key_of, queue_of},
};
use crate::{
    Sqs,
    backend::{MoveStatus, MoveTask},
    errors, task_handle,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Task>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// Only of a task that can be cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    approximate_number_of_messages_to_move: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    started_timestamp: i64,
}

impl Operation for ListMessageMoveTasks {
    const NAME: &'static str = "ListMessageMoveTasks";
    const OUTPUT: Names = &[Member::list("Results", "ListMessageMoveTasksResultEntry")];
    type Output = Listed;
}

impl Action for ListMessageMoveTasks {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Listed, AwsError> {
        let source = key_of("SourceArn", self.source_arn.as_deref())?;
        let source = queue_of(sqs, caller, call, &source, "SourceArn", &[Self::NAME]).await?;
        let tasks = sqs
            .backend
            .moves_of(&source.key, limit(self.max_results)?)
            .await?;
        let results = tasks.into_iter().map(told).collect();
        Ok(Listed { results })
    }
}

fn limit(given: Option<i64>) -> Result<u32, AwsError> {
    let given = given.unwrap_or(1);
    let in_range = u32::try_from(given).ok().filter(|limit| (1..=10).contains(limit));
    in_range.ok_or_else(|| errors::invalid(given, "MaxResults", "Must be between 1 and 10, if provided."))
}

fn told(task: MoveTask) -> Task {
    let running = task.status == MoveStatus::Running;
    Task {
        task_handle: running.then(|| task_handle::of(&task.handle, &task.source)),
        status: match task.status {
            MoveStatus::Running => "RUNNING",
            MoveStatus::Completed => "COMPLETED",
            MoveStatus::Cancelling => "CANCELLING",
            MoveStatus::Cancelled => "CANCELLED",
            MoveStatus::Failed => "FAILED",
        },
        source_arn: task.source.arn().0,
        destination_arn: task.destination.map(|key| key.arn().0),
        max_number_of_messages_per_second: task.rate,
        approximate_number_of_messages_moved: task.moved,
        approximate_number_of_messages_to_move: task.to_move,
        failure_reason: task.failure,
        started_timestamp: task.started_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::key;

    #[test]
    fn ten_tasks_are_the_most_and_one_the_default() {
        assert_eq!((limit(None).unwrap(), limit(Some(10)).unwrap()), (1, 10));
        assert!(limit(Some(0)).is_err() && limit(Some(11)).is_err());
    }

    #[test]
    fn a_handle_is_told_while_the_task_runs() {
        let task = MoveTask {
            handle: "t-1".to_owned(),
            source: key("dead"),
            destination: None,
            rate: Some(5),
            status: MoveStatus::Running,
            moved: 3,
            to_move: Some(9),
            started_at: 1_700_000_000_000,
            failure: None,
        };
        let running = told(task.clone());
        assert_eq!(running.task_handle, Some(task_handle::of("t-1", &key("dead"))));
        let failed = told(MoveTask {
            status: MoveStatus::Failed,
            failure: Some("the destination is gone".to_owned()),
            ..task
        });
        assert_eq!(
            serde_json::to_value(failed).unwrap(),
            serde_json::json!({
                "Status": "FAILED",
                "SourceArn": "arn:aws:sqs:us-east-1:000000000000:dead",
                "MaxNumberOfMessagesPerSecond": 5,
                "ApproximateNumberOfMessagesMoved": 3,
                "ApproximateNumberOfMessagesToMove": 9,
                "FailureReason": "the destination is gone",
                "StartedTimestamp": 1_700_000_000_000_i64,
            })
        );
    }
}
