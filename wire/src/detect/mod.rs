//! Which requests are calls of AWS's protocols, and what each of them calls.
//!
//! Looks at heads first: whether a request is AWS traffic is known before its body is read. Signatures
//! are not checked here. A signature is over the body as it was sent, so it is checked on the bytes that
//! [`call`] is given, not on those of the call, whose content coding is undone.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, header::HOST, request::Parts};

use crate::{AwsError, Call, Protocol, Service, codec::errors};

mod coding;
mod protocol;
mod service;
mod signals;
#[cfg(test)]
mod tests;

pub use service::service;
use signals::{Scope, Target};

const DEFAULT_REGION: &str = "us-east-1";
const TRACE: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// Why a request is no call, and in whose form its sender is told.
pub type Refusal = (Service, Protocol, AwsError);

/// The call that a request is, for requests that [`service`] knows as AWS traffic.
pub fn call(parts: &Parts, body: Bytes, request_id: String) -> Result<Call, Refusal> {
    let scope = Scope::of(parts);
    let target = Target::of(parts);
    let service = service::of(parts, scope.as_ref(), target.as_ref(), &body);
    let protocol = protocol::of(parts, &service);
    let refuse = |error| (service.clone(), protocol, error);
    protocol::check_served(parts).map_err(refuse)?;
    service::check_scope(&service, target.as_ref()).map_err(refuse)?;
    let body = match protocol {
        // What codes an object is the object's own.
        Protocol::RestXml => body,
        Protocol::Query => form(parts, coding::undo(&parts.headers, body).map_err(refuse)?),
        _ => coding::undo(&parts.headers, body).map_err(refuse)?,
    };
    let operation = match protocol {
        Protocol::Query => signals::first(&body, "Action").unwrap_or_default().into_owned(),
        Protocol::RestXml => String::new(),
        _ => target
            .map(|target| target.operation.to_owned())
            .unwrap_or_default(),
    };
    let region = scope.and_then(|scope| scope.region);
    Ok(Call {
        protocol,
        operation,
        region: region.unwrap_or_else(|| DEFAULT_REGION.to_owned()),
        host: host(parts),
        path: parts.uri.path().to_owned(),
        headers: headers(parts, protocol),
        body,
        request_id,
        service,
    })
}

/// The parameters of a Query call: of its body, of its URL, or of both.
fn form(parts: &Parts, body: Bytes) -> Bytes {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    match (body.is_empty(), query.is_empty()) {
        (_, true) => body,
        (true, false) => Bytes::copy_from_slice(query),
        (false, false) => [&body[..], b"&", query].concat().into(),
    }
}

/// What an operation may look at; credentials stay outside.
fn headers(parts: &Parts, protocol: Protocol) -> HeaderMap {
    if protocol == Protocol::RestXml {
        let mut all = parts.headers.clone();
        all.remove(http::header::AUTHORIZATION);
        return all;
    }
    let trace = parts.headers.get(TRACE).cloned();
    trace.into_iter().map(|value| (TRACE, value)).collect()
}

/// HTTP/2 tells the host in the URI.
fn host(parts: &Parts) -> String {
    let header = parts.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = header.or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    host.unwrap_or_default().to_owned()
}
