//! Queues and messages, kept in Postgres. Any number of processes share them; none leads.
//!
//! This is the one door to storage for `operations/`. What it takes is validated.

mod clock;
mod courier;
mod dead_letters;
mod directory;
mod facade;
mod fifo;
mod handles;
mod keys;
mod lanes;
mod moves;
mod receive;
mod seal;
mod send;
mod settle;
mod standard;
mod stores;
mod sweep;
mod wake;
pub mod within;

pub use self::{
    directory::{MinuteRules, of_applications},
    facade::{Backend, Setup},
    keys::Keys,
    stores::{BadStore, MAIN, StoreUrl},
};

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::model::{Attributes, Kind, Millis, Queue, QueueKey};

/// Why storage could not do it. Operations turn these into AWS's errors.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("there is no such queue")]
    NoSuchQueue,
    #[error("the queue was deleted less than 60 seconds ago")]
    DeletedRecently,
    /// There is one already; the operation compares its attributes with those asked for.
    #[error("a queue of this name exists")]
    Exists(Arc<Queue>),
    #[error("the queue was purged less than 60 seconds ago")]
    PurgedRecently,
    #[error("too many messages of the queue are in flight")]
    OverLimit,
    #[error("that is no receipt handle of this queue")]
    ReceiptInvalid,
    #[error("the receipt handle has expired")]
    ReceiptExpired,
    #[error("the message is not in flight")]
    NotInFlight,
    #[error("the message would be hidden for longer than 12 hours since it was received")]
    VisibilityBeyondLimit,
    #[error("there is no such message move task, or it has ended")]
    NoSuchTask,
    #[error("the source queue has a running move task")]
    TaskRunning,
    /// Storage does not answer; the call may be tried again.
    #[error("the message store does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Failure {
    /// Storage failed with `cause`.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::unavailable(error)
    }
}

/// A queue to be made.
#[derive(Clone, Debug)]
pub struct NewQueue {
    pub key: QueueKey,
    pub kind: Kind,
    pub attributes: Attributes,
    pub tags: BTreeMap<String, String>,
    pub application: Option<String>,
}

/// What a receive asks for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// 1 to 10.
    pub max: u32,
    pub visibility: Duration,
    /// How long to wait for the first message; zero: not at all.
    pub wait: Duration,
    /// FIFO: the same within 5 minutes gets the same messages while nothing about them changed.
    pub attempt: Option<String>,
}

/// A task that moves messages out of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveTask {
    pub handle: String,
    pub source: QueueKey,
    /// None: each message goes where it came from.
    pub destination: Option<QueueKey>,
    /// Messages a second at most; 1 to 500.
    pub rate: Option<u32>,
    pub status: MoveStatus,
    pub moved: u64,
    pub to_move: Option<u64>,
    pub started_at: Millis,
    pub failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveStatus {
    Running,
    Completed,
    Cancelling,
    Cancelled,
    Failed,
}

/// What a page of queues is asked by.
#[derive(Clone, Debug)]
pub struct Page {
    /// Only names that begin so.
    pub prefix: String,
    /// Only names after this one.
    pub after: Option<String>,
    pub limit: u32,
}
