//! What is not needed any more: answered tasks, images nobody may return to.

use std::time::Duration;

use beanpole_protocol::Timestamp;

use crate::{
    App,
    notices::{self, Notice},
    rounds::Rounds,
    store::{host_images, hosts, tasks},
};

const EVERY: Duration = Duration::from_secs(60);
/// Versions whose images stay on hosts, per environment, for a return without a build.
const KEPT_VERSIONS: i32 = 3;
/// An image that was touched more recently stays: somebody may be about to deploy it.
const FRESH: Duration = Duration::from_secs(600);
const TASKS_KEPT: Duration = Duration::from_secs(3600);

/// Cleans up until the server stops.
pub async fn run(app: App) {
    let mut rounds = Rounds::new(EVERY, &app.stopping);
    while let Some(now) = rounds.next().await {
        if let Err(error) = clean(&app, now).await {
            tracing::warn!(error.cause = %error, "cleaning up failed; the next round tries again");
        }
    }
}

pub async fn clean(app: &App, now: Timestamp) -> sqlx::Result<()> {
    let mut transaction = app.pool.begin().await?;
    // Locked before the images, as everywhere.
    hosts::lock_all(&mut transaction).await?;
    let touched = host_images::drop_unneeded(&mut transaction, KEPT_VERSIONS, now - FRESH).await?;
    hosts::bump(&mut transaction, &touched).await?;
    for host in touched {
        notices::send(&mut transaction, &Notice::Host(host)).await?;
    }
    transaction.commit().await?;
    tasks::forget_before(&mut *app.pool.acquire().await?, now - TASKS_KEPT).await?;
    Ok(())
}
