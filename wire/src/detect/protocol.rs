//! How a request is written.

use http::{HeaderName, request::Parts};

use super::{
    errors::UNSUPPORTED_PROTOCOL,
    signals::{self, Target},
};
use crate::{AwsError, Protocol, Service};

const SMITHY: HeaderName = HeaderName::from_static("smithy-protocol");

/// The protocol of a request for a service. A refused one is answered in the form nearest to its own.
pub fn of(parts: &Parts, service: &Service) -> Protocol {
    if let Some(protocol) = by_content_type(parts) {
        return protocol;
    }
    if let Some(name) = smithy(parts) {
        return if name.ends_with("cbor") {
            Protocol::Cbor11
        } else {
            Protocol::Json11
        };
    }
    match service {
        Service::S3 => Protocol::RestXml,
        _ if signals::is_form(parts) || Target::of(parts).is_none() => Protocol::Query,
        Service::Sqs => Protocol::Json10,
        _ => Protocol::Json11,
    }
}

/// Content types that only AWS's protocols have.
pub fn by_content_type(parts: &Parts) -> Option<Protocol> {
    match &*signals::content_type(parts) {
        "application/x-amz-json-1.0" => Some(Protocol::Json10),
        "application/x-amz-json-1.1" => Some(Protocol::Json11),
        "application/x-amz-cbor-1.1" => Some(Protocol::Cbor11),
        _ => None,
    }
}

/// The name that newer protocols tell themselves by: `rpc-v2-cbor`.
pub fn smithy(parts: &Parts) -> Option<&str> {
    signals::text(&parts.headers, &SMITHY)
}

/// None of the newer protocols is served yet; SDKs have others to choose.
pub fn check_served(parts: &Parts) -> Result<(), AwsError> {
    match smithy(parts) {
        None => Ok(()),
        Some(name) => {
            let name: String = name.chars().take(40).collect();
            Err(UNSUPPORTED_PROTOCOL.because(format!(
                "The protocol {name} is not served here; use the service's JSON or Query protocol."
            )))
        }
    }
}
