//! `control.environment_queues`: queues that environments have by their versions' configuration files.

use beanpole_access::AccountId;
use beanpole_protocol::{DeploymentId, EnvironmentId};
use beanpole_sqs::{model::QueueKey, within::Given};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{json, json_or_null, parsed, to_json};

/// What becomes of a queue that is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Delete,
    Retain,
}

impl Removal {
    const fn name(self) -> &'static str {
        match self {
            Removal::Delete => "delete",
            Removal::Retain => "retain",
        }
    }

    fn of(row: &PgRow, column: &str) -> sqlx::Result<Self> {
        Ok(match row.try_get::<&str, _>(column)? {
            "retain" => Removal::Retain,
            _ => Removal::Delete,
        })
    }
}

/// A queue of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentQueueRow {
    pub key: QueueKey,
    /// Its name in the files.
    pub logical_id: String,
    /// The last deployment whose version declares it.
    pub deployment: DeploymentId,
    pub given: Given,
    /// Absent: no deployment with it has ended well yet.
    pub settled: Option<Given>,
    pub when_dropped: Removal,
    pub when_replaced: Removal,
}

impl FromRow<'_, PgRow> for EnvironmentQueueRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let account: AccountId = parsed(row, "account")?;
        Ok(Self {
            key: QueueKey {
                account,
                region: row.try_get("region")?,
                name: row.try_get("name")?,
            },
            logical_id: row.try_get("logical_id")?,
            deployment: parsed(row, "deployment_id")?,
            given: json(row, "given")?,
            settled: json_or_null(row, "settled")?,
            when_dropped: Removal::of(row, "when_dropped")?,
            when_replaced: Removal::of(row, "when_replaced")?,
        })
    }
}

/// The queues of an environment, by name.
pub async fn of_environment(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
) -> sqlx::Result<Vec<EnvironmentQueueRow>> {
    sqlx::query_as(
        "select * from control.environment_queues where environment_id = $1 order by name collate \"C\"",
    )
    .bind(environment.as_str())
    .fetch_all(conn)
    .await
}

/// Writes down that an environment has a queue, or has it otherwise. What was settled stays.
pub async fn put(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
    row: &EnvironmentQueueRow,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.environment_queues
           (environment_id, account, region, name, logical_id, deployment_id, given, when_dropped, when_replaced)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (environment_id, account, region, name) do update
           set logical_id = excluded.logical_id, deployment_id = excluded.deployment_id, given = excluded.given,
               when_dropped = excluded.when_dropped, when_replaced = excluded.when_replaced",
    )
    .bind(environment.as_str())
    .bind(row.key.account.as_str())
    .bind(&row.key.region)
    .bind(&row.key.name)
    .bind(&row.logical_id)
    .bind(row.deployment.as_str())
    .bind(to_json(&row.given)?)
    .bind(row.when_dropped.name())
    .bind(row.when_replaced.name())
    .execute(conn)
    .await
    .map(drop)
}

/// What the queues are declared with now is what a deployment ended well with.
pub async fn settle(conn: &mut PgConnection, environment: &EnvironmentId) -> sqlx::Result<()> {
    sqlx::query("update control.environment_queues set settled = given where environment_id = $1")
        .bind(environment.as_str())
        .execute(conn)
        .await
        .map(drop)
}

/// Forgets a queue of an environment.
pub async fn forget(
    conn: &mut PgConnection,
    environment: &EnvironmentId,
    key: &QueueKey,
) -> sqlx::Result<()> {
    sqlx::query(
        "delete from control.environment_queues
         where environment_id = $1 and account = $2 and region = $3 and name = $4",
    )
    .bind(environment.as_str())
    .bind(key.account.as_str())
    .bind(&key.region)
    .bind(&key.name)
    .execute(conn)
    .await
    .map(drop)
}
