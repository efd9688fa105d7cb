//! One's own account: who one is, API tokens for CI and `bp`.

use axum::{
    Router,
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use beanpole_protocol::{
    Timestamp, TokenId,
    api::{ApiToken, CreateToken, PageQuery, Role},
};
use serde::{Deserialize, Serialize};

use crate::{
    console::Console,
    failure::{Failure, Trouble},
    form::{self, Form, filled},
    session::SignedIn,
    shell::{Notice, PageRequest, Section, Shell, role_name},
    show::when::When,
    views::Template,
};

pub fn routes() -> Router<Console> {
    Router::new()
        .route("/account", get(show))
        .route("/account/tokens", post(create))
        .route("/account/tokens/{id}/revoke", post(revoke))
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
