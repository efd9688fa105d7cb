//! Every error of SQS: its names, its status, and the texts that more than one place says.
//!
//! One table. Operations say `errors::X.because(…)`; what storage could not do is told here too.

use std::fmt::Display;

use beanpole_wire::{AwsError, Fault, Kind};

use crate::backend::Failure;

const SQS: &str = "com.amazonaws.sqs";
const CORAL: &str = "com.amazon.coral.service";

const fn sqs(code: &'static str, status: u16) -> Kind {
    Kind::sender(code, status).within(SQS)
}

pub const ACCESS_DENIED: Kind = Kind::sender("AccessDeniedException", 403)
    .query("AccessDenied")
    .within(CORAL);
pub const BATCH_IDS_NOT_DISTINCT: Kind =
    sqs("BatchEntryIdsNotDistinct", 400).query("AWS.SimpleQueueService.BatchEntryIdsNotDistinct");
pub const BATCH_TOO_LONG: Kind =
    sqs("BatchRequestTooLong", 400).query("AWS.SimpleQueueService.BatchRequestTooLong");
pub const EMPTY_BATCH: Kind = sqs("EmptyBatchRequest", 400).query("AWS.SimpleQueueService.EmptyBatchRequest");
pub const INVALID_ADDRESS: Kind = sqs("InvalidAddress", 404);
pub const INVALID_ATTRIBUTE_NAME: Kind = sqs("InvalidAttributeName", 400);
pub const INVALID_ATTRIBUTE_VALUE: Kind = sqs("InvalidAttributeValue", 400);
pub const INVALID_BATCH_ENTRY_ID: Kind =
    sqs("InvalidBatchEntryId", 400).query("AWS.SimpleQueueService.InvalidBatchEntryId");
pub const INVALID_MESSAGE_CONTENTS: Kind = sqs("InvalidMessageContents", 400);
pub const INVALID_PARAMETER_VALUE: Kind =
    sqs("InvalidParameterValueException", 400).query("InvalidParameterValue");
pub const MISSING_PARAMETER: Kind = sqs("MissingRequiredParameterException", 400).query("MissingParameter");
pub const MESSAGE_NOT_INFLIGHT: Kind =
    sqs("MessageNotInflight", 400).query("AWS.SimpleQueueService.MessageNotInflight");
pub const OVER_LIMIT: Kind = sqs("OverLimit", 403);
pub const PURGE_IN_PROGRESS: Kind =
    sqs("PurgeQueueInProgress", 403).query("AWS.SimpleQueueService.PurgeQueueInProgress");
pub const QUEUE_DELETED_RECENTLY: Kind =
    sqs("QueueDeletedRecently", 400).query("AWS.SimpleQueueService.QueueDeletedRecently");
pub const QUEUE_DOES_NOT_EXIST: Kind =
    sqs("QueueDoesNotExist", 400).query("AWS.SimpleQueueService.NonExistentQueue");
pub const QUEUE_NAME_EXISTS: Kind = sqs("QueueNameExists", 400).query("QueueAlreadyExists");
pub const RECEIPT_HANDLE_INVALID: Kind = sqs("ReceiptHandleIsInvalid", 404);
pub const RESOURCE_NOT_FOUND: Kind = sqs("ResourceNotFoundException", 404);
pub const TOO_MANY_ENTRIES: Kind =
    sqs("TooManyEntriesInBatchRequest", 400).query("AWS.SimpleQueueService.TooManyEntriesInBatchRequest");
pub const UNSUPPORTED_OPERATION: Kind =
    sqs("UnsupportedOperation", 400).query("AWS.SimpleQueueService.UnsupportedOperation");
/// An action that SQS does not have.
pub const UNKNOWN_ACTION: Kind = Kind::sender("UnknownOperationException", 400)
    .query("InvalidAction")
    .within(CORAL);
/// A request that names no action at all.
pub const NO_ACTION: Kind = Kind::sender("UnknownOperationException", 404).within(CORAL);
/// Storage does not answer; SDKs try again.
pub const UNAVAILABLE: Kind = Kind {
    code: "ServiceUnavailable",
    query_code: "ServiceUnavailable",
    namespace: CORAL,
    status: 503,
    fault: Fault::Receiver,
};

/// A required member that is absent or empty.
pub fn missing(parameter: &str) -> AwsError {
    MISSING_PARAMETER.because(format!("The request must contain the parameter {parameter}."))
}

