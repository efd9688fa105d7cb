//! The end of an environment: all instances go, its name and CNAME are free again.

use beanpole_protocol::{
    Timestamp,
    api::{DeploymentKind, EnvironmentChange},
};
use sqlx::PgConnection;

use super::{
    begin::{self, Start},
    make_way,
    update_environment::lock_environment,
    views,
};
use crate::{ApiError, App, configurations, options::Settings, store::deployments};

/// Starts the termination, in place of a deployment that runs. Asked again, it is the same one.
pub async fn terminate(
    app: &App,
    conn: &mut PgConnection,
    name: &str,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    let environment = lock_environment(conn, name).await?;
    let running = deployments::active(conn, &environment.id).await?;
    match running {
        Some(running) if running.kind == DeploymentKind::Terminate => {
            return views::change(conn, &app.config, &environment.id, Some(&running.id), now).await;
        }
        Some(running) => {
            make_way::supersede(
                conn,
                &environment,
                &running,
                "The environment is terminated.",
                now,
            )
            .await?;
        }
        None => {}
    }
    let latest = deployments::latest(conn, &environment.id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let set =
        configurations::load_one(conn, &app.secrets, &environment.id, environment.configuration).await?;
    let settings = Settings::of(&set, environment.platform)?;
    let start = Start {
        environment: &environment,
        kind: DeploymentKind::Terminate,
        target: environment.current.as_ref().unwrap_or(&latest.target),
        label: environment.current_label.as_deref().unwrap_or(&latest.label),
        previous: environment.current.as_ref(),
        options: &settings.deployment,
        findings: &[],
    };
    let deployment = begin::begin(conn, &start, now).await?;
    views::change(conn, &app.config, &environment.id, Some(&deployment), now).await
}
