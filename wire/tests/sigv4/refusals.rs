//! One request for every way in which a signature fails, and what its sender is told.

use beanpole_wire::sigv4::{Payload, Signature, SigningKey, errors};
use beanpole_wire::{AwsError, Kind};
use http::request::Parts;
use http::{HeaderValue, Request, Uri};

use crate::sign::{Manner, NOW, SECRET, check, ordinary, ordinary_url, signed};

fn refused(request: &Parts, body: &[u8], now: i64) -> (Kind, String) {
    let AwsError { kind, message } = check(request, body, now).expect_err("a refusal");
    (kind, message.into_owned())
}

fn authorization(request: &Parts) -> String {
    request.headers["authorization"]
        .to_str()
        .expect("ASCII")
        .to_owned()
}

/// The ordinary request with its `Authorization` changed.
fn with(change: impl Fn(&str) -> String) -> (Kind, String) {
    let (mut request, body) = ordinary();
    let changed = change(&authorization(&request));
    request
        .headers
        .insert("authorization", HeaderValue::from_str(&changed).expect("a value"));
    refused(&request, &body, NOW)
}

/// The ordinary presigned URL with its text changed.
fn url_with(service: &str, change: impl Fn(String) -> String) -> (Kind, String) {
    let (mut request, body) = ordinary_url(service);
    request.uri = change(request.uri.to_string()).parse::<Uri>().expect("a URL");
    refused(&request, &body, NOW)
}

#[test]
fn a_request_without_a_signature_has_none() {
    let (parts, ()) = Request::get("http://localhost/?a=1")
        .body(())
        .expect("a request")
        .into_parts();
    assert_eq!(Signature::parse(&parts), Ok(None));
    assert_eq!(errors::missing().kind.status, 403);
}

#[test]
fn another_key_does_not_match() {
    let (request, body) = ordinary();
    let signature = Signature::parse(&request)
        .expect("well-formed")
        .expect("a signature");
    let key = SigningKey::derive("another", &signature.date, &signature.region, &signature.service);
    let error = signature
        .verify(&request, Payload::Body(&body), &key, NOW)
        .expect_err("a refusal");
    assert_eq!(error.kind, errors::MISMATCH);
    assert!(
        error
            .message
            .starts_with("The request signature we calculated does not match"),
        "{error}"
    );
    assert_eq!(
        (error.kind.code, error.kind.query_code),
        ("InvalidSignatureException", "SignatureDoesNotMatch")
    );
}

#[test]
fn a_changed_header_does_not_match() {
    let (mut request, body) = ordinary();
    request
        .headers
        .insert("x-amz-target", HeaderValue::from_static("AmazonSQS.DeleteQueue"));
    assert_eq!(refused(&request, &body, NOW).0, errors::MISMATCH);
    request.headers.remove("x-amz-target");
    assert_eq!(refused(&request, &body, NOW).0, errors::MISMATCH);
}

#[test]
fn a_second_value_of_a_signed_header_does_not_match() {
    let (mut request, body) = ordinary();
    request
        .headers
        .append("x-amz-target", HeaderValue::from_static("AmazonSQS.DeleteQueue"));
    assert_eq!(refused(&request, &body, NOW).0, errors::MISMATCH);
}

#[test]
fn clocks_may_differ_by_fifteen_minutes() {
    let (request, body) = ordinary();
    for now in [NOW - 900, NOW + 900] {
        check(&request, &body, now).expect("in time");
    }
    assert_eq!(
        refused(&request, &body, NOW + 901),
        (
            errors::MISMATCH,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T125101Z - 15 min.)".to_owned()
        )
    );
    assert_eq!(
        refused(&request, &body, NOW - 901),
        (
            errors::MISMATCH,
            "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T122059Z + 15 min.)".to_owned()
        )
    );
}

