//! `env.yaml` of a bundle, when an environment is created from it.

use beanpole_protocol::api::{CreateApplication, CreateEnvironment, UploadQuery};
use futures_util::stream;

use super::World;
use crate::{
    bundle::tests::{raw, zip},
    options::catalogue::{GROUP, PROPERTIES},
    testing::option,
};

async fn upload(world: &World, label: &str, manifest: &str) {
    let bytes = zip(&[
        raw("application.py", ""),
        raw("env.yaml", manifest),
        raw(
            ".ebextensions/a.config",
            "option_settings:\n  aws:autoscaling:asg: {MinSize: 1, MaxSize: 4}\n",
        ),
    ]);
    let length = bytes.len() as u64;
    let (query, body) = (UploadQuery::default(), stream::iter([Ok(bytes.into())]));
    world
        .admin
        .upload_version("shop", label, &query, length, body)
        .await
        .unwrap();
}

fn create(name: &str, label: &str) -> CreateEnvironment {
    CreateEnvironment {
        application: "shop".to_owned(),
        name: name.to_owned(),
        cname_prefix: None,
        platform: None,
        version_label: label.to_owned(),
        options: Vec::new(),
    }
}

#[tokio::test]
async fn an_environment_begins_as_the_manifest_says_below_what_is_asked_for() {
    let world = World::start().await;
    let body = CreateApplication {
        name: "shop".to_owned(),
        description: String::new(),
    };
    world.admin.create_application("app", &body).await.unwrap();
    let manifest = "CName: market\nOptionSettings:\n  aws:autoscaling:asg: {MinSize: 2}\n  aws:elasticbeanstalk:application:environment: {COLOUR: green, SIZE: s}\n";
    upload(&world, "v1", manifest).await;
    let mut request = create("prod", "v1");
    request.options = vec![option(PROPERTIES, "COLOUR", "red")];
    let made = world.admin.create_environment("one", &request).await.unwrap();
    assert!(
        made.environment.cname.starts_with("market."),
        "{:?}",
        made.environment
    );
    let options = world.admin.configuration("prod").await.unwrap();
    let value = |namespace: &str, name: &str| {
        let mut found = options
            .options
            .iter()
            .filter(|option| option.namespace == namespace && option.name == name);
        found
            .next()
            .map(|option| option.value.clone())
            .unwrap_or_default()
    };
    assert_eq!(value(GROUP, "MinSize"), "2");
    assert_eq!(value(GROUP, "MaxSize"), "4");
    assert_eq!(value(PROPERTIES, "COLOUR"), "red");
    assert_eq!(value(PROPERTIES, "SIZE"), "s");

    upload(&world, "worker", "EnvironmentTier: {Name: Worker}\n").await;
    let refused = world
        .admin
        .create_environment("two", &create("jobs", "worker"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), Some("worker_environment"));
    assert!(refused.to_string().contains("env.yaml:1:25"), "{refused}");

    upload(
        &world,
        "broken",
        "OptionSettings: {aws:autoscaling:asg: {MinSiz: 2}}\n",
    )
    .await;
    let refused = world
        .admin
        .create_environment("three", &create("late", "broken"))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("env.yaml:1:"), "{refused}");
}
