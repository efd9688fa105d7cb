//! Removes what has lived out its time: answers kept for repeated requests, links and join tokens
//! nobody used, old events, bundles no version needs. What environments leave behind is `reconcile::retention`'s.

use std::time::{Duration, SystemTime};

use beanpole_protocol::Timestamp;

use crate::{
    App, idempotency,
    ops::collect_blobs::{CollectError, collect_blobs},
    rounds::Rounds,
    store::{events, host_join_tokens, users},
};

const EVERY: Duration = Duration::from_secs(600);

/// How long events are kept, and how many of a living environment are kept however old they are.
pub const EVENTS_KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
const NEWEST_EVENTS_KEPT: i64 = 1000;

/// Cleans up until the server stops.
pub async fn run(app: App) {
    let mut rounds = Rounds::new(EVERY, &app.stopping);
    while let Some(now) = rounds.next().await {
        if let Err(error) = clean(&app, now).await {
            tracing::warn!(error.cause = %error, "cleaning up failed; the next round tries again");
        }
    }
}

async fn clean(app: &App, now: Timestamp) -> Result<(), CollectError> {
    idempotency::forget_old(&app.pool, now).await?;
    let mut connection = app.pool.acquire().await?;
    users::forget_login_codes(&mut connection, now.into()).await?;
    host_join_tokens::forget_expired(&mut connection, now.into()).await?;
    let forgotten = events::forget_before(&mut connection, now - EVENTS_KEPT, NEWEST_EVENTS_KEPT).await?;
    if forgotten > 0 {
        tracing::info!(events = forgotten, "old events were removed");
    }
    drop(connection);
    let removed = collect_blobs(app, SystemTime::now()).await?;
    if removed > 0 {
        tracing::info!(blobs = removed, "bundles that no version needs were removed");
    }
    Ok(())
}
