use http::Request;
use proptest::prelude::*;

use super::*;

mod coding;

type Headers<'a> = &'a [(&'a str, &'a str)];

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");
const TARGET: (&str, &str) = ("x-amz-target", "AmazonSQS.SendMessage");
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/SERVICE/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=00";

fn head(method: &str, uri: &str, headers: Headers) -> Parts {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn signed(service: &str) -> String {
    SIGNED.replace("SERVICE", service)
}

fn called(parts: &Parts, body: &'static [u8]) -> Call {
    call(parts, Bytes::from_static(body), "r-1".to_owned()).expect("a call")
}

fn refused(parts: &Parts, body: Vec<u8>) -> Refusal {
    call(parts, body.into(), "r-1".to_owned()).expect_err("a refusal")
}

#[test]
fn aws_traffic_is_known_by_its_head() {
    let sns = signed("sns");
    let other = signed("dynamodb");
    for (method, uri, headers, expected) in [
        ("POST", "/", &[JSON, TARGET][..], Service::Sqs),
        (
            "POST",
            "/",
            &[("x-amz-target", "Kinesis_20131202.PutRecord")],
            Service::Kinesis,
        ),
        (
            "POST",
            "/",
            &[("x-amz-target", "DynamoDB_20120810.GetItem")],
            Service::Other("DynamoDB_20120810".to_owned()),
        ),
        (
            "POST",
            "/",
            &[("content-type", "application/x-amz-cbor-1.1")],
            Service::Kinesis,
        ),
        ("POST", "/", &[FORM, ("authorization", &*sns)], Service::Sns),
        (
            "POST",
            "/",
            &[("authorization", &*other)],
            Service::Other("dynamodb".to_owned()),
        ),
        ("POST", "/", &[FORM], Service::Sqs),
        ("POST", "/123456789012/name", &[FORM], Service::Sqs),
        (
            "GET",
            "/123456789012/name?Action=ReceiveMessage",
            &[],
            Service::Sqs,
        ),
        ("GET", "/?Action=ConfirmSubscription&Token=t", &[], Service::Sns),
        (
            "GET",
            "/?Version=2011-06-15&Action=GetCallerIdentity",
            &[],
            Service::Sts,
        ),
        (
            "GET",
            "/?Action=DescribeEvents&Version=2010-12-01",
            &[],
            Service::ElasticBeanstalk,
        ),
        (
            "PUT",
            "/bucket/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260101%2Fus-east-2%2Fs3%2Faws4_request",
            &[],
            Service::S3,
        ),
        (
            "POST",
            "/service/X/operation/Y",
            &[("smithy-protocol", "rpc-v2-cbor")],
            Service::Sqs,
        ),
    ] {
        assert_eq!(
            service(&head(method, uri, headers)),
            Some(expected),
            "{method} {uri}"
        );
    }
}

#[test]
fn our_own_paths_browsers_and_consoles_are_not_aws() {
    let sqs = signed("sqs");
    for (method, uri, headers) in [
        ("GET", "/", &[][..]),
        ("GET", "/", &[("accept", "text/html")]),
        ("GET", "/123456789012/name", &[]),
        ("GET", "/environments?Action=x", &[]),
        ("GET", "/?action=x", &[]),
        ("POST", "/login", &[FORM]),
        ("POST", "/12345678901/name", &[FORM]),
        ("POST", "/123456789012/", &[FORM]),
        ("POST", "/123456789012/name/more", &[FORM]),
        ("POST", "/", &[("content-type", "application/json")]),
        ("GET", "/", &[("authorization", "Bearer token")]),
        ("GET", "/api/v1/applications", &[("authorization", &*sqs)]),
        ("POST", "/api", &[JSON, TARGET]),
        ("POST", "/agent/poll", &[FORM]),
    ] {
        assert_eq!(service(&head(method, uri, headers)), None, "{method} {uri}");
    }
    assert!(service(&head("GET", "/apiary", &[("authorization", &*sqs)])).is_some());
}

#[test]
fn a_json_call_is_its_target() {
    let authorization = signed("sqs");
    let headers = [
        JSON,
        TARGET,
        ("host", "h:8000"),
        ("authorization", &*authorization),
        ("x-amzn-trace-id", "Root=1"),
    ];
    let call = called(&head("POST", "/", &headers), b"{}");
    assert_eq!((call.service, call.protocol), (Service::Sqs, Protocol::Json10));
    assert_eq!(
        (&*call.operation, &*call.region, &*call.host, &*call.path),
        ("SendMessage", "eu-west-1", "h:8000", "/")
    );
    assert_eq!((&call.body[..], &*call.request_id), (&b"{}"[..], "r-1"));
    assert_eq!(call.headers.get("x-amzn-trace-id").unwrap(), "Root=1");
    assert!(call.headers.get("authorization").is_none());
}

#[test]
fn a_scope_is_read_from_either_kind_of_signature() {
    for (credential, expected) in [
        (
            "AKID/20260101/eu-west-1/sqs/aws4_request",
            Some((Some("eu-west-1"), "sqs")),
        ),
        (
            "AK/ID/20260101/eu-west-1/SQS/aws4_request",
            Some((Some("eu-west-1"), "sqs")),
        ),
        ("AKID/20260101/sqs/aws4_request", Some((None, "sqs"))),
        ("AKID/20260101/eu-west-1/sqs/aws3_request", None),
        ("eu-west-1/sqs/aws4_request", None),
        ("", None),
    ] {
        let header =
            format!("AWS4-HMAC-SHA256 SignedHeaders=x;Credential=no,Credential={credential} , Signature=0");
        let url = format!("/?X%2DAmz-Credential={}", credential.replace('/', "%2F"));
        for parts in [
            head("POST", "/", &[("authorization", &*header)]),
            head("GET", &url, &[]),
        ] {
            let scope = Scope::of(&parts);
            let scope = scope
                .as_ref()
                .map(|scope| (scope.region.as_deref(), &*scope.service));
            assert_eq!(scope, expected, "{credential}");
        }
    }
}

#[test]
fn a_query_call_is_its_action() {
    let posted = called(&head("POST", "/", &[FORM]), b"Version=2010-03-31&Action=Publish");
    assert_eq!((posted.service, posted.protocol), (Service::Sns, Protocol::Query));
    assert_eq!((&*posted.operation, &*posted.region), ("Publish", "us-east-1"));
    let got = called(
        &head(
            "GET",
            "http://h:1/123456789012/name?Action=ReceiveMessage&MaxNumberOfMessages=2",
            &[],
        ),
        b"",
    );
    assert_eq!(
        (&*got.operation, &*got.host, &*got.path),
        ("ReceiveMessage", "h:1", "/123456789012/name")
    );
    assert_eq!(&got.body[..], b"Action=ReceiveMessage&MaxNumberOfMessages=2");
    let both = called(
        &head("POST", "/123456789012/name?Action=SendMessage", &[FORM]),
        b"MessageBody=x",
    );
    assert_eq!(
        (&*both.operation, &both.body[..]),
        ("SendMessage", &b"MessageBody=x&Action=SendMessage"[..])
    );
    let none = called(&head("POST", "/", &[FORM]), b"");
    assert_eq!((none.service, &*none.operation), (Service::Sqs, ""));
}

#[test]
fn protocols_are_told_apart() {
    let (kinesis, s3) = (signed("kinesis"), signed("s3"));
    let put = ("x-amz-target", "Kinesis_20131202.PutRecord");
    for (headers, expected) in [
        (
            &[("content-type", "application/x-amz-cbor-1.1"), put][..],
            Protocol::Cbor11,
        ),
        (
            &[("content-type", "Application/X-Amz-Json-1.1"), put],
            Protocol::Json11,
        ),
        (&[("authorization", &*kinesis), put], Protocol::Json11),
        (&[TARGET], Protocol::Json10),
        (&[("authorization", &*s3)], Protocol::RestXml),
    ] {
        assert_eq!(
            called(&head("POST", "/", headers), b"").protocol,
            expected,
            "{headers:?}"
        );
    }
}

#[test]
fn newer_protocols_are_refused_by_name() {
    let headers = [
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "application/cbor"),
    ];
    let (_, protocol, error) = refused(&head("POST", "/service/X/operation/Y", &headers), Vec::new());
    assert_eq!((protocol, error.kind.status), (Protocol::Cbor11, 415));
    assert!(error.message.contains("rpc-v2-cbor"), "{error}");
}

#[test]
fn a_signature_for_one_service_does_not_open_another() {
    let sns = signed("sns");
    let headers = [JSON, TARGET, ("authorization", &*sns)];
    let (_, protocol, error) = refused(&head("POST", "/", &headers), Vec::new());
    assert_eq!((protocol, error.kind.status), (Protocol::Json10, 403));
    assert!(error.message.contains("'sqs'"), "{error}");
}

proptest! {
    #[test]
    fn no_head_makes_it_panic(
        path in "/[a-z0-9/.%]{0,20}(\\?[A-Za-z0-9=&%/-]{0,60})?",
        authorization in "AWS4-[ -~]{0,60}",
        target in "[ -~]{0,20}",
        body in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let headers = [FORM, ("authorization", &*authorization), ("x-amz-target", &*target)];
        let parts = head("POST", &path, &headers);
        let _ = service(&parts);
        let _ = call(&parts, body.into(), "r-1".to_owned());
    }
}
