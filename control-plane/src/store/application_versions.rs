//! `control.application_versions`, and where the builds of versions stand.

use beanpole_protocol::{
    ApplicationId, HostId, Platform, Timestamp, VersionId,
    api::{Build, BuildStatus, Finding},
};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, json, parsed, time, to_json};
use crate::blobs::BlobHash;

/// A version that is not deleted.
#[derive(Clone, Debug)]
pub struct VersionRow {
    pub id: VersionId,
    pub label: String,
    pub description: String,
    pub platform: Platform,
    pub sha256: BlobHash,
    pub size_bytes: u64,
    pub notes: Vec<String>,
    pub findings: Vec<Finding>,
    pub created_at: Timestamp,
}

impl FromRow<'_, PgRow> for VersionRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let hash: Vec<u8> = row.try_get("sha256")?;
        let size: i64 = row.try_get("size_bytes")?;
        Ok(Self {
            id: parsed(row, "id")?,
            label: row.try_get("label")?,
            description: row.try_get("description")?,
            platform: parsed(row, "platform")?,
            sha256: hash.try_into().map_err(|error| sqlx::Error::ColumnDecode {
                index: "sha256".to_owned(),
                source: Box::<dyn std::error::Error + Send + Sync>::from(error),
            })?,
            size_bytes: u64::try_from(size).unwrap_or(0),
            notes: row.try_get("notes")?,
            findings: json(row, "findings")?,
            created_at: time(row, "created_at")?,
        })
    }
}

pub async fn by_label(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(
        "select v.* from control.application_versions v
         join control.applications a on a.id = v.application_id
         where a.name = $1 and v.label = $2 and v.deleted_at is null",
    )
    .bind(application)
    .bind(label)
    .fetch_optional(connection)
    .await
}

/// The version of this label; nothing may begin to use it until the transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    application: &str,
    label: &str,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(
        "select v.* from control.application_versions v
         join control.applications a on a.id = v.application_id
         where a.name = $1 and v.label = $2 and v.deleted_at is null for update of v",
    )
    .bind(application)
    .bind(label)
    .fetch_optional(connection)
    .await
}

/// Versions of an application, newest first, those before `before`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    application: &str,
    before: Option<(Timestamp, &str)>,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(
        "select v.* from control.application_versions v
         join control.applications a on a.id = v.application_id
         where a.name = $1 and v.deleted_at is null
           and ($2::timestamptz is null or (v.created_at, v.id) < ($2, $3))
         order by v.created_at desc, v.id desc limit $4",
    )
    .bind(application)
    .bind(before.map(|(moment, _)| at(moment)))
    .bind(before.map(|(_, id)| id))
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// What is kept of a version's configuration files.
#[derive(Clone, Debug, Default)]
pub struct SealedFiles {
    /// What they set, the same for all environments.
    pub settings: Option<Vec<u8>>,
    /// They themselves, where something differs between environments.
    pub files: Option<Vec<u8>>,
    /// What `env.yaml` asks for when an environment is created.
    pub creation: Option<Vec<u8>>,
}

/// Adds a version; false when the application has one of that label.
pub async fn insert(
    connection: &mut PgConnection,
    application: &ApplicationId,
    version: &VersionRow,
    files: &SealedFiles,
) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into control.application_versions
           (id, application_id, label, description, platform, sha256, size_bytes, notes, findings,
            option_settings_sealed, configuration_files_sealed, creation_sealed, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (application_id, label) where deleted_at is null do nothing",
    )
    .bind(version.id.as_str())
    .bind(application.as_str())
    .bind(&version.label)
    .bind(&version.description)
    .bind(version.platform.name())
    .bind(version.sha256.0.as_slice())
    .bind(i64::try_from(version.size_bytes).unwrap_or(i64::MAX))
    .bind(&version.notes)
    .bind(to_json(&version.findings)?)
    .bind(&files.settings)
    .bind(&files.files)
    .bind(&files.creation)
    .bind(at(version.created_at))
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The key of a version's bundle.
pub async fn bundle_hash(connection: &mut PgConnection, id: &VersionId) -> sqlx::Result<Option<BlobHash>> {
    let hash: Option<Vec<u8>> = sqlx::query_scalar(
        "select sha256 from control.application_versions where id = $1 and deleted_at is null",
    )
    .bind(id.as_str())
    .fetch_optional(connection)
    .await?;
    hash.map(BlobHash::try_from)
        .transpose()
        .map_err(|error| sqlx::Error::ColumnDecode {
            index: "sha256".to_owned(),
            source: error.into(),
        })
}

