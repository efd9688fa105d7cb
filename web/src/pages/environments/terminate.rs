//! Terminating an environment, after its name has been typed.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Tab, path};
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form},
    session::SignedIn,
    shell::{Notice, Section, Shell},
    show::environment::EnvironmentView,
    views::Template,
};

#[derive(Serialize)]
struct TerminatePage {
    shell: Shell,
    tab: Tab,
    environment: EnvironmentView,
    trouble: Option<Trouble>,
}

impl Template for TerminatePage {
    const FILE: &'static str = "environments/terminate.html";
}

async fn page(person: &SignedIn, name: &str, trouble: Option<Trouble>) -> Result<TerminatePage, Failure> {
    let environment = person.api.environment(name).await?;
    Ok(TerminatePage {
        shell: Shell::new(person, Section::Environments, None),
        tab: Tab::Terminate,
        environment: EnvironmentView::new(environment, Timestamp::now()),
        trouble,
    })
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let page = page(&person, &name, None).await?;
    Ok(console.page(&page)?.into_response())
}

#[derive(Deserialize)]
pub struct TerminateForm {
    confirm: String,
}

pub async fn terminate(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<TerminateForm>,
) -> Result<Response, Failure> {
    let trouble = if form.confirm.trim() == name {
        match person.api.terminate_environment(&name).await {
            Ok(_) => return Ok(form::done(&path(&name, ""), Notice::Terminating)),
            Err(error) => Trouble::of(error)?,
        }
    } else {
        Trouble::input(
            "confirm",
            "That is not the environment's name, so nothing was done.",
        )
    };
    let status = trouble.status;
    let page = page(&person, &name, Some(trouble)).await?;
    Ok((status, console.page(&page)?).into_response())
}
