//! Queues that the platform makes, changes and removes within a transaction of its own, so that they are there
//! exactly when what needs them is.
//!
//! Who may is for the caller to know. All processes see it a moment after the commit, as any change of another
//! process. The minute for which a deleted name is not free is not kept: it is for those who still use the
//! queue of before, and nobody does.

use std::collections::BTreeMap;

use beanpole_wire::AwsError;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::{
    Sqs,
    attributes::{self, Change, Name, redrive},
    backend::{Failure, NewQueue, within},
    errors,
    model::{Attributes, Kind, Millis, Queue, QueueKey},
    names, tags,
};

/// What a queue is declared with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Under AWS's names, `FifoQueue` too.
    pub attributes: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
}

/// A queue as it is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub key: QueueKey,
    pub given: Given,
    /// What it was declared with before: of that, what is not given any more has its default again. What nobody
    /// declared stays as it is. Absent for a queue that is to be new; then one of this name is an error.
    pub before: Option<Given>,
    /// Id of the application that owns it.
    pub application: String,
}

/// A queue that cannot be as it is wanted.
#[derive(Debug)]
pub struct Refused {
    pub key: QueueKey,
    pub error: AwsError,
}

/// What is asked of a queue, found valid.
struct Checked<'a> {
    wanted: &'a Wanted,
    kind: Kind,
    changes: Vec<Change>,
}

impl Sqs {
    /// Makes those of the queues that are not there, and gives all of them what they are declared with. They may
    /// name each other as dead-letter queues in any order. After an error the transaction is to be rolled back.
    pub async fn provide(&self, conn: &mut PgConnection, wanted: &[Wanted]) -> Result<(), Refused> {
        let refused = |wanted: &Wanted, error| Refused {
            key: wanted.key.clone(),
            error,
        };
        let mut all = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            let checked = self.make(conn, wanted).await;
            all.push(checked.map_err(|error| refused(wanted, error))?);
        }
        for checked in &all {
            let set = self.set(conn, checked).await;
            set.map_err(|error| refused(checked.wanted, error))?;
        }
        // Only now is every dead-letter queue as it will be.
        for checked in &all {
            let fine = check_redrive(conn, checked).await;
            fine.map_err(|error| refused(checked.wanted, error))?;
        }
        Ok(())
    }

    async fn make<'a>(&self, conn: &mut PgConnection, wanted: &'a Wanted) -> Result<Checked<'a>, AwsError> {
        let checked = Checked::new(wanted)?;
        if let Some(queue) = within::lock(conn, &wanted.key).await? {
            check_ownership(&queue, &checked)?;
            return Ok(checked);
        }
        let new = NewQueue {
            key: wanted.key.clone(),
            kind: checked.kind,
            attributes: Attributes::default(),
            tags: BTreeMap::new(),
            application: Some(wanted.application.clone()),
        };
        let now = self.backend.now();
        self.backend.create_within(conn, new, now).await?;
        Ok(checked)
    }

    async fn set(&self, conn: &mut PgConnection, checked: &Checked<'_>) -> Result<(), AwsError> {
        let found = within::lock(conn, &checked.wanted.key).await?;
        let queue = found.ok_or_else(errors::no_such_queue)?;
        let attributes = checked.attributes(&queue.attributes)?;
        let tags = checked.tags(&queue.tags);
        if attributes == queue.attributes && tags == queue.tags {
            return Ok(());
        }
        let now = self.backend.now();
        Ok(within::change(conn, &queue, (&attributes, &tags), now).await?)
    }
}

impl<'a> Checked<'a> {
    fn new(wanted: &'a Wanted) -> Result<Self, AwsError> {
        let kind = names::kind(&wanted.key.name, &wanted.given.attributes)?;
        let mut attributes = wanted.given.attributes.clone();
        attributes.remove("FifoQueue");
        tags::check(&wanted.given.tags)?;
        if !tags::fit(&wanted.given.tags) {
            return Err(tags::too_many(&wanted.key.name));
        }
        Ok(Self {
            wanted,
            kind,
            changes: attributes::changes(&attributes, kind)?,
        })
    }

    /// What it has, when it has these now.
    fn attributes(&self, now: &Attributes) -> Result<Attributes, AwsError> {
        let before = self
            .wanted
            .before
            .iter()
            .flat_map(|given| given.attributes.keys());
        let before = before.filter_map(|name| name.parse::<Name>().ok());
        attributes::apply(&attributes::reset(now, before), &self.changes)
    }

    fn tags(&self, now: &tags::Tags) -> tags::Tags {
        let mut tags = now.clone();
        for tag in self.wanted.before.iter().flat_map(|given| given.tags.keys()) {
            tags.remove(tag);
        }
        tags.extend(self.wanted.given.tags.clone());
        tags
    }
}

fn check_ownership(queue: &Queue, checked: &Checked<'_>) -> Result<(), AwsError> {
    let wanted = checked.wanted;
    let is_ours = queue.application.as_ref() == Some(&wanted.application) && wanted.before.is_some();
    if is_ours && queue.kind == checked.kind {
        return Ok(());
    }
    Err(errors::QUEUE_NAME_EXISTS.because(format!("A queue named {} already exists.", queue.key.name)))
}

async fn check_redrive(conn: &mut PgConnection, checked: &Checked<'_>) -> Result<(), AwsError> {
    for change in &checked.changes {
        if let Change::Redrive(Some(policy)) = change {
            let target = within::find(conn, &policy.dead_letter_queue).await?;
            redrive::check(&checked.wanted.key, checked.kind, policy, target.as_ref())?;
        }
    }
    Ok(())
}

/// Whether attributes and tags are some that a queue of this name may have, as far as that shows without other
/// queues.
pub fn check(name: &str, given: &Given) -> Result<(), AwsError> {
    let kind = names::kind(name, &given.attributes)?;
    let mut attributes = given.attributes.clone();
    attributes.remove("FifoQueue");
    let changes = attributes::changes(&attributes, kind)?;
    attributes::apply(&Attributes::default(), &changes)?;
    tags::check(&given.tags)
}

/// Whether there is a queue of this name, whoever's.
pub async fn exists(conn: &mut PgConnection, key: &QueueKey) -> Result<bool, AwsError> {
    Ok(within::find(conn, key).await?.is_some())
}

/// Removes a queue with its messages; false when it is gone already.
pub async fn remove(conn: &mut PgConnection, key: &QueueKey, now: Millis) -> Result<bool, AwsError> {
    match within::delete(conn, key, now).await {
        Ok(_) => Ok(true),
        Err(Failure::NoSuchQueue) => Ok(false),
        Err(failure) => Err(failure.into()),
    }
}
