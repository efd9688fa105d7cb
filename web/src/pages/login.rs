//! Signing in, by password or by one-time link, and out.

use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use beanpole_protocol::{Timestamp, api::SignIn, client::ClientError};
use serde::{Deserialize, Serialize};

use crate::{
    assets,
    console::Console,
    failure::{Failure, Trouble},
    form::Form,
    return_path::ReturnPath,
    session::{self, Transport},
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/login", get(show).post(by_password))
        .route("/login/code", post(by_code))
        .route("/logout", post(sign_out))
}

#[derive(Serialize)]
struct LoginPage {
    /// The one-time code of the link that was followed.
    code: Option<String>,
    name: String,
    return_to: String,
    trouble: Option<Trouble>,
    assets: &'static str,
}

impl Template for LoginPage {
    const FILE: &'static str = "login/show.html";
}

#[derive(Deserialize)]
struct LoginQuery {
    code: Option<String>,
    #[serde(rename = "return")]
    return_to: Option<String>,
}

fn return_path(text: Option<&str>) -> ReturnPath {
    text.and_then(ReturnPath::parse).unwrap_or_else(ReturnPath::home)
}

/// Following a one-time link uses nothing up: link previews and mail scanners follow links too.
async fn show(State(console): State<Console>, Query(query): Query<LoginQuery>) -> Result<Response, Failure> {
    let page = LoginPage {
        code: query.code.filter(|code| !code.is_empty()),
        name: String::new(),
        return_to: return_path(query.return_to.as_deref()).as_str().to_owned(),
        trouble: None,
        assets: assets::version(),
    };
    Ok(console.page(&page)?.into_response())
}

#[derive(Deserialize)]
struct PasswordForm {
    name: String,
    password: String,
    #[serde(default)]
    return_to: String,
}

async fn by_password(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Failure> {
    let how = SignIn::Password {
        name: form.name.trim().to_owned(),
        password: form.password,
    };
    sign_in(&console, &headers, &how, form.name, &form.return_to).await
}

#[derive(Deserialize)]
struct CodeForm {
    code: String,
    #[serde(default)]
    return_to: String,
}

async fn by_code(
    State(console): State<Console>,
    headers: HeaderMap,
    Form(form): Form<CodeForm>,
) -> Result<Response, Failure> {
    let how = SignIn::Code { code: form.code };
    sign_in(&console, &headers, &how, String::new(), &form.return_to).await
}

async fn sign_in(
    console: &Console,
    headers: &HeaderMap,
    how: &SignIn,
    name: String,
    return_to: &str,
) -> Result<Response, Failure> {
    let return_to = return_path(Some(return_to));
    let trouble = match console.api.sign_in(how).await {
        Ok(session) => match session::of(&session, Timestamp::now(), Transport::of(headers)) {
            Some(cookie) => {
                let home = Redirect::to(return_to.as_str());
                return Ok(([(header::SET_COOKIE, cookie)], home).into_response());
            }
            None => Trouble::input("token", "The server gave a session that no cookie can hold."),
        },
        Err(error) => refusal(error)?,
    };
    let page = LoginPage {
        code: None,
        name,
        return_to: return_to.as_str().to_owned(),
        assets: assets::version(),
        trouble: Some(trouble.clone()),
    };
    Ok((trouble.status, console.page(&page)?).into_response())
}

/// Here a 401 is an answer about what was typed, not about a session that was lost.
fn refusal(error: ClientError) -> Result<Trouble, Failure> {
    match error {
        ClientError::Problem(problem) if problem.status == 401 => Ok(Trouble {
            message: problem.message,
            id: None,
            field: None,
            status: StatusCode::UNAUTHORIZED,
        }),
        other => Trouble::of(other),
    }
}

async fn sign_out(headers: HeaderMap) -> Response {
    let cookie = session::forget(Transport::of(&headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response()
}
