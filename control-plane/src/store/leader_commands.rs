//! `control.leader_commands`: who runs a command for all instances of a deployment.

use beanpole_protocol::{
    DeploymentId, InstanceId, Timestamp,
    agent::{InstanceState, ObservedInstance},
};
use sqlx::{PgConnection, Row};

use super::column::{at, json_or_null, parsed};
use crate::leader::decision::Claim;

/// The deployment that an instance came with.
#[derive(Clone, Debug)]
pub struct DeploymentOf {
    pub id: DeploymentId,
    /// It runs, brings a version, and the instance has the release that it brings.
    pub brings_version: bool,
}

/// The deployment of an instance that is there. Until the transaction ends nobody else decides about its
/// commands.
pub async fn lock_deployment_of(
    conn: &mut PgConnection,
    instance: &InstanceId,
) -> sqlx::Result<Option<DeploymentOf>> {
    let row = sqlx::query(
        "select d.id, d.finished_at is null and d.kind in ('launch', 'version')
             and (d.version_id, d.configuration) = (i.version_id, i.configuration) as brings_version,
           pg_advisory_xact_lock(hashtextextended('leader ' || d.id, 0)) is not null as locked
         from control.instances i
         join control.deployments d on d.id = i.deployment_id
         where i.id = $1",
    )
    .bind(instance.as_str())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(DeploymentOf {
            id: parsed(&row, "id")?,
            brings_version: row.try_get("brings_version")?,
        })
    })
    .transpose()
}

pub async fn find(
    conn: &mut PgConnection,
    deployment: &DeploymentId,
    file: &str,
    name: &str,
) -> sqlx::Result<Option<Claim>> {
    let row = sqlx::query(
        "select instance_id, exit_code from control.leader_commands
         where deployment_id = $1 and file = $2 and name = $3",
    )
    .bind(deployment.as_str())
    .bind(file)
    .bind(name)
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Claim {
            holder: parsed(&row, "instance_id")?,
            exit_code: row.try_get("exit_code")?,
        })
    })
    .transpose()
}

/// Whether an instance is known not to run any more.
pub async fn is_gone(conn: &mut PgConnection, instance: &InstanceId) -> sqlx::Result<bool> {
    let row = sqlx::query("select observed from control.instances where id = $1")
        .bind(instance.as_str())
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else {
        return Ok(true);
    };
    let observed: Option<ObservedInstance> = json_or_null(&row, "observed")?;
    Ok(observed.is_some_and(|seen| matches!(seen.state, InstanceState::Failed { .. } | InstanceState::Gone)))
}

/// Makes `instance` the one that runs it.
pub async fn take(
    conn: &mut PgConnection,
    deployment: &DeploymentId,
    file: &str,
    name: &str,
    instance: &InstanceId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into control.leader_commands (deployment_id, file, name, instance_id, claimed_at)
         values ($1, $2, $3, $4, $5)
         on conflict (deployment_id, file, name) do update
           set instance_id = excluded.instance_id, claimed_at = excluded.claimed_at",
    )
    .bind(deployment.as_str())
    .bind(file)
    .bind(name)
    .bind(instance.as_str())
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}

/// Writes down how it ended. `command` is file and name.
pub async fn finish(
    conn: &mut PgConnection,
    deployment: &DeploymentId,
    command: (&str, &str),
    exit_code: i32,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "update control.leader_commands set exit_code = $4, finished_at = coalesce(finished_at, $5)
         where deployment_id = $1 and file = $2 and name = $3",
    )
    .bind(deployment.as_str())
    .bind(command.0)
    .bind(command.1)
    .bind(exit_code)
    .bind(at(now))
    .execute(conn)
    .await
    .map(drop)
}
