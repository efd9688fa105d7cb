//! The REST API: every route in one list, and the OpenAPI document made from it.
//!
//! A handler extracts, calls one operation and makes a view. Routes open to everybody say why.

pub mod access_keys;
pub mod access_roles;
pub mod accounts;
pub mod applications;
pub mod deployments;
pub mod document;
pub mod environments;
pub mod events;
pub mod health;
pub mod hosts;
pub mod instances;
pub mod logs;
pub mod paging;
mod plans;
mod platforms;
pub mod queues;
pub mod session;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod users;
pub mod versions;

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tower::ServiceExt;
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ApiError, App};

/// Every route under `/api/v1`, and `/healthz`. Paths are given in full by each handler.
fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(session::sign_in, session::whoami, session::sign_out))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::delete))
        .routes(routes!(users::set_password))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(access_keys::list, access_keys::create))
        .routes(routes!(access_keys::update, access_keys::delete))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(access_roles::list))
        .routes(routes!(access_roles::put, access_roles::delete))
        .routes(routes!(environments::list, environments::create))
        .routes(routes!(
            environments::get,
            environments::update,
            environments::terminate
        ))
        .routes(routes!(environments::configuration))
        .routes(routes!(plans::plan))
        .routes(routes!(platforms::list))
        .routes(routes!(instances::list))
        .routes(routes!(logs::request))
        .routes(routes!(events::list))
        .routes(routes!(events::follow))
        .routes(routes!(deployments::list, deployments::create))
        .routes(routes!(deployments::get))
        .routes(routes!(deployments::result))
        .routes(routes!(deployments::abort))
        .routes(routes!(hosts::list))
        .routes(routes!(hosts::create_join_token))
        .routes(routes!(hosts::remove))
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(applications::get, applications::delete))
        .routes(routes!(queues::list))
        .routes(routes!(queues::declare, queues::delete))
        .routes(routes!(versions::list))
        .routes(routes!(versions::upload, versions::get, versions::delete))
        .routes(routes!(versions::build_log))
}

/// The routes, and the document that tells of each of them.
fn parts() -> (Router<App>, utoipa::openapi::OpenApi) {
    let (router, mut document) = routes().split_for_parts();
    document::complete(&mut document);
    (router, document)
}

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    parts().1
}

/// All that this server answers to: the APIs, and `console` for everything that is not theirs.
pub fn router(app: App, console: Router) -> Router {
    let (router, document) = parts();
    let document: axum::body::Bytes = document.to_json().unwrap_or_default().into();
    router
        // Open to all: it describes the API and holds nothing of this installation.
        .route(
            "/api/v1/openapi.json",
            get(move || async move { ([(http::header::CONTENT_TYPE, "application/json")], document) }),
        )
        // Open to all: an instance's own token is the credential.
        .route("/aws/v1/credentials", get(crate::aws::credentials::credentials))
        // Open to all: an instance's own token is the credential.
        .route("/instance/v1/commands/claim", post(crate::leader::api::claim))
        .route("/instance/v1/commands/finish", post(crate::leader::api::finish))
        .route("/instance/v1/keys", post(crate::instance_keys::done))
        .merge(crate::agents::router())
        .fallback(move |request| elsewhere(console, request))
        .method_not_allowed_fallback(not_that_method)
        .with_state(app)
}

/// Programs get a problem, people a page.
async fn elsewhere(console: Router, request: Request) -> Response {
    let path = request.uri().path();
    if ["/api/", "/agent/", "/aws/", "/instance/"]
        .iter()
        .any(|prefix| path.starts_with(prefix))
    {
        return ApiError::not_found("no_such_route", format!("there is nothing at {path}")).into_response();
    }
    match console.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn not_that_method(method: http::Method, uri: http::Uri) -> impl IntoResponse {
    ApiError::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{} does not answer to {method}", uri.path()),
    )
}
