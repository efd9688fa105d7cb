//! The first step of every deployment: its row, its events, the environment's status, the wake-up.

use beanpole_planner::{DeploymentOptions, Phase};
use beanpole_protocol::{
    DeploymentId, Release, Timestamp,
    api::{DeploymentKind, EnvironmentStatus, Finding, Severity},
};
use sqlx::PgConnection;

use super::record::{self, About};
use crate::{
    ApiError,
    store::{
        deployments::{self, NewDeployment},
        environments::{self, EnvironmentRow},
        wakes::{self, Routes},
    },
};

/// A deployment to be.
pub struct Start<'a> {
    pub environment: &'a EnvironmentRow,
    pub kind: DeploymentKind,
    pub target: &'a Release,
    pub label: &'a str,
    /// What it goes back to when it fails or is aborted.
    pub previous: Option<&'a Release>,
    pub options: &'a DeploymentOptions,
    /// What its version's configuration files made us warn of.
    pub findings: &'a [Finding],
}

/// Writes down that a deployment runs. The caller holds the environment's lock and has made sure
/// that no other one does.
pub async fn begin(
    conn: &mut PgConnection,
    start: &Start<'_>,
    now: Timestamp,
) -> Result<DeploymentId, ApiError> {
    let environment = start.environment;
    let id = DeploymentId::random();
    let number = environments::next_deployment_number(conn, &environment.id).await?;
    let new = NewDeployment {
        id: &id,
        environment: &environment.id,
        number,
        kind: start.kind,
        target: start.target,
        previous: start.previous,
        options: start.options,
        phase: &Phase::Preparing,
        instances_total: match start.kind {
            DeploymentKind::Terminate => 0,
            _ => environment.desired_instances,
        },
        now,
    };
    deployments::insert(conn, &new).await?;
    environments::set_status(conn, &environment.id, status(start.kind), now).await?;
    let about = About {
        deployment: Some(&id),
        version_label: Some(start.label),
    };
    for (kind, message) in opening(start.kind, &environment.name) {
        let event = (Severity::Info, kind, message.as_str());
        record::event(conn, environment, about, event, now).await?;
    }
    for finding in start.findings {
        let event = (Severity::Warn, "configuration_file", &*finding.to_string());
        record::event(conn, environment, about, event, now).await?;
    }
    wakes::request_one(conn, &environment.id, Routes::Same, now).await?;
    Ok(id)
}

const fn status(kind: DeploymentKind) -> EnvironmentStatus {
    match kind {
        DeploymentKind::Launch => EnvironmentStatus::Launching,
        DeploymentKind::Version | DeploymentKind::Configuration => EnvironmentStatus::Updating,
        DeploymentKind::Terminate => EnvironmentStatus::Terminating,
    }
}

/// The first events, as Beanstalk words them. (The planner says when termination starts.)
fn opening(kind: DeploymentKind, environment: &str) -> Vec<(&'static str, String)> {
    let starting = |text: &str| ("operation_started", text.to_owned());
    match kind {
        DeploymentKind::Launch => vec![starting("createEnvironment is starting.")],
        DeploymentKind::Version => vec![
            starting("Environment update is starting."),
            ("deploying", "Deploying new version to instance(s).".to_owned()),
        ],
        DeploymentKind::Configuration => vec![
            starting("Environment update is starting."),
            (
                "configuring",
                format!("Updating environment {environment}'s configuration settings."),
            ),
        ],
        DeploymentKind::Terminate => Vec::new(),
    }
}
