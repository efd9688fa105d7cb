//! `control.configurations`: option settings by revision; environment properties are sealed.

use beanpole_protocol::{EnvironmentId, Timestamp};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, parsed};

/// A revision as stored: the properties still sealed.
pub struct ConfigurationRow {
    pub environment_id: EnvironmentId,
    pub revision: i32,
    pub options: serde_json::Value,
    pub properties_sealed: Vec<u8>,
    pub version_settings_sealed: Option<Vec<u8>>,
}

impl FromRow<'_, PgRow> for ConfigurationRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            environment_id: parsed(row, "environment_id")?,
            revision: row.try_get("revision")?,
            options: row.try_get("options")?,
            properties_sealed: row.try_get("properties_sealed")?,
            version_settings_sealed: row.try_get("version_settings_sealed")?,
        })
    }
}

pub async fn insert(conn: &mut PgConnection, row: &ConfigurationRow, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.configurations
           (environment_id, revision, options, properties_sealed, version_settings_sealed, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(row.environment_id.as_str())
    .bind(row.revision)
    .bind(&row.options)
    .bind(&row.properties_sealed)
    .bind(&row.version_settings_sealed)
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// The highest revision there ever was.
pub async fn last_revision(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<i32> {
    sqlx::query_scalar(
        "select coalesce(max(revision), 0) from control.configurations where environment_id = $1",
    )
    .bind(id.as_str())
    .fetch_one(conn)
    .await
}

/// These revisions, each environment's paired with its revision.
pub async fn revisions(
    conn: &mut PgConnection,
    wanted: &[(EnvironmentId, i32)],
) -> sqlx::Result<Vec<ConfigurationRow>> {
    let environments: Vec<_> = wanted.iter().map(|(id, _)| id.as_str()).collect();
    let revisions: Vec<_> = wanted.iter().map(|(_, revision)| *revision).collect();
    sqlx::query_as(
        "select c.* from control.configurations c
         join unnest($1::text[], $2::int[]) as wanted(environment_id, revision)
           using (environment_id, revision)",
    )
    .bind(environments)
    .bind(revisions)
    .fetch_all(conn)
    .await
}
