use serde_json::json;

use super::*;
use crate::{
    finding::Position,
    model::{Config, FileConfig, Resource},
    text::{Part, Text},
};

struct Here;

impl Lookup for Here {
    fn knows_environment(&self) -> bool {
        true
    }

    fn reference(&self, name: &str) -> Option<String> {
        (name == "AWS::Region").then(|| "eu-north-1".to_owned())
    }

    fn option(&self, namespace: &str, name: &str) -> Option<String> {
        (namespace == crate::ENVIRONMENT_PROPERTIES && name == "STAGE").then(|| "live".to_owned())
    }
}

fn config() -> Config {
    let mut file = FileConfig::default();
    file.parameters
        .insert("Size".to_owned(), json!({"Type": "Number", "Default": 3}));
    file.parameters
        .insert("Bare".to_owned(), json!({"Type": "String"}));
    file.mappings
        .insert("Places".to_owned(), json!({"eu-north-1": {"city": "Stockholm"}}));
    file.resources.insert(
        "Topic".to_owned(),
        Resource {
            kind: "AWS::SNS::Topic".to_owned(),
            body: json!({}),
            queue: None,
            policy: None,
            at: Position::START,
        },
    );
    Config { files: vec![file] }
}

fn evaluate(text: &str) -> Result<String, Trouble> {
    let (parts, troubles) = parts(text);
    assert_eq!(troubles, Vec::<String>::new());
    let text = Text {
        at: Position::START,
        key: String::new(),
        parts,
    };
    Evaluator {
        config: &config(),
        lookup: &Here,
    }
    .evaluate(&text)
}

#[test]
fn functions_become_text() {
    for (text, wanted) in [
        ("plain `date` text", "plain `date` text"),
        (r#"r=`{"Ref": "AWS::Region"}`;"#, "r=eu-north-1;"),
        (r#"`date` `{ "Ref" : "Size" }` `"#, "`date` 3 `"),
        (
            r#"`{"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}, 1]]}`"#,
            "a-eu-north-1-1",
        ),
        (
            r#"`{"Fn::FindInMap": ["Places", {"Ref": "AWS::Region"}, "city"]}`"#,
            "Stockholm",
        ),
        (
            r#"`{"Fn::Sub": "${AWS::Region}/${!x}/${Size}"}`"#,
            "eu-north-1/${x}/3",
        ),
        (r#"`{"Fn::Sub": ["${a}", {"a": {"Ref": "Size"}}]}`"#, "3"),
        (r#"`{"Fn::GetOptionSetting": {"OptionName": "STAGE"}}`"#, "live"),
        (
            r#"`{"Fn::GetOptionSetting": {"Namespace": "a", "OptionName": "b", "DefaultValue": "c"}}`"#,
            "c",
        ),
    ] {
        assert_eq!(evaluate(text), Ok(wanted.to_owned()), "{text}");
    }
}

#[test]
fn what_has_no_value_is_named() {
    for (text, words) in [
        (r#"`{"Ref": "Topic"}`"#, "Topic (AWS::SNS::Topic) is not created"),
        (r#"`{"Fn::GetAtt": ["Topic", "Arn"]}`"#, "AWS::SNS::Topic"),
        (
            r#"`{"Ref": "AWSEBSecurityGroup"}`"#,
            "no resource AWSEBSecurityGroup",
        ),
        (r#"`{"Ref": "Bare"}`"#, "no Default"),
        (r#"`{"Ref": "Nothing"}`"#, "no parameter and no resource Nothing"),
        (r#"`{"Fn::FindInMap": ["Places", "x", "city"]}`"#, "under x, city"),
    ] {
        match evaluate(text) {
            Err(Trouble::Never(message)) => assert!(message.contains(words), "{message}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let stack = evaluate(r#"`{"Ref": "AWS::StackName"}`"#);
    assert!(matches!(stack, Err(Trouble::NotHere(_))));
}

#[test]
fn broken_functions_are_told_and_left_as_they_are() {
    for (text, words) in [
        (r#"`{"Ref": "a"`"#, "no JSON"),
        (r#"`{"Fn::Join": ["a"]}`"#, "takes [text between"),
        (
            r#"`{"Fn::ImportValue": "a"}`"#,
            "Fn::ImportValue is not evaluated",
        ),
    ] {
        let (parts, troubles) = parts(text);
        assert!(troubles[0].contains(words), "{troubles:?}");
        assert!(matches!(&parts[0], Part::Plain(plain) if plain == text));
    }
}
