//! New queues: what their attributes and tags come to, for whoever makes them; and how the platform itself
//! makes and shows an application's queues.
//!
//! Who may is for the caller of [`Sqs::declare`] to know. Invariant: a declaration is refused for the same
//! reasons as `CreateQueue`, and repeated it changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use beanpole_wire::AwsError;

use crate::{
    Sqs,
    attributes::{self, Change, Name},
    backend::{Failure, NewQueue},
    errors,
    model::{Attributes, Kind, Queue, QueueKey},
    names,
    tags::{self, Tags},
};

/// A queue that an application is to have.
#[derive(Clone, Debug)]
pub struct Declaration {
    pub key: QueueKey,
    /// Under AWS's names, `FifoQueue` too.
    pub attributes: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    /// Id of the application.
    pub application: String,
}

/// What a declaration came to.
#[derive(Clone, Debug)]
pub enum Declared {
    Made(Arc<Queue>),
    /// It was there and agrees.
    There(Arc<Queue>),
}

impl Sqs {
    /// Makes the queue unless it is there. One of another owner, or with other attributes, is an error.
    pub async fn declare(&self, wanted: Declaration) -> Result<Declared, AwsError> {
        let kind = names::kind(&wanted.key.name, &wanted.attributes)?;
        let application = Some(wanted.application);
        let (new, changes) = self
            .new_queue(
                wanted.key,
                kind,
                wanted.attributes,
                wanted.tags,
                application.clone(),
            )
            .await?;
        match self.backend.create(new, self.backend.now()).await {
            Ok(queue) => Ok(Declared::Made(queue)),
            Err(Failure::Exists(queue)) if queue.application == application => {
                check_agreement(&queue, &changes)?;
                Ok(Declared::There(queue))
            }
            Err(Failure::Exists(queue)) => Err(errors::QUEUE_NAME_EXISTS.because(format!(
                "A queue named {} already exists, and it is not this application's.",
                queue.key.name
            ))),
            Err(failure) => Err(failure.into()),
        }
    }

    /// All attributes of a queue as AWS tells them, with how many messages it has.
    pub async fn told(&self, queue: &Queue) -> Result<BTreeMap<&'static str, String>, AwsError> {
        let counts = self.backend.counts(queue).await?;
        Ok(attributes::render(&Name::ALL, queue, counts))
    }

    /// The queue that the given attributes and tags make, and what those attributes change of AWS's defaults.
    pub(crate) async fn new_queue(
        &self,
        key: QueueKey,
        kind: Kind,
        mut given: BTreeMap<String, String>,
        tags: Tags,
        application: Option<String>,
    ) -> Result<(NewQueue, Vec<Change>), AwsError> {
        given.remove("FifoQueue");
        let changes = attributes::changes(&given, kind)?;
        let attributes = attributes::apply(&Attributes::default(), &changes)?;
        tags::check(&tags)?;
        if !tags::fit(&tags) {
            return Err(tags::too_many(&key.name));
        }
        self.check_redrive(&key, kind, &changes).await?;
        let new = NewQueue {
            key,
            kind,
            attributes,
            tags,
            application,
        };
        Ok((new, changes))
    }
}

/// Whether a queue that is there is what was asked for.
pub(crate) fn check_agreement(queue: &Queue, changes: &[Change]) -> Result<(), AwsError> {
    match attributes::first_difference(queue, changes)? {
        None => Ok(()),
        Some(name) => Err(errors::QUEUE_NAME_EXISTS.because(format!(
            "A queue already exists with the same name and a different value for attribute {}",
            name.as_str()
        ))),
    }
}