/// A member whose value is not acceptable.
pub fn invalid(value: impl Display, parameter: &str, reason: impl Display) -> AwsError {
    INVALID_PARAMETER_VALUE.because(format!(
        "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    ))
}

/// A member that only FIFO queues take, or that they do not.
pub fn wrong_queue_type(value: impl Display, parameter: &str) -> AwsError {
    let reason = "The request include parameter that is not valid for this queue type.";
    invalid(value, parameter, reason)
}

pub fn no_such_queue() -> AwsError {
    QUEUE_DOES_NOT_EXIST.because("The specified queue does not exist.")
}

/// What storage could not do about the message of a receipt handle.
pub fn of_receipt(failure: Failure, handle: &str, visibility: Option<u64>) -> AwsError {
    match failure {
        Failure::ReceiptInvalid => RECEIPT_HANDLE_INVALID.because(format!(
            "The input receipt handle \"{handle}\" is not a valid receipt handle."
        )),
        Failure::ReceiptExpired => invalid(handle, "ReceiptHandle", "The receipt handle has expired."),
        Failure::NotInFlight => {
            let reason = "Message does not exist or is not available for visibility timeout change.";
            invalid(handle, "ReceiptHandle", reason)
        }
        Failure::VisibilityBeyondLimit => {
            let reason = "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]";
            invalid(visibility.unwrap_or_default(), "VisibilityTimeout", reason)
        }
        other => other.into(),
    }
}

impl From<Failure> for AwsError {
    /// Failures that say all there is to say; operations turn the others into texts with names.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoSuchQueue => no_such_queue(),
            Failure::DeletedRecently => QUEUE_DELETED_RECENTLY.because(
                "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
            ),
            Failure::Exists(_) => QUEUE_NAME_EXISTS.because("A queue already exists with the same name."),
            Failure::PurgedRecently => {
                PURGE_IN_PROGRESS.because("Only one PurgeQueue operation is allowed every 60 seconds.")
            }
            Failure::OverLimit => OVER_LIMIT.because("Too many messages of the queue are in flight."),
            Failure::ReceiptInvalid => RECEIPT_HANDLE_INVALID.because("The input receipt handle is invalid."),
            Failure::ReceiptExpired => INVALID_PARAMETER_VALUE.because("The receipt handle has expired."),
            Failure::NotInFlight => MESSAGE_NOT_INFLIGHT.because("The specified message isn't in flight."),
            Failure::VisibilityBeyondLimit => INVALID_PARAMETER_VALUE
                .because("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]"),
            Failure::NoSuchTask => RESOURCE_NOT_FOUND.because("Task does not exist."),
            Failure::TaskRunning => UNSUPPORTED_OPERATION.because(
                "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            ),
            Failure::Unavailable(source) => {
                tracing::error!(error = %source, "the message store does not answer");
                UNAVAILABLE.because("The message store does not answer; try again.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_an_error_are_those_of_the_model() {
        let table = [
            (
                QUEUE_DOES_NOT_EXIST,
                "QueueDoesNotExist",
                "AWS.SimpleQueueService.NonExistentQueue",
            ),
            (QUEUE_NAME_EXISTS, "QueueNameExists", "QueueAlreadyExists"),
            (
                RECEIPT_HANDLE_INVALID,
                "ReceiptHandleIsInvalid",
                "ReceiptHandleIsInvalid",
            ),
            (
                MISSING_PARAMETER,
                "MissingRequiredParameterException",
                "MissingParameter",
            ),
            (
                INVALID_PARAMETER_VALUE,
                "InvalidParameterValueException",
                "InvalidParameterValue",
            ),
        ];
        for (kind, code, query) in table {
            assert_eq!((kind.code, kind.query_code, kind.namespace), (code, query, SQS));
        }
        assert_eq!(ACCESS_DENIED.query_code, "AccessDenied");
    }

    #[test]
    fn a_receipt_that_has_expired_is_named_in_the_message() {
        let error = of_receipt(Failure::ReceiptExpired, "abc", None);
        assert_eq!(
            error.message,
            "Value abc for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        );
        let error = of_receipt(Failure::VisibilityBeyondLimit, "abc", Some(40_000));
        assert!(
            error
                .message
                .starts_with("Value 40000 for parameter VisibilityTimeout is invalid. Reason: Total")
        );
    }

    #[test]
    fn storage_that_does_not_answer_is_our_fault() {
        let error = AwsError::from(Failure::Unavailable("gone".into()));
        assert_eq!((error.kind.status, error.kind.fault), (503, Fault::Receiver));
    }
}
