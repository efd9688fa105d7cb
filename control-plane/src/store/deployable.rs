//! What a deployment needs to know of an application and one of its versions.

use beanpole_protocol::{ApplicationId, Platform, VersionId};
use sqlx::PgConnection;

use super::column::parsed;

pub struct Deployable {
    pub application: ApplicationId,
    /// Absent when the application has no version of that label.
    pub version: Option<(VersionId, Platform)>,
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
        "select id, platform from control.application_versions
         where application_id = $1 and label = $2 and deleted_at is null for key share",
    )
    .bind(application.as_str())
    .bind(label)
    .fetch_optional(conn)
    .await?
    .map(|row| Ok::<_, sqlx::Error>((parsed(&row, "id")?, parsed(&row, "platform")?)))
    .transpose()?;
    Ok(Some(Deployable { application, version }))
}

/// The label of a version.
pub async fn label(conn: &mut PgConnection, version: &VersionId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("select label from control.application_versions where id = $1")
        .bind(version.as_str())
        .fetch_optional(conn)
        .await
}
