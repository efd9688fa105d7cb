//! `control.wakes`: when reconcile must look at an environment.
//!
//! Locked last of all rows, so that a report never waits for a plan.

use std::collections::BTreeMap;

use beanpole_protocol::{EnvironmentId, Timestamp};
use sqlx::{PgConnection, Row};

use super::column::{at, parsed, time_or_null};

/// Whether edges on other hosts have to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Routes {
    Same,
    Changed,
}

/// Has reconcile look at environments now; tells listeners.
pub async fn request(
    conn: &mut PgConnection,
    wanted: &BTreeMap<EnvironmentId, Routes>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<_> = wanted.keys().map(EnvironmentId::as_str).collect();
    let routes: Vec<_> = wanted.values().map(|routes| *routes == Routes::Changed).collect();
    sqlx::query(
        "with woken as (
           insert into control.wakes (environment_id, wake_at, requests, routes_changed)
           select id, $3, 1, changed from unnest($1::text[], $2::bool[]) as w(id, changed) order by id
           on conflict (environment_id) do update set
             wake_at = least(wakes.wake_at, excluded.wake_at), requests = wakes.requests + 1,
             routes_changed = wakes.routes_changed or excluded.routes_changed
           returning environment_id)
         select pg_notify('beanpole', 'environment ' || environment_id) from woken",
    )
    .bind(ids)
    .bind(routes)
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// Has reconcile look at one environment now.
pub async fn request_one(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    routes: Routes,
    now: Timestamp,
) -> sqlx::Result<()> {
    request(conn, &BTreeMap::from([(id.clone(), routes)]), now).await
}

/// Environments due at `now`, the longest waiting first.
pub async fn due(conn: &mut PgConnection, now: Timestamp, limit: i64) -> sqlx::Result<Vec<EnvironmentId>> {
    sqlx::query("select environment_id from control.wakes where wake_at <= $1 order by wake_at limit $2")
        .bind(at(now))
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| parsed(row, "environment_id"))
        .collect()
}

/// The next moment anything is due.
pub async fn next(conn: &mut PgConnection) -> sqlx::Result<Option<Timestamp>> {
    let row = sqlx::query("select min(wake_at) as next from control.wakes")
        .fetch_one(conn)
        .await?;
    time_or_null(&row, "next")
}

/// What was asked of reconcile when it began to look.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    requests: i64,
    pub routes: Routes,
}

/// Reads what is asked, if it is due at `now`.
pub async fn asked(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    now: Timestamp,
) -> sqlx::Result<Option<Asked>> {
    sqlx::query(
        "select requests, routes_changed from control.wakes where environment_id = $1 and wake_at <= $2",
    )
    .bind(id.as_str())
    .bind(at(now))
    .fetch_optional(conn)
    .await?
    .map(|row| {
        Ok(Asked {
            requests: row.try_get("requests")?,
            routes: if row.try_get("routes_changed")? {
                Routes::Changed
            } else {
                Routes::Same
            },
        })
    })
    .transpose()
}

/// Says when to look next. Requests made since `asked` was read stay due.
pub async fn settle(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    asked: Asked,
    next: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.wakes set
           wake_at = case when requests = $2 then $3 else wake_at end,
           routes_changed = case when requests = $2 then false else routes_changed end
         where environment_id = $1",
    )
    .bind(id.as_str())
    .bind(asked.requests)
    .bind(next.map(at))
    .execute(conn)
    .await
    .map(drop)
}

/// Looks again at `until` at the earliest: planning failed.
pub async fn postpone(conn: &mut PgConnection, id: &EnvironmentId, until: Timestamp) -> sqlx::Result<()> {
    sqlx::query("update control.wakes set wake_at = $2 where environment_id = $1 and wake_at < $2")
        .bind(id.as_str())
        .bind(at(until))
        .execute(conn)
        .await
        .map(drop)
}