/// Environments that run this version, deploy it, or would return to it; a few of them.
pub async fn users(connection: &mut PgConnection, id: &VersionId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select e.name from control.environments e
         where (e.terminated_at is null and e.current_version_id = $1)
           or exists (select from control.deployments d where d.environment_id = e.id
             and d.finished_at is null and $1 in (d.version_id, d.previous_version_id))
           or exists (select from control.instances i where i.environment_id = e.id and i.version_id = $1)
         order by e.name limit 5",
    )
    .bind(id.as_str())
    .fetch_all(connection)
    .await
}

/// Marks a version deleted.
pub async fn delete(connection: &mut PgConnection, id: &VersionId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("update control.application_versions set deleted_at = $2 where id = $1")
        .bind(id.as_str())
        .bind(at(now))
        .execute(connection)
        .await
        .map(drop)
}

/// Stops wanting a version's images anywhere: on which hosts they were wanted.
pub async fn forget_images(connection: &mut PgConnection, id: &VersionId) -> sqlx::Result<Vec<HostId>> {
    sqlx::query("delete from control.host_images where version_id = $1 returning host_id")
        .bind(id.as_str())
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| parsed(row, "host_id"))
        .collect()
}

/// Where the builds of these versions stand, by version and host name.
pub async fn builds(
    connection: &mut PgConnection,
    versions: &[VersionId],
) -> sqlx::Result<Vec<(VersionId, Build)>> {
    let ids: Vec<&str> = versions.iter().map(VersionId::as_str).collect();
    let rows = sqlx::query(
        "select i.version_id, h.name, i.state, i.reason, i.build_ms from control.host_images i
         join control.hosts h on h.id = i.host_id
         where i.version_id = any($1) order by i.version_id, h.name",
    )
    .bind(ids)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let state: &str = row.try_get("state")?;
            let status = match state {
                "ready" => BuildStatus::Ready,
                "failed" => BuildStatus::Failed,
                _ => BuildStatus::Building,
            };
            let took: Option<i64> = row.try_get("build_ms")?;
            let build = Build {
                host: row.try_get("name")?,
                status,
                reason: row.try_get("reason")?,
                duration_ms: took.and_then(|ms| u64::try_from(ms).ok()),
            };
            Ok((parsed(row, "version_id")?, build))
        })
        .collect()
}

/// The log of each host's build of a version: (host name, text), the latest build last.
pub async fn build_logs(
    connection: &mut PgConnection,
    id: &VersionId,
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as(
        "select h.name, i.log from control.host_images i join control.hosts h on h.id = i.host_id
         where i.version_id = $1 and i.log <> '' order by i.updated_at",
    )
    .bind(id.as_str())
    .fetch_all(connection)
    .await
}

/// Name of the lock between who gives a blob its row and who removes blobs without rows.
const BLOBS_LOCK: i64 = 0x6265_616e_626c_6f62;

/// Keeps blobs from being removed until the transaction ends; any number may at once.
pub async fn hold_blobs(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock_shared($1)")
        .bind(BLOBS_LOCK)
        .execute(connection)
        .await
        .map(drop)
}

/// Keeps versions from being added until the transaction ends.
pub async fn freeze_blobs(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock($1)")
        .bind(BLOBS_LOCK)
        .execute(connection)
        .await
        .map(drop)
}

/// Which of these blobs a version needs.
pub async fn needed_blobs(connection: &mut PgConnection, hashes: &[BlobHash]) -> sqlx::Result<Vec<Vec<u8>>> {
    let hashes: Vec<&[u8]> = hashes.iter().map(|hash| hash.0.as_slice()).collect();
    sqlx::query_scalar(
        "select distinct sha256 from control.application_versions
         where sha256 = any($1) and deleted_at is null",
    )
    .bind(hashes)
    .fetch_all(connection)
    .await
}
