//! Requests into values, values and errors into answers, in each of AWS's protocols.
//!
//! Knows names and shapes, not meanings: what a member may hold is the service's. Whatever bytes come
//! in, decoding ends in a value or in an error that names what was wrong; it never panics, and its
//! depth, keys and memory are bounded by the size of the body.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::{AwsError, Call, Fault, Operation, Protocol, Service};

mod cbor;
pub mod errors;
mod json;
pub(crate) mod query;
#[cfg(test)]
mod tests;
mod xml;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// The request of an operation.
pub fn decode<O: Operation>(call: &Call) -> Result<O, AwsError> {
    match call.protocol {
        Protocol::Query => query::decode(&call.body, O::INPUT),
        Protocol::Json10 | Protocol::Json11 => json::decode(&call.body),
        Protocol::Cbor11 => cbor::decode(&call.body),
        Protocol::RestXml => Err(errors::rest_xml()),
    }
}

/// The answer of an operation that succeeded.
pub fn encode<O: Operation>(call: &Call, output: &O::Output) -> Response<Bytes> {
    let body = match call.protocol {
        Protocol::Query => xml::answer(&call.service, O::NAME, &call.request_id, output, O::OUTPUT)
            .map_err(|e| e.to_string()),
        Protocol::Json10 | Protocol::Json11 => json::encode(output).map_err(|e| e.to_string()),
        Protocol::Cbor11 => cbor::encode(output).map_err(|e| e.to_string()),
        Protocol::RestXml => return encode_error(call, &errors::rest_xml()),
    };
    match body {
        Ok(body) => respond(call.protocol, StatusCode::OK, &call.request_id, body),
        Err(reason) => {
            let message = format!("The answer of {} could not be written: {reason}.", O::NAME);
            encode_error(call, &errors::INTERNAL.because(message))
        }
    }
}

/// The answer of a call that failed.
pub fn encode_error(call: &Call, error: &AwsError) -> Response<Bytes> {
    encode_error_for(&call.service, call.protocol, &call.request_id, error)
}

/// The answer to a request that never became a call.
pub fn encode_error_for(
    service: &Service,
    protocol: Protocol,
    request_id: &str,
    error: &AwsError,
) -> Response<Bytes> {
    let body = match protocol {
        Protocol::Query => xml::error(service, request_id, error),
        Protocol::RestXml => xml::rest_error(request_id, error),
        Protocol::Json10 | Protocol::Json11 => json::encode(&ErrorBody::of(error)).unwrap_or_default(),
        Protocol::Cbor11 => cbor::encode(&ErrorBody::of(error)).unwrap_or_default(),
    };
    let status = StatusCode::from_u16(error.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = respond(protocol, status, request_id, body);
    if *service == Service::Sqs && protocol != Protocol::Query {
        let told = format!("{};{}", error.kind.query_code, fault(error.kind.fault));
        if let Ok(told) = HeaderValue::try_from(told) {
            response.headers_mut().insert(QUERY_ERROR, told);
        }
    }
    response
}

/// An error's body in JSON and CBOR.
#[derive(serde::Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "__type")]
    kind: String,
    message: &'a str,
}

impl<'a> ErrorBody<'a> {
    fn of(error: &'a AwsError) -> Self {
        let kind = match error.kind.namespace {
            "" => error.kind.code.to_owned(),
            namespace => format!("{namespace}#{}", error.kind.code),
        };
        let message = &error.message;
        Self { kind, message }
    }
}

fn respond(protocol: Protocol, status: StatusCode, request_id: &str, body: Vec<u8>) -> Response<Bytes> {
    let content_type = HeaderValue::from_static(match protocol {
        Protocol::Query => "text/xml",
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Cbor11 => "application/x-amz-cbor-1.1",
        Protocol::RestXml => "application/xml",
    });
    let length = HeaderValue::from(body.len());
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, length);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

fn fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Sender => "Sender",
        Fault::Receiver => "Receiver",
    }
}
