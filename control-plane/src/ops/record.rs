//! Events of an environment: written in the caller's transaction, told to those who follow.

use beanpole_protocol::{DeploymentId, Timestamp, api::Severity};
use sqlx::PgConnection;

use crate::{
    notices::{self, Notice},
    store::{
        environments::EnvironmentRow,
        events::{self, NewEvent},
    },
};

/// What an event is about beside its environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    pub deployment: Option<&'a DeploymentId>,
    pub version_label: Option<&'a str>,
}

/// Writes an event. The caller holds the environment's lock.
pub async fn event(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    about: About<'_>,
    (severity, kind, message): (Severity, &str, &str),
    now: Timestamp,
) -> sqlx::Result<()> {
    let event = NewEvent {
        environment: &environment.id,
        application: &environment.application_id,
        deployment: about.deployment,
        version_label: about.version_label,
        severity,
        kind,
        message,
    };
    events::append(conn, &event, now).await?;
    tracing::info!(
        environment.id = %environment.id,
        environment.name = %environment.name,
        deployment.id = about.deployment.map(tracing::field::display),
        event.kind = kind,
        event.severity = ?severity,
        "{message}"
    );
    notices::send(conn, &Notice::Events(environment.id.clone())).await
}
