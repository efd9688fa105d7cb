//! One's own account: API tokens for CI and `bp`, password, sessions.

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use beanpole_protocol::{
    Timestamp, TokenId,
    api::{ApiToken, CreateToken, PageQuery, Role, SetPassword, SignIn},
};
use serde::{Deserialize, Serialize};

use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form, filled},
    session::{self, SignedIn, Transport},
    shell::{Notice, PageRequest, Section, Shell, role_name},
    show::when::When,
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/account", get(show))
        .route("/account/tokens", post(create))
        .route("/account/tokens/{id}/revoke", post(revoke))
        .route("/account/password", post(change_password))
        .route("/account/sign-out-everywhere", post(sign_out_everywhere))
}

#[derive(Serialize)]
struct TokenRow {
    id: String,
    name: String,
    user: String,
    role: &'static str,
    created: When,
    expires: Option<When>,
    last_used: Option<When>,
}

impl TokenRow {
    fn new(token: ApiToken, now: Timestamp) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            user: token.user,
            role: role_name(token.role),
            created: When::new(token.created_at, now),
            expires: token.expires_at.map(|at| When::new(at, now)),
            last_used: token.last_used_at.map(|at| When::new(at, now)),
        }
    }
}

/// Shown once, in the answer to the form that asked for it.
#[derive(Serialize)]
struct FreshToken {
    name: String,
    secret: String,
}

#[derive(Serialize)]
struct AccountPage {
    shell: Shell,
    tokens: Vec<TokenRow>,
    next: Option<String>,
    /// Roles a token may have: at most one's own.
    roles: Vec<&'static str>,
    form: TokenForm,
    fresh: Option<FreshToken>,
    trouble: Option<Trouble>,
}

impl Template for AccountPage {
    const FILE: &'static str = "account/show.html";
}

#[derive(Default, Serialize, Deserialize)]
struct TokenForm {
    key: String,
    name: String,
    role: String,
    #[serde(default)]
    expires_in_days: String,
}

impl TokenForm {
    fn parse(&self) -> Result<CreateToken, Trouble> {
        let role = match self.role.as_str() {
            "viewer" => Role::Viewer,
            "deployer" => Role::Deployer,
            "admin" => Role::Admin,
            _ => return Err(Trouble::input("role", "Choose one of the roles.")),
        };
        let expires_in_days = filled(&self.expires_in_days)
            .map(|days| {
                days.parse()
                    .map_err(|_| Trouble::input("expires_in_days", "Days are a whole number, such as 90."))
            })
            .transpose()?;
        Ok(CreateToken {
            name: self.name.trim().to_owned(),
            role,
            expires_in_days,
        })
    }
}

async fn page(
    person: &SignedIn,
    request: &PageRequest,
    form: TokenForm,
    fresh: Option<FreshToken>,
    trouble: Option<Trouble>,
) -> Result<AccountPage, Failure> {
    let query = PageQuery {
        after: request.after.clone(),
        limit: None,
    };
    let tokens = person.api.tokens(&query).await?;
    let now = Timestamp::now();
    Ok(AccountPage {
        shell: Shell::new(person, Section::Account, request.notice()),
        tokens: tokens
            .items
            .into_iter()
            .map(|token| TokenRow::new(token, now))
            .collect(),
        next: tokens.next,
        roles: [Role::Viewer, Role::Deployer, Role::Admin]
            .into_iter()
            .filter(|role| *role <= person.principal.role)
            .map(role_name)
            .collect(),
        form: TokenForm {
            key: form::key(),
            ..form
        },
        fresh,
        trouble,
    })
}

async fn show(
    State(console): State<Console>,
    person: SignedIn,
    Query(request): Query<PageRequest>,
) -> Result<Response, Failure> {
    let page = page(&person, &request, TokenForm::default(), None, None).await?;
    Ok(console.page(&page)?.into_response())
}

async fn create(
    State(console): State<Console>,
    person: SignedIn,
    Form(form): Form<TokenForm>,
) -> Result<Response, Failure> {
    let request = PageRequest::default();
    let trouble = match form.parse() {
        Err(trouble) => trouble,
        Ok(body) => match person.api.create_token(&form.key, &body).await {
            Ok(new) => {
                let fresh = FreshToken {
                    name: new.token.name,
                    secret: new.secret,
                };
                let page = page(&person, &request, TokenForm::default(), Some(fresh), None).await?;
                return Ok(console.page(&page)?.into_response());
            }
            Err(error) => Trouble::of(error)?,
        },
    };
    let status = trouble.status;
    let page = page(&person, &request, form, None, Some(trouble)).await?;
    Ok((status, console.page(&page)?).into_response())
}

async fn revoke(
    State(console): State<Console>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: TokenId = id.parse().map_err(|_| Failure::NoSuchPage)?;
    match person.api.revoke_token(&id).await {
        Ok(()) => Ok(form::done("/account", Notice::TokenRevoked)),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            let request = PageRequest::default();
            let page = page(&person, &request, TokenForm::default(), None, Some(trouble)).await?;
            Ok((status, console.page(&page)?).into_response())
        }
    }
}

#[derive(Deserialize)]
struct PasswordForm {
    password: String,
    again: String,
}

/// All sessions end with the old password, so the browser gets a new one.
async fn change_password(
    State(console): State<Console>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, Failure> {
    let name = &person.principal.user;
    let changed = if form.password == form.again {
        let new = SetPassword {
            password: form.password.clone(),
        };
        match person.api.set_password(name, &new).await {
            Ok(()) => Ok(()),
            Err(error) => Err(Trouble::of(error)?),
        }
    } else {
        Err(Trouble::input(
            "again",
            "The two passwords differ, so nothing was changed.",
        ))
    };
    if let Err(trouble) = changed {
        let status = trouble.status;
        let request = PageRequest::default();
        let page = page(&person, &request, TokenForm::default(), None, Some(trouble)).await?;
        return Ok((status, console.page(&page)?).into_response());
    }
    let how = SignIn::Password {
        name: name.clone(),
        password: form.password,
    };
    let session = console.api.sign_in(&how).await?;
    let cookie = session::of(&session, Timestamp::now(), Transport::of(&headers));
    let cookie = cookie.ok_or(Failure::NoSession)?;
    let page = form::done("/account", Notice::PasswordChanged);
    Ok(([(header::SET_COOKIE, cookie)], page).into_response())
}

async fn sign_out_everywhere(person: SignedIn, headers: HeaderMap) -> Result<Response, Failure> {
    person.api.sign_out().await?;
    let cookie = session::forget(Transport::of(&headers));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}
