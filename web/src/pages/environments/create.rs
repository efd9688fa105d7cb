//! A new environment, in two steps: for which application, then with what.

use axum::{
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    Platform, Timestamp,
    api::{Application, CreateEnvironment, DeploymentPolicy, OptionSetting, PageQuery},
};
use serde::{Deserialize, Serialize};

use super::{
    option_form::{self, COMMAND},
    path,
};
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form, filled},
    session::SignedIn,
    shell::{Notice, Section, Shell},
    show::version::VersionView,
    views::Template,
};

#[derive(Serialize)]
struct NewPage {
    shell: Shell,
    /// To choose from, while none is chosen.
    applications: Vec<String>,
    application: Option<String>,
    versions: Vec<VersionView>,
    platforms: Vec<&'static str>,
    policies: Vec<&'static str>,
    form: NewForm,
    trouble: Option<Trouble>,
}

impl Template for NewPage {
    const FILE: &'static str = "environments/new.html";
}

#[derive(Serialize, Deserialize)]
pub struct NewForm {
    key: String,
    application: String,
    name: String,
    cname_prefix: String,
    /// Empty: as the bundle says.
    platform: String,
    version: String,
    policy: String,
    min: String,
    max: String,
}

impl NewForm {
    fn blank() -> Self {
        Self {
            key: String::new(),
            application: String::new(),
            name: String::new(),
            cname_prefix: String::new(),
            platform: String::new(),
            version: String::new(),
            policy: DeploymentPolicy::Rolling.name().to_owned(),
            min: "2".to_owned(),
            max: "4".to_owned(),
        }
    }

    fn parse(&self) -> Result<CreateEnvironment, Trouble> {
        if self.version.is_empty() {
            return Err(Trouble::input("version", "Choose the version to launch with."));
        }
        let platform = filled(&self.platform)
            .map(|name| {
                name.parse::<Platform>()
                    .map_err(|_| Trouble::input("platform", "Choose one of the platforms."))
            })
            .transpose()?;
        let mut options = option_form::capacity(&self.min, &self.max).set;
        options.push(OptionSetting {
            namespace: COMMAND.to_owned(),
            name: "DeploymentPolicy".to_owned(),
            value: self.policy.clone(),
        });
        Ok(CreateEnvironment {
            application: self.application.clone(),
            name: self.name.trim().to_owned(),
            cname_prefix: filled(&self.cname_prefix),
            platform,
            version_label: self.version.clone(),
            options,
        })
    }
}

async fn page(
    person: &SignedIn,
    application: Option<String>,
    form: NewForm,
    trouble: Option<Trouble>,
) -> Result<NewPage, Failure> {
    let query = PageQuery {
        after: None,
        limit: Some(200),
    };
    let (applications, versions) = match &application {
        None => {
            let page = person.api.applications(&query).await?;
            let name = |application: Application| application.name;
            (page.items.into_iter().map(name).collect(), Vec::new())
        }
        Some(application) => (Vec::new(), person.api.versions(application, &query).await?.items),
    };
    let now = Timestamp::now();
    Ok(NewPage {
        shell: Shell::new(person, Section::Environments, None),
        applications,
        application,
        versions: versions
            .into_iter()
            .map(|version| VersionView::new(version, now))
            .collect(),
        platforms: Platform::ALL.map(Platform::name).to_vec(),
        policies: DeploymentPolicy::ALL.map(DeploymentPolicy::name).to_vec(),
        form: NewForm {
            key: form::key(),
            ..form
        },
        trouble,
    })
}

#[derive(Deserialize)]
pub struct NewQuery {
    application: Option<String>,
    #[serde(default)]
    version: String,
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Query(query): Query<NewQuery>,
) -> Result<Response, Failure> {
    let form = NewForm {
        version: query.version,
        ..NewForm::blank()
    };
    let page = page(&person, query.application, form, None).await?;
    Ok(console.page(&page)?.into_response())
}

pub async fn create(
    State(console): State<Console>,
    person: SignedIn,
    Form(form): Form<NewForm>,
) -> Result<Response, Failure> {
    let trouble = match form.parse() {
        Err(trouble) => trouble,
        Ok(body) => match person.api.create_environment(&form.key, &body).await {
            Ok(change) => {
                return Ok(form::done(
                    &path(&change.environment.name, ""),
                    Notice::EnvironmentLaunching,
                ));
            }
            Err(error) => Trouble::of(error)?,
        },
    };
    let status = trouble.status;
    let page = page(&person, Some(form.application.clone()), form, Some(trouble)).await?;
    Ok((status, console.page(&page)?).into_response())
}
