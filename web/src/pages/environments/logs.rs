//! The last lines that an environment's instances wrote.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{
    InstanceId, Timestamp,
    api::{InstanceLog, RequestLogs},
};
use serde::{Deserialize, Serialize};

use super::Tab;
use crate::{
    console::Console,
    failure::{Failure, Trouble},
    session::SignedIn,
    shell::{Section, Shell},
    show::environment::EnvironmentView,
    views::Template,
};

const LINES: [u32; 4] = [50, 100, 500, 2000];

#[derive(Serialize)]
struct LogsPage {
    shell: Shell,
    tab: Tab,
    environment: EnvironmentView,
    logs: Vec<LogView>,
    /// To choose from.
    instances: Vec<String>,
    instance: String,
    lines: u32,
    line_choices: [u32; 4],
    follow: bool,
    trouble: Option<Trouble>,
}

impl Template for LogsPage {
    const FILE: &'static str = "environments/logs.html";
}

#[derive(Serialize)]
struct LogView {
    instance: String,
    host: String,
    text: Option<String>,
    error: Option<String>,
}

impl LogView {
    fn new(log: InstanceLog) -> Self {
        Self {
            instance: log.instance.to_string(),
            host: log.host,
            text: log.text,
            error: log.error,
        }
    }
}

#[derive(Deserialize)]
pub struct LogsQuery {
    lines: Option<u32>,
    #[serde(default)]
    instance: String,
    follow: Option<String>,
}

pub async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Path(name): Path<String>,
    Query(query): Query<LogsQuery>,
) -> Result<Response, Failure> {
    let instance = query.instance.parse::<InstanceId>().ok();
    let lines = query.lines.unwrap_or(100).clamp(1, 10_000);
    let (environment, instances) =
        tokio::try_join!(person.api.environment(&name), person.api.instances(&name))?;
    let wanted = RequestLogs {
        lines: Some(lines),
        instance: instance.clone(),
    };
    // A host that does not answer must not keep the page from showing.
    let (logs, trouble) = match person.api.request_logs(&name, &wanted).await {
        Ok(page) => (page.items.into_iter().map(LogView::new).collect(), None),
        Err(error) => (Vec::new(), Some(Trouble::of(error)?)),
    };
    let page = LogsPage {
        shell: Shell::new(&person, Section::Environments, None),
        tab: Tab::Logs,
        environment: EnvironmentView::new(environment, Timestamp::now()),
        logs,
        instances: instances
            .items
            .into_iter()
            .map(|instance| instance.id.to_string())
            .collect(),
        instance: instance.map(|id| id.to_string()).unwrap_or_default(),
        lines,
        line_choices: LINES,
        follow: query.follow.is_some(),
        trouble,
    };
    Ok(console.page(&page)?.into_response())
}
