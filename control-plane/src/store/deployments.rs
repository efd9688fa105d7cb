//! `control.deployments`.

use std::collections::BTreeMap;

use beanpole_planner::{DeploymentOptions, change::Phase};
use beanpole_protocol::{
    DeploymentId, EnvironmentId, Release, Timestamp,
    api::{DeploymentKind, DeploymentStatus},
};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{
    at, count, int, json, name_of, named, parsed, parsed_or_null, time, time_or_null, to_json,
};

#[derive(Clone, Debug)]
pub struct DeploymentRow {
    pub id: DeploymentId,
    pub environment_id: EnvironmentId,
    /// Name of its environment.
    pub environment: String,
    pub number: u32,
    pub kind: DeploymentKind,
    pub target: Release,
    pub label: String,
    pub previous: Option<Release>,
    pub previous_label: Option<String>,
    pub options: DeploymentOptions,
    pub phase: Phase,
    pub phase_since: Timestamp,
    pub status: DeploymentStatus,
    pub reason: Option<String>,
    pub log_tail: Option<String>,
    pub abort_by: Option<String>,
    pub outage_ms: i64,
    pub outage_since: Option<Timestamp>,
    pub progress: Progress,
    pub built_at: Option<Timestamp>,
    pub started_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

/// How far a deployment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub instances_total: u32,
    /// Instances on the new release that are healthy.
    pub instances_done: u32,
    /// Percent of traffic on the new release.
    pub traffic_percent: u32,
}

impl FromRow<'_, PgRow> for DeploymentRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let previous_version = parsed_or_null(row, "previous_version_id")?;
        let previous_configuration: Option<i32> = row.try_get("previous_configuration")?;
        Ok(Self {
            id: parsed(row, "id")?,
            environment_id: parsed(row, "environment_id")?,
            environment: row.try_get("environment")?,
            number: count(row, "number")?,
            kind: named(row, "kind")?,
            target: Release {
                version: parsed(row, "version_id")?,
                configuration: row.try_get("configuration")?,
            },
            label: row.try_get("label")?,
            previous: previous_version
                .zip(previous_configuration)
                .map(|(version, configuration)| Release {
                    version,
                    configuration,
                }),
            previous_label: row.try_get("previous_label")?,
            options: json(row, "options")?,
            phase: json(row, "phase")?,
            phase_since: time(row, "phase_since")?,
            status: named(row, "status")?,
            reason: row.try_get("reason")?,
            log_tail: row.try_get("log_tail")?,
            abort_by: row.try_get("abort_by")?,
            outage_ms: row.try_get("outage_ms")?,
            outage_since: time_or_null(row, "outage_since")?,
            progress: Progress {
                instances_total: count(row, "instances_total")?,
                instances_done: count(row, "instances_done")?,
                traffic_percent: count(row, "traffic_percent")?,
            },
            built_at: time_or_null(row, "built_at")?,
            started_at: time(row, "started_at")?,
            finished_at: time_or_null(row, "finished_at")?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select d.*, e.name as environment, v.label as label, p.label as previous_label
             from control.deployments d
             join control.environments e on e.id = d.environment_id
             join control.application_versions v on v.id = d.version_id
             left join control.application_versions p on p.id = d.previous_version_id ",
            $rest
        )
    };
}

/// A new deployment, in phase `phase` since `now`.
pub struct NewDeployment<'a> {
    pub id: &'a DeploymentId,
    pub environment: &'a EnvironmentId,
    pub number: u32,
    pub kind: DeploymentKind,
    pub target: &'a Release,
    pub previous: Option<&'a Release>,
    pub options: &'a DeploymentOptions,
    pub phase: &'a Phase,
    pub instances_total: u32,
    pub now: Timestamp,
}

pub async fn insert(conn: &mut PgConnection, new: &NewDeployment<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.deployments
           (id, environment_id, number, kind, version_id, configuration, previous_version_id,
            previous_configuration, options, phase, phase_since, status, instances_total, started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'running', $12, $11)",
    )
    .bind(new.id.as_str())
    .bind(new.environment.as_str())
    .bind(int(new.number))
    .bind(name_of(&new.kind))
    .bind(new.target.version.as_str())
    .bind(new.target.configuration)
    .bind(new.previous.map(|release| release.version.as_str()))
    .bind(new.previous.map(|release| release.configuration))
    .bind(to_json(new.options)?)
    .bind(to_json(new.phase)?)
    .bind(at(new.now))
    .bind(int(new.instances_total))
    .execute(conn)
    .await
    .map(drop)
}

pub async fn by_id(conn: &mut PgConnection, id: &DeploymentId) -> sqlx::Result<Option<DeploymentRow>> {
    sqlx::query_as(select!("where d.id = $1"))
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
}

