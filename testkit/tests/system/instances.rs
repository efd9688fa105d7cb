//! Instances: configuration, capacity, abort, superseding, isolation, logs.

use std::time::Duration;

use beanpole_protocol::api::{CreateDeployment, DeploymentPolicy, DeploymentStatus, RequestLogs};
use beanpole_testkit::{
    World, apps, eventually,
    world::{key, option, options},
};

#[tokio::test(flavor = "multi_thread")]
async fn configuration_capacity_abort_and_superseding() {
    let world = World::start("configuration_capacity_abort_and_superseding").await;
    world
        .launch_well("shop", apps::web("v1"), options(1, DeploymentPolicy::Immutable))
        .await;

    // An environment property reaches the application by a deployment of the same version.
    world
        .set_well(
            "shop",
            vec![option(
                "aws:elasticbeanstalk:application:environment",
                "GREETING",
                "servus",
            )],
        )
        .await;
    assert_eq!(
        world.get("shop", "/env/GREETING").await.unwrap(),
        (200, "servus".to_owned())
    );

    // Capacity is applied at once, without a deployment.
    let change = world
        .set("shop", vec![option("aws:autoscaling:asg", "MinSize", 3)])
        .await;
    assert!(change.is_none());
    eventually("three instances serve", Duration::from_secs(60), || async {
        let mut who = std::collections::BTreeSet::new();
        for _ in 0..12 {
            who.insert(world.get("shop", "/who").await.ok()?.1);
        }
        (who.len() == 3).then_some(())
    })
    .await;

    // A second deployment meanwhile is refused with the state's name; abort ends the first.
    world.upload("shop", "v2", apps::web("v2")).await;
    world.upload("shop", "v3", apps::web("v3")).await;
    world
        .set_well("shop", vec![option("beanpole:deployment", "GatePasses", 100)])
        .await;
    let first = world.deploy("shop", "v2", None).await;
    let second = CreateDeployment {
        version_label: "v3".to_owned(),
        policy: None,
    };
    let refused = world.client.deploy("shop", &key(), &second).await.unwrap_err();
    assert_eq!(refused.kind(), Some("environment_busy"), "{refused}");
    world.client.abort(&first.id).await.unwrap();
    assert_eq!(world.result(&first).await.status, DeploymentStatus::Aborted);
    assert_eq!(world.get("shop", "/").await.unwrap().1, "v1");

    // Or it takes the running one's place, as the option says.
    world
        .set_well(
            "shop",
            vec![
                option("beanpole:deployment", "WhenBusy", "supersede"),
                option("beanpole:deployment", "GatePasses", 10),
            ],
        )
        .await;
    let first = world.deploy("shop", "v2", None).await;
    let second = world.deploy("shop", "v3", None).await;
    assert_eq!(world.result(&first).await.status, DeploymentStatus::Superseded);
    assert_eq!(world.result(&second).await.status, DeploymentStatus::Succeeded);
    assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v3".to_owned()));

    eventually("what was superseded is gone", Duration::from_secs(30), || async {
        (world.client.instances("shop").await.ok()?.items.len() == 3).then_some(())
    })
    .await;

    // Logs come from the instances themselves.
    let logs = world
        .client
        .request_logs("shop", &RequestLogs::default())
        .await
        .unwrap();
    assert_eq!(logs.items.len(), 3);
    assert!(logs.items.iter().all(|log| log.text.is_some()), "{logs:?}");

    // Terminating leaves nothing.
    let change = world.client.terminate_environment("shop").await.unwrap();
    world.result(&change.deployment.unwrap()).await;
    assert_eq!(world.containers(), Vec::<String>::new());
    // Its route goes with the edge's next file, a moment after its last instance.
    eventually("the edge knows it no more", Duration::from_secs(10), || async {
        let (status, _) = world.get("shop", "/").await.ok()?;
        (status == 404).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_ignores_sigterm_is_killed_after_its_grace_period() {
    let world = World::start("an_app_that_ignores_sigterm_is_killed").await;
    let mut settings = options(1, DeploymentPolicy::Rolling);
    settings.push(option("beanpole:deployment", "StopGracePeriod", 2));
    world.launch("shop", apps::ignores_sigterm("v1"), settings).await;
    world.upload("shop", "v2", apps::web("v2")).await;
    let deployment = world.deploy("shop", "v2", None).await;
    assert_eq!(
        world.result(&deployment).await.status,
        DeploymentStatus::Succeeded
    );
    // The stubborn one is gone.
    world.comes_to(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_application_is_started_again() {
    let world = World::start("a_crashed_application_is_started_again").await;
    world
        .launch("shop", apps::web("v1"), options(1, DeploymentPolicy::Rolling))
        .await;
    let container = world.containers().remove(0);
    let killed = std::process::Command::new("docker")
        .args(["kill", "-s", "KILL", &container])
        .output()
        .unwrap();
    assert!(killed.status.success());
    eventually("it serves again", Duration::from_secs(60), || async {
        (world.get("shop", "/").await.ok()? == (200, "v1".to_owned())).then_some(())
    })
    .await;
}
