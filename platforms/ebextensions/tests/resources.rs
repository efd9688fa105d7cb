//! Queues that files declare, what options ask of them, and what files say of Beanstalk's own resources.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod common;

use std::collections::BTreeMap;

use beanpole_ebextensions::{
    Config, Lookup, Order, Parsed, Removal, Settled, Severity, Unknown, option_settings, parse, queue_names,
    queues,
};
use common::Here;

fn parsed(files: &[&str]) -> Parsed {
    let named: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(number, text)| (format!(".ebextensions/{number}.config"), *text))
        .collect();
    parse(&named)
}

fn config(files: &[&str]) -> Config {
    let parsed = parsed(files);
    assert_eq!(parsed.findings, [], "{files:?}");
    parsed.config
}

/// An environment whose queues have these names.
struct With<'a>(&'a BTreeMap<String, String>);

impl Lookup for With<'_> {
    fn knows_environment(&self) -> bool {
        true
    }

    fn reference(&self, name: &str) -> Option<String> {
        let url = |name: &String| format!("http://q/{name}");
        self.0.get(name).map(url).or_else(|| Here.reference(name))
    }

    fn option(&self, namespace: &str, name: &str) -> Option<String> {
        Here.option(namespace, name)
    }

    fn default_of(&self, _: &str, name: &str) -> Option<String> {
        (name == "MinSize").then(|| "1".to_owned())
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Option<String> {
        let name = self.0.get(resource)?;
        match attribute {
            "Arn" => Some(format!("arn:{name}")),
            "QueueName" => Some(name.clone()),
            _ => None,
        }
    }
}

fn made_up(id: &str, order: Order) -> String {
    match order {
        Order::Standard => format!("made-{id}"),
        Order::Fifo => format!("made-{id}.fifo"),
    }
}

const SHOP: &str = r#"
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    DeletionPolicy: Retain
    Properties:
      VisibilityTimeout: 45
      RedrivePolicy:
        deadLetterTargetArn: {"Fn::GetAtt": [Dead, Arn]}
        maxReceiveCount: 3
      Tags: [{Key: team, Value: blue}]
  Dead:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Join ['-', [dead, !Ref AWSEBEnvironmentName]]}
  Order:
    Type: AWS::SQS::Queue
    Properties: {FifoQueue: yes, ContentBasedDeduplication: "true"}
"#;

#[test]
fn queues_come_to_names_attributes_and_policies() {
    let config = config(&[SHOP]);
    let names = queue_names(&config, &Here, &made_up).unwrap();
    let wanted = queues(&config, &With(&names), &names).unwrap();
    let seen: Vec<_> = wanted
        .iter()
        .map(|queue| (queue.id.as_str(), queue.name.as_str(), queue.when_dropped))
        .collect();
    assert_eq!(
        seen,
        [
            ("Dead", "dead-shop-live", Removal::Delete),
            ("Jobs", "made-Jobs", Removal::Retain),
            ("Order", "made-Order.fifo", Removal::Delete),
        ]
    );
    assert_eq!(wanted[1].attributes["VisibilityTimeout"], "45");
    assert_eq!(
        wanted[1].attributes["RedrivePolicy"],
        r#"{"deadLetterTargetArn":"arn:dead-shop-live","maxReceiveCount":"3"}"#
    );
    assert_eq!(wanted[1].tags["team"], "blue");
    assert_eq!(wanted[2].attributes["FifoQueue"], "true");
    assert_eq!(
        (wanted[1].file.as_str(), wanted[1].at.line),
        (".ebextensions/0.config", 3)
    );
}

#[test]
fn the_last_file_that_declares_a_queue_counts() {
    let config = config(&[
        SHOP,
        "Resources: {Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}}",
    ]);
    let names = queue_names(&config, &Here, &made_up).unwrap();
    let wanted = queues(&config, &With(&names), &names).unwrap();
    assert_eq!((wanted[1].name.as_str(), wanted[1].attributes.len()), ("jobs", 0));
}

