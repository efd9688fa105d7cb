//! CBOR 1.1, as the Java SDKs speak it with Kinesis.

use ciborium::de::Error;
use serde::{Serialize, de::DeserializeOwned};

use super::errors::SERIALIZATION;
use crate::AwsError;

/// Far deeper than any request, far from the end of a thread's stack.
const DEEPEST: usize = 64;
const EMPTY_MAP: &[u8] = &[0xa0];
const NULL: &[u8] = &[0xf6];

/// An empty body is a request without members.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, AwsError> {
    let mut rest = if body.is_empty() { EMPTY_MAP } else { body };
    let value = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEEPEST)
        .map_err(|error| SERIALIZATION.because(explain(error)))?;
    if !rest.is_empty() {
        return Err(SERIALIZATION.because(format!("{} bytes follow the CBOR body.", rest.len())));
    }
    Ok(value)
}

fn explain<E>(error: Error<E>) -> String {
    match error {
        Error::Io(_) => "The CBOR body ends too early.".to_owned(),
        Error::Syntax(at) => format!("The CBOR body is malformed at byte {at}."),
        Error::Semantic(Some(at), what) => format!("The CBOR body is wrong at byte {at}: {what}"),
        Error::Semantic(None, what) => format!("The CBOR body is wrong: {what}"),
        Error::RecursionLimitExceeded => "The CBOR body is nested too deeply.".to_owned(),
    }
}

/// An output without members has no body.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, ciborium::ser::Error<std::io::Error>> {
    let mut body = Vec::new();
    ciborium::into_writer(value, &mut body)?;
    Ok(if body == NULL { Vec::new() } else { body })
}
