//! Other options for an environment. What instances run with is rolled out as a deployment; what
//! only concerns deployments, capacity and traffic holds at once.

use beanpole_planner::options::OnFailure;
use beanpole_protocol::{
    DeploymentId, Release, Timestamp, VersionId,
    api::{DeploymentKind, EnvironmentChange, Severity, UpdateEnvironment},
};
use sqlx::PgConnection;

use super::{
    begin::{self, Start},
    last_good::last_good,
    make_way::make_way,
    record::{self, About},
    version_files, views,
};
use crate::{
    ApiError, App, configurations,
    options::{Difference, OptionSet, Settings},
    reconcile::foresee,
    resources::{
        Subject,
        provide::{For, provide},
    },
    store::{
        deployable, deployments,
        environments::{self, Capacity, EnvironmentRow},
        wakes::{self, Routes},
    },
};

/// Locks the living environment of this name until the transaction ends.
pub(super) async fn lock_environment(
    conn: &mut PgConnection,
    name: &str,
) -> Result<EnvironmentRow, ApiError> {
    if let Some(id) = environments::lock_by_name(conn, name).await?
        && let Some(row) = environments::by_id(conn, &id).await?
    {
        return Ok(row);
    }
    Err(not_found(name))
}

/// 404 for an environment.
pub fn not_found(name: &str) -> ApiError {
    ApiError::not_found(
        "environment_not_found",
        format!("there is no environment named {name}"),
    )
}

pub async fn update_environment(
    app: &App,
    conn: &mut PgConnection,
    name: &str,
    request: &UpdateEnvironment,
    now: Timestamp,
) -> Result<EnvironmentChange, ApiError> {
    let environment = lock_environment(conn, name).await?;
    let before =
        configurations::load_one(conn, &app.secrets, &environment.id, environment.configuration).await?;
    let after = before.changed(&request.set, &request.remove)?;
    let after = asked_again(app, conn, &environment, after).await?;
    let settings = Settings::of(&after, environment.platform)?;
    let deployment = match before.difference(&after) {
        Difference::Nothing => None,
        Difference::Environment => {
            save(app, conn, &environment, &after, &settings, now).await?;
            apply_at_once(conn, &environment, &settings, now).await?;
            None
        }
        Difference::Instances => Some(roll_out(app, conn, environment.clone(), &after, settings, now).await?),
    };
    let mut change = views::change(conn, &app.config, &environment.id, deployment.as_ref(), now).await?;
    // Accepted as what is wanted, whether or not it fits; the answer tells already that it does not.
    let foreseen = foresee::hindrance(conn, &app.secrets, &environment.id, now).await?;
    change.environment.hindrance = foreseen.as_ref().map(views::hindrance);
    Ok(change)
}

/// With what the version brings when options are these: its files may ask for an option that was changed.
async fn asked_again(
    app: &App,
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    set: OptionSet,
) -> Result<OptionSet, ApiError> {
    let (version, label) = match deployments::active(conn, &environment.id).await? {
        Some(running) => (running.target.version, running.label),
        None => version_in_force(conn, environment).await?,
    };
    let files = deployable::files(conn, &version).await?;
    if files.files_sealed.is_none() {
        return Ok(set);
    }
    let brings = version_files::brings(app, subject(environment), (&version, &label), &files, &set)?;
    Ok(set.with_version(&brings.settings)?)
}

fn subject(environment: &EnvironmentRow) -> Subject<'_> {
    Subject {
        id: &environment.id,
        name: &environment.name,
    }
}

/// Writes the next revision and the capacity it asks for.
pub(super) async fn save(
    app: &App,
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    set: &OptionSet,
    settings: &Settings,
    now: Timestamp,
) -> Result<i32, ApiError> {
    let revision = configurations::append(conn, &app.secrets, &environment.id, set, now).await?;
    environments::set_configuration(conn, &environment.id, revision).await?;
    let capacity = capacity(environment, settings);
    environments::set_capacity(conn, &environment.id, capacity).await?;
    Ok(revision)
}

/// How many instances there may be, and are to be, with other options.
pub fn capacity(environment: &EnvironmentRow, settings: &Settings) -> Capacity {
    let (min, max) = (settings.min_instances, settings.max_instances);
    Capacity {
        min,
        max,
        desired: environment.desired_instances.clamp(min, max),
    }
}

async fn apply_at_once(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    settings: &Settings,
    now: Timestamp,
) -> Result<(), ApiError> {
    let desired = capacity(environment, settings).desired;
    let message = if desired == environment.desired_instances {
        "Environment options were changed; no instance has to be replaced.".to_owned()
    } else {
        format!(
            "Environment capacity was changed: {desired} instance(s) should run, before it were {}.",
            environment.desired_instances
        )
    };
    let event = (Severity::Info, "options_changed", message.as_str());
    record::event(conn, environment, About::default(), event, now).await?;
    wakes::request_one(conn, &environment.id, Routes::Changed, now).await?;
    Ok(())
}

async fn roll_out(
    app: &App,
    conn: &mut PgConnection,
    mut environment: EnvironmentRow,
    set: &OptionSet,
    settings: Settings,
    now: Timestamp,
) -> Result<DeploymentId, ApiError> {
    let superseded = make_way(conn, &environment, settings.when_busy, now).await?;
    let (version, label) = match superseded {
        // What was being deployed is still wanted, now with these options.
        Some(running) => (running.target.version, running.label),
        None => version_in_force(conn, &environment).await?,
    };
    // Perhaps not the version that the environment's options were last made for.
    let files = deployable::files(conn, &version).await?;
    let subject = subject(&environment);
    let brings = version_files::brings(app, subject, (&version, &label), &files, set)?;
    let set = &set.with_version(&brings.settings)?;
    let settings = Settings::of(set, environment.platform)?;
    let configuration = save(app, conn, &environment, set, &settings, now).await?;
    environment.desired_instances = capacity(&environment, &settings).desired;
    let mut options = settings.deployment;
    let previous = last_good(conn, &environment).await?;
    let kind = match &previous {
        None => DeploymentKind::Launch,
        Some(current) if current.version == version => DeploymentKind::Configuration,
        Some(_) => DeploymentKind::Version,
    };
    if kind == DeploymentKind::Configuration {
        // As in Beanstalk: a configuration that fails is taken back, whatever the policy.
        options.on_failure = OnFailure::RollBack;
    }
    let start = Start {
        environment: &environment,
        kind,
        target: &Release {
            version,
            configuration,
        },
        label: &label,
        previous: previous.as_ref(),
        options: &options,
        findings: &[],
    };
    let deployment = begin::begin(conn, &start, now).await?;
    let of = For {
        environment: &environment,
        deployment: &deployment,
        label: &label,
        now,
    };
    provide(&app.sqs, conn, of, &brings.queues).await?;
    Ok(deployment)
}

/// The version of the last successful deployment; before there is one, the one launched last.
async fn version_in_force(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
) -> Result<(VersionId, String), ApiError> {
    let version = match &environment.current {
        Some(release) => release.version.clone(),
        None => {
            let latest = deployments::latest(conn, &environment.id).await?;
            latest.ok_or(sqlx::Error::RowNotFound)?.target.version
        }
    };
    let label = deployable::label(conn, &version).await?.unwrap_or_default();
    Ok((version, label))
}
