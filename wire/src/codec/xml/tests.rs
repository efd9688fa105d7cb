use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Serialize;

use super::{answer, text::escape};
use crate::{Blob, Member, Names, Service, Timestamp};

#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    text: Option<String>,
    count: Option<u64>,
    on: Option<bool>,
    data: Option<Blob>,
    since: Option<Timestamp>,
    lines: Vec<String>,
    flat: Vec<Inner>,
    tags: BTreeMap<String, String>,
    plain: BTreeMap<String, Inner>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Inner {
    id: &'static str,
    tags: BTreeMap<String, String>,
}

const NAMES: Names = &[
    Member::list("Flat", "Entry"),
    Member::map("Tags", "Tag", "Key", "Value"),
];

fn written(output: &impl Serialize) -> String {
    let body = answer(&Service::Sqs, "Try", "r-1", output, NAMES).unwrap();
    String::from_utf8(body).unwrap()
}

fn result_of(output: &Output) -> String {
    let body = written(output);
    let (_, rest) = body.split_once("<TryResult>").unwrap();
    rest.split_once("</TryResult>").unwrap().0.to_owned()
}

fn tags() -> BTreeMap<String, String> {
    BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), String::new())])
}

#[test]
fn an_answer_has_its_namespace_result_and_request_id() {
    assert_eq!(
        written(&Output::default()),
        "<TryResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><TryResult></TryResult>\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></TryResponse>"
    );
}

#[test]
fn an_output_without_members_has_no_result() {
    assert_eq!(
        written(&()),
        "<TryResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">\
         <ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></TryResponse>"
    );
}

#[test]
fn scalars_are_elements() {
    let output = Output {
        text: Some("a<b".to_owned()),
        count: Some(7),
        on: Some(false),
        data: Some(Blob(vec![0, 1].into())),
        since: Some(Timestamp(1_700_000_000_123)),
        ..Output::default()
    };
    assert_eq!(
        result_of(&output),
        "<Text>a&lt;b</Text><Count>7</Count><On>false</On><Data>AAE=</Data><Since>2023-11-14T22:13:20.123Z</Since>"
    );
}

#[test]
fn lists_and_maps_have_the_form_of_their_member() {
    let inner = || Inner {
        id: "i",
        tags: tags(),
    };
    let flat_tags = "<Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key><Value></Value></Tag>";
    let output = Output {
        lines: vec!["x".to_owned(), "y".to_owned()],
        flat: vec![inner(), inner()],
        tags: tags(),
        plain: BTreeMap::from([("k".to_owned(), inner())]),
        ..Output::default()
    };
    let expected = format!(
        "<Lines><member>x</member><member>y</member></Lines>\
         <Entry><Id>i</Id>{flat_tags}</Entry><Entry><Id>i</Id>{flat_tags}</Entry>{flat_tags}\
         <Plain><entry><key>k</key><value><Id>i</Id>{flat_tags}</value></entry></Plain>"
    );
    assert_eq!(result_of(&output), expected);
}

#[test]
fn text_is_written_so_that_it_is_read_the_same() {
    let mut out = String::new();
    escape(&mut out, "a&<>\"'\t\n\r\0\u{1}\u{1f}\u{fffe}\u{ffff}é\u{10000}z");
    assert_eq!(out, "a&amp;&lt;&gt;&quot;'\t\n&#xD;é\u{10000}z");
}

proptest! {
    #[test]
    fn no_text_leaves_its_element(text in any::<String>()) {
        let mut out = String::new();
        escape(&mut out, &text);
        prop_assert!(!out.contains(['<', '>', '\r', '\0']));
        let read = out
            .replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
            .replace("&#xD;", "\r").replace("&amp;", "&");
        let carried: String = text
            .chars()
            .filter(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
            .collect();
        prop_assert_eq!(read, carried);
    }
}
