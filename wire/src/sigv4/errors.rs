//! Every error of authentication: its names, its status, and AWS's texts.
//!
//! That nobody signed, or with a key or token that is unknown or has run out, is said by who looks keys up.

use std::fmt::Display;

use super::timestamp::Stamp;
use crate::{AwsError, Kind};

const CORAL: &str = "com.amazon.coral.service";

const fn coral(code: &'static str, query: &'static str, status: u16) -> Kind {
    Kind::sender(code, status).query(query).within(CORAL)
}

/// The request says that it is signed, but not in a form that can be checked.
pub const INCOMPLETE: Kind = coral("IncompleteSignatureException", "IncompleteSignature", 400);
/// The request carries no signature.
pub const MISSING: Kind = coral(
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    403,
);
/// Nobody has this access key.
pub const UNKNOWN_KEY: Kind = coral("UnrecognizedClientException", "InvalidClientTokenId", 403);
/// The signature is not that of this request under this key, or not of this time.
pub const MISMATCH: Kind = coral("InvalidSignatureException", "SignatureDoesNotMatch", 403);
/// The session that the key belongs to is over.
pub const EXPIRED_TOKEN: Kind = coral("ExpiredTokenException", "ExpiredToken", 403);
/// S3 tells of presigned URLs that ran out and of unsigned headers in this way.
pub const ACCESS_DENIED: Kind = coral("AccessDeniedException", "AccessDenied", 403);
/// The clocks of an S3 client and ours differ too much.
pub const TIME_TOO_SKEWED: Kind = Kind::sender("RequestTimeTooSkewed", 403);
/// An S3 body is not the one that was announced.
pub const PAYLOAD_MISMATCH: Kind = Kind::sender("XAmzContentSHA256Mismatch", 400);
/// An S3 upload's chunks or trailers are cut off or not framed as announced.
pub const INCOMPLETE_BODY: Kind = Kind::sender("IncompleteBody", 400);
/// Trailers of an S3 upload are not those that were announced.
pub const MALFORMED_TRAILER: Kind = Kind::sender("MalformedTrailerError", 400);
/// A chunked S3 upload does not say how long it is.
pub const MISSING_LENGTH: Kind = Kind::sender("MissingContentLength", 411);
/// An S3 request lacks what its signature needs.
pub const INVALID_REQUEST: Kind = Kind::sender("InvalidRequest", 400);

/// Nothing says who calls.
pub fn missing() -> AwsError {
    MISSING.because("Request is missing Authentication Token")
}

/// The access key is not known, or is switched off.
pub fn unknown_key() -> AwsError {
    UNKNOWN_KEY.because("The security token included in the request is invalid.")
}

/// The session token belongs to a session that has ended.
pub fn expired_token() -> AwsError {
    EXPIRED_TOKEN.because("The security token included in the request is expired")
}

pub(super) fn mismatch() -> AwsError {
    MISMATCH.because(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
         Access Key and signing method. Consult the service documentation for details.",
    )
}

pub(super) fn incomplete(message: impl Into<String>) -> AwsError {
    INCOMPLETE.because(message.into())
}

pub(super) fn incomplete_body() -> AwsError {
    INCOMPLETE_BODY.because("The request body terminated unexpectedly")
}

pub(super) fn malformed_trailer() -> AwsError {
    MALFORMED_TRAILER.because(
        "The request contained trailing data that was not well-formed or did not conform to our published schema.",
    )
}

pub(super) fn unsupported(algorithm: &str) -> AwsError {
    let hint = match algorithm {
        "AWS4-ECDSA-P256-SHA256" => " (Signature Version 4A)",
        "AWS" => " (Signature Version 2)",
        _ => "",
    };
    let name: String = algorithm.chars().take(64).collect();
    incomplete(format!(
        "Unsupported AWS 'algorithm': '{name}'{hint}; only AWS4-HMAC-SHA256 is supported."
    ))
}

pub(super) fn header_not_signed(name: &str, scope: Scope) -> AwsError {
    match scope {
        Scope::S3 => ACCESS_DENIED.because(format!(
            "There were headers present in the request which were not signed: {name}"
        )),
        Scope::Other if name == "host" => {
            MISMATCH.because("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
        }
        Scope::Other => MISMATCH.because(format!(
            "'{name}' must be a 'SignedHeader' in the AWS Authorization."
        )),
    }
}

/// Signed longer ago than `window` seconds.
pub(super) fn too_old(signed: i64, now: i64, window: i64, scope: Scope) -> AwsError {
    if scope == Scope::S3 {
        return TIME_TOO_SKEWED.because(SKEWED);
    }
    MISMATCH.because(format!(
        "Signature expired: {} is now earlier than {} ({} - {}.)",
        Stamp(signed),
        Stamp(now - window),
        Stamp(now),
        Window(window)
    ))
}

/// Signed further in the future than `window` seconds.
pub(super) fn too_new(signed: i64, now: i64, window: i64, scope: Scope) -> AwsError {
    if scope == Scope::S3 {
        return TIME_TOO_SKEWED.because(SKEWED);
    }
    MISMATCH.because(format!(
        "Signature not yet current: {} is still later than {} ({} + {}.)",
        Stamp(signed),
        Stamp(now + window),
        Stamp(now),
        Window(window)
    ))
}

/// A presigned URL whose time is over.
pub(super) fn url_expired(signed: i64, now: i64, window: i64, scope: Scope) -> AwsError {
    match scope {
        Scope::S3 => ACCESS_DENIED.because("Request has expired"),
        Scope::Other => too_old(signed, now, window, scope),
    }
}

const SKEWED: &str = "The difference between the request time and the current time is too large.";

/// Whose texts and rules are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    S3,
    Other,
}

struct Window(i64);

impl Display for Window {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 % 60 {
            0 => write!(out, "{} min", self.0 / 60),
            _ => write!(out, "{} sec", self.0),
        }
    }
}
