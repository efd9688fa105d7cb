//! `control.events`.

use beanpole_protocol::{
    ApplicationId, DeploymentId, EnvironmentId, Timestamp,
    api::{Event, Severity},
};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, name_of, named, parsed_or_null, time};

/// Something that happened in an environment.
#[derive(Clone, Debug)]
pub struct NewEvent<'a> {
    pub environment: &'a EnvironmentId,
    pub application: &'a ApplicationId,
    pub deployment: Option<&'a DeploymentId>,
    pub version_label: Option<&'a str>,
    pub severity: Severity,
    pub kind: &'a str,
    pub message: &'a str,
}

/// Appends an event. Its time is `now`, moved on so that an environment's events are at least 2 ms
/// apart. The caller holds the environment's lock, which makes ids grow in the order of commits.
pub async fn append(conn: &mut PgConnection, event: &NewEvent<'_>, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "with moment as (
           update control.environments
           set last_event_at = greatest($8, last_event_at + interval '2 milliseconds')
           where id = $1 returning last_event_at)
         insert into control.events
           (at, severity, kind, message, application_id, environment_id, deployment_id, version_label)
         select last_event_at, $2, $3, $4, $5, $1, $6, $7 from moment",
    )
    .bind(event.environment.as_str())
    .bind(name_of(&event.severity))
    .bind(event.kind)
    .bind(event.message)
    .bind(event.application.as_str())
    .bind(event.deployment.map(DeploymentId::as_str))
    .bind(event.version_label)
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// Whether the same thing was said of the environment since `since`.
pub async fn said_since(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
    kind: &str,
    message: &str,
    since: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from control.events
           where environment_id = $1 and kind = $2 and message = $3 and at >= $4
             and id > (select coalesce(max(id), 0) - 1000 from control.events where environment_id = $1))",
    )
    .bind(environment.as_str())
    .bind(kind)
    .bind(message)
    .bind(at(since))
    .fetch_one(conn)
    .await
}

/// How many events of a kind a deployment has.
pub struct Said {
    pub all: i64,
    /// Those whose message begins as asked.
    pub same: i64,
}

/// Counts events of `kind` among the environment's last thousand, for one of its deployments.
pub async fn said_of_deployment(
    conn: &mut PgConnection,
    (environment, deployment): (&EnvironmentId, &DeploymentId),
    kind: &str,
    beginning: &str,
) -> sqlx::Result<Said> {
    let row = sqlx::query(
        "select count(*) as all, count(*) filter (where starts_with(message, $4)) as same from control.events
         where environment_id = $1 and deployment_id = $2 and kind = $3
           and id > (select coalesce(max(id), 0) - 1000 from control.events where environment_id = $1)",
    )
    .bind(environment.as_str())
    .bind(deployment.as_str())
    .bind(kind)
    .bind(beginning)
    .fetch_one(conn)
    .await?;
    Ok(Said {
        all: row.try_get("all")?,
        same: row.try_get("same")?,
    })
}

struct EventRow(Event);

impl FromRow<'_, PgRow> for EventRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self(Event {
            id: row.try_get("id")?,
            at: time(row, "at")?,
            severity: named(row, "severity")?,
            kind: row.try_get("kind")?,
            message: row.try_get("message")?,
            application: row.try_get("application")?,
            environment: row.try_get("environment")?,
            deployment: parsed_or_null(row, "deployment_id")?,
            version_label: row.try_get("version_label")?,
        }))
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select ev.*, a.name as application, en.name as environment
             from control.events ev
             left join control.applications a on a.id = ev.application_id
             left join control.environments en on en.id = ev.environment_id ",
            $rest
        )
    };
}

/// `severity` and all that are worse, by name.
fn at_least(severity: Severity) -> Vec<String> {
    [
        Severity::Trace,
        Severity::Debug,
        Severity::Info,
        Severity::Warn,
        Severity::Error,
        Severity::Fatal,
    ]
    .into_iter()
    .filter(|other| *other >= severity)
    .map(|severity| name_of(&severity))
    .collect()
}

/// An environment's events with a greater id than `after`, oldest first, at most `limit`.
pub async fn after(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
    after: i64,
    severity: Severity,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let rows: Vec<EventRow> = sqlx::query_as(select!(
        "where ev.environment_id = $1 and ev.id > $2 and ev.severity = any($3) order by ev.id limit $4"
    ))
    .bind(environment.as_str())
    .bind(after)
    .bind(at_least(severity))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// An environment's newest events, still oldest first.
pub async fn newest(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
    severity: Severity,
    limit: i64,
) -> sqlx::Result<Vec<Event>> {
    let mut rows: Vec<EventRow> = sqlx::query_as(select!(
        "where ev.environment_id = $1 and ev.severity = any($2) order by ev.id desc limit $3"
    ))
    .bind(environment.as_str())
    .bind(at_least(severity))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.reverse();
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// At most so many events go at once.
const FORGOTTEN_AT_ONCE: i64 = 20_000;

/// Removes events from before `moment`, oldest first, except the `keep` newest of each living
/// environment; says how many.
pub async fn forget_before(conn: &mut PgConnection, moment: Timestamp, keep: i64) -> sqlx::Result<u64> {
    sqlx::query(
        "with living as (
           select en.id, (select ev.id from control.events ev where ev.environment_id = en.id
                          order by ev.id desc offset $2 limit 1) as newest_to_go
           from control.environments en where en.terminated_at is null)
         delete from control.events where id in (
           select ev.id from control.events ev left join living on living.id = ev.environment_id
           where ev.at < $1 and (living.id is null or ev.id <= living.newest_to_go)
           order by ev.id limit $3)",
    )
    .bind(at(moment))
    .bind(keep)
    .bind(FORGOTTEN_AT_ONCE)
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