#[test]
fn presigned_urls_expire_in_the_words_of_their_service() {
    let (request, body) = ordinary_url("sqs");
    check(&request, &body, NOW + 300).expect("in time");
    let text = "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)";
    assert_eq!(
        refused(&request, &body, NOW + 301),
        (errors::MISMATCH, text.to_owned())
    );
    let (request, body) = ordinary_url("s3");
    check(&request, &body, NOW + 300).expect("in time");
    assert_eq!(
        refused(&request, &body, NOW + 301),
        (errors::ACCESS_DENIED, "Request has expired".to_owned())
    );
    assert_eq!(refused(&request, &body, NOW - 901).0, errors::TIME_TOO_SKEWED);
}

#[test]
fn parts_of_the_authorization_are_missed_by_name() {
    for (part, name) in [(0, "Credential"), (1, "SignedHeaders"), (2, "Signature")] {
        let (kind, message) = with(|text| {
            let (algorithm, rest) = text.split_once(' ').expect("an algorithm");
            let kept = rest
                .split(", ")
                .enumerate()
                .filter(|(at, _)| *at != part)
                .map(|(_, text)| text);
            format!("{algorithm} {}", kept.collect::<Vec<_>>().join(", "))
        });
        assert_eq!(kind, errors::INCOMPLETE);
        assert_eq!(
            message,
            format!("Authorization header requires '{name}' parameter.")
        );
    }
    let (mut request, body) = ordinary();
    request.headers.remove("x-amz-date");
    let (kind, message) = refused(&request, &body, NOW);
    assert_eq!(kind, errors::INCOMPLETE);
    assert!(
        message.contains("either a 'X-Amz-Date' or a 'Date' header"),
        "{message}"
    );
}

#[test]
fn what_is_not_version_4_is_refused_by_name() {
    for (text, named) in [
        ("AWS4-ECDSA-P256-SHA256 Credential=a", "Signature Version 4A"),
        ("AWS AKID:c2ln", "Signature Version 2"),
        ("Bearer abc", "'Bearer'"),
        ("", "''"),
    ] {
        let (kind, message) = with(|_| text.to_owned());
        assert_eq!(kind, errors::INCOMPLETE);
        assert!(message.contains(named), "{message}");
    }
    let (kind, message) = url_with("sqs", |url| {
        url.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    });
    assert_eq!(kind, errors::INCOMPLETE);
    assert!(message.contains("Signature Version 4A"), "{message}");
}

#[test]
fn a_scope_must_be_whole_and_of_its_day() {
    for (from, to, kind, text) in [
        (
            "20150830/",
            "20150831/",
            errors::MISMATCH,
            "'20150831' != '20150830', from '20150830T123600Z'",
        ),
        (
            "/aws4_request",
            "/aws5_request",
            errors::INCOMPLETE,
            "valid terminator",
        ),
        (
            "/sqs/aws4_request",
            "/aws4_request",
            errors::INCOMPLETE,
            "exactly 5",
        ),
        ("/sqs/", "//", errors::INCOMPLETE, "valid service"),
        ("/sqs/", "/sns/", errors::MISMATCH, "does not match"),
        ("Signature=", "Signature=0", errors::MISMATCH, "does not match"),
        (
            "host;x-amz-date",
            "x-amz-date;host",
            errors::INCOMPLETE,
            "in order",
        ),
        ("host;", "Host;", errors::INCOMPLETE, "lower case"),
        (
            "Signature=",
            "Signature=0, Signature=",
            errors::INCOMPLETE,
            "twice",
        ),
        (
            "Signature=",
            "Extra=0, Signature=",
            errors::INCOMPLETE,
            "not known",
        ),
    ] {
        let (found, message) = with(|value| value.replace(from, to));
        assert_eq!(found, kind, "{from} as {to}: {message}");
        assert!(message.contains(text), "{from} as {to}: {message}");
    }
}

#[test]
fn host_and_headers_of_aws_must_be_signed() {
    let (kind, message) = with(|value| value.replace("host;", ""));
    assert_eq!(kind, errors::MISMATCH);
    assert!(
        message.contains("'Host' or ':authority' must be a 'SignedHeader'"),
        "{message}"
    );
    let (mut request, body) = ordinary();
    request
        .headers
        .insert("x-amz-meta-added", HeaderValue::from_static("1"));
    let (kind, message) = refused(&request, &body, NOW);
    assert_eq!(kind, errors::MISMATCH);
    assert!(
        message.contains("'x-amz-meta-added' must be a 'SignedHeader'"),
        "{message}"
    );
    let (mut request, body) = ordinary_url("s3");
    request
        .headers
        .insert("x-amz-meta-added", HeaderValue::from_static("1"));
    assert_eq!(refused(&request, &body, NOW).0, errors::ACCESS_DENIED);
}

