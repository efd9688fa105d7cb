//! Signing in and out, users, API tokens, one-time links.
//!
//! Leaves who may call what to the API's extractors, except where it depends on the thing itself
//! (a token never has more than its owner's role; the last admin stays).

use std::time::Duration;

use beanpole_protocol::{
    Timestamp, TokenId, UserId,
    api::{ApiToken, CreateToken, CreateUser, NewToken, Principal, Role, Session, SignIn, User},
};
use http::StatusCode;
use sqlx::PgConnection;

use crate::{
    ApiError, App,
    auth::{
        passwords::{PasswordError, Passwords},
        session, token,
    },
    store::{
        api_tokens::{self, TokenRow},
        idempotency_keys,
        users::{self, UserRow},
    },
};

/// How long a one-time link is good.
pub const LINK_LIFETIME: Duration = Duration::from_secs(15 * 60);

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort | PasswordError::TooLong => {
                ApiError::invalid("password", error.to_string())
            }
            PasswordError::Busy => ApiError::busy("busy", format!("{error}; try again in a moment")),
            PasswordError::Failed(_) => ApiError::internal(error),
        }
    }
}

/// A user as the API shows it.
pub fn user_view(row: UserRow) -> User {
    User {
        id: row.id,
        name: row.name,
        role: row.role,
        created_at: row.created_at.into(),
    }
}

/// A token as the API shows it.
pub fn token_view(row: TokenRow) -> ApiToken {
    ApiToken {
        id: row.id,
        name: row.name,
        user: row.user_name,
        role: row.role.min(row.user_role),
        created_at: row.created_at.into(),
        expires_at: row.expires_at.map(Timestamp::from),
        last_used_at: row.last_used_at.map(Timestamp::from),
    }
}

/// Begins a session.
pub async fn sign_in(app: &App, how: SignIn, now: Timestamp) -> Result<Session, ApiError> {
    let user = match how {
        SignIn::Password { name, password } => by_password(app, name, password, now).await?,
        SignIn::Code { code } => by_code(app, &code, now).await?,
    };
    let (token, expires_at) = session::issue(&app.secrets, &user.id, now).map_err(ApiError::internal)?;
    tracing::info!(user.name = %user.name, "signed in");
    Ok(Session {
        token,
        expires_at,
        user: Principal {
            user: user.name,
            role: user.role,
            token: None,
        },
    })
}

async fn by_password(app: &App, name: String, password: String, now: Timestamp) -> Result<UserRow, ApiError> {
    if let Err(wait) = app.sign_ins.take(&name, now) {
        let seconds = wait.as_secs() + 1;
        let mut error = ApiError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_sign_ins",
            format!(
                "too many failed sign-ins with this name; try again in {seconds} s, or use a one-time link"
            ),
        );
        error.retry_after = Some(seconds);
        return Err(error);
    }
    // The connection goes back before the slow part.
    let user = users::by_name(&mut *app.pool.acquire().await?, &name).await?;
    let phc = user.as_ref().and_then(|user| user.password_hash.clone());
    let right = app.passwords.verify(password, phc).await?;
    match user {
        Some(user) if right => {
            app.sign_ins.succeeded(&name);
            Ok(user)
        }
        _ => Err(ApiError::unauthorized("the name or the password is wrong")),
    }
}

async fn by_code(app: &App, code: &str, now: Timestamp) -> Result<UserRow, ApiError> {
    let mut connection = app.pool.acquire().await?;
    users::take_login_code(&mut connection, &token::hash(code), now.into()).await?.ok_or_else(|| {
        ApiError::unauthorized(
            "this sign-in link was used before or has expired; print a new one with `beanpole login-link`",
        )
    })
}

/// Ends all sessions of a user.
pub async fn sign_out(connection: &mut PgConnection, user: &UserId, now: Timestamp) -> Result<(), ApiError> {
    Ok(users::end_sessions(connection, user, just_after(now)).await?)
}

/// A millisecond later, so that a session begun at this very moment ends too.
fn just_after(now: Timestamp) -> time::OffsetDateTime {
    (now + Duration::from_millis(1)).into()
}

/// Whether a name of a user, token or account will do.
pub(super) fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let length = name.chars().count();
    let fine = (1..=100).contains(&length) && name.trim() == name && !name.chars().any(char::is_control);
    if fine && !name.contains('/') {
        return Ok(());
    }
    Err(ApiError::invalid(
        field,
        "a name has 1 to 100 characters, without a slash, control characters or spaces at its ends",
    ))
}

/// Adds a user, with a password or (sign-in by one-time link only) without.
pub async fn create_user(
    connection: &mut PgConnection,
    passwords: &Passwords,
    name: &str,
    role: Role,
    password: Option<String>,
    now: Timestamp,
) -> Result<User, ApiError> {
    check_name("name", name)?;
    let password_hash = match password {
        Some(password) => Some(passwords.hash(password).await?),
        None => None,
    };
    let row = UserRow {
        id: UserId::random(),
        name: name.to_owned(),
        role,
        password_hash,
        created_at: now.into(),
        sessions_valid_from: now.into(),
    };
    if users::insert(connection, &row).await? {
        Ok(user_view(row))
    } else {
        Err(ApiError::conflict("user_exists", format!("there is a user {name:?} already")).with_field("name"))
    }
}

