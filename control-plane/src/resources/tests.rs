//! Queues that versions declare, through deployments that go well and others.

use std::collections::BTreeMap;

use beanpole_protocol::{
    Platform,
    agent::InstanceState,
    api::{DeploymentPolicy, DeploymentStatus, EnvironmentChange},
};
use beanpole_sqs::backend::of_applications;

use crate::{
    bundle::configuration::{Installation, judge},
    ops::version_files,
    options::catalogue::{DEPLOYMENT, PROPERTIES},
    store::column::to_json,
    testing::{Stage, option},
};

/// Gives a version a configuration file.
async fn brings(stage: &Stage, label: &str, text: &str) {
    let files = [(".ebextensions/q.config".to_owned(), text.as_bytes().to_vec())];
    let region = &stage.app.config.aws.region;
    let judgement = judge(&files, Platform::Python, &Installation { region });
    let id = &stage.versions[label];
    let sealed = version_files::seal(&stage.app.secrets, id, &judgement, &files).unwrap();
    sqlx::query(
        "update control.application_versions set option_settings_sealed = $2, findings = $3,
           configuration_files_sealed = $4 where id = $1",
    )
    .bind(id.as_str())
    .bind(sealed.settings)
    .bind(to_json(&judgement.findings).unwrap())
    .bind(sealed.files)
    .execute(&stage.app.pool)
    .await
    .unwrap();
}

/// Names of the application's queues, and the timeout of each.
async fn queues(stage: &Stage) -> BTreeMap<String, u64> {
    let application = stage.environment("prod").await.application_id;
    let mut connection = stage.connection().await;
    let found = of_applications(&mut connection, &[application.as_str()])
        .await
        .unwrap();
    found
        .into_iter()
        .map(|queue| (queue.key.name, queue.attributes.visibility_timeout.as_secs()))
        .collect()
}

async fn names(stage: &Stage) -> Vec<String> {
    queues(stage).await.into_keys().collect()
}

async fn properties(stage: &Stage) -> BTreeMap<String, String> {
    let environment = stage.environment("prod").await;
    let set = crate::configurations::load_one(
        &mut *stage.connection().await,
        &stage.app.secrets,
        &environment.id,
        environment.configuration,
    )
    .await;
    set.unwrap().properties()
}

