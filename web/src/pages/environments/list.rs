//! All environments: the console's home.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use beanpole_protocol::{Timestamp, api::PageQuery};
use serde::Serialize;

use crate::{
    console::Console,
    failure::Failure,
    session::SignedIn,
    shell::{PageRequest, Section, Shell},
    show::environment::EnvironmentView,
    views::Template,
};

#[derive(Serialize)]
struct ListPage {
    shell: Shell,
    environments: Vec<EnvironmentView>,
    next: Option<String>,
}

impl Template for ListPage {
    const FILE: &'static str = "environments/list.html";
}

pub async fn home() -> Redirect {
    Redirect::to("/environments")
}

pub async fn list(
    State(console): State<Console>,
    person: SignedIn,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: None,
    };
    let page = person.api.environments(None, &query).await?;
    let now = Timestamp::now();
    let page = ListPage {
        shell: Shell::new(&person, Section::Environments, request.notice()),
        environments: page
            .items
            .into_iter()
            .map(|environment| EnvironmentView::new(environment, now))
            .collect(),
        next: page.next,
    };
    Ok(console.page(&page)?.into_response())
}
