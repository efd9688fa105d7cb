//! Another version for an environment.

use beanpole_protocol::{
    Release, Timestamp,
    api::{CreateDeployment, DeploymentKind, EnvironmentChange},
};
use sqlx::PgConnection;

use super::{
    begin::{self, Start},
    create_environment::find_version,
    last_good::last_good,
    make_way::make_way,
    update_environment::lock_environment,
    views,
};
use crate::{
    ApiError, App, configurations,
    options::{Settings, check_policy},
    store::environments,
};

/// Starts the deployment of a version that exists, with the environment's options.
pub async fn deploy_version(
    app: &App,
    conn: &mut PgConnection,
    name: &str,
    request: &CreateDeployment,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    let environment = lock_environment(conn, name).await?;
    let (_, version, platform) = find_version(conn, &environment.application, &request.version_label).await?;
    if platform != environment.platform {
        return Err(ApiError::conflict(
            "platform_mismatch",
            format!(
                "version {} is built for {platform}, and environment {name} runs {}",
                request.version_label, environment.platform
            ),
        )
        .with_field("version_label"));
    }
    let set =
        configurations::load_one(conn, &app.secrets, &environment.id, environment.configuration).await?;
    let settings = Settings::of(&set, environment.platform)?;
    let mut options = settings.deployment;
    if let Some(policy) = request.policy {
        check_policy(policy, settings.environment_type)?;
        options.policy = policy;
    }
    make_way(conn, &environment, settings.when_busy, now).await?;

    let mut target = Release {
        version,
        configuration: environment.configuration,
    };
    if environment.current.as_ref() == Some(&target) {
        // The same again: a revision of its own makes it a release of its own, so that every
        // instance is really replaced.
        target.configuration = configurations::append(conn, &app.secrets, &environment.id, &set, now).await?;
        environments::set_configuration(conn, &environment.id, target.configuration).await?;
    }
    let previous = last_good(conn, &environment).await?;
    let start = Start {
        environment: &environment,
        kind: match previous {
            Some(_) => DeploymentKind::Version,
            // Nothing ever ran well here: this is its launch.
            None => DeploymentKind::Launch,
        },
        target: &target,
        label: &request.version_label,
        previous: previous.as_ref(),
        options: &options,
    };
    let deployment = begin::begin(conn, &start, now).await?;
    views::change(conn, &app.config, &environment.id, Some(&deployment), now).await
}
