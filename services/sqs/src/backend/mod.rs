//! Queues and messages, kept in Postgres. Any number of processes share them; none leads.
//!
//! This is the one door to storage for `operations/`. What it takes is validated.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::model::{Attributes, Delivered, Kind, Millis, Outgoing, Queue, QueueKey, Sent, queue::Counts};

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

/// Queues and messages of every message store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {}

/// What a page of queues is asked by.
#[derive(Clone, Debug)]
pub struct Page {
    /// Only names that begin so.
    pub prefix: String,
    /// Only names after this one.
    pub after: Option<String>,
    pub limit: u32,
}

impl Backend {
    /// The queue of this name.
    pub async fn queue(&self, _key: &QueueKey) -> Result<Arc<Queue>, Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Makes a queue. [`Failure::Exists`] when there is one of this name, whatever its attributes.
    pub async fn create(&self, _new: NewQueue, _now: Millis) -> Result<Arc<Queue>, Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Changes the attributes by `change`, which sees those in force; nothing is lost between two
    /// changes at once. An error of `change` leaves all as it is.
    pub async fn change_attributes<E: From<Failure>>(
        &self,
        _key: &QueueKey,
        _now: Millis,
        _change: impl FnOnce(&Queue) -> Result<Attributes, E> + Send,
    ) -> Result<Arc<Queue>, E> {
        Err(Failure::NoSuchQueue.into())
    }

    /// Adds tags and replaces those of the same key; removes `gone`.
    pub async fn change_tags(
        &self,
        _key: &QueueKey,
        _set: BTreeMap<String, String>,
        _gone: &[String],
        _check: fn(&BTreeMap<String, String>) -> bool,
    ) -> Result<bool, Failure> {
        Err(Failure::NoSuchQueue)
    }

    pub async fn delete_queue(&self, _key: &QueueKey, _now: Millis) -> Result<(), Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Queues of an account and region in the order of their names.
    pub async fn list(
        &self,
        _account: &str,
        _region: &str,
        _page: &Page,
    ) -> Result<Vec<Arc<Queue>>, Failure> {
        Ok(Vec::new())
    }

    /// Queues whose redrive policy names this one, in the order of their names.
    pub async fn sources_of(
        &self,
        _dead_letter: &QueueKey,
        _after: Option<&QueueKey>,
        _limit: u32,
    ) -> Result<Vec<Arc<Queue>>, Failure> {
        Ok(Vec::new())
    }

    pub async fn counts(&self, _queue: &Queue) -> Result<Counts, Failure> {
        Ok(Counts::default())
    }

    /// Everything that was sent before is gone.
    pub async fn purge(&self, _key: &QueueKey, _now: Millis) -> Result<(), Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Keeps messages durably before it answers; one result a message, in their order. All of a batch
    /// stand or fall together where storage fails.
    pub async fn send(&self, _queue: &Arc<Queue>, _messages: Vec<Outgoing>) -> Result<Vec<Sent>, Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Hands out messages, and waits for the first one if asked to. Dropped while it waits, it
    /// swallows nothing.
    pub async fn receive(&self, _queue: &Arc<Queue>, _wanted: Wanted) -> Result<Vec<Delivered>, Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Deletes by receipt handles as text; one result each, in their order.
    pub async fn delete(&self, _queue: &Arc<Queue>, handles: Vec<String>) -> Vec<Result<(), Failure>> {
        handles.iter().map(|_| Err(Failure::NoSuchQueue)).collect()
    }

    /// Sets how long each message stays hidden from now on; one result each, in their order.
    pub async fn change_visibility(
        &self,
        _queue: &Arc<Queue>,
        changes: Vec<(String, Duration)>,
    ) -> Vec<Result<(), Failure>> {
        changes.iter().map(|_| Err(Failure::NoSuchQueue)).collect()
    }

    /// Starts to move messages out of `source`. One task a source runs at a time.
    pub async fn start_move(
        &self,
        _source: &Queue,
        _destination: Option<&Queue>,
        _rate: Option<u32>,
        _now: Millis,
    ) -> Result<MoveTask, Failure> {
        Err(Failure::NoSuchQueue)
    }

    /// Asks a task to end; answers it as it stands. `caller_account` keeps others' tasks apart.
    pub async fn cancel_move(&self, _handle: &str) -> Result<MoveTask, Failure> {
        Err(Failure::NoSuchTask)
    }

    /// A task by its handle.
    pub async fn move_task(&self, _handle: &str) -> Result<MoveTask, Failure> {
        Err(Failure::NoSuchTask)
    }

    /// Tasks of a source, newest first.
    pub async fn moves_of(&self, _source: &QueueKey, _limit: u32) -> Result<Vec<MoveTask>, Failure> {
        Ok(Vec::new())
    }

    /// Milliseconds by the store's clock.
    pub fn now(&self) -> Millis {
        0
    }
}
