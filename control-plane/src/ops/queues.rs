//! Queues that applications declare.
//!
//! A queue is made by SQS, in a transaction of its own; an application that went away meanwhile takes it
//! along. Invariant: an application with queues stays.

use std::sync::Arc;

use beanpole_access::AccountId;
use beanpole_protocol::{
    ApplicationId, Timestamp,
    api::{DeclareQueue, Queue as View},
};
use beanpole_sqs::{
    declare::{Declaration, Declared},
    errors,
    model::{Queue, QueueKey},
};
use beanpole_wire::AwsError;

use super::applications::not_found;
use crate::{ApiError, App, aws::queues::property, store::applications};

/// A queue, and whether the request made it.
pub enum Outcome {
    Made(View),
    There(View),
}

/// What SQS refuses, as this API says it.
pub fn refused(error: impl Into<AwsError>) -> ApiError {
    let error = error.into();
    let message = error.message.into_owned();
    match error.kind {
        errors::QUEUE_NAME_EXISTS => ApiError::conflict("queue_exists", message),
        errors::QUEUE_DELETED_RECENTLY => ApiError::conflict("queue_deleted_recently", message),
        kind if kind.status >= 500 => ApiError::busy("messages_unavailable", message),
        errors::INVALID_ATTRIBUTE_NAME | errors::INVALID_ATTRIBUTE_VALUE => {
            ApiError::invalid("attributes", message)
        }
        _ => ApiError::unprocessable("invalid", message),
    }
}

fn key(app: &App, name: &str) -> QueueKey {
    QueueKey {
        account: AccountId::installation(),
        region: app.config.aws.region.clone(),
        name: name.to_owned(),
    }
}

async fn application(app: &App, name: &str) -> Result<ApplicationId, ApiError> {
    let found = applications::id(&mut *app.pool.acquire().await?, name).await?;
    found.ok_or_else(|| not_found(name))
}

async fn view(app: &App, queue: &Queue) -> Result<View, ApiError> {
    let attributes = app.sqs.told(queue).await.map_err(refused)?;
    Ok(View {
        name: queue.key.name.clone(),
        arn: queue.key.arn().0,
        url: app.config.queue_url(&queue.key),
        property: property(&queue.key.name),
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        tags: queue.tags.clone(),
        created_at: Timestamp::from_millis(queue.created_at),
    })
}

/// Queues of an application in the installation's region, by name.
async fn of(app: &App, application: &ApplicationId) -> Result<Vec<Arc<Queue>>, ApiError> {
    let found = app.sqs.backend().of_application(application.as_str()).await;
    let mut queues = found.map_err(refused)?;
    queues.retain(|queue| queue.key.region == app.config.aws.region);
    Ok(queues)
}

/// Queues of an application after the one named `after`, `rows` at most.
pub async fn page(app: &App, name: &str, after: Option<&str>, rows: usize) -> Result<Vec<View>, ApiError> {
    let mut queues = of(app, &application(app, name).await?).await?;
    queues.retain(|queue| after.is_none_or(|after| queue.key.name.as_str() > after));
    queues.truncate(rows);
    let mut views = Vec::with_capacity(queues.len());
    for queue in &queues {
        views.push(view(app, queue).await?);
    }
    Ok(views)
}

pub async fn declare(
    app: &App,
    application_name: &str,
    name: &str,
    wanted: &DeclareQueue,
) -> Result<Outcome, ApiError> {
    let id = application(app, application_name).await?;
    check_property(&of(app, &id).await?, name)?;
    let declaration = Declaration {
        key: key(app, name),
        attributes: wanted.attributes.clone(),
        tags: wanted.tags.clone(),
        application: id.to_string(),
    };
    match app.sqs.declare(declaration).await.map_err(refused)? {
        Declared::There(queue) => Ok(Outcome::There(view(app, &queue).await?)),
        Declared::Made(queue) => {
            // Waits for whoever is removing the application.
            let mut transaction = app.pool.begin().await?;
            let kept = applications::keep(&mut transaction, application_name).await?;
            transaction.commit().await?;
            if kept != Some(id) {
                let now = app.sqs.backend().now();
                let gone = app.sqs.backend().delete_queue(&queue.key, now).await;
                gone.map_err(refused)?;
                return Err(not_found(application_name));
            }
            tracing::info!(queue.arn = %queue.key, application.name = application_name, "a queue was declared");
            Ok(Outcome::Made(view(app, &queue).await?))
        }
    }
}

/// Two queues of an application cannot both be told by one property.
fn check_property(queues: &[Arc<Queue>], name: &str) -> Result<(), ApiError> {
    let property = property(name);
    let other = queues
        .iter()
        .find(|queue| queue.key.name != name && self::property(&queue.key.name) == property);
    match other {
        None => Ok(()),
        Some(other) => Err(ApiError::conflict(
            "queue_property_taken",
            format!(
                "instances find the queue {name:?} by {property}, which is that of the queue {:?} already: choose \
                 another name",
                other.key.name
            ),
        )
        .with_field("name")),
    }
}

/// Removes a queue with its messages.
pub async fn delete(app: &App, application_name: &str, name: &str) -> Result<(), ApiError> {
    let id = application(app, application_name).await?;
    let queues = of(app, &id).await?;
    let queue = queues.iter().find(|queue| queue.key.name == name);
    let queue = queue.ok_or_else(|| {
        ApiError::not_found(
            "queue_not_found",
            format!(
                "the application {application_name:?} has no queue {name:?}; `bp queue list` shows its queues"
            ),
        )
    })?;
    let backend = app.sqs.backend();
    backend
        .delete_queue(&queue.key, backend.now())
        .await
        .map_err(refused)
}