#[test]
fn what_a_queue_cannot_have_is_an_error_where_it_stands() {
    for (properties, column, words) in [
        ("VisibiltyTimeout: 3", 10, "did you mean VisibilityTimeout?"),
        ("Colour: blue", 10, "no property Colour: it has ContentBased"),
        ("VisibilityTimeout: 43201", 29, "from 0 to 43200"),
        ("QueueName: a/b", 21, "no name of a queue"),
        ("QueueName: jobs, FifoQueue: true", 21, "with .fifo at its end"),
        ("ContentBasedDeduplication: true", 10, "of FIFO queues"),
        ("DelaySeconds: [1]", 24, "a whole number from 0 to 900"),
        ("RedrivePolicy: dead", 25, "a map"),
        (
            "KmsMasterKeyId: {Ref: Nothing}",
            26,
            "no parameter and no resource Nothing",
        ),
        (
            "KmsMasterKeyId: {'Fn::GetAtt': [Q, Colour]}",
            26,
            "has no attribute Colour: it has Arn, QueueName, QueueUrl",
        ),
    ] {
        let text = format!(
            "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n         {{{properties}}}\n"
        );
        let found = parsed(&[&text]).findings;
        assert_eq!(found.len(), 1, "{properties}: {found:#?}");
        let place = (found[0].severity, found[0].line, found[0].column + 1);
        assert_eq!(
            place,
            (Severity::Error, 5, column + 2),
            "{properties}: {found:#?}"
        );
        assert!(found[0].message.contains(words), "{properties}: {found:#?}");
    }
}

const OPTIONS: &str = r#"
Resources:
  Jobs: {Type: "AWS::SQS::Queue"}
option_settings:
  aws:elasticbeanstalk:application:environment:
    JOBS: '`{"Ref": "Jobs"}`'
    ARN: !GetAtt Jobs.Arn
    WHERE: '`{"Fn::Join": ["/", [{"Ref": "AWSEBEnvironmentName"}, {"Fn::GetAtt": ["Jobs", "QueueName"]}]]}`'
    PLAIN: '`{"Ref": "AWS::Region"}`'
    AGAIN: '`{"Fn::GetOptionSetting": {"OptionName": "WHERE"}}`'
    LEAST: '`{"Fn::GetOptionSetting": {"Namespace": "aws:autoscaling:asg", "OptionName": "MinSize"}}`'
    OTHER: '`{"Fn::GetOptionSetting": {"OptionName": "NONE", "DefaultValue": "x"}}`'
"#;

#[test]
fn options_ask_for_queues_the_environment_and_each_other() {
    let config = config(&[OPTIONS]);
    let names = queue_names(&config, &Here, &made_up).unwrap();
    let settled = option_settings(&config, &With(&names));
    assert_eq!(
        (settled.findings.len(), settled.late.len()),
        (0, 0),
        "{settled:#?}"
    );
    let values: Vec<_> = settled
        .options
        .iter()
        .map(|option| (option.name.as_str(), option.value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("AGAIN", "shop-live/made-Jobs"),
            ("ARN", "arn:made-Jobs"),
            ("JOBS", "http://q/made-Jobs"),
            ("LEAST", "1"),
            ("OTHER", "x"),
            ("PLAIN", "eu-north-1"),
            ("WHERE", "shop-live/made-Jobs"),
        ]
    );
}

#[test]
fn without_an_environment_they_are_late_and_nothing_is_wrong() {
    let settled = option_settings(&config(&[OPTIONS]), &Unknown);
    assert_eq!(settled.findings, []);
    assert_eq!(settled.late.len(), 7, "{settled:#?}");
    let circle = "option_settings:\n  aws:elasticbeanstalk:application:environment:\n    A: '`{\"Fn::GetOptionSetting\": {\"OptionName\": \"B\"}}`'\n    B: '`{\"Fn::GetOptionSetting\": {\"OptionName\": \"A\"}}`'\n";
    let Settled { findings, .. } = option_settings(&config(&[circle]), &Here);
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert!(findings[0].message.contains("depends on itself"));
}

