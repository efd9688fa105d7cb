//! Deploying: a version that is there, or a bundle uploaded for it.

use axum::{
    extract::{Multipart, Path, Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    Timestamp,
    api::{CreateDeployment, DeploymentPolicy, PageQuery},
};
use serde::{Deserialize, Serialize};

use super::{Tab, option_form, path};
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form},
    session::SignedIn,
    shell::{Notice, Section, Shell},
    show::{environment::EnvironmentView, version::VersionView},
    upload::{self, Upload},
    views::Template,
};

#[derive(Serialize)]
struct DeployPage {
    shell: Shell,
    tab: Tab,
    environment: EnvironmentView,
    versions: Vec<VersionView>,
    /// The environment's own policy.
    default_policy: String,
    policies: Vec<&'static str>,
    form: DeployForm,
    trouble: Option<Trouble>,
}

impl Template for DeployPage {
    const FILE: &'static str = "environments/deploy.html";
}

#[derive(Default, Serialize, Deserialize)]
pub struct DeployForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    version: String,
    /// Empty: the environment's.
    #[serde(default)]
    policy: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    description: String,
}

fn policy(text: &str) -> Result<Option<DeploymentPolicy>, Trouble> {
    if text.is_empty() {
        return Ok(None);
    }
    DeploymentPolicy::ALL
        .into_iter()
        .find(|policy| policy.name() == text)
        .map(Some)
        .ok_or_else(|| Trouble::input("policy", "Choose one of the deployment policies."))
}

async fn page(
    person: &SignedIn,
    name: &str,
    form: DeployForm,
    trouble: Option<Trouble>,
) -> Result<DeployPage, Failure> {
    let (environment, configuration) =
        tokio::try_join!(person.api.environment(name), person.api.configuration(name))?;
    let query = PageQuery {
        after: None,
        limit: Some(200),
    };
    let versions = person.api.versions(&environment.application, &query).await?;
    let now = Timestamp::now();
    Ok(DeployPage {
        shell: Shell::new(person, Section::Environments, None),
        tab: Tab::Deploy,
        environment: EnvironmentView::new(environment, now),
        versions: versions
            .items
            .into_iter()
            .map(|version| VersionView::new(version, now))
            .collect(),
        default_policy: option_form::value(&configuration, option_form::COMMAND, "DeploymentPolicy")
            .unwrap_or("AllAtOnce")
            .to_owned(),
        policies: DeploymentPolicy::ALL.map(DeploymentPolicy::name).to_vec(),
        form: DeployForm {
            key: form::key(),
            ..form
        },
        trouble,
    })
}

#[derive(Default, Deserialize)]
pub struct DeployQuery {
    /// Chosen already, on the version's page.
    #[serde(default)]
    version: String,
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(query): Query<DeployQuery>,
) -> Result<Response, Failure> {
    let form = DeployForm {
        version: query.version,
        ..DeployForm::default()
    };
    let page = page(&person, &name, form, None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn refused(
    console: &Console,
    person: &SignedIn,
    name: &str,
    form: DeployForm,
    trouble: Trouble,
) -> Result<Response, Failure> {
    let status = trouble.status;
    let page = page(person, name, form, Some(trouble)).await?;
    Ok((status, console.page(&page)?).into_response())
}

pub async fn existing(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<DeployForm>,
) -> Result<Response, Failure> {
    match start(&person, &name, &form.key, &form.version, &form.policy).await? {
        Ok(()) => Ok(form::done(&path(&name, ""), Notice::DeploymentStarted)),
        Err(trouble) => refused(&console, &person, &name, form, trouble).await,
    }
}

async fn start(
    person: &SignedIn,
    environment: &str,
    key: &str,
    version: &str,
    chosen: &str,
) -> Result<Result<(), Trouble>, Failure> {
    if version.is_empty() {
        return Ok(Err(Trouble::input("version", "Choose the version to deploy.")));
    }
    let body = match policy(chosen) {
        Ok(policy) => CreateDeployment {
            version_label: version.to_owned(),
            policy,
        },
        Err(trouble) => return Ok(Err(trouble)),
    };
    match person.api.deploy(environment, key, &body).await {
        Ok(_) => Ok(Ok(())),
        Err(error) => Trouble::of(error).map(Err),
    }
}

/// Upload and deploy in one. The version stays when only the deployment is refused.
pub async fn uploaded(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    form: Multipart,
) -> Result<Response, Failure> {
    let environment = person.api.environment(&name).await?;
    let Upload { mut fields, result } =
        upload::receive(&person.api, &environment.application, form, Timestamp::now()).await?;
    let mut take = |field: &str| fields.remove(field).unwrap_or_default();
    let mut form = DeployForm {
        key: take("key"),
        version: String::new(),
        policy: take("policy"),
        label: take("label"),
        description: take("description"),
    };
    let trouble = match result {
        Err(trouble) => trouble,
        Ok(version) => match start(&person, &name, &form.key, &version.label, &form.policy).await? {
            Ok(()) => return Ok(form::done(&path(&name, ""), Notice::DeploymentStarted)),
            Err(trouble) => {
                form.version.clone_from(&version.label);
                form.label.clear();
                Trouble {
                    message: format!(
                        "Version {} was uploaded, but not deployed: {}",
                        version.label, trouble.message
                    ),
                    ..trouble
                }
            }
        },
    };
    refused(&console, &person, &name, form, trouble).await
}
