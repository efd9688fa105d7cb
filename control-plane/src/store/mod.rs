//! All SQL of the control plane: one file per table, one statement a function, each named after the
//! question it answers. Functions take a connection, so that the caller owns the transaction.

pub mod api_tokens;
pub mod application_versions;
pub mod applications;
pub mod column;
pub mod configurations;
pub mod deployable;
pub mod deployments;
pub mod environments;
pub mod events;
pub mod host_images;
pub mod host_join_tokens;
pub mod hosts;
pub mod idempotency_keys;
pub mod installation;
pub mod instances;
pub mod tasks;
#[cfg(test)]
pub mod testing;
pub mod users;
pub mod wakes;

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config::DatabaseUrl;

/// A pool that heals by itself: connections a dead server left behind are replaced, not handed out.
///
/// No connection is made here; the first request makes it.
pub fn pool(url: &DatabaseUrl, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url.reveal())?.application_name("beanpole");
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(5))
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(1800))
        .test_before_acquire(true)
        .connect_lazy_with(options))
}
