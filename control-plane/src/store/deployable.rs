//! What a deployment needs to know of an application and one of its versions.

use beanpole_protocol::{ApplicationId, Platform, VersionId, api::Finding};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{json, parsed};

pub struct Deployable {
    pub application: ApplicationId,
    /// Absent when the application has no version of that label.
    pub version: Option<DeployableVersion>,
}

pub struct DeployableVersion {
    pub id: VersionId,
    pub platform: Platform,
    pub files: FilesRow,
}

/// What a version's configuration files came to.
pub struct FilesRow {
    /// Absent: they set nothing.
    pub settings_sealed: Option<Vec<u8>>,
    /// The files themselves. Absent: they come to the same for all environments.
    pub files_sealed: Option<Vec<u8>>,
    pub findings: Vec<Finding>,
}

impl FromRow<'_, PgRow> for FilesRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            settings_sealed: row.try_get("option_settings_sealed")?,
            files_sealed: row.try_get("configuration_files_sealed")?,
            findings: json(row, "findings")?,
        })
    }
}

/// The application of this name and its version of this label, kept from being deleted until the
/// transaction ends.
pub async fn find(
    conn: &mut PgConnection,
    application: &str,
    label: &str,
) -> sqlx::Result<Option<Deployable>> {
    let Some(row) = sqlx::query("select id from control.applications where name = $1 for key share")
        .bind(application)
        .fetch_optional(&mut *conn)
        .await?
    else {
        return Ok(None);
    };
    let application: ApplicationId = parsed(&row, "id")?;
    let version = sqlx::query(
        "select id, platform, option_settings_sealed, configuration_files_sealed, findings
         from control.application_versions
         where application_id = $1 and label = $2 and deleted_at is null for key share",
    )
    .bind(application.as_str())
    .bind(label)
    .fetch_optional(conn)
    .await?
    .map(|row| {
        Ok::<_, sqlx::Error>(DeployableVersion {
            id: parsed(&row, "id")?,
            platform: parsed(&row, "platform")?,
            files: FilesRow::from_row(&row)?,
        })
    })
    .transpose()?;
    Ok(Some(Deployable { application, version }))
}

/// What the configuration files of a version came to.
pub async fn files(conn: &mut PgConnection, version: &VersionId) -> sqlx::Result<FilesRow> {
    sqlx::query_as(
        "select option_settings_sealed, configuration_files_sealed, findings
         from control.application_versions where id = $1",
    )
    .bind(version.as_str())
    .fetch_one(conn)
    .await
}

/// What the version asks for when an environment is created from it, sealed.
pub async fn creation(conn: &mut PgConnection, version: &VersionId) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar("select creation_sealed from control.application_versions where id = $1")
        .bind(version.as_str())
        .fetch_one(conn)
        .await
}

/// The label of a version.
pub async fn label(conn: &mut PgConnection, version: &VersionId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select label from control.application_versions where id = $1")
        .bind(version.as_str())
        .fetch_optional(conn)
        .await
}