/// [`create_user`] as the API asks for it.
pub async fn create_user_with_password(
    connection: &mut PgConnection,
    passwords: &Passwords,
    body: &CreateUser,
    now: Timestamp,
) -> Result<User, ApiError> {
    create_user(
        connection,
        passwords,
        &body.name,
        body.role,
        Some(body.password.clone()),
        now,
    )
    .await
}

/// The user of this name.
pub async fn user(connection: &mut PgConnection, name: &str) -> Result<UserRow, ApiError> {
    users::by_name(connection, name)
        .await?
        .ok_or_else(|| ApiError::not_found("user_not_found", format!("there is no user {name:?}")))
}

/// Sets or (with none) removes a password; all sessions of the user end.
pub async fn set_password(
    connection: &mut PgConnection,
    passwords: &Passwords,
    name: &str,
    password: Option<String>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let hash = match password {
        Some(password) => Some(passwords.hash(password).await?),
        None => None,
    };
    let row = user(connection, name).await?;
    Ok(users::set_password(connection, &row.id, hash.as_deref(), just_after(now)).await?)
}

/// Removes a user and all they could sign in with. The last admin stays.
pub async fn delete_user(connection: &mut PgConnection, name: &str) -> Result<(), ApiError> {
    if users::lock_admins(connection).await? == [name] {
        return Err(ApiError::conflict(
            "last_admin",
            format!("{name:?} is the only admin; make another one first"),
        ));
    }
    idempotency_keys::forget_principal(connection, name).await?;
    if users::delete(connection, name).await? {
        Ok(())
    } else {
        Err(ApiError::not_found(
            "user_not_found",
            format!("there is no user {name:?}"),
        ))
    }
}

/// A one-time code with which `user` can sign in within [`LINK_LIFETIME`].
pub async fn create_login_code(
    connection: &mut PgConnection,
    user: &UserId,
    now: Timestamp,
) -> Result<String, ApiError> {
    let code = token::new_code();
    let expires_at = (now + LINK_LIFETIME).into();
    users::insert_login_code(connection, &token::hash(&code), user, expires_at).await?;
    Ok(code)
}

/// The link that signs in with `code`.
pub fn login_link(public_url: &str, code: &str) -> String {
    format!("{public_url}/login?code={code}")
}

/// A new API token of `owner`, whose secret is shown this once. `ceiling` is the caller's own role.
pub async fn create_token(
    connection: &mut PgConnection,
    owner: &UserRow,
    ceiling: Role,
    body: &CreateToken,
    now: Timestamp,
) -> Result<NewToken, ApiError> {
    check_name("name", &body.name)?;
    let most = ceiling.min(owner.role);
    if body.role > most {
        return Err(ApiError::forbidden(format!(
            "a token cannot have the role {}: {} has the role {most}",
            body.role, owner.name
        ))
        .with_field("role"));
    }
    let expires_at = match body.expires_in_days {
        None => None,
        Some(days @ 1..=3650) => Some(now + Duration::from_secs(u64::from(days) * 24 * 3600)),
        Some(_) => {
            return Err(ApiError::invalid(
                "expires_in_days",
                "a token lives 1 to 3650 days, or until it is revoked when this is absent",
            ));
        }
    };
    let (id, secret) = (TokenId::random(), token::new_api_token());
    let row = api_tokens::NewToken {
        id: &id,
        user: &owner.id,
        name: &body.name,
        role: body.role,
        secret_hash: &token::hash(&secret),
        created_at: now.into(),
        expires_at: expires_at.map(Into::into),
    };
    if !api_tokens::insert(connection, &row).await? {
        let message = format!(
            "{} has a token {:?} already; revoke it or choose another name",
            owner.name, body.name
        );
        return Err(ApiError::conflict("token_exists", message).with_field("name"));
    }
    let token = ApiToken {
        id,
        name: body.name.clone(),
        user: owner.name.clone(),
        role: body.role,
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    Ok(NewToken { token, secret })
}

/// Revokes a token; it counts from the next request. People revoke their own, admins any.
pub async fn revoke_token(
    connection: &mut PgConnection,
    caller: &UserId,
    role: Role,
    id: &TokenId,
) -> Result<(), ApiError> {
    let unknown = || ApiError::not_found("token_not_found", format!("there is no API token {id}"));
    let row = api_tokens::by_id(connection, id).await?.ok_or_else(unknown)?;
    if row.user_id != *caller && role < Role::Admin {
        return Err(unknown());
    }
    // A leaked token of a small role must not be able to cut off the pipelines of its owner.
    if row.role.min(row.user_role) > role {
        return Err(ApiError::forbidden(
            "an API token of a smaller role cannot revoke this one; sign in to revoke it",
        ));
    }
    api_tokens::delete(connection, id).await?;
    Ok(())
}
