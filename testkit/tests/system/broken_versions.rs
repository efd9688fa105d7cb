//! A version that does not come up, by each policy: a precise answer, and the old one serving as
//! the policy promises.

use std::time::Duration;

use beanpole_protocol::api::{Deployment, DeploymentPolicy, DeploymentStatus, OptionSetting};
use beanpole_testkit::{
    World, apps, eventually,
    world::{option, options},
};

fn with_timeout(instances: u32, policy: DeploymentPolicy, seconds: u32) -> Vec<OptionSetting> {
    let mut all = options(instances, policy);
    all.retain(|option| option.name != "Timeout");
    all.push(option("aws:elasticbeanstalk:command", "Timeout", seconds));
    all
}

async fn deploy_broken(world: &World, label: &str, bundle: Vec<u8>, policy: DeploymentPolicy) -> Deployment {
    world.upload("shop", label, bundle).await;
    let deployment = world.deploy("shop", label, Some(policy)).await;
    world.result(&deployment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_answers_500_is_stopped_by_every_policy() {
    let world = World::start("a_version_that_answers_500_is_stopped_by_every_policy").await;
    world
        .launch_well(
            "shop",
            apps::web("v1"),
            with_timeout(2, DeploymentPolicy::Immutable, 4),
        )
        .await;

    // AllAtOnce last: nothing serves any more until the old version is back.
    let careful = [
        DeploymentPolicy::Immutable,
        DeploymentPolicy::TrafficSplitting,
        DeploymentPolicy::RollingWithAdditionalBatch,
        DeploymentPolicy::Rolling,
    ];
    for policy in careful {
        let load = beanpole_testkit::Load::start(world.edge, &World::host_name("shop"), 20);
        let result = deploy_broken(
            &world,
            &format!("bad-{}", policy.name()),
            apps::answers_500(),
            policy,
        )
        .await;
        let report = load.stop().await;
        let expected = match policy {
            DeploymentPolicy::Immutable | DeploymentPolicy::TrafficSplitting => DeploymentStatus::RolledBack,
            _ => DeploymentStatus::Failed,
        };
        assert_eq!(result.status, expected, "{policy:?}: {:?}", result.reason);
        assert_eq!(report.failed(), 0, "{policy:?}: {report:?}");
        let log = result.log_tail.unwrap_or_default();
        assert!(
            log.contains("the database is on fire"),
            "{policy:?}: the app's own lines are missing: {log:?}"
        );
        assert_eq!(
            world.environment("shop").await.version_label.as_deref(),
            Some("v1"),
            "{policy:?}"
        );
        eventually("two instances of v1 again", Duration::from_secs(60), || async {
            let instances = world.client.instances("shop").await.ok()?.items;
            (instances.len() == 2 && instances.iter().all(|one| one.version_label == "v1")).then_some(())
        })
        .await;
    }

    let result = deploy_broken(
        &world,
        "bad-AllAtOnce",
        apps::answers_500(),
        DeploymentPolicy::AllAtOnce,
    )
    .await;
    assert_eq!(result.status, DeploymentStatus::RolledBack, "{:?}", result.reason);
    let (status, _) = world.get("shop", "/").await.unwrap();
    assert_eq!(status, 200, "it ended when the old version served again");
    assert!(
        result
            .log_tail
            .unwrap_or_default()
            .contains("the database is on fire")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_be_broken_has_its_own_reason() {
    let world = World::start("each_way_to_be_broken_has_its_own_reason").await;
    world
        .launch_well(
            "shop",
            apps::web("v1"),
            with_timeout(1, DeploymentPolicy::Immutable, 5),
        )
        .await;
    let policy = DeploymentPolicy::Immutable;

    let built = deploy_broken(&world, "does-not-build", apps::does_not_build(), policy).await;
    assert!(
        matches!(
            built.status,
            DeploymentStatus::Failed | DeploymentStatus::RolledBack
        ),
        "{built:?}"
    );
    let told = format!("{:?} {:?}", built.reason, built.log_tail);
    assert!(told.contains("no such requirement, sorry"), "{told}");

    let exited = deploy_broken(&world, "exits", apps::exits(), policy).await;
    assert_eq!(exited.status, DeploymentStatus::RolledBack, "{:?}", exited.reason);
    assert!(
        exited
            .log_tail
            .clone()
            .unwrap_or_default()
            .contains("missing setting FOO"),
        "{exited:?}"
    );

    let silent = deploy_broken(&world, "never-listens", apps::never_listens(), policy).await;
    assert_eq!(silent.status, DeploymentStatus::RolledBack, "{:?}", silent.reason);
    assert!(
        silent.log_tail.clone().unwrap_or_default().contains("thinking"),
        "{silent:?}"
    );

    assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v1".to_owned()));
    // Nothing of the broken versions is left.
    world.comes_to(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_place_policies_return_to_the_last_good_version_when_told_to() {
    let world = World::start("in_place_policies_return_to_the_last_good_version_when_told_to").await;
    let mut settings = with_timeout(2, DeploymentPolicy::AllAtOnce, 4);
    settings.push(option("beanpole:deployment", "RollbackOnFailure", "true"));
    world.launch("shop", apps::web("v1"), settings).await;
    for policy in [DeploymentPolicy::AllAtOnce, DeploymentPolicy::Rolling] {
        let result = deploy_broken(
            &world,
            &format!("bad-{}", policy.name()),
            apps::answers_500(),
            policy,
        )
        .await;
        assert_eq!(
            result.status,
            DeploymentStatus::RolledBack,
            "{policy:?}: {:?}",
            result.reason
        );
        assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v1".to_owned()));
        // What failed is gone.
        world.comes_to(2).await;
    }
}
