//! The actions of SQS: one file an action with its request, its answer, and what it does.
//!
//! Members have AWS's names. All of a request's are optional to the codec, so that one that is missing
//! is told in AWS's words. An action checks in AWS's order: the queue and the right to it, the members,
//! then what storage says. What is decided without storage is in pure functions beside the actions.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Member, Operation};

use crate::Sqs;

mod add_permission;
mod cancel_message_move_task;
mod change_message_visibility;
mod change_message_visibility_batch;
mod create_queue;
mod delete_message;
mod delete_message_batch;
mod delete_queue;
mod get_queue_attributes;
mod get_queue_url;
mod list_dead_letter_source_queues;
mod list_message_move_tasks;
mod list_queue_tags;
mod list_queues;
mod purge_queue;
mod receive_message;
mod remove_permission;
mod send_message;
mod send_message_batch;
mod set_queue_attributes;
mod start_message_move_task;
mod tag_queue;
#[cfg(test)]
mod tests;
mod untag_queue;

pub use add_permission::AddPermission;
pub use cancel_message_move_task::CancelMessageMoveTask;
pub use change_message_visibility::ChangeMessageVisibility;
pub use change_message_visibility_batch::ChangeMessageVisibilityBatch;
pub use create_queue::CreateQueue;
pub use delete_message::DeleteMessage;
pub use delete_message_batch::DeleteMessageBatch;
pub use delete_queue::DeleteQueue;
pub use get_queue_attributes::GetQueueAttributes;
pub use get_queue_url::GetQueueUrl;
pub use list_dead_letter_source_queues::ListDeadLetterSourceQueues;
pub use list_message_move_tasks::ListMessageMoveTasks;
pub use list_queue_tags::ListQueueTags;
pub use list_queues::ListQueues;
pub use purge_queue::PurgeQueue;
pub use receive_message::ReceiveMessage;
pub use remove_permission::RemovePermission;
pub use send_message::SendMessage;
pub use send_message_batch::SendMessageBatch;
pub use set_queue_attributes::SetQueueAttributes;
pub use start_message_move_task::StartMessageMoveTask;
pub use tag_queue::TagQueue;
pub use untag_queue::UntagQueue;

/// What an operation does.
pub trait Action: Operation + Send {
    /// Checks the call and does it.
    fn run(
        self,
        sqs: &Sqs,
        caller: &Caller,
        call: &Call,
    ) -> impl Future<Output = Result<Self::Output, AwsError>> + Send;
}

/// Queue attributes in the Query protocol: `Attribute.N.Name` and `.Value`.
const ATTRIBUTES: Member = Member::map("Attributes", "Attribute", "Name", "Value");
/// Tags: `Tag.N.Key` and `.Value`.
const TAGS: Member = Member::map("Tags", "Tag", "Key", "Value");
const FAILED: Member = Member::list("Failed", "BatchResultErrorEntry");
const MESSAGE_ATTRIBUTES: Member = Member::map("MessageAttributes", "MessageAttribute", "Name", "Value");
const MESSAGE_SYSTEM_ATTRIBUTES: Member = Member::map(
    "MessageSystemAttributes",
    "MessageSystemAttribute",
    "Name",
    "Value",
);
const STRING_LISTS: Member = Member::list("StringListValues", "StringListValue");
const BINARY_LISTS: Member = Member::list("BinaryListValues", "BinaryListValue");