#[test]
fn a_presigned_url_must_have_each_parameter_once() {
    for name in [
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ] {
        let (kind, message) = url_with("sqs", |url| url.replace(name, "Other"));
        assert_eq!(kind, errors::INCOMPLETE, "{name}");
        assert!(message.contains(&format!("must include '{name}'")), "{message}");
        let (kind, message) = url_with("sqs", |url| format!("{url}&{name}=AWS4-HMAC-SHA256"));
        assert_eq!(kind, errors::INCOMPLETE, "{name}");
        assert!(message.contains("once"), "{message}");
    }
}

#[test]
fn a_presigned_url_lives_a_second_to_a_week() {
    for (seconds, text) in [
        ("0", "at least one second"),
        ("604801", "less than a week"),
        ("99999999999999999999", "less than a week"),
        ("-1", "a number"),
        ("%2B5", "a number"),
        ("", "a number"),
    ] {
        let (kind, message) = url_with("sqs", |url| {
            url.replace("Expires=300", &format!("Expires={seconds}"))
        });
        assert_eq!(kind, errors::INCOMPLETE, "{seconds}");
        assert!(message.contains(text), "{seconds}: {message}");
    }
}

#[test]
fn a_signature_in_both_places_is_none() {
    let (mut request, body) = ordinary_url("sqs");
    request.headers.insert(
        "authorization",
        HeaderValue::from_static("AWS4-HMAC-SHA256 Credential=a"),
    );
    let (kind, message) = refused(&request, &body, NOW);
    assert_eq!(kind, errors::INCOMPLETE);
    assert!(message.contains("Only one auth mechanism"), "{message}");
}

#[test]
fn unsigned_payloads_are_for_s3_only() {
    let unsigned = |service| {
        let request = Request::put("http://localhost/b/k")
            .header("host", "localhost")
            .header("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
            .body(b"UNSIGNED".to_vec());
        signed(request.expect("a request"), Manner::header(service))
    };
    let (request, _) = unsigned("s3");
    check(&request, b"whatever", NOW).expect("an unsigned body");
    // Another service hashes what it got, whatever the header says.
    let (request, body) = unsigned("sqs");
    check(&request, &body, NOW).expect("the body is signed");
    assert_eq!(refused(&request, b"another", NOW).0, errors::MISMATCH);
}

#[test]
fn s3_wants_to_know_the_payload() {
    let (mut request, body) = signed(
        Request::put("http://localhost/b/k")
            .header("host", "localhost")
            .body(b"x".to_vec())
            .expect("a request"),
        Manner::header("s3"),
    );
    check(&request, &body, NOW).expect("a signature");
    request
        .headers
        .insert("x-amz-content-sha256", HeaderValue::from_static("none"));
    assert_eq!(refused(&request, &body, NOW).0, errors::INVALID_REQUEST);
    request.headers.remove("x-amz-content-sha256");
    assert_eq!(refused(&request, &body, NOW).0, errors::INVALID_REQUEST);
}

#[test]
fn nothing_shows_secrets() {
    let key = SigningKey::derive(SECRET, "20150830", "eu-central-1", "sqs");
    assert_eq!(format!("{key:?}"), "SigningKey(hidden)");
    let request = Request::post("http://localhost/")
        .header("host", "localhost")
        .body(Vec::new());
    let manner = Manner {
        token: Some("hidden-token"),
        ..Manner::header("sqs")
    };
    let (request, _) = signed(request.expect("a request"), manner);
    let signature = Signature::parse(&request)
        .expect("well-formed")
        .expect("a signature");
    let shown = format!("{signature:?}");
    assert!(
        !shown.contains("hidden-token") && shown.contains("has_session_token: true"),
        "{shown}"
    );
}
