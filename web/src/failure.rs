//! The one place where something that went wrong becomes an answer.
//!
//! Handlers return a [`Failure`]; it travels in the response's extensions to [`render`], which knows
//! the request and the templates: a page for people, a header for htmx, the way to the sign-in page.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{Html, IntoResponse, Redirect, Response},
};
use beanpole_protocol::{api::Problem, client::ClientError};
use http::{HeaderMap, HeaderValue, Method, Uri, header};
use serde::Serialize;

use crate::{
    console::Console,
    return_path::ReturnPath,
    session::{self, Transport},
    views::{Template, ViewError},
};

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("nobody is signed in")]
    NoSession,
    #[error(transparent)]
    Api(ClientError),
    #[error("there is no such page")]
    NoSuchPage,
    #[error("the form cannot be read: {0}")]
    BadForm(String),
    #[error("the request came from another site")]
    CrossSite,
    #[error(transparent)]
    View(#[from] ViewError),
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error.status() {
            Some(401) => Self::NoSession,
            _ => Self::Api(error),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::NoSession => StatusCode::UNAUTHORIZED,
            Self::Api(ClientError::Problem(problem)) => {
                StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_GATEWAY)
            }
            Self::Api(_) => StatusCode::BAD_GATEWAY,
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::View(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

pub async fn no_such_page() -> Failure {
    Failure::NoSuchPage
}

/// An address that only takes forms, loaded again after its form was refused: back to where the form is.
pub async fn only_by_form(method: Method, uri: Uri) -> Response {
    if method != Method::GET {
        return Failure::NoSuchPage.into_response();
    }
    let parent = uri.path().rsplit_once('/').map_or("", |(parent, _)| parent);
    let page = ReturnPath::parse(parent).unwrap_or_else(ReturnPath::home);
    Redirect::to(page.as_str()).into_response()
}

/// What a person is told, on a page of its own or above the form that did not work.
#[derive(Clone, Debug, Serialize)]
pub struct Trouble {
    pub message: String,
    /// Finds the error in the server's log.
    pub id: Option<String>,
    pub field: Option<String>,
    #[serde(skip)]
    pub status: StatusCode,
}

impl Trouble {
    /// Something wrong with what was typed that needs no server to see.
    pub fn input(field: &str, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            id: None,
            field: Some(field.to_owned()),
            status: StatusCode::UNPROCESSABLE_ENTITY,
        }
    }

    fn of_problem(problem: &Problem) -> Self {
        Self {
            message: problem.message.clone(),
            id: Some(problem.id.clone()),
            field: problem.field.clone(),
            status: StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_GATEWAY),
        }
    }

    /// An error whose text is for the log only; both carry the same id.
    fn logged(status: StatusCode, message: &str, error: &dyn std::error::Error) -> Self {
        let id = format!("console-{:016x}", rand::random::<u64>());
        tracing::error!(error.id = %id, error = %error, "the console could not answer");
        Self {
            message: message.to_owned(),
            id: Some(id),
            field: None,
            status,
        }
    }

    /// For a form: shown above it. Only a lost session is not the form's business.
    pub fn of(error: ClientError) -> Result<Self, Failure> {
        match Failure::from(error) {
            Failure::Api(error) => Ok(Self::of_client(&error)),
            other => Err(other),
        }
    }

    fn of_client(error: &ClientError) -> Self {
        match error {
            ClientError::Problem(problem) => Self::of_problem(problem),
            ClientError::Unreachable { .. } => Self::logged(
                StatusCode::BAD_GATEWAY,
                "The Beanpole API did not answer. Try again in a moment.",
                error,
            ),
            ClientError::NotBeanpole { .. } => Self::logged(
                StatusCode::BAD_GATEWAY,
                "The Beanpole API gave an answer that the console does not understand.",
                error,
            ),
        }
    }
}

impl From<&Failure> for Trouble {
    fn from(failure: &Failure) -> Self {
        let told = |status, message: &str| Self {
            message: message.to_owned(),
            id: None,
            field: None,
            status,
        };
        match failure {
            Failure::NoSession => told(StatusCode::UNAUTHORIZED, "Sign in first."),
            Failure::Api(error) => Self::of_client(error),
            Failure::NoSuchPage => told(StatusCode::NOT_FOUND, "There is nothing at this address."),
            Failure::BadForm(detail) => told(
                StatusCode::BAD_REQUEST,
                &format!("The form could not be read: {detail}."),
            ),
            Failure::CrossSite => told(
                StatusCode::FORBIDDEN,
                "This request came from another site, so nothing was done. Open the console itself and try again.",
            ),
            Failure::View(error) => Self::logged(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The console could not make this page.",
                error,
            ),
        }
    }
}

#[derive(Serialize)]
struct FailurePage {
    title: &'static str,
    trouble: Trouble,
    assets: &'static str,
}

impl Template for FailurePage {
    const FILE: &'static str = "failure.html";
}

/// Turns a [`Failure`] that a handler left into what the browser can use.
pub async fn render(State(console): State<Console>, request: Request, next: Next) -> Response {
    let back = back_after_sign_in(&request);
    let htmx = request.headers().contains_key("hx-request");
    let transport = Transport::of(request.headers());
    let mut response = next.run(request).await;
    let Some(failure) = response.extensions_mut().remove::<Arc<Failure>>() else {
        return response;
    };
    match (&*failure, htmx) {
        (Failure::NoSession, false) => (
            [(header::SET_COOKIE, session::forget(transport))],
            Redirect::to(&back.sign_in_url()),
        )
            .into_response(),
        (Failure::NoSession, true) => instruct("hx-redirect", &back.sign_in_url()),
        // What the page shows is gone: let it load again and say so.
        (_, true) if response.status() == StatusCode::NOT_FOUND => instruct("hx-refresh", "true"),
        (failure, true) => {
            let trouble = Trouble::from(failure);
            (trouble.status, instruct("hx-reswap", "none")).into_response()
        }
        (failure, false) => {
            let trouble = Trouble::from(failure);
            let status = trouble.status;
            let page = FailurePage {
                title: title(status),
                trouble,
                assets: crate::assets::version(),
            };
            match console.views.render(&page) {
                Ok(html) => (status, Html(html)).into_response(),
                Err(error) => {
                    tracing::error!(error = %error, "the console cannot render its error page");
                    (status, "The console could not make this page.").into_response()
                }
            }
        }
    }
}

fn instruct(name: &'static str, value: &str) -> Response {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
    headers.into_response()
}

/// The page a person was on: for htmx and forms that is not the request's own address.
fn back_after_sign_in(request: &Request) -> ReturnPath {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    let path = if let Some(page) = header("hx-current-url") {
        ReturnPath::of_url(page)
    } else if request.method() == Method::GET {
        request
            .uri()
            .path_and_query()
            .and_then(|path| ReturnPath::parse(path.as_str()))
    } else {
        header("referer").and_then(ReturnPath::of_url)
    };
    path.unwrap_or_else(ReturnPath::home)
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::METHOD_NOT_ALLOWED => "Not found",
        StatusCode::CONFLICT => "Not now",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        status if status.is_client_error() => "That did not work",
        _ => "Something went wrong",
    }
}
