//! All SQL of the control plane: one file per table, one statement a function, each named after the
//! question it answers. Functions take a connection, so that the caller owns the transaction.

pub mod api_tokens;
pub mod application_versions;
pub mod applications;
pub mod column;
pub mod configurations;
pub mod deployable;
pub mod deployments;
pub mod environment_queues;
pub mod environments;
pub mod events;
pub mod host_images;
pub mod host_join_tokens;
pub mod hosts;
pub mod idempotency_keys;
pub mod installation;
pub mod instances;
pub mod leader_commands;
pub mod tasks;
#[cfg(test)]
pub mod testing;
pub mod users;
pub mod wakes;

use std::{str::FromStr, time::Duration};

use sqlx::{
    PgConnection, PgPool, Row,
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
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async move { Ok(is_fit(connection).await) }))
        .connect_lazy_with(options))
}

/// Whether a connection answers and has no transaction open.
///
/// A request that is cut off while its transaction begins leaves one open that the driver does not
/// know of; what came next on that connection would never be committed. Outside a transaction a
/// statement and its own transaction begin at the same moment.
async fn is_fit(connection: &mut PgConnection) -> bool {
    let asked = sqlx::raw_sql("select now() = statement_timestamp()")
        .fetch_one(connection)
        .await;
    asked.and_then(|row| row.try_get::<bool, _>(0)).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::testing;

    #[tokio::test]
    async fn a_connection_with_a_forgotten_transaction_is_not_handed_out_again() {
        let pool = testing::pool().await;
        let mut connection = pool.acquire().await.unwrap();
        sqlx::raw_sql("begin").execute(&mut *connection).await.unwrap();
        sqlx::raw_sql("create table forgotten ()")
            .execute(&mut *connection)
            .await
            .unwrap();
        drop(connection);
        let mut next = pool.acquire().await.unwrap();
        assert!(super::is_fit(&mut next).await);
        let forgotten: Option<String> = sqlx::query_scalar("select to_regclass('forgotten')::text")
            .fetch_one(&mut *next)
            .await
            .unwrap();
        assert_eq!(forgotten, None);
    }
}
