//! Makes, changes and removes the queues of an environment, in the transactions in which its deployments begin
//! and end.

use beanpole_protocol::{
    DeploymentId, Timestamp,
    api::{DeploymentKind, DeploymentStatus, Finding, Severity},
};
use beanpole_sqs::{
    Sqs,
    within::{self, Given, Wanted},
};
use beanpole_wire::AwsError;
use sqlx::PgConnection;

use super::{
    changes::fate,
    evaluate::{BroughtQueue, NameIsOwn},
};
use crate::{
    ApiError,
    ops::{
        queues::refused,
        record::{self, About},
    },
    store::{
        environment_queues::{self, EnvironmentQueueRow, Removal},
        environments::EnvironmentRow,
    },
};

/// Why queues could not be seen to; the transaction is to be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum ProvideError {
    #[error("the database did not answer for an environment's queues")]
    Database(#[from] sqlx::Error),
    #[error("an environment's queue could not be changed")]
    Queue(#[source] AwsError),
}

/// The deployment that queues are seen to for.
#[derive(Clone, Copy)]
pub struct For<'a> {
    pub environment: &'a EnvironmentRow,
    pub deployment: &'a DeploymentId,
    pub label: &'a str,
    pub now: Timestamp,
}

impl For<'_> {
    async fn say(
        &self,
        conn: &mut PgConnection,
        (severity, kind): (Severity, &str),
        message: &str,
    ) -> sqlx::Result<()> {
        let about = About {
            deployment: Some(self.deployment),
            version_label: Some(self.label),
        };
        record::event(conn, self.environment, about, (severity, kind, message), self.now).await
    }
}

/// What keeps queues from being had, before a deployment is asked for.
pub async fn foresee(
    conn: &mut PgConnection,
    there: &[EnvironmentQueueRow],
    queues: &[BroughtQueue],
) -> Result<Vec<Finding>, ApiError> {
    let mut found = Vec::new();
    for queue in queues {
        let is_new = there.iter().all(|row| row.key != queue.key);
        if is_new && queue.name_is_own == NameIsOwn::No {
            let is_taken = within::exists(conn, &queue.key).await.map_err(refused)?;
            if is_taken {
                found.push(queue.error(&format!("A queue named {} already exists.", queue.key.name)));
            }
        }
    }
    Ok(found)
}

/// Makes and changes the queues that a version declares, as its deployment begins.
pub async fn provide(
    sqs: &Sqs,
    conn: &mut PgConnection,
    of: For<'_>,
    queues: &[BroughtQueue],
) -> Result<(), ApiError> {
    let there = environment_queues::of_environment(conn, &of.environment.id).await?;
    let mut wanted = Vec::new();
    for queue in queues {
        let row = there.iter().find(|row| row.key == queue.key);
        wanted.push(Wanted {
            key: queue.key.clone(),
            given: queue.given.clone(),
            before: match (row, queue.name_is_own) {
                (Some(row), _) => Some(row.given.clone()),
                (None, NameIsOwn::Yes) => Some(Given::default()),
                (None, NameIsOwn::No) => None,
            },
            application: of.environment.application_id.to_string(),
        });
    }
    sqs.provide(conn, &wanted)
        .await
        .map_err(|within::Refused { key, error }| {
            let queue = queues.iter().find(|queue| queue.key == key);
            let mut problem = refused(error);
            if let Some(queue) = queue {
                problem.message = queue.error(&problem.message).to_string();
            }
            problem
        })?;
    for queue in queues {
        let row = EnvironmentQueueRow {
            key: queue.key.clone(),
            logical_id: queue.logical_id.clone(),
            deployment: of.deployment.clone(),
            given: queue.given.clone(),
            settled: None,
            when_dropped: queue.when_dropped,
            when_replaced: queue.when_replaced,
        };
        environment_queues::put(conn, &of.environment.id, &row).await?;
        let name = &queue.key.name;
        let message = match there.iter().find(|row| row.key == queue.key) {
            None => format!("Created queue {name} ({}).", queue.logical_id),
            Some(row) if row.given != queue.given => {
                format!("Changed attributes of queue {name} ({}).", queue.logical_id)
            }
            Some(_) => continue,
        };
        of.say(conn, (Severity::Info, "queue_provided"), &message).await?;
    }
    Ok(())
}

