//! A new environment, and the deployment that launches it.

use beanpole_protocol::{
    ApplicationId, EnvironmentId, Release, Timestamp,
    api::{CreateEnvironment, DeploymentKind, EnvironmentChange},
};
use sqlx::PgConnection;

use super::{
    begin::{self, Start},
    creation, names, version_files, views,
};
use crate::{
    ApiError, App, configurations,
    options::{OptionSet, Settings},
    resources::{
        Subject,
        provide::{For, provide},
    },
    store::{
        deployable::{self, DeployableVersion},
        environments::{self, NewEnvironment},
    },
};

/// Checks everything, then writes the environment, its first configuration and its launch.
pub async fn create_environment(
    app: &App,
    conn: &mut PgConnection,
    request: &CreateEnvironment,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    names::environment(&request.name)?;
    let (application, found) = find_version(conn, &request.application, &request.version_label).await?;
    let sealed = deployable::creation(conn, &found.id).await?;
    let creation = creation::open(&app.secrets, &found.id, &request.version_label, sealed.as_deref())?;
    let asked = request.cname_prefix.as_deref().or(creation.cname.as_deref());
    let cname_prefix = names::cname_prefix(asked.unwrap_or(&request.name))?;
    let platform = found.platform;
    if let Some(asked) = request.platform
        && asked != platform
    {
        return Err(ApiError::unprocessable(
            "platform_mismatch",
            format!(
                "version {} is built for {platform}, not for {asked}: leave the platform out, or upload the \
                 version for {asked}",
                request.version_label
            ),
        )
        .with_field("platform"));
    }
    version_files::check(&request.version_label, &found.files)?;
    let id = EnvironmentId::random();
    let subject = Subject {
        id: &id,
        name: &request.name,
    };
    let own = OptionSet::parse(&creation::options(creation, &request.options))?;
    let version = (&found.id, request.version_label.as_str());
    let brings = version_files::brings(app, subject, version, &found.files, &own)?;
    let set = own.with_version(&brings.settings)?;
    let settings = Settings::of(&set, platform)?;
    let (name_taken, cname_taken) = environments::taken(conn, &request.name, &cname_prefix).await?;
    if name_taken {
        return Err(name_exists(&request.name));
    }
    if cname_taken {
        return Err(cname_exists(&cname_prefix));
    }

    let new = NewEnvironment {
        id: &id,
        application: &application,
        name: &request.name,
        cname_prefix: &cname_prefix,
        platform,
        min_instances: settings.min_instances,
        max_instances: settings.max_instances,
        desired_instances: settings.min_instances,
        now,
    };
    environments::insert(conn, &new).await.map_err(|error| {
        match error
            .as_database_error()
            .and_then(|database| database.constraint())
        {
            Some("environments_name_unique") => name_exists(&request.name),
            Some("environments_cname_unique") => cname_exists(&cname_prefix),
            _ => error.into(),
        }
    })?;
    environments::lock(conn, &id).await?;
    let configuration = configurations::append(conn, &app.secrets, &id, &set, now).await?;
    let environment = environments::by_id(conn, &id)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let start = Start {
        environment: &environment,
        kind: DeploymentKind::Launch,
        target: &Release {
            version: found.id,
            configuration,
        },
        label: &request.version_label,
        previous: None,
        options: &settings.deployment,
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
    views::change(conn, &app.config, &id, Some(&deployment), now).await
}

fn name_exists(name: &str) -> ApiError {
    ApiError::conflict(
        "environment_exists",
        format!("there is an environment named {name} already; choose another name"),
    )
    .with_field("name")
}

fn cname_exists(prefix: &str) -> ApiError {
    ApiError::conflict(
        "cname_taken",
        format!(
            "DNS name {prefix} is not available: another environment has it; choose another CNAME prefix"
        ),
    )
    .with_field("cname_prefix")
}

/// The application, and its version of this label.
pub(super) async fn find_version(
    conn: &mut PgConnection,
    application: &str,
    label: &str,
) -> Result<(ApplicationId, DeployableVersion), ApiError> {
    let found = deployable::find(conn, application, label).await?.ok_or_else(|| {
        ApiError::not_found(
            "application_not_found",
            format!("No Application named {application} found."),
        )
        .with_field("application")
    })?;
    let version = found.version.ok_or_else(|| {
        ApiError::not_found(
            "version_not_found",
            format!("application {application} has no version labelled {label}; upload it first"),
        )
        .with_field("version_label")
    })?;
    Ok((found.application, version))
}
