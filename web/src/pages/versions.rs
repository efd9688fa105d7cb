//! Versions of an application: upload, one with its builds and their log, delete.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Multipart, Path, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use beanpole_protocol::{Timestamp, api::PageQuery, client::ClientError};
use serde::Serialize;

use super::applications::{self, Typed};
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form,
    session::SignedIn,
    shell::{Notice, PageRequest, Section, Shell},
    show::{environment::EnvironmentView, version::VersionView},
    upload::{self, Upload},
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route(
            "/applications/{application}/versions",
            post(create).layer(DefaultBodyLimit::max(upload::BODY_LIMIT)),
        )
        .route("/applications/{application}/versions/{label}", get(show))
        .route(
            "/applications/{application}/versions/{label}/delete",
            post(delete),
        )
}

async fn create(
    State(console): State<Console>,
    person: SignedIn,
    Path(application): Path<String>,
    form: Multipart,
) -> Result<Response, Failure> {
    let Upload { mut fields, result } =
        upload::receive(&person.api, &application, form, Timestamp::now()).await?;
    match result {
        Ok(_) => Ok(form::done(
            &applications::path(&application),
            Notice::VersionUploaded,
        )),
        Err(trouble) => {
            let status = trouble.status;
            let typed = Typed {
                label: fields.remove("label").unwrap_or_default(),
                description: fields.remove("description").unwrap_or_default(),
            };
            let request = PageRequest::default();
            let page = applications::show_page(&person, &application, &request, typed, Some(trouble)).await?;
            Ok((status, console.page(&page)?).into_response())
        }
    }
}

#[derive(Serialize)]
struct ShowPage {
    shell: Shell,
    application: String,
    version: VersionView,
    log: Option<String>,
    /// Of the application: where this version can go.
    environments: Vec<EnvironmentView>,
    trouble: Option<Trouble>,
}

impl Template for ShowPage {
    const FILE: &'static str = "versions/show.html";
}

async fn show_page(
    person: &SignedIn,
    application: &str,
    label: &str,
    trouble: Option<Trouble>,
) -> Result<ShowPage, Failure> {
    let all = PageQuery::default();
    let (version, environments, log) = tokio::join!(
        person.api.version(application, label),
        person.api.environments(Some(application), &all),
        person.api.build_log(application, label),
    );
    let log = match log {
        Ok(log) => Some(log.text).filter(|text| !text.is_empty()),
        // Not built anywhere yet.
        Err(ClientError::Problem(problem)) if problem.status == 404 => None,
        Err(error) => return Err(error.into()),
    };
    let now = Timestamp::now();
    Ok(ShowPage {
        shell: Shell::new(person, Section::Applications, None),
        application: application.to_owned(),
        version: VersionView::new(version?, now),
        log,
        environments: environments?
            .items
            .into_iter()
            .map(|environment| EnvironmentView::new(environment, now))
            .filter(|environment| !environment.ending)
            .collect(),
        trouble,
    })
}

async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path((application, label)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let page = show_page(&person, &application, &label, None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn delete(
    State(console): State<Console>,
    person: SignedIn,
    Path((application, label)): Path<(String, String)>,
) -> Result<Response, Failure> {
    match person.api.delete_version(&application, &label).await {
        Ok(()) => Ok(form::done(
            &applications::path(&application),
            Notice::VersionDeleted,
        )),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            let page = show_page(&person, &application, &label, Some(trouble)).await?;
            Ok((status, console.page(&page)?).into_response())
        }
    }
}
