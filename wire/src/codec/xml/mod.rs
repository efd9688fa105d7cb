//! Answers of the Query protocol.

use serde::Serialize;

use super::fault;
use crate::{AwsError, Names, Service};

mod element;
mod error;
mod parts;
#[cfg(test)]
mod tests;
mod text;

use error::Error;

/// `<XResponse><XResult>…</XResult><ResponseMetadata>…</XResponse>`; no result for an output without
/// members.
pub fn answer<T: Serialize>(
    service: &Service,
    operation: &str,
    request_id: &str,
    output: &T,
    names: Names,
) -> Result<Vec<u8>, Error> {
    let mut out = String::with_capacity(512);
    open_with_namespace(&mut out, &format!("{operation}Response"), service);
    let result = format!("{operation}Result");
    output.serialize(element::Element::plain(&mut out, &result, names))?;
    out.push_str("<ResponseMetadata>");
    leaf(&mut out, "RequestId", request_id);
    out.push_str("</ResponseMetadata></");
    out.push_str(operation);
    out.push_str("Response>");
    Ok(out.into_bytes())
}

pub fn error(service: &Service, request_id: &str, error: &AwsError) -> Vec<u8> {
    let mut out = String::new();
    open_with_namespace(&mut out, "ErrorResponse", service);
    out.push_str("<Error>");
    leaf(&mut out, "Type", fault(error.kind.fault));
    leaf(&mut out, "Code", error.kind.query_code);
    leaf(&mut out, "Message", &error.message);
    out.push_str("<Detail/></Error>");
    leaf(&mut out, "RequestId", request_id);
    out.push_str("</ErrorResponse>");
    out.into_bytes()
}

/// The error of a REST service with XML.
pub fn rest_error(request_id: &str, error: &AwsError) -> Vec<u8> {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
    leaf(&mut out, "Code", error.kind.code);
    leaf(&mut out, "Message", &error.message);
    leaf(&mut out, "RequestId", request_id);
    out.push_str("</Error>");
    out.into_bytes()
}

fn namespace(service: &Service) -> Option<&'static str> {
    match service {
        Service::Sqs => Some("http://queue.amazonaws.com/doc/2012-11-05/"),
        Service::Sns => Some("http://sns.amazonaws.com/doc/2010-03-31/"),
        Service::Sts => Some("https://sts.amazonaws.com/doc/2011-06-15/"),
        Service::ElasticBeanstalk => Some("http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/"),
        Service::Kinesis | Service::S3 | Service::Other(_) => None,
    }
}

fn open_with_namespace(out: &mut String, name: &str, service: &Service) {
    out.push('<');
    out.push_str(name);
    if let Some(namespace) = namespace(service) {
        out.push_str(" xmlns=\"");
        out.push_str(namespace);
        out.push('"');
    }
    out.push('>');
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn leaf(out: &mut String, name: &str, value: &str) {
    open(out, name);
    text::escape(out, value);
    close(out, name);
}
