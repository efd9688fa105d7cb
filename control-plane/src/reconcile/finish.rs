//! The end of a deployment: its result, the environment's release and status, the closing event.

use beanpole_planner::{Cause, Left, Reason, closing};
use beanpole_protocol::{
    DeploymentId, Release, Timestamp,
    api::{DeploymentKind, DeploymentStatus, EnvironmentStatus},
    output,
};
use sqlx::PgConnection;

use super::{ReconcileError, apply::Touched, world::World};
use crate::{
    App, configurations,
    notices::{self, Notice},
    ops::{
        record::{self, About},
        update_environment::capacity,
    },
    options::Settings,
    resources::provide::{For, conclude},
    secrets::Secrets,
    store::{
        deployments::{self, DeploymentRow, Ending},
        environments, host_images,
    },
};

/// Characters of a build log that a failed deployment shows.
const BUILD_LOG_TAIL: i32 = 16 * 1024;
/// Lines of output that a failed deployment shows.
const TAIL_LINES: usize = 50;

/// How the planner ended a deployment.
pub struct Outcome<'a> {
    pub status: DeploymentStatus,
    pub current: Option<&'a Release>,
    pub reason: &'a Reason,
}

/// A deployment that ended in this transaction.
pub struct Ended {
    pub id: DeploymentId,
    pub target: Release,
}

pub async fn finish(
    conn: &mut PgConnection,
    app: &App,
    world: &World,
    outcome: &Outcome<'_>,
    touched: &mut Touched,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    let Some(deployment) = &world.deployment else {
        return Ok(());
    };
    let environment = &world.environment;
    let log_tail = log_tail(conn, world, outcome.reason.cause()).await?;
    let ending = Ending {
        status: outcome.status,
        reason: &outcome.reason.to_string(),
        log_tail: log_tail.as_deref(),
    };
    deployments::finish(conn, &deployment.id, &ending, now).await?;
    if let Some(release) = outcome.current
        && environment.current.as_ref() != Some(release)
    {
        environments::set_current(conn, &environment.id, release, deployment.number).await?;
    }
    if let Reason::Aborted {
        left: Left::Nothing, ..
    } = outcome.reason
    {
        // Nothing is tried again that somebody gave up.
        environments::clear_current(conn, &environment.id).await?;
    }
    if outcome.status != DeploymentStatus::Succeeded {
        take_configuration_back(conn, &app.secrets, world, deployment, now).await?;
    }
    let of = For {
        environment,
        deployment: &deployment.id,
        label: &deployment.label,
        now,
    };
    conclude(&app.sqs, conn, of, (deployment.kind, outcome.status)).await?;
    let status = match (deployment.kind, outcome.status) {
        (DeploymentKind::Terminate, DeploymentStatus::Succeeded) => EnvironmentStatus::Terminated,
        _ => EnvironmentStatus::Ready,
    };
    environments::set_status(conn, &environment.id, status, now).await?;
    if status == EnvironmentStatus::Terminated {
        touched.routes();
    }
    let closing = closing(deployment.kind, outcome.status, &environment.name, outcome.reason);
    if let Some((severity, text)) = closing {
        let about = About {
            deployment: Some(&deployment.id),
            version_label: Some(&deployment.label),
        };
        let event = (severity, "operation_ended", text.as_str());
        record::event(conn, environment, about, event, now).await?;
    }
    notices::send(conn, &Notice::Deployment(deployment.id.clone())).await?;
    touched.ended = Some(Ended {
        id: deployment.id.clone(),
        target: deployment.target.clone(),
    });
    Ok(())
}

/// What the app, or the build, said last before it failed: lines of plain text.
pub(super) async fn log_tail(
    conn: &mut PgConnection,
    world: &World,
    cause: Option<&Cause>,
) -> Result<Option<String>, ReconcileError> {
    let said = last_words(conn, world, cause).await?;
    let plain = said.map(|text| output::last_lines(&output::plain(&text), TAIL_LINES).to_owned());
    Ok(plain.filter(|text| !text.trim().is_empty()))
}

async fn last_words(
    conn: &mut PgConnection,
    world: &World,
    cause: Option<&Cause>,
) -> Result<Option<String>, ReconcileError> {
    let (Some(cause), Some(deployment)) = (cause, &world.deployment) else {
        return Ok(None);
    };
    if let Cause::ImageFailed { host, .. } = cause {
        let version = &deployment.target.version;
        return Ok(host_images::log_tail(conn, host, version, BUILD_LOG_TAIL).await?);
    }
    let failed = cause
        .instance()
        .and_then(|id| world.instances.iter().find(|row| row.id == *id));
    // The instance may be gone by now: another of the same release tells as much.
    let witness = failed.into_iter().chain(
        world
            .instances
            .iter()
            .filter(|row| cause.instance().is_some() && row.release == deployment.target),
    );
    let mut tails = witness.filter_map(|row| row.observed.as_ref()?.log_tail.clone());
    Ok(tails.find(|tail| !tail.trim().is_empty()))
}

/// Options that a deployment was to bring to the instances and did not are no longer those of the
/// environment; options that hold without instances stay.
async fn take_configuration_back(
    conn: &mut PgConnection,
    secrets: &Secrets,
    world: &World,
    deployment: &DeploymentRow,
    now: Timestamp,
) -> Result<(), ReconcileError> {
    let environment = &world.environment;
    let Some(previous) = &deployment.previous else {
        return Ok(());
    };
    let (Some(latest), Some(before)) = (
        world.sets.get(&environment.configuration),
        world.sets.get(&previous.configuration),
    ) else {
        return Ok(());
    };
    let back = latest.with_instances_as_in(before);
    if back == *latest {
        return Ok(());
    }
    let revision = if back == *before {
        previous.configuration
    } else {
        configurations::append(conn, secrets, &environment.id, &back, now).await?
    };
    environments::set_configuration(conn, &environment.id, revision).await?;
    if back.version_settings() != latest.version_settings() {
        // The version that is not to come had a say in how many instances there are.
        let settings = Settings::of(&back, environment.platform)?;
        environments::set_capacity(conn, &environment.id, capacity(environment, &settings)).await?;
    }
    Ok(())
}
