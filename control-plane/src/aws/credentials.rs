//! `GET /aws/v1/credentials`: credentials of its environment for an instance, in the form in which AWS's
//! SDKs ask for those of a container.
//!
//! An instance shows a token that was made for it and that no row holds. The token is good while the
//! instance is there, and gives no more than an hour at a time.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use beanpole_access::Credentials;
use beanpole_protocol::{InstanceId, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use sha2::Sha256;

use crate::{App, secrets::Secrets, store::instances};

/// What every instance's token begins with.
const PREFIX: &str = "bpi_";

/// The answer, under the names that SDKs read.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Given {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: Timestamp,
}

/// Why there are none: SDKs show both members.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the request has no instance's token: AWS_CONTAINER_AUTHORIZATION_TOKEN holds it")]
    NoToken,
    #[error("the token is not one that this installation gave to an instance")]
    BadToken,
    #[error("the token's instance is gone, or its environment is terminated")]
    Gone,
    #[error("credentials cannot be given now ({0}); try again in a moment")]
    Unavailable(String),
}

impl Refusal {
    fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "MissingToken"),
            Self::BadToken => (StatusCode::UNAUTHORIZED, "InvalidToken"),
            Self::Gone => (StatusCode::FORBIDDEN, "InstanceGone"),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "Unavailable"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.status();
        let body = serde_json::json!({ "code": code, "message": self.to_string() });
        answer(status, body.to_string())
    }
}

/// The token of an instance.
pub fn instance_token(secrets: &Secrets, instance: &InstanceId) -> String {
    let mac = mac(secrets, instance).finalize().into_bytes();
    format!("{PREFIX}{instance}.{}", hex::encode(mac))
}

/// The instance that a token was made for.
pub fn instance_of(secrets: &Secrets, token: &str) -> Option<InstanceId> {
    let (id, shown) = token.strip_prefix(PREFIX)?.split_once('.')?;
    let instance: InstanceId = id.parse().ok()?;
    let shown = hex::decode(shown).ok()?;
    mac(secrets, &instance).verify_slice(&shown).ok()?;
    Some(instance)
}

fn mac(secrets: &Secrets, instance: &InstanceId) -> Hmac<Sha256> {
    let key = secrets.derive("instance token");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
    mac.update(instance.as_str().as_bytes());
    mac
}

/// Open to all: the instance's token is the credential.
pub async fn credentials(State(app): State<App>, headers: HeaderMap) -> Response {
    match give(&app, &headers, Timestamp::now()).await {
        Ok(credentials) => answer(StatusCode::OK, written(credentials)),
        Err(refusal) => refusal.into_response(),
    }
}

async fn give(app: &App, headers: &HeaderMap, now: Timestamp) -> Result<Credentials, Refusal> {
    let token = headers.get(header::AUTHORIZATION).ok_or(Refusal::NoToken)?;
    let token = token.to_str().map_err(|_| Refusal::BadToken)?.trim();
    let instance = instance_of(&app.secrets, token).ok_or(Refusal::BadToken)?;
    let environment = async {
        let mut connection = app.pool.acquire().await?;
        instances::environment_of(&mut connection, &instance).await
    };
    let environment = environment
        .await
        .map_err(|error| {
            tracing::warn!(instance.id = %instance, error.cause = %error, "an instance's credentials were not given");
            Refusal::Unavailable("the database cannot be reached".to_owned())
        })?
        .ok_or(Refusal::Gone)?;
    let seconds = now.as_millis().div_euclid(1000);
    let given = app.gate.environment_credentials(environment.as_str(), seconds);
    given
        .await
        .map_err(|error| Refusal::Unavailable(error.message.into_owned()))?
        .ok_or(Refusal::Gone)
}

fn written(credentials: Credentials) -> String {
    let given = Given {
        access_key_id: credentials.access_key_id,
        secret_access_key: credentials.secret_access_key,
        token: credentials.session_token,
        expiration: Timestamp::from_millis(credentials.expires_at.saturating_mul(1000)),
    };
    serde_json::to_string(&given).unwrap_or_default()
}

fn answer(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_of_one_instance_and_one_installation() {
        let (ours, theirs) = (Secrets::from_key([1; 32]), Secrets::from_key([2; 32]));
        let (one, other) = (InstanceId::random(), InstanceId::random());
        let token = instance_token(&ours, &one);
        assert_eq!(instance_of(&ours, &token), Some(one.clone()));
        assert_eq!(instance_of(&theirs, &token), None);
        for wrong in [
            token.replace(one.as_str(), other.as_str()),
            token[..token.len() - 2].to_owned(),
            token.replace(PREFIX, "bpt_"),
            format!("{PREFIX}{one}."),
            String::new(),
        ] {
            assert_eq!(instance_of(&ours, &wrong), None, "{wrong}");
        }
    }
}