async fn deploy(stage: &mut Stage, label: &str) -> (EnvironmentChange, DeploymentStatus) {
    let change = stage
        .deploy("prod", label, DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    let status = stage.result(&change).await.status;
    (change, status)
}

fn jobs(timeout: u32) -> String {
    format!(
        "Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: jobs
      VisibilityTimeout: {timeout}
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
  Dead: {{Type: 'AWS::SQS::Queue'}}
option_settings:
  {PROPERTIES}:
    URL: !Ref Jobs
    WHO: '`{{\"Fn::Join\": [\"/\", [{{\"Ref\": \"AWSEBEnvironmentName\"}}, {{\"Fn::GetOptionSetting\": {{\"OptionName\": \"STAGE\", \"DefaultValue\": \"none\"}}}}]]}}`'
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn queues_come_change_and_go_with_versions_and_the_environment() {
    let mut stage = Stage::launched(1, Vec::new()).await;
    brings(&stage, "v2", &jobs(40)).await;
    brings(&stage, "v3", &jobs(50)).await;
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    // They are there with the deployment, before any instance is.
    let there = queues(&stage).await;
    assert_eq!((there.len(), there["jobs"]), (2, 40));
    let made_up = names(&stage).await.remove(0);
    let id = stage.environment("prod").await.id;
    assert!(
        made_up.starts_with(&format!("awseb-{id}-stack-Dead-")),
        "{made_up}"
    );
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    let told = properties(&stage).await;
    let base = stage.app.config.services_base();
    assert_eq!(told["URL"], format!("{base}/000000000000/jobs"));
    assert_eq!(told["WHO"], "prod/none");

    // An option that the files ask for is asked for again.
    let change = stage
        .update("prod", vec![option(PROPERTIES, "STAGE", "live")], Vec::new())
        .await
        .unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(properties(&stage).await["WHO"], "prod/live");

    assert_eq!(deploy(&mut stage, "v3").await.1, DeploymentStatus::Succeeded);
    assert_eq!(queues(&stage).await["jobs"], 50);

    // v4 declares none: they go when it has come.
    let change = stage
        .deploy("prod", "v4", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    assert_eq!(queues(&stage).await.len(), 2);
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(names(&stage).await, Vec::<String>::new());

    // Names are free again at once, and the end of the environment takes the queues along.
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    assert_eq!(queues(&stage).await.len(), 2);
    let change = stage.terminate("prod").await.unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(names(&stage).await, Vec::<String>::new());
    let told: Vec<_> = stage
        .events("prod")
        .await
        .into_iter()
        .map(|event| event.message)
        .collect();
    assert!(
        told.contains(&"Deleted queue jobs (Jobs).".to_owned()),
        "{told:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_policy_comes_and_goes_with_its_version() {
    let mut stage = Stage::launched(1, Vec::new()).await;
    let policy = "Resources:
  Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}
  Open:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument:
        Version: 2012-10-17
        Statement: {Effect: Allow, Principal: '*', Action: 'sqs:SendMessage', Resource: !GetAtt Jobs.Arn}
";
    let document = async |stage: &Stage| {
        let application = stage.environment("prod").await.application_id;
        let mut connection = stage.connection().await;
        let found = of_applications(&mut connection, &[application.as_str()])
            .await
            .unwrap();
        found[0].attributes.policy.clone().map(|(_, text)| text)
    };
    brings(&stage, "v2", policy).await;
    brings(
        &stage,
        "v3",
        "Resources: {Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}}",
    )
    .await;
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    let text = document(&stage).await.unwrap();
    assert!(
        text.contains("sqs:SendMessage") && text.contains(":jobs\""),
        "{text}"
    );
    assert_eq!(deploy(&mut stage, "v3").await.1, DeploymentStatus::Succeeded);
    assert_eq!(document(&stage).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_fails_gives_attributes_back_and_removes_nothing() {
    let mut stage = Stage::launched(1, vec![option(DEPLOYMENT, "RollbackOnFailure", "true")]).await;
    brings(&stage, "v2", &jobs(40)).await;
    brings(
        &stage,
        "v3",
        "Resources: {Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs, VisibilityTimeout: 9}}}",
    )
    .await;
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    let bad = stage.versions["v3"].clone();
    let failed = InstanceState::Failed {
        reason: "it ends".to_owned(),
    };
    stage.agents[0].bad_versions.insert(bad, failed);
    let change = stage
        .deploy("prod", "v3", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    assert_eq!(queues(&stage).await["jobs"], 9);
    assert_ne!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    let there = queues(&stage).await;
    assert_eq!((there.len(), there["jobs"]), (2, 40), "{there:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_kept_stays_and_is_the_applications() {
    let mut stage = Stage::launched(1, Vec::new()).await;
    brings(
        &stage,
        "v2",
        "Resources:\n  Kept: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain}\n  Moved: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain, Properties: {QueueName: one}}\n",
    )
    .await;
    // Another name is another queue, and UpdateReplacePolicy says nothing of keeping the first.
    brings(
        &stage,
        "v3",
        "Resources:\n  Moved: {Type: 'AWS::SQS::Queue', DeletionPolicy: Retain, Properties: {QueueName: two}}\n",
    )
    .await;
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    let kept = names(&stage).await.remove(0);
    assert_eq!(deploy(&mut stage, "v3").await.1, DeploymentStatus::Succeeded);
    assert_eq!(names(&stage).await, [kept.clone(), "two".to_owned()]);
    // The environment finds what it made up again.
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    assert_eq!(names(&stage).await, [kept.clone(), "one".to_owned()]);
    let change = stage.terminate("prod").await.unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(names(&stage).await, [kept, "one".to_owned()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_refused_with_its_place_and_nothing_is_touched() {
    let stage = Stage::launched(1, Vec::new()).await;
    let other = stage.create("other", Vec::new()).await.unwrap();
    assert!(other.deployment.is_some());
    brings(
        &stage,
        "v2",
        "Resources:\n  Q: {Type: 'AWS::SQS::Queue', Properties: {QueueName: mine}}\n",
    )
    .await;
    brings(
        &stage,
        "v3",
        &format!("option_settings:\n  {PROPERTIES}:\n    A: '`{{\"Fn::GetOptionSetting\": {{\"OptionName\": \"NONE\"}}}}`'\n"),
    )
    .await;
    brings(
        &stage,
        "v4",
        "Resources:\n  Q: {Type: 'AWS::SQS::Queue', Properties: {RedrivePolicy: {deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:gone', maxReceiveCount: 1}}}\n",
    )
    .await;
    let launching = stage
        .deploy("other", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap_err();
    assert_eq!(launching.kind, "environment_busy");
    stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    stage.terminate("other").await.unwrap();
    let events = stage.events("prod").await.len();

    let second = stage.create_with("second", "v2", Vec::new()).await.unwrap_err();
    assert_eq!((second.status.as_u16(), second.kind), (409, "queue_exists"));
    assert!(
        second
            .message
            .starts_with(".ebextensions/q.config:2:3: error: the queue Q cannot be had: "),
        "{}",
        second.message
    );
    for (label, words) in [
        ("v3", ".ebextensions/q.config:3:8: error: the option"),
        ("v4", "Dead letter target does not exist"),
    ] {
        let refused = stage.create_with("second", label, Vec::new()).await.unwrap_err();
        assert_eq!(refused.status.as_u16(), 422, "{label}: {}", refused.message);
        assert!(refused.message.contains(words), "{label}: {}", refused.message);
    }
    assert_eq!(names(&stage).await, ["mine"]);
    assert_eq!(stage.events("prod").await.len(), events);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_late_reaches_instances_with_what_the_environment_has() {
    let mut stage = Stage::launched(1, vec![option(PROPERTIES, "STAGE", "live")]).await;
    let text = |count: u32| {
        format!(
            "Resources: {{Jobs: {{Type: 'AWS::SQS::Queue', Properties: {{QueueName: jobs}}}}}}
files: {{/etc/name: {{content: !Ref AWSEBEnvironmentName}}}}
container_commands:
  plain: {{command: 'true'}}
  tell: {{command: 'echo {count} `{{\"Ref\": \"Jobs\"}}` `{{\"Ref\": \"AWSEBEnvironmentName\"}}`'}}
  last: {{command: 'echo `{{\"Fn::GetOptionSetting\": {{\"OptionName\": \"STAGE\"}}}}`'}}
"
        )
    };
    brings(&stage, "v2", &text(1)).await;
    let told = |stage: &Stage| {
        let instances = &stage.agents[0].desired.instances;
        instances
            .iter()
            .find_map(|instance| instance.env.get("BEANPOLE_LATE").cloned())
    };
    assert_eq!(told(&stage), None);
    assert_eq!(deploy(&mut stage, "v2").await.1, DeploymentStatus::Succeeded);
    let base = stage.app.config.services_base().to_owned();
    let expected = format!(
        r#"[{{"file":".ebextensions/q.config","name":"last","command":"echo live","leader_only":false,"ignore_errors":false}},{{"file":".ebextensions/q.config","name":"tell","command":"echo 1 {base}/000000000000/jobs prod","leader_only":false,"ignore_errors":false}}]"#
    );
    let late: serde_json::Value = serde_json::from_str(&told(&stage).unwrap()).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(late["commands"], expected);
    let step = &late["steps"][0];
    assert_eq!(
        (&step["file"], &step["name"]),
        (&".ebextensions/q.config".into(), &"files".into())
    );
    assert!(step["script"].as_str().unwrap().contains("/etc/name"));
    // They are nobody's options, and a version without any takes them away.
    let environment = stage.environment("prod").await;
    let set = crate::configurations::load_one(
        &mut *stage.connection().await,
        &stage.app.secrets,
        &environment.id,
        environment.configuration,
    )
    .await
    .unwrap();
    let shown = set.effective(crate::options::Reveal::Values);
    assert!(shown.iter().all(|option| !option.value.contains("echo")));
    assert_eq!(deploy(&mut stage, "v3").await.1, DeploymentStatus::Succeeded);
    assert_eq!(told(&stage), None);
}
