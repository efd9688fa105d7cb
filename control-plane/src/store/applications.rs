//! `control.applications`.

use beanpole_protocol::{ApplicationId, api::Application};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::column::{parsed, time};

/// An application with its counts, as the API shows it.
struct View(Application);

impl FromRow<'_, PgRow> for View {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let number = |column: &str| -> sqlx::Result<u32> {
            Ok(u32::try_from(row.try_get::<i64, _>(column)?).unwrap_or(u32::MAX))
        };
        Ok(Self(Application {
            id: parsed(row, "id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            created_at: time(row, "created_at")?,
            environments: number("environments")?,
            versions: number("versions")?,
        }))
    }
}

/// The application of this name, with its counts.
pub async fn view(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<Application>> {
    let found: Option<View> = sqlx::query_as(
        "select a.*,
           (select count(*) from control.environments e
            where e.application_id = a.id and e.terminated_at is null) as environments,
           (select count(*) from control.application_versions v
            where v.application_id = a.id and v.deleted_at is null) as versions
         from control.applications a where a.name = $1",
    )
    .bind(name)
    .fetch_optional(connection)
    .await?;
    Ok(found.map(|view| view.0))
}

/// Applications by name with their counts, those after `after`, at most `limit`.
pub async fn page(
    connection: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<Application>> {
    let found: Vec<View> = sqlx::query_as(
        "select a.*,
           (select count(*) from control.environments e
            where e.application_id = a.id and e.terminated_at is null) as environments,
           (select count(*) from control.application_versions v
            where v.application_id = a.id and v.deleted_at is null) as versions
         from control.applications a where $1::text is null or a.name > $1 order by a.name limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|view| view.0).collect())
}

/// Adds an application; false when the name is taken.
pub async fn insert(
    connection: &mut PgConnection,
    id: &ApplicationId,
    name: &str,
    description: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query(
        "insert into control.applications (id, name, description, created_at) values ($1, $2, $3, $4)
         on conflict (name) do nothing",
    )
    .bind(id.as_str())
    .bind(name)
    .bind(description)
    .bind(now)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// The id behind a name; kept from being deleted until the transaction ends.
pub async fn keep(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<ApplicationId>> {
    sqlx::query("select id from control.applications where name = $1 for key share")
        .bind(name)
        .fetch_optional(connection)
        .await?
        .map(|row| parsed(&row, "id"))
        .transpose()
}

/// The id behind a name.
pub async fn id(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<ApplicationId>> {
    sqlx::query("select id from control.applications where name = $1")
        .bind(name)
        .fetch_optional(connection)
        .await?
        .map(|row| parsed(&row, "id"))
        .transpose()
}

/// The id behind a name; nothing may be added to the application until the transaction ends.
pub async fn lock(connection: &mut PgConnection, name: &str) -> sqlx::Result<Option<ApplicationId>> {
    sqlx::query("select id from control.applications where name = $1 for update")
        .bind(name)
        .fetch_optional(connection)
        .await?
        .map(|row| parsed(&row, "id"))
        .transpose()
}

/// Names of environments that are not terminated, a few of them.
pub async fn living_environments(
    connection: &mut PgConnection,
    id: &ApplicationId,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select name from control.environments
         where application_id = $1 and (terminated_at is null
           or exists (select from control.instances i where i.environment_id = environments.id))
         order by name limit 5",
    )
    .bind(id.as_str())
    .fetch_all(connection)
    .await
}

/// Removes an application with its versions and the history of its terminated environments.
///
/// One statement, so that the order in which tables refer to each other does not matter.
pub async fn delete(connection: &mut PgConnection, id: &ApplicationId) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as (select id from control.environments where application_id = $1),
           deployments as (delete from control.deployments where environment_id in (select id from gone)),
           configurations as (
             delete from control.configurations where environment_id in (select id from gone)),
           environments as (delete from control.environments where application_id = $1),
           versions as (delete from control.application_versions where application_id = $1)
         delete from control.applications where id = $1",
    )
    .bind(id.as_str())
    .execute(connection)
    .await
    .map(drop)
}
