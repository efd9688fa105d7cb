//! Deployments of an environment: all of them, and ending the one under way.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{DeploymentId, Timestamp, api::PageQuery};
use serde::{Deserialize, Serialize};

use super::{Tab, path};
use crate::{
    console::Console,
    failure::Failure,
    form::{self, Form},
    session::SignedIn,
    shell::{Notice, PageRequest, Section, Shell},
    show::{deployment::DeploymentView, environment::EnvironmentView},
    views::Template,
};

#[derive(Serialize)]
struct DeploymentsPage {
    shell: Shell,
    tab: Tab,
    environment: EnvironmentView,
    deployments: Vec<DeploymentView>,
    next: Option<String>,
}

impl Template for DeploymentsPage {
    const FILE: &'static str = "environments/deployments.html";
}

pub async fn list(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: Some(50),
    };
    let (environment, deployments) = tokio::try_join!(
        person.api.environment(&name),
        person.api.deployments(&name, &query)
    )?;
    let now = Timestamp::now();
    let page = DeploymentsPage {
        shell: Shell::new(&person, Section::Environments, request.notice()),
        tab: Tab::Deployments,
        environment: EnvironmentView::new(environment, now),
        deployments: deployments
            .items
            .into_iter()
            .map(|deployment| DeploymentView::new(deployment, now))
            .collect(),
        next: deployments.next,
    };
    Ok(console.page(&page)?.into_response())
}

#[derive(Deserialize)]
pub struct AbortForm {
    /// The one that was on the page, which may have ended since.
    deployment: DeploymentId,
}

pub async fn abort(
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<AbortForm>,
) -> Result<Response, Failure> {
    person.api.abort(&form.deployment).await?;
    Ok(form::done(&path(&name, ""), Notice::AbortRequested))
}
