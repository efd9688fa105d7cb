//! One environment, one transaction: lock, load, plan, write, until the plan is empty.

use beanpole_protocol::{EnvironmentId, Timestamp, api::EnvironmentStatus};
use sqlx::PgConnection;

use super::{
    ReconcileError,
    apply::{self, Touched},
    health, progress,
    world::{self, World},
};
use crate::{
    App,
    store::{
        environments,
        wakes::{self, Routes},
    },
};

/// Plans made in one transaction at most; what is left waits for the next one.
const ROUNDS: usize = 24;

/// Plans an environment that is due at `now`; false when it is not, or somebody else does.
pub async fn reconcile(app: &App, id: &EnvironmentId, now: Timestamp) -> Result<bool, ReconcileError> {
    let mut transaction = app.pool.begin().await?;
    let conn = &mut *transaction;
    if !environments::lock_if_free(conn, id).await? {
        return Ok(false);
    }
    let Some(asked) = wakes::asked(conn, id, now).await? else {
        return Ok(false);
    };
    let mut touched = Touched::default();
    if asked.routes == Routes::Changed {
        touched.routes();
    }
    let (world, next) = plan_until_settled(app, conn, id, &mut touched, now).await?;
    progress::record(conn, &world, &touched.ended, now).await?;
    let look = health::record(conn, &world, &world.snapshot()?, now).await?;
    touched.commit(conn).await?;
    let next = match world.environment.status {
        EnvironmentStatus::Terminated => None,
        _ => [next, look].into_iter().flatten().min(),
    };
    wakes::settle(conn, id, asked, next).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Plans and writes until a plan changes nothing: how things then stand, and when to look again.
async fn plan_until_settled(
    app: &App,
    conn: &mut PgConnection,
    id: &EnvironmentId,
    touched: &mut Touched,
    now: Timestamp,
) -> Result<(World, Option<Timestamp>), ReconcileError> {
    let mut world = world::load(conn, &app.secrets, id).await?;
    for _ in 0..ROUNDS {
        if world.environment.status == EnvironmentStatus::Terminated {
            return Ok((world, None));
        }
        let plan = beanpole_planner::plan(&world.snapshot()?, now);
        if plan.changes.is_empty() {
            return Ok((world, plan.next_wake));
        }
        apply::plan(conn, app, &world, &plan.changes, touched, now).await?;
        world = world::load(conn, &app.secrets, id).await?;
    }
    Ok((world, Some(now)))
}
