//! STS: who am I, and credentials for a while. One file an action.

mod assume_role;
pub mod errors;
mod get_caller_identity;
mod get_session_token;

use beanpole_wire::{AwsError, Call, Operation, Timestamp, codec, sigv4::errors as signatures};
use bytes::Bytes;
use serde::Serialize;
use tracing::Instrument;

use self::{
    assume_role::AssumeRole, get_caller_identity::GetCallerIdentity, get_session_token::GetSessionToken,
};
use crate::{Caller, Gate, Principal};

/// An operation of STS.
trait Action: Operation {
    async fn run(self, gate: &Gate, caller: &Caller, now: i64) -> Result<Self::Output, AwsError>;
}

/// Credentials as STS tells them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: Timestamp,
}

impl From<crate::Credentials> for Credentials {
    fn from(given: crate::Credentials) -> Self {
        Self {
            access_key_id: given.access_key_id,
            secret_access_key: given.secret_access_key,
            session_token: given.session_token,
            expiration: Timestamp(given.expires_at.saturating_mul(1000)),
        }
    }
}

/// Answers a call, an error too. `now_seconds` are seconds since 1970.
pub async fn handle(gate: &Gate, call: &Call, caller: &Caller, now_seconds: i64) -> http::Response<Bytes> {
    let span = tracing::info_span!("sts", operation = %call.operation, request.id = %call.request_id);
    let answer = dispatch(gate, call, caller, now_seconds).instrument(span).await;
    answer.unwrap_or_else(|error| codec::encode_error(call, &error))
}

async fn dispatch(
    gate: &Gate,
    call: &Call,
    caller: &Caller,
    now: i64,
) -> Result<http::Response<Bytes>, AwsError> {
    // Nobody has no identity to tell and nothing to assume with.
    if caller.principal == Principal::Anonymous {
        return Err(signatures::missing());
    }
    match call.operation.as_str() {
        "AssumeRole" => answer::<AssumeRole>(gate, call, caller, now).await,
        "GetCallerIdentity" => answer::<GetCallerIdentity>(gate, call, caller, now).await,
        "GetSessionToken" => answer::<GetSessionToken>(gate, call, caller, now).await,
        name => Err(errors::INVALID_ACTION.because(format!(
            "Could not find operation {name} for version 2011-06-15; AssumeRole, GetCallerIdentity and \
             GetSessionToken are served here."
        ))),
    }
}

async fn answer<A: Action>(
    gate: &Gate,
    call: &Call,
    caller: &Caller,
    now: i64,
) -> Result<http::Response<Bytes>, AwsError> {
    let action = codec::decode::<A>(call)?;
    let output = action.run(gate, caller, now).await?;
    Ok(codec::encode::<A>(call, &output))
}
