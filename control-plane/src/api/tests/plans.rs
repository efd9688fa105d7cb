//! What a bundle would change, before it is deployed.

use beanpole_protocol::api::{BundlePlan, CreateApplication, CreateEnvironment, Happened, Role, UploadQuery};
use futures_util::stream;

use super::{World, refusal};
use crate::{
    bundle::tests::{raw, zip},
    options::catalogue::{GROUP, PROPERTIES},
    testing::option,
};

fn bundle(config: &str) -> Vec<u8> {
    zip(&[raw("application.py", ""), raw(".ebextensions/a.config", config)])
}

async fn plan(
    client: &beanpole_protocol::client::Client,
    bytes: Vec<u8>,
) -> beanpole_protocol::client::Result<BundlePlan> {
    let length = bytes.len() as u64;
    client
        .plan("prod", length, stream::iter([Ok(bytes.into())]))
        .await
}

#[tokio::test]
async fn options_and_entries_are_compared_and_nothing_is_kept() {
    let world = World::start().await;
    let body = CreateApplication {
        name: "shop".to_owned(),
        description: String::new(),
    };
    world.admin.create_application("app", &body).await.unwrap();
    let first = bundle("option_settings:\n  aws:autoscaling:asg: {MinSize: 2}\n");
    let length = first.len() as u64;
    let (query, body) = (UploadQuery::default(), stream::iter([Ok(first.into())]));
    let uploaded = world
        .admin
        .upload_version("shop", "v1", &query, length, body)
        .await;
    uploaded.unwrap();
    let create = CreateEnvironment {
        application: "shop".to_owned(),
        name: "prod".to_owned(),
        cname_prefix: None,
        platform: None,
        version_label: "v1".to_owned(),
        options: vec![option(PROPERTIES, "COLOUR", "red")],
    };
    world.admin.create_environment("env", &create).await.unwrap();

    let next = "option_settings:\n  aws:autoscaling:asg: {MinSize: 3}\n  aws:elasticbeanstalk:application:environment: {COLOUR: green, SIZE: xl}\ncommands:\n  one: {command: 'true'}\n";
    let planned = plan(&world.admin, bundle(next)).await.unwrap();
    assert!(!planned.refused && planned.version_label.is_none(), "{planned:?}");
    let options: Vec<_> = planned
        .options
        .iter()
        .map(|change| {
            (
                change.name.as_str(),
                change.before.as_deref(),
                change.after.as_deref(),
            )
        })
        .collect();
    // COLOUR is set in the environment, which comes first.
    assert_eq!(
        options,
        [("MinSize", Some("2"), Some("3")), ("SIZE", None, Some("xl"))]
    );
    assert_eq!(planned.entries.len(), 1);
    assert_eq!(
        (planned.entries[0].section.as_str(), planned.entries[0].happened),
        ("commands", Happened::Added)
    );

    // Queues are told as what becomes of them, and options have their addresses already.
    let queue = "Resources:\n  Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs, DelaySeconds: 3}}\noption_settings:\n  aws:elasticbeanstalk:application:environment: {URL: !GetAtt Jobs.Arn}\n";
    let planned = plan(&world.admin, bundle(queue)).await.unwrap();
    assert!(!planned.refused && planned.findings.is_empty(), "{planned:?}");
    let queues: Vec<_> = planned
        .queues
        .iter()
        .map(|queue| (queue.logical_id.as_str(), queue.name.as_str(), queue.happened))
        .collect();
    assert_eq!(queues, [("Jobs", "jobs", Happened::Added)]);
    assert!(planned.entries.is_empty(), "{planned:?}");
    let arn = planned
        .options
        .iter()
        .find(|change| change.name == "URL")
        .unwrap();
    assert_eq!(
        arn.after.as_deref(),
        Some("arn:aws:sqs:us-east-1:000000000000:jobs")
    );

    let declared = beanpole_protocol::api::DeclareQueue::default();
    world
        .admin
        .declare_queue("shop", "jobs", &declared)
        .await
        .unwrap();
    let taken = plan(&world.admin, bundle(queue)).await.unwrap();
    assert!(taken.refused, "{taken:?}");
    assert_eq!(
        (taken.findings[0].line, taken.findings[0].key.as_str()),
        (2, "Resources.Jobs")
    );

    // What would be refused says so, with the place; what does not fit together, too.
    let broken = plan(&world.admin, bundle("commands: [\n")).await.unwrap();
    assert!(broken.refused && broken.findings[0].line == 1, "{broken:?}");
    let misfit = bundle("option_settings:\n  aws:autoscaling:asg: {MinSize: 5, MaxSize: 4}\n");
    let misfit = plan(&world.admin, misfit).await.unwrap();
    assert!(misfit.refused && misfit.options.is_empty(), "{misfit:?}");
    assert_eq!(misfit.findings[0].key, format!("{GROUP}/MinSize"));

    let viewer = world.user("vic", Role::Viewer).await;
    assert_eq!(refusal(plan(&viewer, bundle(next)).await).0, 403);
    let versions = world.admin.versions("shop", &Default::default()).await.unwrap();
    assert_eq!(versions.items.len(), 1);
}
