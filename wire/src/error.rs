//! An error as AWS tells it: built once, rendered by each protocol's codec.

use std::borrow::Cow;

/// Whose fault a failed call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The caller's: `Sender` in Query answers.
    Sender,
    /// Ours: `Receiver`.
    Receiver,
}

/// One kind of error of a service: its names and status. Kinds are constants, one table a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The modelled shape's name, which SDKs map to a typed exception: `QueueDoesNotExist`.
    pub code: &'static str,
    /// The code of the Query protocol, also told in `x-amzn-query-error`:
    /// `AWS.SimpleQueueService.NonExistentQueue`.
    pub query_code: &'static str,
    /// What stands before `#` in a JSON `__type`; empty: nothing does.
    pub namespace: &'static str,
    pub status: u16,
    pub fault: Fault,
}

impl Kind {
    /// A kind that is the caller's fault and has one name in all protocols.
    pub const fn sender(code: &'static str, status: u16) -> Self {
        Self {
            code,
            query_code: code,
            namespace: "",
            status,
            fault: Fault::Sender,
        }
    }

    /// The same kind under another name in the Query protocol.
    pub const fn query(self, query_code: &'static str) -> Self {
        Self { query_code, ..self }
    }

    /// The same kind with a namespace in JSON.
    pub const fn within(self, namespace: &'static str) -> Self {
        Self { namespace, ..self }
    }

    /// An error of this kind.
    pub fn because(self, message: impl Into<Cow<'static, str>>) -> AwsError {
        AwsError {
            kind: self,
            message: message.into(),
        }
    }
}

/// A failed call, as the caller is told of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", kind.code)]
pub struct AwsError {
    pub kind: Kind,
    pub message: Cow<'static, str>,
}
