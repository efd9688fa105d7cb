//! The signature in the query of a presigned URL.

use http::request::Parts;

use super::encode::{pairs, query_text};
use super::errors;
use super::signature::{Claim, Form, Signature, algorithm};
use crate::AwsError;

/// AWS's bound: a week.
const LONGEST: u32 = 604_800;

/// Whether the URL claims to be presigned.
pub(super) fn claims(request: &Parts) -> bool {
    pairs(request.uri.query().unwrap_or("")).any(|(name, _)| {
        matches!(
            query_text(name).as_deref(),
            Some("X-Amz-Algorithm" | "X-Amz-Signature" | "X-Amz-Credential")
        )
    })
}

#[derive(Default)]
struct Parameters {
    algorithm: Option<String>,
    credential: Option<String>,
    date: Option<String>,
    expires: Option<String>,
    signed_headers: Option<String>,
    signature: Option<String>,
    security_token: Option<String>,
}

impl Parameters {
    fn read(query: &str) -> Result<Self, AwsError> {
        let mut found = Self::default();
        for (name, value) in pairs(query) {
            let Some(name) = query_text(name) else { continue };
            let slot = match name.as_str() {
                "X-Amz-Algorithm" => &mut found.algorithm,
                "X-Amz-Credential" => &mut found.credential,
                "X-Amz-Date" => &mut found.date,
                "X-Amz-Expires" => &mut found.expires,
                "X-Amz-SignedHeaders" => &mut found.signed_headers,
                "X-Amz-Signature" => &mut found.signature,
                "X-Amz-Security-Token" => &mut found.security_token,
                _ => continue,
            };
            let value = query_text(value).ok_or_else(|| {
                errors::incomplete(format!("Query-string parameter '{name}' must be UTF-8."))
            })?;
            if slot.replace(value).is_some() {
                return Err(errors::incomplete(format!(
                    "Query-string parameter '{name}' must be there once."
                )));
            }
        }
        Ok(found)
    }

    fn missing(&self) -> AwsError {
        let texts: Vec<String> = [
            (&self.algorithm, "X-Amz-Algorithm"),
            (&self.credential, "X-Amz-Credential"),
            (&self.signature, "X-Amz-Signature"),
            (&self.signed_headers, "X-Amz-SignedHeaders"),
            (&self.date, "X-Amz-Date"),
            (&self.expires, "X-Amz-Expires"),
        ]
        .iter()
        .filter(|(given, _)| given.is_none())
        .map(|(_, name)| format!("AWS query-string parameters must include '{name}'."))
        .collect();
        errors::incomplete(format!(
            "{} Re-examine the query-string parameters.",
            texts.join(" ")
        ))
    }
}

pub(super) fn parse(request: &Parts) -> Result<Signature, AwsError> {
    let found = Parameters::read(request.uri.query().unwrap_or(""))?;
    if let Some(name) = &found.algorithm {
        algorithm(name)?;
    }
    let (Some(_), Some(credential), Some(date), Some(expires), Some(signed_headers), Some(signature)) = (
        &found.algorithm,
        &found.credential,
        &found.date,
        &found.expires,
        &found.signed_headers,
        &found.signature,
    ) else {
        return Err(found.missing());
    };
    let form = Form::Presigned {
        expires: seconds(expires)?,
    };
    let session_token = found.security_token.clone();
    Claim {
        credential,
        signed_headers,
        signature,
        date,
        form,
        session_token,
    }
    .parse()
}

fn seconds(text: &str) -> Result<u32, AwsError> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds @ 1..=LONGEST) if plain => Ok(seconds),
        Ok(0) if plain => Err(errors::incomplete("X-Amz-Expires must be at least one second")),
        _ if plain => Err(errors::incomplete(format!(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less \
             than {LONGEST} seconds"
        ))),
        _ => Err(errors::incomplete("X-Amz-Expires should be a number")),
    }
}