#[test]
fn what_is_said_of_beanstalks_own_resources_is_an_option_of_that_file() {
    let text = r#"
option_settings:
  aws:autoscaling:asg: {MaxSize: 8}
Resources:
  AWSEBAutoScalingGroup:
    Properties: {MinSize: 2, MaxSize: "6", HealthCheckType: ELB}
  AWSEBV2LoadBalancerTargetGroup:
    Properties:
      Matcher: {HttpCode: "200-299"}
      TargetGroupAttributes: [{Key: deregistration_delay.timeout_seconds, Value: 30}]
  AWSEBSecurityGroup: {Properties: {}}
"#;
    let parsed = parsed(&[text, "option_settings: {'aws:autoscaling:asg': {MinSize: 3}}"]);
    let said: Vec<_> = parsed.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            ".ebextensions/0.config:6:39: warning: aws:autoscaling:asg MaxSize is set a second time (first on line 3): only this one counts",
            ".ebextensions/0.config:6:44: warning: HealthCheckType of AWSEBAutoScalingGroup has no effect: no option says the same",
            ".ebextensions/0.config:11:3: warning: AWSEBSecurityGroup is a resource of Beanstalk's own which Beanpole does not have: changing it has no effect",
        ]
    );
    let settled = option_settings(&parsed.config, &Here);
    let values: Vec<_> = settled
        .options
        .iter()
        .map(|option| (option.name.as_str(), option.value.as_str()))
        .collect();
    assert_eq!(
        values,
        [
            ("MaxSize", "6"),
            ("MinSize", "3"),
            ("DeregistrationDelay", "30"),
            ("MatcherHTTPCode", "200-299"),
        ]
    );
}

#[test]
fn a_policy_is_an_attribute_of_its_queues() {
    const POLICY: &str = r#"
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs, !Ref Order]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: "*", Action: ["sqs:SendMessage"], Resource: !GetAtt Jobs.Arn}
"#;
    let wanted = |text: &str| {
        let config = config(&[text]);
        let names = queue_names(&config, &Here, &made_up).unwrap();
        queues(&config, &With(&names), &names)
    };
    let found = wanted(&format!("{SHOP}{POLICY}")).unwrap();
    let expected = r#"{"Statement":[{"Action":["sqs:SendMessage"],"Effect":"Allow","Principal":"*","Resource":"arn:made-Jobs"}],"Version":"2012-10-17"}"#;
    let policies: Vec<_> = found.iter().map(|queue| queue.attributes.get("Policy")).collect();
    assert_eq!(
        policies,
        [None, Some(&expected.to_owned()), Some(&expected.to_owned())]
    );
    for (queues, words) in [
        (
            "['http://q/elsewhere']",
            "0.config:22:16: error: http://q/elsewhere is no queue of these files",
        ),
        (
            "[!Ref Jobs, !Ref Jobs]",
            "the queue Jobs has another policy already",
        ),
    ] {
        let text = format!("{SHOP}{POLICY}").replace("[!Ref Jobs, !Ref Order]", queues);
        let error = wanted(&text).unwrap_err()[0].to_string();
        assert!(error.contains(words), "{error}");
    }
    for (properties, words) in [
        ("", "takes PolicyDocument and Queues"),
        ("Queues: [], PolicyDocument: {}", "names no queue"),
        (
            "Queues: [!Ref Nothing], PolicyDocument: {}",
            "no resource Nothing",
        ),
    ] {
        let text =
            format!("Resources: {{P: {{Type: 'AWS::SQS::QueuePolicy', Properties: {{{properties}}}}}}}");
        let found = parsed(&[&text]).findings;
        assert!(found[0].message.contains(words), "{found:?}");
    }
}
