//! `control.environments`.

use beanpole_planner::Reason;
use beanpole_protocol::{
    ApplicationId, DeploymentId, EnvironmentId, Platform, Release, Timestamp,
    api::{EnvironmentStatus, Health},
};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{
    at, count, int, json_or_null, name_of, named, parsed, parsed_or_null, time, time_or_null, to_json,
};

#[derive(Clone, Debug)]
pub struct EnvironmentRow {
    pub id: EnvironmentId,
    pub application_id: ApplicationId,
    /// Name of its application.
    pub application: String,
    pub name: String,
    pub cname_prefix: String,
    pub platform: Platform,
    pub status: EnvironmentStatus,
    /// Release of the last successful deployment.
    pub current: Option<Release>,
    pub current_label: Option<String>,
    pub current_deployment_number: Option<u32>,
    /// Latest revision of its configuration that is meant to hold.
    pub configuration: i32,
    pub min_instances: u32,
    pub max_instances: u32,
    pub desired_instances: u32,
    pub split_percent: Option<u8>,
    /// What keeps it from what it should be.
    pub hindrance: Option<Reason>,
    pub health: Health,
    pub active_deployment: Option<DeploymentId>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub terminated_at: Option<Timestamp>,
}

impl FromRow<'_, PgRow> for EnvironmentRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let version = parsed_or_null(row, "current_version_id")?;
        let configuration: Option<i32> = row.try_get("current_configuration")?;
        let number: Option<i32> = row.try_get("current_deployment_number")?;
        let split: Option<i32> = row.try_get("split_percent")?;
        Ok(Self {
            id: parsed(row, "id")?,
            application_id: parsed(row, "application_id")?,
            application: row.try_get("application")?,
            name: row.try_get("name")?,
            cname_prefix: row.try_get("cname_prefix")?,
            platform: parsed(row, "platform")?,
            status: named(row, "status")?,
            current: version
                .zip(configuration)
                .map(|(version, configuration)| Release {
                    version,
                    configuration,
                }),
            current_label: row.try_get("current_label")?,
            current_deployment_number: number.and_then(|number| u32::try_from(number).ok()),
            configuration: row.try_get("configuration")?,
            min_instances: count(row, "min_instances")?,
            max_instances: count(row, "max_instances")?,
            desired_instances: count(row, "desired_instances")?,
            split_percent: split.and_then(|percent| u8::try_from(percent).ok()),
            hindrance: json_or_null(row, "hindrance")?,
            health: Health {
                color: named(row, "health_color")?,
                status: named(row, "health_status")?,
                causes: row.try_get("health_causes")?,
            },
            active_deployment: parsed_or_null(row, "active_deployment")?,
            created_at: time(row, "created_at")?,
            updated_at: time(row, "updated_at")?,
            terminated_at: time_or_null(row, "terminated_at")?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select e.*, a.name as application, v.label as current_label, d.id as active_deployment
             from control.environments e
             join control.applications a on a.id = e.application_id
             left join control.application_versions v on v.id = e.current_version_id
             left join control.deployments d on d.environment_id = e.id and d.finished_at is null ",
            $rest
        )
    };
}

/// A new environment.
pub struct NewEnvironment<'a> {
    pub id: &'a EnvironmentId,
    pub application: &'a ApplicationId,
    pub name: &'a str,
    pub cname_prefix: &'a str,
    pub platform: Platform,
    pub min_instances: u32,
    pub max_instances: u32,
    pub desired_instances: u32,
    pub now: Timestamp,
}

/// Adds an environment in status `Launching`, at configuration revision 1.
pub async fn insert(conn: &mut PgConnection, new: &NewEnvironment<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.environments
           (id, application_id, name, cname_prefix, platform, status, configuration,
            min_instances, max_instances, desired_instances, created_at, updated_at)
         values ($1, $2, $3, $4, $5, 'Launching', 1, $6, $7, $8, $9, $9)",
    )
    .bind(new.id.as_str())
    .bind(new.application.as_str())
    .bind(new.name)
    .bind(new.cname_prefix)
    .bind(new.platform.name())
    .bind(int(new.min_instances))
    .bind(int(new.max_instances))
    .bind(int(new.desired_instances))
    .bind(at(new.now))
    .execute(conn)
    .await
    .map(drop)
}

