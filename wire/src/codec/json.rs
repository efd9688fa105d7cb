//! JSON 1.0 and 1.1: straight between bytes and values, with no tree in between.

use serde::{Serialize, de::DeserializeOwned};

use super::errors::SERIALIZATION;
use crate::AwsError;

/// An empty body is a request without members. `serde_json` bounds the nesting.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| explain::<T>(body, &error))
}

/// Reads a bad body once more to learn which member is wrong; good ones never pay for that.
fn explain<T: DeserializeOwned>(body: &[u8], error: &serde_json::Error) -> AwsError {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let message = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(found) if found.path().iter().next().is_some() => format!("{}: {}", found.path(), found.inner()),
        _ => error.to_string(),
    };
    SERIALIZATION.because(message)
}

/// An output without members has no body.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let body = serde_json::to_vec(value)?;
    Ok(if body == b"null" { Vec::new() } else { body })
}
