//! The part of an environment's page that changes by itself: state, the deployment under way,
//! instances, recent deployments. In the page at first, then fetched again when events come.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    Timestamp,
    api::{Instance, PageQuery},
    client::{self, ClientError},
};
use serde::Serialize;

use crate::{
    console::Console,
    failure::Failure,
    session::SignedIn,
    show::{deployment::DeploymentView, environment::EnvironmentView, instance::InstanceRow},
    views::Template,
};

/// Of the recent deployments; the rest is on their own page.
const RECENT: u32 = 8;

#[derive(Serialize)]
pub struct Live {
    pub environment: EnvironmentView,
    active: Option<DeploymentView>,
    instances: Vec<InstanceRow>,
    deployments: Vec<DeploymentView>,
    can_deploy: bool,
}

impl Template for Live {
    const FILE: &'static str = "environments/live.html";
}

pub async fn load(person: &SignedIn, name: &str) -> client::Result<Live> {
    let api = &person.api;
    let recent = PageQuery {
        after: None,
        limit: Some(RECENT),
    };
    let (environment, instances, deployments) = tokio::try_join!(
        api.environment(name),
        instances(person, name),
        api.deployments(name, &recent),
    )?;
    let now = Timestamp::now();
    let environment = EnvironmentView::new(environment, now);
    let active = match &environment.active_deployment {
        Some(id) => Some(api.deployment(id).await?)
            .filter(|deployment| !deployment.status.is_terminal())
            .map(|deployment| DeploymentView::new(deployment, now)),
        None => None,
    };
    Ok(Live {
        active,
        instances,
        deployments: deployments
            .items
            .into_iter()
            .map(|deployment| DeploymentView::new(deployment, now))
            .filter(|deployment| !deployment.running)
            .collect(),
        can_deploy: person.can_deploy() && !environment.ending,
        environment,
    })
}

/// An environment that has just ended may have no list of instances any more.
async fn instances(person: &SignedIn, name: &str) -> client::Result<Vec<InstanceRow>> {
    let now = Timestamp::now();
    let row = |instance: Instance| InstanceRow::new(instance, now);
    match person.api.instances(name).await {
        Ok(page) => Ok(page.items.into_iter().map(row).collect()),
        Err(ClientError::Problem(problem)) if problem.status == 404 => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

pub async fn part(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let live = load(&person, &name).await?;
    Ok(console.page(&live)?.into_response())
}
