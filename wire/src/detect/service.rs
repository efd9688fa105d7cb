//! Which service a request is for.
//!
//! A signature's scope says it, or the target; a call that has neither is told by its parameters.

use http::{Method, request::Parts};

use super::{
    errors::WRONG_SCOPE,
    protocol,
    signals::{self, Scope, Target, first},
};
use crate::{AwsError, Protocol, Service};

/// The service that a request is for by its head; None: it is not AWS traffic. A form without signature
/// may turn out, once [`call`](super::call) has its body, to be for another.
pub fn service(parts: &Parts) -> Option<Service> {
    let path = parts.uri.path();
    if is_under(path, "/api") || is_under(path, "/agent") {
        return None;
    }
    let target = Target::of(parts);
    let is_call = signals::is_signed(parts)
        || target.is_some()
        || protocol::by_content_type(parts).is_some()
        || protocol::smithy(parts).is_some()
        || is_unsigned_query(parts);
    is_call.then(|| of(parts, Scope::of(parts).as_ref(), target.as_ref(), &[]))
}

/// A form that goes where AWS's go, or a URL with an action.
fn is_unsigned_query(parts: &Parts) -> bool {
    let path = parts.uri.path();
    if path != "/" && !signals::is_queue_path(path) {
        return false;
    }
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    (parts.method == Method::POST && signals::is_form(parts)) || first(query, "Action").is_some()
}

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The service of a request that is known as AWS traffic.
pub fn of(parts: &Parts, scope: Option<&Scope>, target: Option<&Target>, body: &[u8]) -> Service {
    if let Some(scope) = scope {
        return by_scope(&scope.service);
    }
    if let Some(target) = target {
        return by_target(target.service);
    }
    match protocol::by_content_type(parts) {
        Some(Protocol::Cbor11) => Service::Kinesis,
        Some(_) => Service::Sqs,
        None if signals::is_queue_path(parts.uri.path()) => Service::Sqs,
        None => {
            let query = parts.uri.query().unwrap_or_default().as_bytes();
            let form = if first(query, "Action").is_some() {
                query
            } else {
                body
            };
            by_parameters(form)
        }
    }
}

fn by_scope(name: &str) -> Service {
    match name {
        "sqs" => Service::Sqs,
        "sns" => Service::Sns,
        "kinesis" => Service::Kinesis,
        "s3" => Service::S3,
        "sts" => Service::Sts,
        "elasticbeanstalk" => Service::ElasticBeanstalk,
        other => Service::Other(other.to_owned()),
    }
}

fn by_target(name: &str) -> Service {
    match name {
        "AmazonSQS" => Service::Sqs,
        "Kinesis_20131202" => Service::Kinesis,
        other => Service::Other(other.to_owned()),
    }
}

/// Services have versions of their own. Links that SNS sends out have none, nor have many calls of SQS.
fn by_parameters(form: &[u8]) -> Service {
    match first(form, "Version").as_deref() {
        Some("2012-11-05") => Service::Sqs,
        Some("2010-03-31") => Service::Sns,
        Some("2011-06-15") => Service::Sts,
        Some("2010-12-01") => Service::ElasticBeanstalk,
        Some(other) => Service::Other(other.to_owned()),
        None => match first(form, "Action").as_deref() {
            Some("ConfirmSubscription" | "Unsubscribe") => Service::Sns,
            Some("AssumeRoleWithWebIdentity" | "AssumeRoleWithSAML") => Service::Sts,
            _ => Service::Sqs,
        },
    }
}

/// A signature for one service must not open another.
pub fn check_scope(service: &Service, target: Option<&Target>) -> Result<(), AwsError> {
    let named = target.map(|target| by_target(target.service));
    match named {
        Some(named @ (Service::Sqs | Service::Kinesis)) if named != *service => {
            let name = if named == Service::Sqs { "sqs" } else { "kinesis" };
            let message = format!("Credential should be scoped to correct service: '{name}'.");
            Err(WRONG_SCOPE.because(message))
        }
        _ => Ok(()),
    }
}
