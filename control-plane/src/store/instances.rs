//! `control.instances`.

use std::collections::BTreeMap;

use beanpole_planner::snapshot::Intent;
use beanpole_protocol::{
    DeploymentId, EnvironmentId, HostId, InstanceId, Release, Timestamp, agent::ObservedInstance,
};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

use super::column::{at, count, json, json_or_null, parsed, time, to_json};

#[derive(Clone, Debug)]
pub struct InstanceRow {
    pub id: InstanceId,
    pub environment_id: EnvironmentId,
    pub deployment_id: DeploymentId,
    pub deployment_number: u32,
    pub host_id: HostId,
    /// Name of its host.
    pub host: String,
    pub release: Release,
    pub label: String,
    /// The deployment that it was made for changes the configuration alone.
    pub reconfigures: bool,
    pub intent: Intent,
    pub intent_since: Timestamp,
    pub memory_bytes: i64,
    /// From which generation on each host's routes show the intent.
    pub intent_generations: BTreeMap<HostId, u64>,
    pub launched_at: Timestamp,
    pub observed: Option<ObservedInstance>,
}

impl FromRow<'_, PgRow> for InstanceRow {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let since = time(row, "intent_since")?;
        let intent = match row.try_get::<&str, _>("intent")? {
            "in_service" => Intent::InService,
            "draining" => Intent::Draining { since },
            "stopping" => Intent::Stopping { since },
            _ => Intent::Standby,
        };
        Ok(Self {
            id: parsed(row, "id")?,
            environment_id: parsed(row, "environment_id")?,
            deployment_id: parsed(row, "deployment_id")?,
            deployment_number: count(row, "deployment_number")?,
            host_id: parsed(row, "host_id")?,
            host: row.try_get("host")?,
            release: Release {
                version: parsed(row, "version_id")?,
                configuration: row.try_get("configuration")?,
            },
            label: row.try_get("label")?,
            reconfigures: row.try_get("reconfigures")?,
            intent,
            intent_since: since,
            memory_bytes: row.try_get("memory_bytes")?,
            intent_generations: json(row, "intent_generations")?,
            launched_at: time(row, "launched_at")?,
            observed: json_or_null(row, "observed")?,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.*, h.name as host, v.label as label, d.number as deployment_number,
                    d.kind = 'configuration' and d.configuration = i.configuration as reconfigures
             from control.instances i
             join control.hosts h on h.id = i.host_id
             join control.application_versions v on v.id = i.version_id
             join control.deployments d on d.id = i.deployment_id ",
            $rest
        )
    };
}

/// An environment's instances, oldest first.
pub async fn of_environment(conn: &mut PgConnection, id: &EnvironmentId) -> sqlx::Result<Vec<InstanceRow>> {
    sqlx::query_as(select!(
        "where i.environment_id = $1 order by i.launched_at, i.id"
    ))
    .bind(id.as_str())
    .fetch_all(conn)
    .await
}

/// The environment of an instance that is there.
pub async fn environment_of(
    conn: &mut PgConnection,
    instance: &InstanceId,
) -> sqlx::Result<Option<EnvironmentId>> {
    let row = sqlx::query("select environment_id from control.instances where id = $1")
        .bind(instance.as_str())
        .fetch_optional(conn)
        .await?;
    row.map(|row| parsed(&row, "environment_id")).transpose()
}

/// Whether an instance was made for a deployment.
pub async fn is_of(
    conn: &mut PgConnection,
    instance: &InstanceId,
    deployment: &DeploymentId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select from control.instances where id = $1 and deployment_id = $2)")
        .bind(instance.as_str())
        .bind(deployment.as_str())
        .fetch_one(conn)
        .await
}

/// Every instance there is, oldest first.
pub async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<InstanceRow>> {
    sqlx::query_as(select!("order by i.launched_at, i.id"))
        .fetch_all(conn)
        .await
}

/// What a report is compared with.
#[derive(Clone, Debug)]
pub struct ReportedInstance {
    pub id: InstanceId,
    pub environment_id: EnvironmentId,
    /// Its environment's routes name it.
    pub routed: bool,
    pub observed: Option<ObservedInstance>,
}

impl FromRow<'_, PgRow> for ReportedInstance {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let intent: &str = row.try_get("intent")?;
        Ok(Self {
            id: parsed(row, "id")?,
            environment_id: parsed(row, "environment_id")?,
            routed: matches!(intent, "in_service" | "draining"),
            observed: json_or_null(row, "observed")?,
        })
    }
}

/// A host's instances as last reported.
pub async fn reported_by(conn: &mut PgConnection, host: &HostId) -> sqlx::Result<Vec<ReportedInstance>> {
    sqlx::query_as(
        "select id, environment_id, intent, observed from control.instances where host_id = $1 order by id",
    )
    .bind(host.as_str())
    .fetch_all(conn)
    .await
}

