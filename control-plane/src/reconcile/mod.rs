//! The loops that have no input: they look at rows and bring about what these ask for.
//!
//! Level-triggered and idempotent: a plan is made from what is there now, written in the same
//! transaction, and made again when anything changes. Any number of servers may run them; a kill at
//! any instruction loses a transaction at most. No network call is made here.

pub mod apply;
pub mod environment;
pub mod finish;
pub mod foresee;
pub mod health;
pub mod hosts;
pub mod progress;
pub mod retention;
#[cfg(test)]
mod tests;
pub mod world;

use std::time::Duration;

use beanpole_protocol::{EnvironmentId, Timestamp};
use futures_util::{StreamExt, stream};
use tokio::time::Instant;

use crate::{
    ApiError, App, configurations::ConfigurationError, notices::Notice, options::OptionError,
    resources::provide::ProvideError, store::wakes,
};

/// However quiet it is, rows are looked at this often: notices can be lost.
const POLL: Duration = Duration::from_secs(1);
/// An environment that is due and was not planned is another server's at the moment.
const NOT_OURS: Duration = Duration::from_millis(50);
/// An environment that could not be planned is left alone for this long.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// Environments planned at the same time by one server.
const AT_ONCE: usize = 4;
/// Environments taken up in one go.
const BATCH: i64 = 64;

/// Why an environment could not be planned; it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    #[error("the database did not answer")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    #[error(transparent)]
    Queues(#[from] ProvideError),
    #[error("stored options are no longer valid")]
    Options(#[from] OptionError),
}

impl From<ReconcileError> for ApiError {
    fn from(error: ReconcileError) -> Self {
        match error {
            ReconcileError::Database(error) => error.into(),
            ReconcileError::Configuration(error) => error.into(),
            ReconcileError::Queues(error) => ApiError::internal(error),
            ReconcileError::Options(error) => ApiError::internal(error),
        }
    }
}

/// An error with what lies behind it, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Plans environments as they come due, until the server stops.
pub async fn run(app: App) {
    let mut waiter = app.notices.subscribe();
    loop {
        let now = Timestamp::now();
        let pause = match round(&app).await {
            Ok(Some(next)) => next.since(now).clamp(NOT_OURS, POLL),
            Ok(None) => POLL,
            Err(error) => {
                tracing::warn!(error.cause = %error, "environments could not be read; will try again");
                POLL
            }
        };
        let deadline = Instant::now() + pause;
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = waiter.wait(deadline, |notice| matches!(notice, Notice::Environment(_))) => {}
        }
    }
}

/// Plans all that is due: when something is due next.
pub async fn round(app: &App) -> sqlx::Result<Option<Timestamp>> {
    loop {
        let due = wakes::due(&mut *app.pool.acquire().await?, Timestamp::now(), BATCH).await?;
        if due.is_empty() || app.stopping.is_cancelled() {
            break;
        }
        let planned = stream::iter(due)
            .map(|id| one(app, id))
            .buffer_unordered(AT_ONCE)
            .fold(false, |any, planned| async move { any || planned })
            .await;
        // Another server has them, or they fail: not again at once.
        if !planned {
            break;
        }
    }
    wakes::next(&mut *app.pool.acquire().await?).await
}

/// Plans one environment: whether that was done.
async fn one(app: &App, id: EnvironmentId) -> bool {
    let error = match environment::reconcile(app, &id, Timestamp::now()).await {
        Ok(planned) => return planned,
        Err(error) => error,
    };
    tracing::error!(
        environment.id = %id,
        error.cause = %chain(&error),
        "an environment could not be planned; will try again"
    );
    let postponed = async {
        wakes::postpone(
            &mut *app.pool.acquire().await?,
            &id,
            Timestamp::now() + AFTER_FAILURE,
        )
        .await
    };
    if let Err(error) = postponed.await {
        tracing::debug!(environment.id = %id, error.cause = %error, "it could not even be put off");
    }
    false
}
