//! Leases of hosts: one that runs out makes its host lost, and environments look for other places.
//!
//! A lease is only held against a host that could have renewed it. When this loop itself was away
//! (the server or its database did not run), every lease that still holds is given its full length
//! again first.

use std::{collections::BTreeMap, time::Duration};

use beanpole_protocol::{Timestamp, agent::LEASE_SECONDS};

use crate::{
    App,
    rounds::Rounds,
    store::{
        environments, hosts,
        wakes::{self, Routes},
    },
};

const EVERY: Duration = Duration::from_secs(1);
/// A pause of the loop after which agents get the benefit of the doubt.
const AWAY: Duration = Duration::from_secs(LEASE_SECONDS / 2);

/// Watches leases until the server stops.
pub async fn run(app: App) {
    let mut rounds = Rounds::new(EVERY, &app.stopping);
    let mut last_look = None;
    while let Some(now) = rounds.next().await {
        match look(&app, last_look, now).await {
            Ok(()) => last_look = Some(now),
            Err(error) => {
                tracing::warn!(error.cause = %error, "leases of hosts could not be looked at; will try again");
            }
        }
    }
}

/// One look at all leases. `last_look` is when the one before succeeded.
pub async fn look(app: &App, last_look: Option<Timestamp>, now: Timestamp) -> sqlx::Result<()> {
    let was_away = last_look.is_none_or(|last| now.since(last) > AWAY);
    let mut transaction = app.pool.begin().await?;
    if was_away {
        hosts::extend_leases(&mut transaction, now + Duration::from_secs(LEASE_SECONDS)).await?;
    }
    let lost = hosts::declare_lost(&mut transaction, now).await?;
    if !lost.is_empty() {
        for (id, name) in &lost {
            tracing::warn!(host.id = %id, host.name = %name, "a host does not answer and counts as lost");
        }
        let living = environments::living_ids(&mut transaction).await?;
        let wakes: BTreeMap<_, _> = living.into_iter().map(|id| (id, Routes::Changed)).collect();
        wakes::request(&mut transaction, &wakes, now).await?;
    }
    transaction.commit().await
}
