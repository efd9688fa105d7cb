//! Removes what has lived out its time: answers kept for repeated requests, links and join tokens
//! nobody used, bundles no version needs. What environments leave behind is `reconcile::retention`'s.

use std::time::{Duration, SystemTime};

use beanpole_protocol::Timestamp;

use crate::{
    App, idempotency,
    ops::collect_blobs::{CollectError, collect_blobs},
    store::{host_join_tokens, users},
};

const EVERY: Duration = Duration::from_secs(600);

/// Cleans up until the server stops.
pub async fn run(app: App) {
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = every.tick() => {}
        }
        if let Err(error) = clean(&app, Timestamp::now()).await {
            tracing::warn!(error.cause = %error, "cleaning up failed; the next round tries again");
        }
    }
}

async fn clean(app: &App, now: Timestamp) -> Result<(), CollectError> {
    idempotency::forget_old(&app.pool, now).await?;
    let mut connection = app.pool.acquire().await?;
    users::forget_login_codes(&mut connection, now.into()).await?;
    host_join_tokens::forget_expired(&mut connection, now.into()).await?;
    drop(connection);
    let removed = collect_blobs(app, SystemTime::now()).await?;
    if removed > 0 {
        tracing::info!(blobs = removed, "bundles that no version needs were removed");
    }
    Ok(())
}
