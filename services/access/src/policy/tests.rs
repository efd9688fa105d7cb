use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::*;

fn with(condition: &Json) -> Result<Policy, PolicyError> {
    let statement = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition});
    Policy::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string())
}

fn holds(condition: Json, keys: &[(&str, &[&str])]) -> bool {
    let keys: BTreeMap<String, Vec<String>> = keys
        .iter()
        .map(|(key, values)| {
            (
                (*key).to_owned(),
                values.iter().map(|&value| value.to_owned()).collect(),
            )
        })
        .collect();
    let policy = with(&condition).unwrap();
    policy.statements[0].applies(
        "sqs:SendMessage",
        "arn:aws:sqs:r:000000000001:q",
        &Context::of(&keys),
    )
}

#[test]
fn operators_compare_as_in_iam() {
    let one = |operator: &str, wanted: &str, found: &str| {
        holds(json!({operator: {"aws:Key": wanted}}), &[("aws:key", &[found])])
    };
    for (operator, wanted, yes, no) in [
        ("StringEquals", "a*", "a*", "ab"),
        ("StringNotEquals", "a", "A", "a"),
        ("StringEqualsIgnoreCase", "aB", "Ab", "b"),
        ("StringNotEqualsIgnoreCase", "aB", "b", "Ab"),
        ("StringLike", "a?c*", "abcd", "ac"),
        ("StringNotLike", "a*", "b", "ab"),
        (
            "ArnEquals",
            "arn:aws:sns:*:1:t*",
            "arn:aws:sns:r:1:topic",
            "arn:aws:sns:r:2:topic",
        ),
        (
            "ArnLike",
            "arn:aws:sns:*",
            "arn:aws:sns:r:1:topic",
            "arn:aws:sqs:r:1:t",
        ),
        (
            "ArnNotEquals",
            "arn:aws:sns:*",
            "arn:aws:sqs:r:1:t",
            "arn:aws:sns:r:1:t",
        ),
        (
            "ArnNotLike",
            "arn:aws:sns:*",
            "arn:aws:sqs:r:1:t",
            "arn:aws:sns:r:1:t",
        ),
        ("NumericEquals", "10", "10.0", "11"),
        ("NumericNotEquals", "10", "11", "10"),
        ("NumericLessThan", "10", "9", "10"),
        ("NumericLessThanEquals", "10", "10", "11"),
        ("NumericGreaterThan", "10", "11", "10"),
        ("NumericGreaterThanEquals", "10", "10", "9"),
        (
            "DateEquals",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:01Z",
        ),
        ("DateNotEquals", "2026-01-01", "2026-01-02", "2026-01-01"),
        ("DateLessThan", "2026-01-01T00:00:00Z", "1700000000", "2026-01-01"),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01", "2026-01-02"),
        ("DateGreaterThan", "2026-01-01", "2026-01-02", "2026-01-01"),
        (
            "DateGreaterThanEquals",
            "2026-01-01",
            "2026-01-01T01:00:00+01:00",
            "2025-12-31",
        ),
        ("Bool", "true", "TRUE", "false"),
        ("IpAddress", "10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        ("IpAddress", "10.0.0.7", "::ffff:10.0.0.7", "10.0.0.8"),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", "2001:db9::1"),
        ("IpAddress", "0.0.0.0/0", "1.2.3.4", "::1"),
        ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", "10.0.0.1"),
        ("NumericLessThan", "10", "9", "nine"),
    ] {
        assert!(one(operator, wanted, yes), "{operator} {wanted} {yes}");
        assert!(!one(operator, wanted, no), "{operator} {wanted} {no}");
    }
}

#[test]
fn a_missing_key_fails_comparisons_and_passes_their_opposites() {
    for (condition, expected) in [
        (json!({"StringEquals": {"aws:Key": "a"}}), false),
        (json!({"StringNotEquals": {"aws:Key": "a"}}), true),
        (json!({"NotIpAddress": {"aws:Key": "10.0.0.0/8"}}), true),
        (json!({"NumericLessThan": {"aws:Key": 5}}), false),
        (json!({"StringEqualsIfExists": {"aws:Key": "a"}}), true),
        (json!({"ForAnyValue:StringEquals": {"aws:Key": "a"}}), false),
        (json!({"ForAllValues:StringEquals": {"aws:Key": "a"}}), true),
        (json!({"Null": {"aws:Key": "true"}}), true),
        (json!({"Null": {"aws:Key": false}}), false),
    ] {
        assert_eq!(holds(condition.clone(), &[]), expected, "{condition}");
    }
}

