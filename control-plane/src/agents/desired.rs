//! `GET /agent/v1/desired?known=N`: a host's whole desired list, as soon as it is another one.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    ApplicationId, HostId, Timestamp,
    agent::{Desired, InstanceToken},
};
use beanpole_sqs::backend::of_applications;
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgConnection;
use tokio::time::Instant;

use super::{
    credential::AgentOf,
    list::{self, Inputs, Services},
};
use crate::{
    ApiError, App, aws, configurations,
    http::extract::{Json, Query},
    notices::Notice,
    ops,
    options::Settings,
    store::{
        deployments,
        environments::{self, EnvironmentRow},
        host_images, hosts,
        instances::{self, InstanceRow},
        tasks,
    },
};

/// A poll is held this long at most.
const HOLD: Duration = Duration::from_secs(30);
/// Notices can be lost; the generation is looked at this often.
const LOOK: Duration = Duration::from_secs(2);
/// A task that was not taken up in this time is not wanted any more.
pub const TASK_LIFETIME: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
pub struct Known {
    /// The generation the agent has; absent when it has none.
    known: Option<u64>,
}

pub async fn desired(
    AgentOf(host): AgentOf,
    State(app): State<App>,
    Query(query): Query<Known>,
) -> Result<Response, ApiError> {
    let mut waiter = app.notices.subscribe();
    let end = Instant::now() + HOLD;
    loop {
        let generation = hosts::generation(&mut *app.pool.acquire().await?, &host).await?;
        if generation != query.known {
            return Ok(Json(current(&app, &host).await?).into_response());
        }
        if Instant::now() >= end || app.stopping.is_cancelled() {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        let look = end.min(Instant::now() + LOOK);
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = waiter.wait(look, |notice| *notice == Notice::Host(host.clone())) => {}
        }
    }
}

/// The list as it is now, with the generation it belongs to.
pub async fn current(app: &App, host: &HostId) -> Result<Desired, ApiError> {
    let mut snapshot = app
        .pool
        .begin_with("begin isolation level repeatable read read only")
        .await?;
    let inputs = load(app, &mut snapshot, host).await?;
    snapshot.commit().await?;
    list::desired(&inputs).map_err(ApiError::internal)
}

async fn load(app: &App, conn: &mut PgConnection, host: &HostId) -> Result<Inputs, ApiError> {
    let generation = hosts::generation(conn, host)
        .await?
        .ok_or_else(|| ApiError::unauthorized("this host was removed: join again with a new token"))?;
    let environments = environments::living(conn).await?;
    let instances = instances::all(conn).await?;
    let latest = environments.iter().map(|row| (row.id.clone(), row.configuration));
    let here = instances
        .iter()
        .filter(|row| row.host_id == *host)
        .map(|row| (row.environment_id.clone(), row.release.configuration));
    let mut revisions: Vec<_> = latest.chain(here).collect();
    revisions.sort();
    revisions.dedup();
    let mut settings = std::collections::BTreeMap::new();
    for (key, set) in configurations::load(conn, &app.secrets, &revisions).await? {
        let platform = environments
            .iter()
            .find(|row| row.id == key.0)
            .map(|row| row.platform);
        if let Some(platform) = platform {
            settings.insert(key, Settings::of(&set, platform)?);
        }
    }
    Ok(Inputs {
        host: host.clone(),
        generation,
        domain: app.config.domain.clone(),
        images: host_images::wanted_on(conn, host).await?,
        targets: deployments::active_targets(conn).await?,
        alive: hosts::all(conn)
            .await?
            .into_iter()
            .filter(hosts::HostRow::alive)
            .map(|row| row.id)
            .collect(),
        tasks: tasks::open_on(conn, host, Timestamp::now() - TASK_LIFETIME).await?,
        services: services(app, conn, host, &environments, &instances).await?,
        environments,
        instances,
        settings,
    })
}

/// What the instances on this host need for the AWS services.
async fn services(
    app: &App,
    conn: &mut PgConnection,
    host: &HostId,
    environments: &[EnvironmentRow],
    instances: &[InstanceRow],
) -> Result<Services, ApiError> {
    let here: Vec<_> = instances.iter().filter(|row| row.host_id == *host).collect();
    let applications: BTreeSet<&ApplicationId> = environments
        .iter()
        .filter(|environment| here.iter().any(|row| row.environment_id == environment.id))
        .map(|environment| &environment.application_id)
        .collect();
    let ids: Vec<&str> = applications.iter().map(|id| id.as_str()).collect();
    let region = app.config.aws.region.clone();
    let mut queues = of_applications(conn, &ids).await.map_err(ops::queues::refused)?;
    queues.retain(|queue| queue.key.region == region);
    let of = |id: &ApplicationId| {
        let own = queues
            .iter()
            .filter(|queue| queue.application.as_deref() == Some(id.as_str()));
        aws::queues::paths(own)
    };
    Ok(Services {
        tokens: here
            .iter()
            .map(|row| {
                let token = aws::credentials::instance_token(&app.secrets, &row.id);
                (row.id.clone(), InstanceToken::new(token))
            })
            .collect(),
        queues: applications.into_iter().map(|id| (id.clone(), of(id))).collect(),
        region,
        base: app.config.services_base().to_owned(),
    })
}
