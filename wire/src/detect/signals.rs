//! What the head of a request tells: the scope of its signature, its target, its content type.

use std::borrow::Cow;

use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, CONTENT_TYPE},
    request::Parts,
};

pub(crate) use crate::codec::query::first;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// For which region and service a request is signed.
pub struct Scope {
    /// None: a signature of SigV4A, which is for several.
    pub region: Option<String>,
    pub service: String,
}

impl Scope {
    /// Of the header, else of a presigned URL. None where there is no signature, or none that can be
    /// read: whether that is an error is for those who check signatures.
    pub fn of(parts: &Parts) -> Option<Self> {
        if let Some(header) = text(&parts.headers, &AUTHORIZATION).filter(|header| is_signature(header)) {
            let (_, claims) = header.split_once(' ')?;
            let mut claims = claims.split(',').map(str::trim);
            return Self::parse(claims.find_map(|claim| claim.strip_prefix("Credential="))?);
        }
        Self::parse(&first(parts.uri.query()?.as_bytes(), "X-Amz-Credential")?)
    }

    /// `AKID/20260101/us-east-1/sqs/aws4_request`; SigV4A's has no region.
    fn parse(credential: &str) -> Option<Self> {
        let (rest, service) = credential.strip_suffix("/aws4_request")?.rsplit_once('/')?;
        let (rest, last) = rest.rsplit_once('/')?;
        let is_date = last.len() == 8 && last.bytes().all(|byte| byte.is_ascii_digit());
        let region = if is_date {
            None
        } else {
            rest.rsplit_once('/')?;
            Some(last.to_owned())
        };
        Some(Self {
            region,
            service: service.to_ascii_lowercase(),
        })
    }
}

/// Whether a request claims to be signed, by SigV4 or SigV4A, in its header or URL.
pub fn is_signed(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    text(&parts.headers, &AUTHORIZATION).is_some_and(is_signature)
        || first(query, "X-Amz-Credential").is_some()
        || first(query, "X-Amz-Algorithm").is_some()
}

fn is_signature(authorization: &str) -> bool {
    authorization.starts_with("AWS4-")
}

/// `X-Amz-Target: AmazonSQS.SendMessage`.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub service: &'a str,
    pub operation: &'a str,
}

impl<'a> Target<'a> {
    pub fn of(parts: &'a Parts) -> Option<Self> {
        let (service, operation) = text(&parts.headers, &TARGET)?.rsplit_once('.')?;
        Some(Self { service, operation })
    }
}

/// A content type without its parameters, in small letters.
pub fn content_type(parts: &Parts) -> Cow<'_, str> {
    let whole = text(&parts.headers, &CONTENT_TYPE).unwrap_or_default();
    let name = whole.split(';').next().unwrap_or_default().trim();
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(name.to_ascii_lowercase());
    }
    Cow::Borrowed(name)
}

pub fn is_form(parts: &Parts) -> bool {
    content_type(parts) == "application/x-www-form-urlencoded"
}

/// `/123456789012/name`, the path of a queue.
pub fn is_queue_path(path: &str) -> bool {
    let mut parts = path
        .strip_prefix('/')
        .unwrap_or_default()
        .trim_end_matches('/')
        .split('/');
    let account = parts.next().unwrap_or_default();
    let twelve_digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    twelve_digits && parts.next().is_some_and(|name| !name.is_empty()) && parts.next().is_none()
}

pub fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
