//! `control.host_images`: which version images a host should have, and where each build stands.

use beanpole_protocol::{EnvironmentId, HostId, Platform, Timestamp, VersionId};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, clean, count, named, parsed, time};

/// Where a build stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    Wanted,
    Building,
    Ready,
    Failed,
}

impl BuildState {
    const fn name(self) -> &'static str {
        match self {
            BuildState::Wanted => "wanted",
            BuildState::Building => "building",
            BuildState::Ready => "ready",
            BuildState::Failed => "failed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRow {
    pub host_id: HostId,
    pub version: VersionId,
    pub state: BuildState,
    pub attempt: u32,
    pub reason: Option<String>,
    /// When it came into this state.
    pub updated_at: Timestamp,
}

impl FromRow<'_, PgRow> for ImageRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            host_id: parsed(row, "host_id")?,
            version: parsed(row, "version_id")?,
            state: named(row, "state")?,
            attempt: count(row, "attempt")?,
            reason: row.try_get("reason")?,
            updated_at: time(row, "updated_at")?,
        })
    }
}

/// The rows of these versions on all hosts.
pub async fn of_versions(conn: &mut PgConnection, versions: &[VersionId]) -> sqlx::Result<Vec<ImageRow>> {
    let versions: Vec<_> = versions.iter().map(VersionId::as_str).collect();
    sqlx::query_as(
        "select host_id, version_id, state, attempt, reason, updated_at from control.host_images
         where version_id = any($1) order by host_id, version_id",
    )
    .bind(versions)
    .fetch_all(conn)
    .await
}

/// The rows of a host.
pub async fn of_host(conn: &mut PgConnection, host: &HostId) -> sqlx::Result<Vec<ImageRow>> {
    sqlx::query_as(
        "select host_id, version_id, state, attempt, reason, updated_at from control.host_images
         where host_id = $1 order by version_id",
    )
    .bind(host.as_str())
    .fetch_all(conn)
    .await
}

/// What an agent needs to have an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedImage {
    pub version: VersionId,
    pub attempt: u32,
    pub application: String,
    pub label: String,
    pub platform: Platform,
    pub bundle_sha256: Vec<u8>,
}

impl FromRow<'_, PgRow> for WantedImage {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            version: parsed(row, "version_id")?,
            attempt: count(row, "attempt")?,
            application: row.try_get("application")?,
            label: row.try_get("label")?,
            platform: parsed(row, "platform")?,
            bundle_sha256: row.try_get("sha256")?,
        })
    }
}

/// The images a host should have, by version.
pub async fn wanted_on(conn: &mut PgConnection, host: &HostId) -> sqlx::Result<Vec<WantedImage>> {
    sqlx::query_as(
        "select i.version_id, i.attempt, a.name as application, v.label, v.platform, v.sha256
         from control.host_images i
         join control.application_versions v on v.id = i.version_id
         join control.applications a on a.id = v.application_id
         where i.host_id = $1 order by i.version_id",
    )
    .bind(host.as_str())
    .fetch_all(conn)
    .await
}

/// Wants an image on a host; false when it was wanted already.
pub async fn want(
    conn: &mut PgConnection,
    host: &HostId,
    version: &VersionId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    change(
        conn,
        "insert into control.host_images (host_id, version_id, state, updated_at)
         values ($1, $2, 'wanted', $3) on conflict do nothing",
        (host, version),
        now,
    )
    .await
}

/// Has a failed build tried again on a host; false when it had not failed there.
pub async fn retry(
    conn: &mut PgConnection,
    host: &HostId,
    version: &VersionId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    change(
        conn,
        "update control.host_images
         set state = 'wanted', attempt = attempt + 1, reason = null, build_ms = null, log = '', updated_at = $3
         where host_id = $1 and version_id = $2 and state = 'failed'",
        (host, version),
        now,
    )
    .await
}

/// Runs a statement on one row at a time, `now` being its third parameter; whether it changed the row.
async fn change(
    conn: &mut PgConnection,
    statement: &'static str,
    (host, version): (&HostId, &VersionId),
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query(statement)
        .bind(host.as_str())
        .bind(version.as_str())
        .bind(at(now))
        .execute(conn)
        .await
        .map(|done| done.rows_affected() == 1)
}

