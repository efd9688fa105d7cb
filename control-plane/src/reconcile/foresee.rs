//! What the next plan would say is in the way, for whoever has just asked for something.
//!
//! Writes nothing: the plan itself is made, and written, when the environment's turn has come.

use beanpole_planner::{Change, Reason};
use beanpole_protocol::{EnvironmentId, Timestamp};
use sqlx::PgConnection;

use super::{ReconcileError, world};
use crate::secrets::Secrets;

/// What hinders the environment as its rows stand in this transaction. The caller holds its lock.
pub async fn hindrance(
    conn: &mut PgConnection,
    secrets: &Secrets,
    id: &EnvironmentId,
    now: Timestamp,
) -> Result<Option<Reason>, ReconcileError> {
    let snapshot = world::load(conn, secrets, id).await?.snapshot()?;
    let plan = beanpole_planner::plan(&snapshot, now);
    let said = plan.changes.into_iter().rev().find_map(|change| match change {
        Change::SetHindrance { reason } => Some(reason),
        _ => None,
    });
    Ok(said.unwrap_or(snapshot.hindrance))
}
