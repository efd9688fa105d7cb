//! The door of the service: a call comes in, an answer goes out.

use beanpole_access::Caller;
use beanpole_wire::{AwsError, Call, Protocol, codec};
use bytes::Bytes;
use tracing::Instrument;

use crate::{
    backend::Backend,
    errors,
    operations::{
        Action, AddPermission, CancelMessageMoveTask, ChangeMessageVisibility, ChangeMessageVisibilityBatch,
        CreateQueue, DeleteMessage, DeleteMessageBatch, DeleteQueue, GetQueueAttributes, GetQueueUrl,
        ListDeadLetterSourceQueues, ListMessageMoveTasks, ListQueueTags, ListQueues, PurgeQueue,
        ReceiveMessage, RemovePermission, SendMessage, SendMessageBatch, SetQueueAttributes,
        StartMessageMoveTask, TagQueue, UntagQueue,
    },
};

/// What an installation says of its SQS.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What queue URLs begin with, `https://sqs.example.com`; None: the host that a caller reached.
    pub base_url: Option<String>,
}

/// SQS. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sqs {
    pub(crate) backend: Backend,
    pub(crate) settings: Settings,
}

impl Sqs {
    pub fn new(backend: Backend, settings: Settings) -> Self {
        Self { backend, settings }
    }

    /// Where queues and messages are kept.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Seconds since 1970 by the store's clock.
    pub fn now_seconds(&self) -> i64 {
        self.backend.now().div_euclid(1000)
    }

    /// Answers what is under way, then ends.
    pub async fn stop(&self) {
        self.backend.stop().await;
    }

    /// Answers a call, an error too.
    pub async fn handle(&self, call: &Call, caller: &Caller) -> http::Response<Bytes> {
        let span = tracing::info_span!("sqs", operation = %call.operation, request.id = %call.request_id);
        let answer = self.dispatch(call, caller).instrument(span).await;
        answer.unwrap_or_else(|error| codec::encode_error(call, &error))
    }

    async fn dispatch(&self, call: &Call, caller: &Caller) -> Result<http::Response<Bytes>, AwsError> {
        match call.operation.as_str() {
            "AddPermission" => self.answer::<AddPermission>(call, caller).await,
            "CancelMessageMoveTask" => self.answer::<CancelMessageMoveTask>(call, caller).await,
            "ChangeMessageVisibility" => self.answer::<ChangeMessageVisibility>(call, caller).await,
            "ChangeMessageVisibilityBatch" => self.answer::<ChangeMessageVisibilityBatch>(call, caller).await,
            "CreateQueue" => self.answer::<CreateQueue>(call, caller).await,
            "DeleteMessage" => self.answer::<DeleteMessage>(call, caller).await,
            "DeleteMessageBatch" => self.answer::<DeleteMessageBatch>(call, caller).await,
            "DeleteQueue" => self.answer::<DeleteQueue>(call, caller).await,
            "GetQueueAttributes" => self.answer::<GetQueueAttributes>(call, caller).await,
            "GetQueueUrl" => self.answer::<GetQueueUrl>(call, caller).await,
            "ListDeadLetterSourceQueues" => self.answer::<ListDeadLetterSourceQueues>(call, caller).await,
            "ListMessageMoveTasks" => self.answer::<ListMessageMoveTasks>(call, caller).await,
            "ListQueueTags" => self.answer::<ListQueueTags>(call, caller).await,
            "ListQueues" => self.answer::<ListQueues>(call, caller).await,
            "PurgeQueue" => self.answer::<PurgeQueue>(call, caller).await,
            "ReceiveMessage" => self.answer::<ReceiveMessage>(call, caller).await,
            "RemovePermission" => self.answer::<RemovePermission>(call, caller).await,
            "SendMessage" => self.answer::<SendMessage>(call, caller).await,
            "SendMessageBatch" => self.answer::<SendMessageBatch>(call, caller).await,
            "SetQueueAttributes" => self.answer::<SetQueueAttributes>(call, caller).await,
            "StartMessageMoveTask" => self.answer::<StartMessageMoveTask>(call, caller).await,
            "TagQueue" => self.answer::<TagQueue>(call, caller).await,
            "UntagQueue" => self.answer::<UntagQueue>(call, caller).await,
            _ => Err(unknown(call)),
        }
    }

    async fn answer<A: Action>(
        &self,
        call: &Call,
        caller: &Caller,
    ) -> Result<http::Response<Bytes>, AwsError> {
        let action = codec::decode::<A>(call)?;
        let output = action.run(self, caller, call).await?;
        Ok(codec::encode::<A>(call, &output))
    }
}

fn unknown(call: &Call) -> AwsError {
    let action = &call.operation;
    match (call.protocol, action.is_empty()) {
        (_, true) => errors::NO_ACTION.because("The request names no action."),
        (Protocol::Query, false) => {
            errors::UNKNOWN_ACTION.because(format!("The action {action} is not valid for this endpoint."))
        }
        (_, false) => errors::UNKNOWN_ACTION.because(format!("SQS has no operation {action}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::examples;

    #[test]
    fn an_unknown_action_is_named_by_each_protocols_code() {
        let mut call = examples::call();
        call.operation = "MakeCoffee".to_owned();
        call.protocol = Protocol::Query;
        let error = unknown(&call);
        assert_eq!((error.kind.query_code, error.kind.status), ("InvalidAction", 400));
        assert_eq!(
            error.message,
            "The action MakeCoffee is not valid for this endpoint."
        );
        call.operation = String::new();
        let error = unknown(&call);
        assert_eq!(
            (error.kind.query_code, error.kind.status),
            ("UnknownOperationException", 404)
        );
    }
}