#[test]
fn several_values_and_keys_combine() {
    let keys: &[(&str, &[&str])] = &[("aws:tags", &["a", "b"]), ("aws:username", &["ann"])];
    for (condition, expected) in [
        (
            json!({"ForAnyValue:StringEquals": {"aws:Tags": ["b", "c"]}}),
            true,
        ),
        (
            json!({"ForAllValues:StringEquals": {"aws:Tags": ["b", "c"]}}),
            false,
        ),
        (json!({"ForAllValues:StringLike": {"aws:Tags": ["?"]}}), true),
        (json!({"ForAnyValue:StringNotEquals": {"aws:Tags": "a"}}), true),
        (json!({"ForAllValues:StringNotEquals": {"aws:Tags": "a"}}), false),
        (json!({"StringEquals": {"aws:UserName": ["bob", "ann"]}}), true),
        (
            json!({"StringNotEquals": {"aws:username": ["bob", "ann"]}}),
            false,
        ),
        (
            json!({"StringEquals": {"aws:username": "ann", "aws:other": "x"}}),
            false,
        ),
        (
            json!({"StringEquals": {"aws:username": "ann"}, "Null": {"aws:other": "true"}}),
            true,
        ),
        (json!({"StringEquals": {"aws:username": "${aws:UserName}"}}), true),
        (
            json!({"StringEquals": {"aws:username": "${aws:PrincipalArn}"}}),
            false,
        ),
    ] {
        assert_eq!(holds(condition.clone(), keys), expected, "{condition}");
    }
}

#[test]
fn documents_that_are_not_understood_are_refused_with_their_place() {
    let refused = |document: Json| Policy::parse(&document.to_string()).unwrap_err().to_string();
    let statement = |element: &str, value: Json| {
        let mut statement = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
        statement[element] = value;
        refused(json!({"Statement": [statement]}))
    };
    let starts = |text: String, expected: &str| assert!(text.starts_with(expected), "{text}\n{expected}");
    starts(
        Policy::parse("{").unwrap_err().to_string(),
        "the document: is not JSON",
    );
    starts(refused(json!([])), "the document: is not a JSON object");
    starts(refused(json!({})), "the document: Statement is missing");
    starts(refused(json!({"Statement": []})), "Statement: is empty");
    starts(
        refused(json!({"Version": "2020", "Statement": []})),
        "Version: \"2020\" is neither",
    );
    starts(
        refused(json!({"Statment": []})),
        "the document: has an element \"Statment\"",
    );
    starts(
        statement("Effect", json!("allow")),
        "Statement[0].Effect: \"allow\" is neither",
    );
    starts(
        statement("Action", json!("SendMessage")),
        "Statement[0].Action: \"SendMessage\" is no action",
    );
    starts(
        statement("Action", json!([])),
        "Statement[0].Action: is an empty list",
    );
    starts(
        statement("NotAction", json!("*")),
        "Statement[0]: has both Action and NotAction",
    );
    starts(
        statement("Resource", json!("jobs")),
        "Statement[0].Resource: \"jobs\" is neither an ARN",
    );
    starts(
        statement("Principal", json!("ann")),
        "Statement[0].Principal: is neither \"*\"",
    );
    starts(
        statement("Principal", json!({"AWS": "arn:aws:iam::000000000001:user/*"})),
        "Statement[0].Principal.AWS: \"arn:aws:iam::000000000001:user/*\" has a wildcard",
    );
    starts(
        statement("Principal", json!({"AWS": "ann"})),
        "Statement[0].Principal.AWS: \"ann\" is no principal",
    );
    starts(
        statement("Principal", json!({"Federated": "x"})),
        "Statement[0].Principal.Federated: principals of",
    );
    starts(
        statement("Condition", json!({"Like": {}})),
        "Statement[0].Condition.Like: there is no condition",
    );
    starts(
        statement("Condition", json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}})),
        "Statement[0].Condition.IpAddress.aws:SourceIp: \"10.0.0.0/33\" is neither",
    );
    starts(
        statement("Condition", json!({"NumericEquals": {"aws:X": "ten"}})),
        "Statement[0].Condition.NumericEquals.aws:X: \"ten\" is no number",
    );
    starts(
        statement("Condition", json!({"ForSome:Bool": {"aws:X": "true"}})),
        "Statement[0].Condition.ForSome:Bool: ForSome is neither",
    );
    starts(
        refused(json!({"Statement": [
            {"Sid": "a", "Effect": "Allow", "Action": "*"},
            {"Sid": "a", "Effect": "Deny", "Action": "*"},
        ]})),
        "Statement[1].Sid: another statement has it too",
    );
}

#[test]
fn who_is_meant_belongs_to_resources_and_only_there() {
    let mine = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let its = r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}"#;
    assert!(Policy::identity(mine).is_ok());
    assert!(Policy::resource(its).is_ok());
    assert_eq!(
        Policy::resource(mine).unwrap_err().to_string(),
        "Statement[0]: Principal or NotPrincipal is missing"
    );
    assert!(Policy::identity(its).is_err());
}

#[test]
fn a_document_comes_back_as_it_was_meant() {
    let document = json!({
        "Version": "2012-10-17",
        "Id": "one",
        "Statement": [{
            "Sid": "a",
            "Effect": "Deny",
            "NotPrincipal": {"AWS": ["000000000001", "arn:aws:iam::000000000002:role/r"], "Service": "sns.amazonaws.com"},
            "NotAction": ["sqs:Get*", "sqs:List*"],
            "NotResource": "arn:aws:sqs:*:*:${aws:username}",
            "Condition": {"StringLike": {"aws:A": ["x", "y"], "aws:B": "z"}, "NumericLessThan": {"aws:C": "5"}},
        }],
    });
    let policy = Policy::parse(&document.to_string()).unwrap();
    assert_eq!(policy.to_json(), document);
    assert_eq!(Policy::parse(&policy.to_string()).unwrap(), policy);
}
