//! `Idempotency-Key`: a repeated request is answered as the first one was, and does nothing again.
//!
//! The work of a request and the answer kept for its key commit in one transaction, so a crash leaves
//! both or neither. While the first request is at work it holds an advisory lock that ends with its
//! transaction, and the transaction ends before the answer is sent. Only success is kept: a request that failed did nothing, and its repetition tries again.
//! Kept answers may hold secrets (a new API token) and are sealed; they are good for a day.

use std::time::Duration;

use axum::{
    extract::{FromRequestParts, MatchedPath},
    response::{IntoResponse, Response},
};
use beanpole_protocol::{Timestamp, api::Principal};
use http::{HeaderValue, StatusCode, header, request::Parts};
use serde::Serialize;
use sqlx::{PgConnection, PgPool};

use crate::{
    ApiError, App,
    secrets::Secrets,
    store::idempotency_keys::{self, Answer, Key},
};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The request's key, if it has one, and what it is a key to. An extractor.
pub struct Idempotency {
    key: Option<String>,
    /// Method and route, such as `POST /api/v1/applications`.
    route: String,
    /// Path and query as sent.
    target: String,
}

impl<S: Sync> FromRequestParts<S> for Idempotency {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let path = match parts.extensions.get::<MatchedPath>() {
            Some(matched) => matched.as_str(),
            None => parts.uri.path(),
        };
        let key = match parts.headers.get("idempotency-key") {
            None => None,
            Some(value) => Some(check(value)?),
        };
        Ok(Self {
            key,
            route: format!("{} {path}", parts.method),
            target: parts
                .uri
                .path_and_query()
                .map(ToString::to_string)
                .unwrap_or_default(),
        })
    }
}

fn check(value: &HeaderValue) -> Result<String, ApiError> {
    match value.to_str() {
        Ok(text) if (1..=255).contains(&text.len()) => Ok(text.to_owned()),
        _ => Err(ApiError::bad_request(
            "bad_idempotency_key",
            "the Idempotency-Key header must be 1 to 255 ASCII characters, such as a random UUID",
        )),
    }
}

/// Whether the request has to be worked on.
enum Begun {
    /// It was done before: send this.
    Repeat(Response),
    /// It was not, or has no key. The answer is to be kept when there is one.
    Fresh(Option<Kept>),
}

struct Kept {
    secrets: Secrets,
    principal: String,
    route: String,
    key: String,
    request_hash: [u8; 32],
}

impl Kept {
    fn key(&self) -> Key<'_> {
        Key {
            principal: &self.principal,
            route: &self.route,
            key: &self.key,
        }
    }

    /// What the answer is sealed for.
    fn context(&self) -> String {
        format!("answer {} {} {}", self.principal, self.route, self.key)
    }

    /// Name of the lock: 64 bits of a keyed hash; two keys that collide only wait for each other.
    fn lock(&self) -> i64 {
        let hash = self.secrets.fingerprint(self.context().as_bytes());
        i64::from_be_bytes([
            hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
        ])
    }
}

impl Idempotency {
    /// Does `work` in a transaction, unless this request was answered before; answers with `status`
    /// and what `work` made.
    ///
    /// Fails with `idempotency_in_progress` while the first request is at work, with
    /// `idempotency_key_reused` when the key was used for another request, and as `work` does. Then
    /// nothing has happened, and the key is free again before the answer is sent.
    pub async fn once<T: Serialize>(
        self,
        app: &App,
        principal: &Principal,
        request: &impl Serialize,
        status: StatusCode,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, ApiError>,
    ) -> Result<Response, ApiError> {
        let mut transaction = app.pool.begin().await?;
        let answered = async {
            let kept = match self.begin(app, principal, request, &mut transaction).await? {
                Begun::Repeat(answer) => return Ok(answer),
                Begun::Fresh(kept) => kept,
            };
            let made = work(&mut transaction).await?;
            let body = serde_json::to_vec(&made).map_err(ApiError::internal)?;
            if let Some(kept) = kept {
                keep(&mut transaction, &kept, status, &body).await?;
            }
            Ok(json(status, body))
        };
        match answered.await {
            Ok(response) => {
                transaction.commit().await?;
                Ok(response)
            }
            Err(refusal) => {
                // Dropping it would give the key back only some time after the answer.
                if let Err(error) = transaction.rollback().await {
                    tracing::debug!(error.cause = %error, "a transaction could not be taken back; its end will do that");
                }
                Err(refusal)
            }
        }
    }

    /// Takes the key, and looks whether this request was answered before.
    async fn begin(
        self,
        app: &App,
        principal: &Principal,
        request: &impl Serialize,
        connection: &mut PgConnection,
    ) -> Result<Begun, ApiError> {
        let Some(key) = self.key else {
            return Ok(Begun::Fresh(None));
        };
        let mut content = self.target.into_bytes();
        content.push(0);
        serde_json::to_writer(&mut content, request).map_err(ApiError::internal)?;
        let kept = Kept {
            request_hash: app.secrets.fingerprint(&content),
            secrets: app.secrets.clone(),
            principal: principal.user.clone(),
            route: self.route,
            key,
        };
        if !idempotency_keys::try_lock(connection, kept.lock()).await? {
            return Err(ApiError::conflict(
                "idempotency_in_progress",
                "a request with this Idempotency-Key is still at work; ask again in a moment",
            ));
        }
        let not_before = (Timestamp::now() - KEPT).into();
        match idempotency_keys::answer(connection, kept.key(), not_before).await? {
            None => Ok(Begun::Fresh(Some(kept))),
            Some(answer) if answer.request_hash != kept.request_hash => Err(ApiError::unprocessable(
                "idempotency_key_reused",
                "this Idempotency-Key was used for a different request; take a new key for a new request",
            )),
            Some(answer) => repeat(&kept, &answer).map(Begun::Repeat),
        }
    }
}

/// The answer as it was given first.
fn repeat(kept: &Kept, answer: &Answer) -> Result<Response, ApiError> {
    let body = kept
        .secrets
        .open(&answer.response_body, &kept.context())
        .map_err(ApiError::internal)?;
    let status = u16::try_from(answer.response_status)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .unwrap_or(StatusCode::OK);
    let mut response = json(status, body);
    response
        .headers_mut()
        .insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

async fn keep(
    connection: &mut PgConnection,
    kept: &Kept,
    status: StatusCode,
    body: &[u8],
) -> Result<(), ApiError> {
    let sealed = kept
        .secrets
        .seal(body, &kept.context())
        .map_err(ApiError::internal)?;
    let answer = Answer {
        request_hash: kept.request_hash.to_vec(),
        response_status: i32::from(status.as_u16()),
        response_body: sealed,
    };
    idempotency_keys::keep(connection, kept.key(), &answer, Timestamp::now().into()).await?;
    Ok(())
}

fn json(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// Removes answers older than a day.
pub async fn forget_old(pool: &PgPool, now: Timestamp) -> sqlx::Result<u64> {
    idempotency_keys::forget_before(&mut *pool.acquire().await?, (now - KEPT).into()).await
}
