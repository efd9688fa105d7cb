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
    update_environment::{capacity, lock_environment, save},
    version_files, views,
};
use crate::{
    ApiError, App, configurations,
    options::{Settings, check_policy},
    resources::{
        Subject,
        provide::{For, provide},
    },
};

/// Starts the deployment of a version that exists, with the environment's options.
pub async fn deploy_version(
    app: &App,
    conn: &mut PgConnection,
    name: &str,
    request: &CreateDeployment,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    let mut environment = lock_environment(conn, name).await?;
    let (_, found) = find_version(conn, &environment.application, &request.version_label).await?;
    let platform = found.platform;
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
    version_files::check(&request.version_label, &found.files)?;
    let before =
        configurations::load_one(conn, &app.secrets, &environment.id, environment.configuration).await?;
    let subject = Subject {
        id: &environment.id,
        name: &environment.name,
    };
    let version = (&found.id, request.version_label.as_str());
    let brings = version_files::brings(app, subject, version, &found.files, &before)?;
    let set = before.with_version(&brings.settings)?;
    let settings = Settings::of(&set, environment.platform)?;
    let mut options = settings.deployment.clone();
    if let Some(policy) = request.policy {
        check_policy(policy, settings.environment_type)?;
        options.policy = policy;
    }
    make_way(conn, &environment, settings.when_busy, now).await?;

    let mut target = Release {
        version: found.id,
        configuration: environment.configuration,
    };
    // Other options come with a revision of their own. So does the same release again: that makes it
    // another one, and every instance is really replaced.
    if set != before || environment.current.as_ref() == Some(&target) {
        target.configuration = save(app, conn, &environment, &set, &settings, now).await?;
        environment.desired_instances = capacity(&environment, &settings).desired;
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
        findings: &found.files.findings,
    };
    let deployment = begin::begin(conn, &start, now).await?;
    let of = For {
        environment: &environment,
        deployment: &deployment,
        label: &request.version_label,
        now,
    };
    provide(&app.sqs, conn, of, &brings.queues).await?;
    views::change(conn, &app.config, &environment.id, Some(&deployment), now).await
}
