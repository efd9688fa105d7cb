//! Applications: the list, one with its versions and environments, create, delete.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use beanpole_protocol::{
    Timestamp,
    api::{Application, CreateApplication, PageQuery},
    client::segment,
};
use serde::{Deserialize, Serialize};

use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form},
    session::SignedIn,
    shell::{Notice, PageRequest, Section, Shell},
    show::{environment::EnvironmentView, version::VersionView, when::When},
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/applications", get(list).post(create))
        .route("/applications/{application}", get(show))
        .route("/applications/{application}/delete", post(delete))
}

pub fn path(application: &str) -> String {
    format!("/applications/{}", segment(application))
}

#[derive(Serialize)]
struct ApplicationView {
    name: String,
    description: String,
    environments: u32,
    versions: u32,
    created: When,
}

impl ApplicationView {
    fn new(application: Application, now: Timestamp) -> Self {
        Self {
            name: application.name,
            description: application.description,
            environments: application.environments,
            versions: application.versions,
            created: When::new(application.created_at, now),
        }
    }
}

#[derive(Serialize)]
struct ListPage {
    shell: Shell,
    applications: Vec<ApplicationView>,
    next: Option<String>,
    form: CreateForm,
    trouble: Option<Trouble>,
}

impl Template for ListPage {
    const FILE: &'static str = "applications/list.html";
}

#[derive(Default, Serialize, Deserialize)]
struct CreateForm {
    key: String,
    name: String,
    #[serde(default)]
    description: String,
}

async fn list_page(
    person: &SignedIn,
    request: &PageRequest,
    form: CreateForm,
    trouble: Option<Trouble>,
) -> Result<ListPage, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: None,
    };
    let page = person.api.applications(&query).await?;
    let now = Timestamp::now();
    Ok(ListPage {
        shell: Shell::new(person, Section::Applications, request.notice()),
        applications: page
            .items
            .into_iter()
            .map(|application| ApplicationView::new(application, now))
            .collect(),
        next: page.next,
        form: CreateForm {
            key: form::key(),
            ..form
        },
        trouble,
    })
}

async fn list(
    State(console): State<Console>,
    person: SignedIn,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let page = list_page(&person, &request, CreateForm::default(), None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn create(
    State(console): State<Console>,
    person: SignedIn,
    Form(form): Form<CreateForm>,
) -> Result<Response, Failure> {
    let body = CreateApplication {
        name: form.name.trim().to_owned(),
        description: form.description.trim().to_owned(),
    };
    match person.api.create_application(&form.key, &body).await {
        Ok(application) => Ok(form::done(&path(&application.name), Notice::ApplicationCreated)),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            let page = list_page(&person, &PageRequest::default(), form, Some(trouble)).await?;
            Ok((status, console.page(&page)?).into_response())
        }
    }
}

#[derive(Serialize)]
pub struct ShowPage {
    shell: Shell,
    application: ApplicationView,
    versions: Vec<VersionView>,
    next: Option<String>,
    environments: Vec<EnvironmentView>,
    /// What was typed into the upload form.
    label: String,
    description: String,
    trouble: Option<Trouble>,
}

impl Template for ShowPage {
    const FILE: &'static str = "applications/show.html";
}

/// What an upload form is filled with when it is shown again.
#[derive(Default)]
pub struct Typed {
    pub label: String,
    pub description: String,
}

pub async fn show_page(
    person: &SignedIn,
    name: &str,
    request: &PageRequest,
    typed: Typed,
    trouble: Option<Trouble>,
) -> Result<ShowPage, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: Some(50),
    };
    let everything = PageQuery::default();
    let (application, versions, environments) = tokio::try_join!(
        person.api.application(name),
        person.api.versions(name, &query),
        person.api.environments(Some(name), &everything),
    )?;
    let now = Timestamp::now();
    Ok(ShowPage {
        shell: Shell::new(person, Section::Applications, request.notice()),
        application: ApplicationView::new(application, now),
        versions: versions
            .items
            .into_iter()
            .map(|version| VersionView::new(version, now))
            .collect(),
        next: versions.next,
        environments: environments
            .items
            .into_iter()
            .map(|environment| EnvironmentView::new(environment, now))
            .collect(),
        label: typed.label,
        description: typed.description,
        trouble,
    })
}

async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let page = show_page(&person, &name, &request, Typed::default(), None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn delete(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    match person.api.delete_application(&name).await {
        Ok(()) => Ok(form::done("/applications", Notice::ApplicationDeleted)),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            let request = PageRequest::default();
            let page = show_page(&person, &name, &request, Typed::default(), Some(trouble)).await?;
            Ok((status, console.page(&page)?).into_response())
        }
    }
}