/// The one that runs now.
pub async fn active(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<Option<DeploymentRow>> {
    sqlx::query_as(select!("where d.environment_id = $1 and d.finished_at is null"))
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
}

/// The newest one, running or not.
pub async fn latest(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<Option<DeploymentRow>> {
    sqlx::query_as(select!(
        "where d.environment_id = $1 order by d.number desc limit 1"
    ))
    .bind(id.as_str())
    .fetch_optional(conn)
    .await
}

/// The one with this number.
pub async fn by_number(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    number: u32,
) -> sqlx::Result<Option<DeploymentRow>> {
    sqlx::query_as(select!("where d.environment_id = $1 and d.number = $2"))
        .bind(id.as_str())
        .bind(int(number))
        .fetch_optional(conn)
        .await
}

/// Newest first, those with a smaller number than `before`, at most `limit`.
pub async fn page(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    before: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<DeploymentRow>> {
    sqlx::query_as(select!(
        "where d.environment_id = $1 and ($2::bigint is null or d.number < $2)
         order by d.number desc limit $3"
    ))
    .bind(id.as_str())
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await
}

pub async fn set_phase(
    conn: &mut PgConnection,
    id: &DeploymentId,
    phase: &Phase,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update control.deployments set phase = $2, phase_since = $3 where id = $1")
        .bind(id.as_str())
        .bind(to_json(phase)?)
        .bind(at(now))
        .execute(conn)
        .await
        .map(drop)
}

/// Keeps what the app or the build said when it failed, before what said it is gone.
pub async fn set_log_tail(conn: &mut PgConnection, id: &DeploymentId, tail: &str) -> sqlx::Result<()> {
    sqlx::query("update control.deployments set log_tail = coalesce(log_tail, $2) where id = $1")
        .bind(id.as_str())
        .bind(tail)
        .execute(conn)
        .await
        .map(drop)
}

/// Remembers when the image was ready wherever it was needed.
pub async fn set_built(conn: &mut PgConnection, id: &DeploymentId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("update control.deployments set built_at = coalesce(built_at, $2) where id = $1")
        .bind(id.as_str())
        .bind(at(now))
        .execute(conn)
        .await
        .map(drop)
}

/// Writes down that somebody wants it ended; false when it has ended already.
pub async fn request_abort(conn: &mut PgConnection, id: &DeploymentId, by: &str) -> sqlx::Result<bool> {
    sqlx::query(
        "update control.deployments set abort_by = coalesce(abort_by, $2)
         where id = $1 and finished_at is null",
    )
    .bind(id.as_str())
    .bind(by)
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// How a deployment ended.
pub struct Ending<'a> {
    pub status: DeploymentStatus,
    pub reason: &'a str,
    pub log_tail: Option<&'a str>,
}

/// Ends a deployment that runs; closes an open outage.
pub async fn finish(
    conn: &mut PgConnection,
    id: &DeploymentId,
    ending: &Ending<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.deployments
         set status = $2, reason = $3, log_tail = coalesce(log_tail, $4), finished_at = $5,
             outage_ms = outage_ms + coalesce(
               greatest(0, (extract(epoch from $5 - outage_since) * 1000)::bigint), 0),
             outage_since = null
         where id = $1 and finished_at is null",
    )
    .bind(id.as_str())
    .bind(name_of(&ending.status))
    .bind(ending.reason)
    .bind(ending.log_tail)
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps count of time without an instance in service.
pub async fn set_outage(
    conn: &mut PgConnection,
    id: &DeploymentId,
    closed_ms: i64,
    open_since: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query("update control.deployments set outage_ms = $2, outage_since = $3 where id = $1")
        .bind(id.as_str())
        .bind(closed_ms)
        .bind(open_since.map(at))
        .execute(conn)
        .await
        .map(drop)
}

pub async fn set_progress(
    conn: &mut PgConnection,
    id: &DeploymentId,
    progress: &Progress,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.deployments
         set instances_total = $2, instances_done = $3, traffic_percent = $4 where id = $1",
    )
    .bind(id.as_str())
    .bind(int(progress.instances_total))
    .bind(int(progress.instances_done))
    .bind(int(progress.traffic_percent))
    .execute(conn)
    .await
    .map(drop)
}

/// The release each running deployment brings, by environment.
pub async fn active_targets(conn: &mut PgConnection) -> sqlx::Result<BTreeMap<EnvironmentId, Release>> {
    sqlx::query(
        "select environment_id, version_id, configuration from control.deployments where finished_at is null",
    )
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| {
        let release = Release {
            version: parsed(row, "version_id")?,
            configuration: row.try_get("configuration")?,
        };
        Ok((parsed(row, "environment_id")?, release))
    })
    .collect()
}