/// Sees to the queues as a deployment ends: after one that went well, those that its version does not declare
/// are removed; after another, attributes are what they were; after a termination none is left.
pub async fn conclude(
    sqs: &Sqs,
    conn: &mut PgConnection,
    of: For<'_>,
    (kind, status): (DeploymentKind, DeploymentStatus),
) -> Result<(), ProvideError> {
    let rows = environment_queues::of_environment(conn, &of.environment.id).await?;
    let is_of_this = |row: &&EnvironmentQueueRow| row.deployment == *of.deployment;
    if status != DeploymentStatus::Succeeded {
        for row in rows.iter().filter(is_of_this) {
            take_back(sqs, conn, of, row).await?;
        }
        return Ok(());
    }
    for row in rows.iter().filter(|row| !is_of_this(row)) {
        let is_replaced = kind != DeploymentKind::Terminate
            && rows
                .iter()
                .filter(is_of_this)
                .any(|other| other.logical_id == row.logical_id);
        remove(sqs, conn, of, row, fate(row, is_replaced)).await?;
    }
    Ok(environment_queues::settle(conn, &of.environment.id).await?)
}

async fn remove(
    sqs: &Sqs,
    conn: &mut PgConnection,
    of: For<'_>,
    row: &EnvironmentQueueRow,
    fate: Removal,
) -> Result<(), ProvideError> {
    environment_queues::forget(conn, &of.environment.id, &row.key).await?;
    let (name, id) = (&row.key.name, &row.logical_id);
    let message = match fate {
        Removal::Retain => format!("Kept queue {name} ({id}): it is the application's own now."),
        Removal::Delete => {
            let now = sqs.backend().now();
            match within::remove(conn, &row.key, now)
                .await
                .map_err(ProvideError::Queue)?
            {
                true => format!("Deleted queue {name} ({id})."),
                false => return Ok(()),
            }
        }
    };
    Ok(of.say(conn, (Severity::Info, "queue_removed"), &message).await?)
}

/// Gives a queue the attributes that it had before a deployment that did not go well.
async fn take_back(
    sqs: &Sqs,
    conn: &mut PgConnection,
    of: For<'_>,
    row: &EnvironmentQueueRow,
) -> Result<(), ProvideError> {
    let Some(settled) = row.settled.clone().filter(|settled| *settled != row.given) else {
        return Ok(());
    };
    let wanted = Wanted {
        key: row.key.clone(),
        given: settled.clone(),
        before: Some(row.given.clone()),
        application: of.environment.application_id.to_string(),
    };
    let name = &row.key.name;
    match sqs.provide(conn, &[wanted]).await {
        Ok(()) => {}
        Err(refused) if refused.error.kind.status >= 500 => return Err(ProvideError::Queue(refused.error)),
        // Such as when its dead-letter queue is gone: what goes back is not to hang on that.
        Err(refused) => {
            let message = format!(
                "Attributes of queue {name} ({}) stay as the deployment made them: {}",
                row.logical_id, refused.error.message
            );
            return Ok(of.say(conn, (Severity::Warn, "queue_provided"), &message).await?);
        }
    }
    let back = EnvironmentQueueRow {
        given: settled,
        ..row.clone()
    };
    environment_queues::put(conn, &of.environment.id, &back).await?;
    let message = format!("Changed attributes of queue {name} ({}) back.", row.logical_id);
    Ok(of.say(conn, (Severity::Info, "queue_provided"), &message).await?)
}