pub async fn by_id(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<Option<EnvironmentRow>> {
    sqlx::query_as(select!("where e.id = $1"))
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
}

/// The living environment of this name; else the one that was terminated last, after `since`.
pub async fn by_name(
    conn: &mut PgConnection,
    name: &str,
    since: Timestamp,
) -> sqlx::Result<Option<EnvironmentRow>> {
    sqlx::query_as(select!(
        "where e.name = $1 and (e.terminated_at is null or e.terminated_at > $2)
         order by e.terminated_at desc nulls first limit 1"
    ))
    .bind(name)
    .bind(at(since))
    .fetch_optional(conn)
    .await
}

/// Living environments by name, those after `after`, at most `limit`.
pub async fn page(
    conn: &mut PgConnection,
    application: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<EnvironmentRow>> {
    sqlx::query_as(select!(
        "where e.terminated_at is null and ($1::text is null or a.name = $1)
           and ($2::text is null or e.name > $2)
         order by e.name limit $3"
    ))
    .bind(application)
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await
}

/// All living environments, by name.
pub async fn living(conn: &mut PgConnection) -> sqlx::Result<Vec<EnvironmentRow>> {
    sqlx::query_as(select!("where e.terminated_at is null order by e.name"))
        .fetch_all(conn)
        .await
}

/// The ids of all living environments, sorted.
pub async fn living_ids(conn: &mut PgConnection) -> sqlx::Result<Vec<EnvironmentId>> {
    sqlx::query("select id from control.environments where terminated_at is null order by id")
        .fetch_all(conn)
        .await?
        .iter()
        .map(|row| parsed(row, "id"))
        .collect()
}

/// Whether a living environment has this name, or this CNAME prefix.
pub async fn taken(conn: &mut PgConnection, name: &str, cname_prefix: &str) -> sqlx::Result<(bool, bool)> {
    sqlx::query_as(
        "select coalesce(bool_or(name = $1), false), coalesce(bool_or(cname_prefix = $2), false)
         from control.environments
         where terminated_at is null and (name = $1 or cname_prefix = $2)",
    )
    .bind(name)
    .bind(cname_prefix)
    .fetch_one(conn)
    .await
}

/// Locks the living environment of this name until the transaction ends: its id.
pub async fn lock_by_name(conn: &mut PgConnection, name: &str) -> sqlx::Result<Option<EnvironmentId>> {
    sqlx::query(
        "select id from control.environments where name = $1 and terminated_at is null for no key update",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?
    .map(|row| parsed(&row, "id"))
    .transpose()
}

/// Locks an environment until the transaction ends; false when there is none.
pub async fn lock(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<bool> {
    sqlx::query("select id from control.environments where id = $1 for no key update")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
        .map(|row| row.is_some())
}

/// Locks an environment unless somebody has it; false then, and when there is none.
pub async fn lock_if_free(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<bool> {
    sqlx::query("select id from control.environments where id = $1 for no key update skip locked")
        .bind(id.as_str())
        .fetch_optional(conn)
        .await
        .map(|row| row.is_some())
}

pub async fn set_status(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    status: EnvironmentStatus,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.environments
         set status = $2, updated_at = $3,
             terminated_at = case when $2 = 'Terminated' then $3 end
         where id = $1",
    )
    .bind(id.as_str())
    .bind(name_of(&status))
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// The release that holds from now on, and the number of the deployment that brought it.
pub async fn set_current(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    release: &Release,
    deployment_number: u32,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.environments
         set current_version_id = $2, current_configuration = $3, current_deployment_number = $4
         where id = $1",
    )
    .bind(id.as_str())
    .bind(release.version.as_str())
    .bind(release.configuration)
    .bind(int(deployment_number))
    .execute(conn)
    .await
    .map(drop)
}

/// No release holds any more.
pub async fn clear_current(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<()> {
    sqlx::query(
        "update control.environments
         set current_version_id = null, current_configuration = null, current_deployment_number = null
         where id = $1",
    )
    .bind(id.as_str())
    .execute(conn)
    .await
    .map(drop)
}

pub async fn set_configuration(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    revision: i32,
) -> sqlx::Result<()> {
    sqlx::query("update control.environments set configuration = $2 where id = $1")
        .bind(id.as_str())
        .bind(revision)
        .execute(conn)
        .await
        .map(drop)
}

/// How many instances there may and should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    pub min: u32,
    pub max: u32,
    pub desired: u32,
}

pub async fn set_capacity(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    capacity: Capacity,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.environments set min_instances = $2, max_instances = $3, desired_instances = $4
         where id = $1",
    )
    .bind(id.as_str())
    .bind(int(capacity.min))
    .bind(int(capacity.max))
    .bind(int(capacity.desired))
    .execute(conn)
    .await
    .map(drop)
}

pub async fn set_split(conn: &mut PgConnection, id: &EnvironmentId, percent: Option<u8>) -> sqlx::Result<()> {
    sqlx::query("update control.environments set split_percent = $2 where id = $1")
        .bind(id.as_str())
        .bind(percent.map(i32::from))
        .execute(conn)
        .await
        .map(drop)
}

pub async fn set_hindrance(
    conn: &mut PgConnection,
    id: &EnvironmentId,
    hindrance: Option<&Reason>,
) -> sqlx::Result<()> {
    sqlx::query("update control.environments set hindrance = $2 where id = $1")
        .bind(id.as_str())
        .bind(hindrance.map(to_json).transpose()?)
        .execute(conn)
        .await
        .map(drop)
}

pub async fn set_health(conn: &mut PgConnection, id: &EnvironmentId, health: &Health) -> sqlx::Result<()> {
    sqlx::query(
        "update control.environments set health_color = $2, health_status = $3, health_causes = $4
         where id = $1",
    )
    .bind(id.as_str())
    .bind(name_of(&health.color))
    .bind(name_of(&health.status))
    .bind(&health.causes)
    .execute(conn)
    .await
    .map(drop)
}

/// Counts one deployment more: its number.
pub async fn next_deployment_number(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<u32> {
    let row = sqlx::query(
        "update control.environments set deployment_count = deployment_count + 1 where id = $1
         returning deployment_count",
    )
    .bind(id.as_str())
    .fetch_one(conn)
    .await?;
    count(&row, "deployment_count")
}
