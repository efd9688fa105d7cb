//! The signature in the `Authorization` header.

use http::{
    HeaderMap,
    header::{AUTHORIZATION, DATE},
    request::Parts,
};

use super::errors;
use super::signature::{Claim, Form, Signature, algorithm};
use crate::AwsError;

pub(super) fn parse(request: &Parts) -> Result<Signature, AwsError> {
    let value = only(&request.headers, AUTHORIZATION.as_str())?
        .unwrap_or_default()
        .trim();
    let (name, rest) = value.split_once(' ').unwrap_or((value, ""));
    algorithm(name)?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let slot = match part.split_once('=') {
            Some(("Credential", _)) => &mut credential,
            Some(("SignedHeaders", _)) => &mut signed_headers,
            Some(("Signature", _)) => &mut signature,
            _ => {
                return Err(errors::incomplete(
                    "Authorization header has a part that is not known.",
                ));
            }
        };
        if slot
            .replace(part.split_once('=').map_or("", |(_, value)| value))
            .is_some()
        {
            return Err(errors::incomplete("Authorization header has a parameter twice."));
        }
    }
    let date = match only(&request.headers, "x-amz-date")? {
        None => only(&request.headers, DATE.as_str())?,
        given => given,
    };
    let (Some(credential), Some(signed_headers), Some(signature), Some(date)) =
        (credential, signed_headers, signature, date)
    else {
        return Err(missing(credential, signature, signed_headers, date));
    };
    let session_token = only(&request.headers, "x-amz-security-token")?.map(str::to_owned);
    Claim {
        credential,
        signed_headers,
        signature,
        date: date.trim(),
        form: Form::Header,
        session_token,
    }
    .parse()
}

fn missing(
    credential: Option<&str>,
    signature: Option<&str>,
    signed_headers: Option<&str>,
    date: Option<&str>,
) -> AwsError {
    let parameters = [
        (credential, "Credential"),
        (signature, "Signature"),
        (signed_headers, "SignedHeaders"),
    ];
    let mut texts: Vec<String> = parameters
        .iter()
        .filter(|(given, _)| given.is_none())
        .map(|(_, name)| format!("Authorization header requires '{name}' parameter."))
        .collect();
    if date.is_none() {
        let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
        texts.push(text.to_owned());
    }
    errors::incomplete(texts.join(" "))
}

/// The value of a header that may be there once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, AwsError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text)),
        (Ok(_), Some(_)) => Err(errors::incomplete(format!("Header '{name}' must be there once."))),
        (Err(_), _) => Err(errors::incomplete(format!(
            "Header '{name}' must be visible ASCII."
        ))),
    }
}
