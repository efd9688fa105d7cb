//! One deployment at a time: a new one is refused while another runs, or takes its place.

use beanpole_protocol::{
    Timestamp,
    api::{DeploymentKind, DeploymentStatus, Severity},
};
use sqlx::PgConnection;

use super::record::{self, About};
use crate::{
    ApiError,
    notices::{self, Notice},
    options::WhenBusy,
    store::{
        deployments::{self, DeploymentRow, Ending},
        environments::{self, EnvironmentRow},
        hosts,
        instances::{self, NextIntent},
    },
};

/// Makes sure that no deployment runs: the one that did and was superseded, if any.
pub async fn make_way(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    when_busy: WhenBusy,
    now: Timestamp,
) -> Result<Option<DeploymentRow>, ApiError> {
    let Some(running) = deployments::active(conn, &environment.id).await? else {
        return Ok(None);
    };
    if running.kind == DeploymentKind::Terminate {
        return Err(ApiError::conflict(
            "environment_terminating",
            format!("environment {} is being terminated", environment.name),
        ));
    }
    match when_busy {
        WhenBusy::Refuse => Err(busy(environment, &running)),
        WhenBusy::Supersede => {
            supersede(
                conn,
                environment,
                &running,
                "A newer deployment took its place.",
                now,
            )
            .await?;
            Ok(Some(running))
        }
    }
}

fn busy(environment: &EnvironmentRow, running: &DeploymentRow) -> ApiError {
    ApiError::conflict(
        "environment_busy",
        format!(
            "environment {} is in an invalid state for this operation, it must be Ready: deployment {} of \
             version {} ({}) is in phase {}; wait for it, abort it, or set beanpole:deployment WhenBusy to \
             supersede",
            environment.name,
            running.number,
            running.label,
            running.id,
            running.phase.name()
        ),
    )
}

/// Ends the running deployment in favour of a newer one. Instances stay as they are for that one to
/// deal with, but a share of traffic that was only on trial goes back.
pub async fn supersede(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    running: &DeploymentRow,
    reason: &str,
    now: Timestamp,
) -> Result<(), ApiError> {
    if environment.split_percent.is_some() {
        end_trial(conn, environment, running, now).await?;
    }
    let ending = Ending {
        status: DeploymentStatus::Superseded,
        reason,
        log_tail: None,
    };
    deployments::finish(conn, &running.id, &ending, now).await?;
    let about = About {
        deployment: Some(&running.id),
        version_label: Some(&running.label),
    };
    let message = format!("Deployment {} was superseded. {reason}", running.number);
    let event = (Severity::Warn, "deployment_superseded", message.as_str());
    record::event(conn, environment, about, event, now).await?;
    notices::send(conn, &Notice::Deployment(running.id.clone())).await?;
    Ok(())
}

/// Ends a traffic split: the instances on trial leave service, the others serve alone again.
async fn end_trial(
    conn: &mut PgConnection,
    environment: &EnvironmentRow,
    running: &DeploymentRow,
    now: Timestamp,
) -> Result<(), ApiError> {
    environments::set_split(conn, &environment.id, None).await?;
    let hosts = hosts::lock_all(conn).await?;
    let generations = hosts
        .iter()
        .map(|(id, generation)| (id.clone(), generation + 1))
        .collect();
    for instance in instances::of_environment(conn, &environment.id).await? {
        let on_trial = instance.release == running.target
            && instance.intent == beanpole_planner::snapshot::Intent::InService;
        if on_trial {
            instances::set_intent(conn, &instance.id, NextIntent::Draining, &generations, now).await?;
        }
    }
    let ids: Vec<_> = hosts.into_iter().map(|(id, _)| id).collect();
    hosts::bump(conn, &ids).await?;
    for id in ids {
        notices::send(conn, &Notice::Host(id)).await?;
    }
    Ok(())
}
