//! Every protocol answers alike; JSON in particular.

use serde::{Deserialize, Serialize};

use super::*;
use crate::{Blob, Kind, Member, Names, Timestamp};

mod cbor;
mod round_trip;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Echo {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Blob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    entries: Vec<Echo>,
}

impl Operation for Echo {
    const NAME: &'static str = "Echo";
    const INPUT: Names = &[Member::list("Entries", "Entry")];
    const OUTPUT: Names = Self::INPUT;
    type Output = Echo;
}

#[derive(Debug, PartialEq, Deserialize)]
struct Quiet {}

impl Operation for Quiet {
    const NAME: &'static str = "Quiet";
    type Output = ();
}

const PROTOCOLS: [Protocol; 4] = [
    Protocol::Query,
    Protocol::Json10,
    Protocol::Json11,
    Protocol::Cbor11,
];
const NO_QUEUE: Kind = Kind::sender("QueueDoesNotExist", 400)
    .query("AWS.SimpleQueueService.NonExistentQueue")
    .within("com.amazonaws.sqs");

fn call(protocol: Protocol, body: &[u8]) -> Call {
    Call {
        service: Service::Sqs,
        protocol,
        operation: "Echo".to_owned(),
        region: "us-east-1".to_owned(),
        host: "h".to_owned(),
        path: "/".to_owned(),
        headers: http::HeaderMap::new(),
        body: Bytes::copy_from_slice(body),
        request_id: "r-1".to_owned(),
    }
}

fn refused(protocol: Protocol, body: &[u8]) -> String {
    let error = decode::<Echo>(&call(protocol, body)).expect_err("a refusal");
    assert_eq!(
        (error.kind.code, error.kind.status),
        ("SerializationException", 400)
    );
    error.message.into_owned()
}

fn header<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

fn body_text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[test]
fn an_empty_body_is_a_request_without_members() {
    for protocol in PROTOCOLS {
        assert_eq!(
            decode::<Echo>(&call(protocol, b"")).unwrap(),
            Echo::default(),
            "{protocol:?}"
        );
        assert_eq!(
            decode::<Quiet>(&call(protocol, b"")).unwrap(),
            Quiet {},
            "{protocol:?}"
        );
    }
}

#[test]
fn answers_have_their_protocols_type_and_the_request_id() {
    for (protocol, content_type) in [
        (Protocol::Query, "text/xml"),
        (Protocol::Json10, "application/x-amz-json-1.0"),
        (Protocol::Json11, "application/x-amz-json-1.1"),
        (Protocol::Cbor11, "application/x-amz-cbor-1.1"),
    ] {
        let response = encode::<Echo>(&call(protocol, b""), &Echo::default());
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), content_type);
        assert_eq!(header(&response, "x-amzn-requestid"), "r-1");
        assert_eq!(
            header(&response, "content-length"),
            response.body().len().to_string()
        );
    }
}

#[test]
fn an_output_without_members_has_an_empty_body() {
    for protocol in [Protocol::Json10, Protocol::Json11, Protocol::Cbor11] {
        let response = encode::<Quiet>(&call(protocol, b""), &());
        assert_eq!(
            (response.body().len(), header(&response, "content-length")),
            (0, "0")
        );
    }
}

#[test]
fn an_error_says_the_same_in_every_place() {
    let error = NO_QUEUE.because("No <such> queue.");
    let json = encode_error(&call(Protocol::Json10, b""), &error);
    assert_eq!(json.status(), 400);
    assert_eq!(
        body_text(&json),
        r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"No <such> queue."}"#
    );
    assert_eq!(
        header(&json, "x-amzn-query-error"),
        "AWS.SimpleQueueService.NonExistentQueue;Sender"
    );
    let query = encode_error(&call(Protocol::Query, b""), &error);
    assert_eq!(
        body_text(&query),
        "<ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>\
         <Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>No &lt;such&gt; queue.</Message>\
         <Detail/></Error><RequestId>r-1</RequestId></ErrorResponse>"
    );
    assert_eq!(header(&query, "x-amzn-query-error"), "");
    let kinesis = encode_error_for(&Service::Kinesis, Protocol::Cbor11, "r-1", &error);
    let body: std::collections::BTreeMap<String, String> =
        ciborium::from_reader(&kinesis.body()[..]).unwrap();
    assert_eq!(body["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    assert_eq!(header(&kinesis, "x-amzn-query-error"), "");
    let ours = encode_error(&call(Protocol::Query, b""), &errors::INTERNAL.because("x"));
    assert!(ours.status() == 500 && body_text(&ours).contains("<Type>Receiver</Type>"));
}

#[test]
fn bad_json_is_refused_and_the_member_named() {
    for (body, told) in [
        (&b"{\"Count\":\"x\"}"[..], "Count"),
        (b"{\"Entries\":[{},{\"Count\":1.5}]}", "Entries[1].Count"),
        (b"{\"Data\":\"***\"}", "base64"),
        (b"{", "EOF"),
        (b"{} {}", "trailing"),
        (b"[1]", ""),
        (b"{\"Text\":\"\xff\"}", ""),
    ] {
        let message = refused(Protocol::Json10, body);
        assert!(message.contains(told), "{message}");
    }
    let deep = "{\"Entries\":[".repeat(10_000);
    assert!(refused(Protocol::Json11, deep.as_bytes()).contains("recursion"));
}

#[test]
fn json_times_are_seconds_and_query_times_are_iso_8601() {
    let echo = Echo {
        since: Some(Timestamp(1_700_000_000_123)),
        ..Echo::default()
    };
    let json = encode::<Echo>(&call(Protocol::Json11, b""), &echo);
    assert_eq!(body_text(&json), r#"{"Since":1700000000.123}"#);
    let xml = encode::<Echo>(&call(Protocol::Query, b""), &echo);
    assert!(body_text(&xml).contains("<Since>2023-11-14T22:13:20.123Z</Since>"));
    for body in [
        "{\"Since\":1700000000}",
        "{\"Since\":1.7e9}",
        "{\"Since\":\"2023-11-14T22:13:20Z\"}",
    ] {
        let read: Echo = decode(&call(Protocol::Json11, body.as_bytes())).unwrap();
        assert_eq!(read.since, Some(Timestamp(1_700_000_000_000)), "{body}");
    }
    refused(Protocol::Json11, b"{\"Since\":1e300}");
}

#[test]
fn rest_is_refused_in_its_own_form() {
    let call = call(Protocol::RestXml, b"");
    let error = decode::<Echo>(&call).unwrap_err();
    assert!(body_text(&encode_error(&call, &error)).contains("<Code>UnsupportedProtocol</Code>"));
}
