//! Queues that `.ebextensions` declare, from the first message to the end of their environment.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus, EventQuery, PageQuery};
use beanpole_testkit::{
    World, apps, eventually,
    world::{option, options},
};

const FILE: &str = r#"
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 45
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}
  Dead: {Type: "AWS::SQS::Queue"}
option_settings:
  aws:elasticbeanstalk:application:environment:
    JOBS_URL: '`{"Ref": "Jobs"}`'
    WHO: '`{"Fn::Sub": "${AWSEBEnvironmentName} of ${AWS::StackName}"}`'
files:
  /etc/shop.ini:
    mode: "000644"
    content: "jobs=`{\"Ref\":\"Jobs\"}`"
commands:
  copy: {command: "(cat /etc/shop.ini && echo \" of $WHO\") > /etc/shop.copy"}
container_commands:
  01_tell:
    command: echo '`{"Ref":"Jobs"}`' '`{"Fn::GetOptionSetting":{"OptionName":"WHO"}}`' > /var/app/told
"#;

async fn text(world: &World, path: &str) -> String {
    let (status, body) = world.get("shop", path).await.unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    body.trim().to_owned()
}

/// The names of the application's queues.
async fn queues(world: &World) -> Vec<String> {
    let page = world.client.queues("shop", &PageQuery::default()).await.unwrap();
    page.items.into_iter().map(|queue| queue.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_queue_is_used_by_its_url_and_ends_with_its_environment() {
    let world = World::start("a_declared_queue_is_used_and_ends").await;
    let mut settings = options(1, DeploymentPolicy::AllAtOnce);
    settings.retain(|setting| setting.name != "Memory");
    settings.push(option("beanpole:instance", "Memory", 256));
    let bundle = apps::uses_sqs_with(&[(".ebextensions/queues.config", FILE)]);
    world.launch_well("shop", bundle, settings).await;

    let made = queues(&world).await;
    assert_eq!(made.len(), 2, "{made:?}");
    let id = world.environment("shop").await.id;
    let url = text(&world, "/env/JOBS_URL").await;
    let path = format!("/000000000000/{}", made[1]);
    assert!(
        url.starts_with("http://169.254.170.2:") && url.ends_with(&path),
        "{url}"
    );
    assert_eq!(
        text(&world, "/env/WHO").await,
        format!("shop of awseb-{id}-stack")
    );
    assert_eq!(
        text(&world, "/file/var/app/told").await,
        format!("{url} shop of awseb-{id}-stack")
    );
    // So are files, and commands after them, that cannot be in the image.
    assert_eq!(text(&world, "/file/etc/shop.ini").await, format!("jobs={url}"));
    assert_eq!(
        text(&world, "/file/etc/shop.copy").await,
        format!("jobs={url} of shop of awseb-{id}-stack")
    );
    assert_eq!(text(&world, "/through/JOBS_URL?first").await, "first");

    // How long it all took is told once.
    let events = world.client.events("shop", &EventQuery::default()).await.unwrap();
    for key in ["files", "commands", "container_commands"] {
        let beginning = format!(".ebextensions/queues.config: {key} took ");
        let told = events
            .items
            .iter()
            .filter(|event| event.message.starts_with(&beginning));
        assert_eq!(told.count(), 1, "{key}: {:#?}", events.items);
    }

    let change = world.client.terminate_environment("shop").await.unwrap();
    let ended = world.result(&change.deployment.unwrap()).await;
    assert_eq!(ended.status, DeploymentStatus::Succeeded);
    eventually("the queues are gone", Duration::from_secs(5), || async {
        queues(&world).await.is_empty().then_some(())
    })
    .await;
}