/// Instances of which an edge's word is awaited, on any host: those that drain, and those in service
/// where a deployment's end waits for every edge to have them.
pub async fn awaiting_edges(conn: &mut PgConnection) -> sqlx::Result<Vec<(InstanceId, EnvironmentId)>> {
    sqlx::query(
        "select id, environment_id from control.instances i where intent = 'draining'
         or intent = 'in_service' and exists (
             select from control.deployments d
             where d.environment_id = i.environment_id and d.finished_at is null)",
    )
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| Ok((parsed(row, "id")?, parsed(row, "environment_id")?)))
    .collect()
}

/// Writes what a host's agent saw, in the order of ids. Instances that are not this host's are left alone.
pub async fn set_observed(
    conn: &mut PgConnection,
    host: &HostId,
    observed: &[ObservedInstance],
) -> sqlx::Result<()> {
    let ids: Vec<_> = observed.iter().map(|instance| instance.id.as_str()).collect();
    let values = observed
        .iter()
        .map(to_json)
        .collect::<sqlx::Result<Vec<serde_json::Value>>>()?;
    sqlx::query(
        "with seen as (
           select i.id, o.observed from control.instances i
           join unnest($2::text[], $3::jsonb[]) as o(id, observed) on o.id = i.id
           where i.host_id = $1 order by i.id for update of i)
         update control.instances set observed = seen.observed
         from seen where instances.id = seen.id",
    )
    .bind(host.as_str())
    .bind(ids)
    .bind(values)
    .execute(conn)
    .await
    .map(drop)
}

/// A new instance, standing by.
pub struct NewInstance<'a> {
    pub id: &'a InstanceId,
    pub environment: &'a EnvironmentId,
    pub deployment: &'a DeploymentId,
    pub host: &'a HostId,
    pub release: &'a Release,
    pub memory_bytes: u64,
    pub now: Timestamp,
}

pub async fn insert(conn: &mut PgConnection, new: &NewInstance<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.instances
           (id, environment_id, deployment_id, host_id, version_id, configuration, intent, intent_since,
            memory_bytes, launched_at)
         values ($1, $2, $3, $4, $5, $6, 'standby', $7, $8, $7)",
    )
    .bind(new.id.as_str())
    .bind(new.environment.as_str())
    .bind(new.deployment.as_str())
    .bind(new.host.as_str())
    .bind(new.release.version.as_str())
    .bind(new.release.configuration)
    .bind(at(new.now))
    .bind(i64::try_from(new.memory_bytes).unwrap_or(i64::MAX))
    .execute(conn)
    .await
    .map(drop)
}

/// Where an intent goes; it only moves this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextIntent {
    InService,
    Draining,
    Stopping,
}

impl NextIntent {
    const fn name(self) -> &'static str {
        match self {
            NextIntent::InService => "in_service",
            NextIntent::Draining => "draining",
            NextIntent::Stopping => "stopping",
        }
    }
}

/// Moves an instance on; `generations` are the hosts' generations whose routes show it.
pub async fn set_intent(
    conn: &mut PgConnection,
    id: &InstanceId,
    intent: NextIntent,
    generations: &BTreeMap<HostId, u64>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.instances set intent = $2, intent_since = $3, intent_generations = $4 where id = $1",
    )
    .bind(id.as_str())
    .bind(intent.name())
    .bind(at(now))
    .bind(to_json(generations)?)
    .execute(conn)
    .await
    .map(drop)
}

pub async fn delete(conn: &mut PgConnection, id: &InstanceId) -> sqlx::Result<()> {
    sqlx::query("delete from control.instances where id = $1")
        .bind(id.as_str())
        .execute(conn)
        .await
        .map(drop)
}

/// Forgets all instances of a host: which environments had some there.
pub async fn delete_of_host(conn: &mut PgConnection, host: &HostId) -> sqlx::Result<Vec<EnvironmentId>> {
    let rows = sqlx::query("delete from control.instances where host_id = $1 returning environment_id")
        .bind(host.as_str())
        .fetch_all(conn)
        .await?;
    let mut environments: Vec<EnvironmentId> = rows
        .iter()
        .map(|row| parsed(row, "environment_id"))
        .collect::<sqlx::Result<_>>()?;
    environments.sort();
    environments.dedup();
    Ok(environments)
}

/// Memory reserved and instances placed per host by environments other than this one.
pub async fn reserved_by_others(
    conn: &mut PgConnection,
    id: &EnvironmentId,
) -> sqlx::Result<BTreeMap<HostId, (u64, u32)>> {
    sqlx::query(
        "select host_id, sum(memory_bytes)::bigint as memory, count(*)::int as instances
         from control.instances where environment_id <> $1 group by host_id",
    )
    .bind(id.as_str())
    .fetch_all(conn)
    .await?
    .iter()
    .map(|row| {
        let memory: i64 = row.try_get("memory")?;
        Ok((
            parsed(row, "host_id")?,
            (u64::try_from(memory).unwrap_or(0), count(row, "instances")?),
        ))
    })
    .collect()
}
