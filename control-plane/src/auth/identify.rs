//! From the `Authorization` header to an [`Identity`].

use std::time::Duration;

use beanpole_protocol::{Timestamp, api::Principal};
use http::{HeaderMap, header};
use subtle::ConstantTimeEq;

use super::{Identity, session, token};
use crate::{
    ApiError, App,
    store::{api_tokens, users},
};

/// A token's last use is written at most this often.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

const SIGN_IN: &str = "sign in, or send a valid API token as \"Authorization: Bearer …\"";

/// The bearer credential of a request.
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Err(ApiError::unauthorized(format!(
            "the request has no credential; {SIGN_IN}"
        )));
    };
    let text = value.to_str().unwrap_or_default();
    match text.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") && !rest.trim().is_empty() => {
            Ok(rest.trim())
        }
        _ => Err(ApiError::unauthorized(format!(
            "the Authorization header is not a bearer credential; {SIGN_IN}"
        ))),
    }
}

/// Finds out who is behind the request.
pub async fn identify(headers: &HeaderMap, app: &App) -> Result<Identity, ApiError> {
    let credential = bearer(headers)?;
    let now = Timestamp::now();
    if token::is_token(credential) {
        by_token(credential, app, now).await
    } else {
        by_session(credential, app, now).await
    }
}

async fn by_token(secret: &str, app: &App, now: Timestamp) -> Result<Identity, ApiError> {
    let unknown =
        || ApiError::unauthorized(format!("this API token is not known, or was revoked; {SIGN_IN}"));
    let hash = token::hash(secret);
    let mut connection = app.pool.acquire().await?;
    let row = api_tokens::by_secret(&mut connection, &hash)
        .await?
        .ok_or_else(unknown)?;
    // The index has found it by equality already; this comparison's time tells nothing.
    if !bool::from(row.secret_hash.ct_eq(&hash)) {
        return Err(unknown());
    }
    if row.expires_at.is_some_and(|at| now >= at.into()) {
        return Err(ApiError::unauthorized(format!(
            "the API token {:?} has expired; {SIGN_IN}",
            row.name
        )));
    }
    let stale = now - TOUCH_EVERY;
    if row.last_used_at.is_none_or(|at| Timestamp::from(at) <= stale) {
        api_tokens::touch(&mut connection, &row.id, now.into(), stale.into()).await?;
    }
    Ok(Identity {
        user: row.user_id,
        principal: Principal {
            user: row.user_name,
            role: row.role.min(row.user_role),
            token: Some(row.name),
        },
    })
}

async fn by_session(jwt: &str, app: &App, now: Timestamp) -> Result<Identity, ApiError> {
    let ended = || ApiError::unauthorized(format!("this session has ended; {SIGN_IN}"));
    let claims = session::verify(&app.secrets, jwt, now).ok_or_else(ended)?;
    let mut connection = app.pool.acquire().await?;
    let user = users::by_id(&mut connection, &claims.user)
        .await?
        .ok_or_else(ended)?;
    if claims.issued_at < user.sessions_valid_from.into() {
        return Err(ended());
    }
    Ok(Identity {
        user: user.id,
        principal: Principal {
            user: user.name,
            role: user.role,
            token: None,
        },
    })
}
