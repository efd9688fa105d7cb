//! `CancelMessageMoveTask`: what was moved stays moved.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Operation};
use serde::{Deserialize, Serialize};

use super::{Action, start_message_move_task::queue_of};
use crate::{
    Sqs,
    backend::{Failure, MoveStatus, MoveTask},
    errors,
    model::QueueKey,
    task_handle,
};

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cancelled {
    approximate_number_of_messages_moved: u64,
}

impl Operation for CancelMessageMoveTask {
    const NAME: &'static str = "CancelMessageMoveTask";
    type Output = Cancelled;
}

impl Action for CancelMessageMoveTask {
    async fn run(self, sqs: &Sqs, caller: &Caller, call: &Call) -> Result<Cancelled, AwsError> {
        let handle = self.task_handle.filter(|handle| !handle.is_empty());
        let handle = handle.ok_or_else(|| errors::missing("TaskHandle"))?;
        let (id, source) = task_handle::read(&handle)?;
        queue_of(sqs, caller, call, &source, "SourceArn", &[Self::NAME]).await?;
        check(&sqs.backend.move_task(&id).await?, &source)?;
        let task = sqs.backend.cancel_move(&id).await?;
        Ok(Cancelled {
            approximate_number_of_messages_moved: task.moved,
        })
    }
}

/// The source that a handle names is the one that the caller was let to; the task has to be of it.
fn check(task: &MoveTask, source: &QueueKey) -> Result<(), AwsError> {
    if task.source != *source {
        return Err(Failure::NoSuchTask.into());
    }
    match task.status {
        MoveStatus::Running => Ok(()),
        MoveStatus::Cancelling | MoveStatus::Cancelled | MoveStatus::Completed | MoveStatus::Failed => {
            Err(errors::UNSUPPORTED_OPERATION.because("Only active tasks can be cancelled."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples::key;

    #[test]
    fn only_a_running_task_of_the_handles_source_ends() {
        let task = |status| MoveTask {
            handle: "t-1".to_owned(),
            source: key("dead"),
            destination: None,
            rate: None,
            status,
            moved: 0,
            to_move: None,
            started_at: 0,
            failure: None,
        };
        assert!(check(&task(MoveStatus::Running), &key("dead")).is_ok());
        let other = check(&task(MoveStatus::Running), &key("jobs")).unwrap_err();
        assert_eq!(other.kind, errors::RESOURCE_NOT_FOUND);
        for ended in [
            MoveStatus::Cancelling,
            MoveStatus::Cancelled,
            MoveStatus::Completed,
            MoveStatus::Failed,
        ] {
            assert_eq!(
                check(&task(ended), &key("dead")).unwrap_err().kind,
                errors::UNSUPPORTED_OPERATION
            );
        }
    }
}
