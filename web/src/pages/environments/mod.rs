//! Environments, one file per page.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use beanpole_protocol::client::segment;

use crate::{console::Console, upload};

mod configuration;
mod create;
mod deploy;
mod deployments;
mod events;
mod list;
mod live;
mod logs;
mod option_form;
mod show;
mod terminate;

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/", get(list::home))
        .route("/environments", get(list::list).post(create::create))
        .route("/environments/new", get(create::show))
        .route("/environments/{name}", get(show::show))
        .route("/environments/{name}/live", get(live::part))
        .route("/environments/{name}/events/stream", get(events::stream))
        .route("/environments/{name}/deployments", get(deployments::list))
        .route("/environments/{name}/abort", post(deployments::abort))
        .route(
            "/environments/{name}/deploy",
            get(deploy::show).post(deploy::existing),
        )
        .route(
            "/environments/{name}/deploy/upload",
            post(deploy::uploaded).layer(DefaultBodyLimit::max(upload::BODY_LIMIT)),
        )
        .route(
            "/environments/{name}/configuration",
            get(configuration::show).post(configuration::save),
        )
        .route("/environments/{name}/scale", post(configuration::scale))
        .route("/environments/{name}/logs", get(logs::show))
        .route(
            "/environments/{name}/terminate",
            get(terminate::show).post(terminate::terminate),
        )
}

/// An environment's page; `rest` begins with a slash or is empty.
fn path(name: &str, rest: &str) -> String {
    format!("/environments/{}{rest}", segment(name))
}

/// Which page of an environment: its entry in the row of tabs.
#[derive(Clone, Copy, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Tab {
    Overview,
    Deploy,
    Deployments,
    Configuration,
    Logs,
    Terminate,
}
