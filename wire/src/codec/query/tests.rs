use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::decode;
use crate::{AwsError, Blob, Member, Names, Timestamp};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    text: Option<String>,
    count: Option<i32>,
    #[serde(rename = "enabled")]
    on: Option<bool>,
    kind: Option<Kind>,
    data: Option<Blob>,
    since: Option<Timestamp>,
    lines: Option<Vec<String>>,
    flat: Vec<Inner>,
    tags: Option<BTreeMap<String, String>>,
    plain: BTreeMap<String, Inner>,
    inner: Option<Box<Inner>>,
}

#[derive(Debug, PartialEq, Deserialize)]
enum Kind {
    Fast,
    Slow,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Inner {
    id: Option<String>,
    size: Option<u8>,
    tags: Option<BTreeMap<String, String>>,
}

const NAMES: Names = &[
    Member::list("Flat", "Entry"),
    Member::map("Tags", "Tag", "Key", "Value"),
];

fn read(body: &str) -> Result<Request, AwsError> {
    decode(body.as_bytes(), NAMES)
}

fn refused(body: &str) -> (&'static str, String) {
    let error = read(body).expect_err("a refusal");
    (error.kind.query_code, error.message.into_owned())
}

#[test]
fn scalars_are_read_from_text() {
    let read =
        read("Text=a%20b+c%26&Count=-5&enabled=true&Kind=Slow&Data=AAE%3D&Since=2023-11-14T22%3A13%3A20.5Z")
            .unwrap();
    assert_eq!(read.text.as_deref(), Some("a b c&"));
    assert_eq!(
        (read.count, read.on, read.kind),
        (Some(-5), Some(true), Some(Kind::Slow))
    );
    assert_eq!(read.data, Some(Blob(vec![0, 1].into())));
    assert_eq!(read.since, Some(Timestamp(1_700_000_000_500)));
}

#[test]
fn what_is_absent_is_the_default_and_what_is_unknown_is_nobodys() {
    assert_eq!(read("").unwrap(), Request::default());
    assert_eq!(
        read("Action=A&Version=1&Else.1.Deep=x&&").unwrap(),
        Request::default()
    );
    assert_eq!(read("Text=").unwrap().text.as_deref(), Some(""));
}

#[test]
fn lists_are_read_in_every_form_and_by_number() {
    let expected = Some(vec!["a".to_owned(), "b".to_owned(), "c".to_owned()]);
    for body in [
        "Lines.member.1=a&Lines.member.2=b&Lines.member.3=c",
        "Lines.1=a&Lines.2=b&Lines.3=c",
        "Lines.10=c&Lines.9=b&Lines.1=a",
        "Lines.0=a&Lines.99999999999999=b&Lines.999999999999999999999999999999=c",
    ] {
        assert_eq!(read(body).unwrap().lines, expected, "{body}");
    }
    assert_eq!(read("Lines=").unwrap().lines, Some(Vec::new()));
    for body in [
        "Entry.1.Id=a&Entry.1.Size=7",
        "Flat.member.1.Id=a&Flat.member.1.Size=7",
        "Entry.member.3.Id=a&Entry.member.3.Size=7",
    ] {
        let flat = read(body).unwrap().flat;
        assert_eq!(
            (flat.len(), flat[0].id.as_deref(), flat[0].size),
            (1, Some("a"), Some(7)),
            "{body}"
        );
    }
}

#[test]
fn maps_are_read_in_both_forms_at_any_depth() {
    let tags = Some(BTreeMap::from([
        ("a".to_owned(), "1".to_owned()),
        ("b".to_owned(), String::new()),
    ]));
    let flat = "Tag.1.Key=a&Tag.1.Value=1&Tag.2.Key=b&Tag.2.Value=";
    assert_eq!(read(flat).unwrap().tags, tags);
    let ordinary = "Tags.entry.1.key=a&Tags.entry.1.value=1&Tags.entry.2.key=b&Tags.entry.2.value=";
    assert_eq!(read(ordinary).unwrap().tags, tags);
    let deep = "Entry.1.Tag.1.Key=a&Entry.1.Tag.1.Value=1&Entry.1.Tag.2.Key=b&Entry.1.Tag.2.Value=";
    assert_eq!(read(deep).unwrap().flat[0].tags, tags);
    let plain = read("Plain.entry.1.key=k&Plain.entry.1.value.Id=i&Inner.Size=3").unwrap();
    assert_eq!(plain.plain["k"].id.as_deref(), Some("i"));
    assert_eq!(plain.inner.unwrap().size, Some(3));
}

#[test]
fn a_bad_value_is_named_as_the_caller_wrote_it() {
    for (body, code, member) in [
        ("Count=abc", "InvalidParameterValue", "Count"),
        ("Count=", "InvalidParameterValue", "Count"),
        ("Count=99999999999", "InvalidParameterValue", "Count"),
        ("enabled=yes", "InvalidParameterValue", "enabled"),
        ("Kind=Sideways", "InvalidParameterValue", "Kind"),
        ("Data=***", "InvalidParameterValue", "Data"),
        ("Since=yesterday", "InvalidParameterValue", "Since"),
        ("Since=NaN", "InvalidParameterValue", "Since"),
        ("Lines=a", "InvalidParameterValue", "Lines"),
        ("Tag=a", "InvalidParameterValue", "Tag"),
        ("Text.1=a", "InvalidParameterValue", "Text"),
        ("Entry.2.Size=256", "InvalidParameterValue", "Entry.2.Size"),
        ("Lines.1.x=a", "InvalidParameterValue", "Lines.1"),
        ("Tag.3.Key=a", "MissingParameter", "Tag.3.Value"),
        ("Tag.3.Value=a", "MissingParameter", "Tag.3.Key"),
    ] {
        let (told, message) = refused(body);
        assert_eq!(told, code, "{body}: {message}");
        assert!(
            message.contains(&format!("parameter {member} "))
                || message.contains(&format!("parameter {member}.")),
            "{body}: {message}"
        );
    }
}

#[test]
fn hostile_forms_are_refused_within_bounds() {
    let dots = ".".repeat(10_000);
    let many: String = (0..10_001).map(|n| format!("K{n}=&")).collect();
    for body in [
        &*dots,
        &format!("Lines{dots}1=a"),
        &many,
        "Text=a&Text=b",
        "Text=%FF",
        "%FF=a",
    ] {
        let (code, message) = refused(body);
        assert_eq!(code, "MalformedQueryString");
        assert!(message.len() < 200, "{message}");
    }
    assert_eq!(read("Text=%zz").unwrap().text.as_deref(), Some("%zz"));
    let strange = read(".=a&..1=b&=c&Lines..1=d&Lines.-1=e&Lines.1e9=f").unwrap();
    assert_eq!(strange.lines, Some(Vec::new()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode::<Request>(&body, NAMES);
    }

    #[test]
    fn no_keys_make_it_panic(body in "((Text|Lines|Entry|Tag|Plain|member|entry|Key|Value|1|22|%2E|%)[.=&]){0,40}") {
        let _ = read(&body);
    }

    #[test]
    fn text_survives_the_form(text in any::<String>()) {
        let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        prop_assert_eq!(read(&format!("Text={encoded}")).unwrap().text, Some(text));
    }
}