/// The last `characters` of a build's log.
pub async fn log_tail(
    conn: &mut PgConnection,
    host: &HostId,
    version: &VersionId,
    characters: i32,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select right(log, $3) from control.host_images where host_id = $1 and version_id = $2",
    )
    .bind(host.as_str())
    .bind(version.as_str())
    .bind(characters)
    .fetch_optional(conn)
    .await
}

/// What an agent says of a build.
pub struct Outcome<'a> {
    pub version: &'a VersionId,
    pub state: BuildState,
    pub reason: Option<&'a str>,
    pub build_ms: Option<u64>,
}

pub async fn record(
    conn: &mut PgConnection,
    host: &HostId,
    outcome: &Outcome<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update control.host_images
         set state = $3, reason = $4, build_ms = coalesce($5, build_ms), updated_at = $6
         where host_id = $1 and version_id = $2",
    )
    .bind(host.as_str())
    .bind(outcome.version.as_str())
    .bind(outcome.state.name())
    .bind(outcome.reason.map(clean))
    .bind(outcome.build_ms.and_then(|ms| i64::try_from(ms).ok()))
    .bind(at(now))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Characters of a build log that are kept: the last ones.
pub const LOG_LIMIT: i32 = 1024 * 1024;

/// Appends to a build's log; false when the image is not wanted on the host, or the text is of
/// another attempt than the present one.
pub async fn append_log(
    conn: &mut PgConnection,
    host: &HostId,
    version: &VersionId,
    attempt: Option<u32>,
    text: &str,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update control.host_images set log = right(log || $3, $4)
         where host_id = $1 and version_id = $2 and ($5::int is null or attempt = $5)",
    )
    .bind(host.as_str())
    .bind(version.as_str())
    .bind(clean(text))
    .bind(LOG_LIMIT)
    .bind(attempt.map(super::column::int))
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The source bundle's hash, if the host should have the version's image.
pub async fn bundle_for(
    conn: &mut PgConnection,
    host: &HostId,
    version: &VersionId,
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar(
        "select v.sha256 from control.host_images i
         join control.application_versions v on v.id = i.version_id
         where i.host_id = $1 and i.version_id = $2",
    )
    .bind(host.as_str())
    .bind(version.as_str())
    .fetch_optional(conn)
    .await
}

/// Environments that wait for, run or may return to this version.
pub async fn environments_using(
    conn: &mut PgConnection,
    versions: &[VersionId],
) -> sqlx::Result<Vec<EnvironmentId>> {
    let versions: Vec<_> = versions.iter().map(VersionId::as_str).collect();
    sqlx::query(
        "select e.id from control.environments e
         left join control.deployments d on d.environment_id = e.id and d.finished_at is null
         where e.terminated_at is null
           and (e.current_version_id = any($1) or d.version_id = any($1) or d.previous_version_id = any($1))
         order by e.id",
    )
    .bind(versions)
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| parsed(row, "id"))
    .collect()
}

/// Stops wanting images that no environment runs, deploys or may return to. For each living
/// environment that is the current version, those of the running deployment, and the last `keep`
/// that were deployed with success. Says on which hosts some went.
pub async fn drop_unneeded(
    conn: &mut PgConnection,
    keep: i32,
    not_since: Timestamp,
) -> sqlx::Result<Vec<HostId>> {
    let rows = sqlx::query(
        "with needed as (
           select e.current_version_id as id from control.environments e
             where e.terminated_at is null and e.current_version_id is not null
           union select unnest(array[d.version_id, d.previous_version_id]) from control.deployments d
             where d.finished_at is null
           union select i.version_id from control.instances i
           union select recent.version_id from control.environments e
             cross join lateral (
               select d.version_id from control.deployments d
               where d.environment_id = e.id and d.status = 'succeeded' and d.kind <> 'terminate'
               group by d.version_id order by max(d.number) desc limit $1) as recent
             where e.terminated_at is null)
         delete from control.host_images
         where updated_at < $2
           and version_id not in (select id from needed where id is not null)
         returning host_id",
    )
    .bind(keep)
    .bind(at(not_since))
    .fetch_all(conn)
    .await?;
    let mut hosts: Vec<HostId> = rows
        .iter()
        .map(|row| parsed(row, "host_id"))
        .collect::<sqlx::Result<_>>()?;
    hosts.sort();
    hosts.dedup();
    Ok(hosts)
}
