//! An environment's capacity, properties and options: see and change.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    Timestamp,
    api::{EnvironmentChange, UpdateEnvironment},
    client,
};
use serde::{Deserialize, Serialize};

use super::{
    Tab,
    option_form::{self, OptionForm},
    path,
};
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form},
    session::SignedIn,
    shell::{Notice, PageRequest, Section, Shell},
    show::environment::EnvironmentView,
    views::Template,
};

#[derive(Serialize)]
struct ConfigurationPage {
    shell: Shell,
    tab: Tab,
    environment: EnvironmentView,
    revision: u32,
    #[serde(flatten)]
    form: OptionForm,
    key: String,
    trouble: Option<Trouble>,
}

impl Template for ConfigurationPage {
    const FILE: &'static str = "environments/configuration.html";
}

async fn page(
    person: &SignedIn,
    name: &str,
    notice: Option<Notice>,
    trouble: Option<Trouble>,
) -> Result<ConfigurationPage, Failure> {
    let (environment, configuration) =
        tokio::try_join!(person.api.environment(name), person.api.configuration(name))?;
    Ok(ConfigurationPage {
        shell: Shell::new(person, Section::Environments, notice),
        tab: Tab::Configuration,
        environment: EnvironmentView::new(environment, Timestamp::now()),
        revision: configuration.revision,
        form: option_form::form(&configuration),
        key: form::key(),
        trouble,
    })
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let page = page(&person, &name, request.notice(), None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn answer(
    console: &Console,
    person: &SignedIn,
    name: &str,
    answer: client::Result<EnvironmentChange>,
    without_rollout: Notice,
    typed: &[(String, String)],
) -> Result<Response, Failure> {
    match answer {
        Ok(change) if change.deployment.is_some() => Ok(form::done(&path(name, ""), Notice::OptionsSaved)),
        Ok(_) => Ok(form::done(&path(name, "/configuration"), without_rollout)),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            let mut page = page(person, name, None, Some(trouble)).await?;
            page.form.refill(typed);
            Ok((status, console.page(&page)?).into_response())
        }
    }
}

pub async fn save(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let key = fields
        .iter()
        .find(|(field, _)| field == "key")
        .map(|(_, key)| key.clone())
        .unwrap_or_else(form::key);
    let update: UpdateEnvironment = option_form::change(&fields);
    if update.set.is_empty() && update.remove.is_empty() {
        return Ok(form::done(&path(&name, "/configuration"), Notice::NothingChanged));
    }
    let result = person.api.update_environment(&name, &key, &update).await;
    answer(&console, &person, &name, result, Notice::OptionsSaved, &fields).await
}

#[derive(Deserialize)]
pub struct ScaleForm {
    key: String,
    min: String,
    max: String,
}

pub async fn scale(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<ScaleForm>,
) -> Result<Response, Failure> {
    let update = option_form::capacity(&form.min, &form.max);
    let result = person.api.update_environment(&name, &form.key, &update).await;
    answer(&console, &person, &name, result, Notice::CapacityChanged, &[]).await
}
