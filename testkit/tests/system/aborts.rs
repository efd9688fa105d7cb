//! Aborts late in a deployment, under load: the version before comes back and no request fails.

use std::time::Duration;

use beanpole_protocol::api::{
    Deployment, DeploymentPolicy, DeploymentStatus, EnvironmentStatus, EventQuery, InstanceIntent,
};
use beanpole_testkit::{
    Load, World, apps, eventually,
    world::{option, options},
};

/// `shop` with two instances of v1 under load, and v2 uploaded.
async fn under_load(test: &str, policy: DeploymentPolicy) -> (World, Load) {
    let world = World::start(test).await;
    let mut chosen = options(2, policy);
    chosen.retain(|option| option.name != "Timeout");
    chosen.push(option("aws:elasticbeanstalk:command", "Timeout", 20));
    chosen.push(option("beanpole:deployment", "RollbackOnFailure", true));
    world.launch_well("shop", apps::web("v1"), chosen).await;
    let load = Load::start(world.edge, &World::host_name("shop"), 40);
    eventually("the load runs", Duration::from_secs(20), || {
        let answered = load.so_far().answered;
        async move { (answered > 40).then_some(()) }
    })
    .await;
    (world, load)
}

async fn until_phase(world: &World, deployment: &Deployment, phase: &str) {
    eventually(phase, Duration::from_secs(120), || async {
        let now = world.client.deployment(&deployment.id).await.ok()?;
        assert!(!now.status.is_terminal(), "it ended before {phase}: {now:?}");
        (now.phase == phase).then_some(())
    })
    .await;
}

/// Until no instance of `label` gets new requests.
async fn until_out_of_service(world: &World, label: &str) {
    eventually("it is out of service", Duration::from_secs(120), || async {
        let instances = world.client.instances("shop").await.ok()?.items;
        let serves = instances
            .iter()
            .any(|one| one.version_label == label && one.intent == InstanceIntent::InService);
        (!serves && !instances.is_empty()).then_some(())
    })
    .await;
}

/// Asks while it goes back, and checks that this changes nothing but an event.
async fn abort_again(world: &World, deployment: &Deployment) {
    until_phase(world, deployment, "returning").await;
    let again = world.client.abort(&deployment.id).await.unwrap();
    assert_eq!(again.phase, "returning");
    let updating = world.environment("shop").await.status;
    assert_eq!(updating, EnvironmentStatus::Updating);
    let events = world.client.events("shop", &EventQuery::default()).await.unwrap();
    let told = |text: &str| events.items.iter().any(|event| event.message.contains(text));
    assert!(told("it is already going back to version v1"), "{events:#?}");
}

/// v1 alone serves, on two instances, and no request of the load failed.
async fn back_on_v1(world: &World, load: Load) {
    let environment = world.environment("shop").await;
    assert_eq!(environment.version_label.as_deref(), Some("v1"));
    assert_eq!(environment.status, EnvironmentStatus::Ready);
    for _ in 0..10 {
        assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v1".to_owned()));
    }
    let sent = load.so_far().sent;
    eventually("some more load", Duration::from_secs(20), || {
        let now = load.so_far().sent;
        async move { (now > sent + 60).then_some(()) }
    })
    .await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{report:?}");
    world.comes_to(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn immutable_aborted_in_its_clean_up_serves_the_old_instances_again() {
    let test = "immutable_aborted_in_its_clean_up_serves_the_old_instances_again";
    let (world, load) = under_load(test, DeploymentPolicy::Immutable).await;
    world.upload("shop", "v2", apps::web("v2")).await;
    let before = world.containers();
    let deployment = world.deploy("shop", "v2", None).await;
    until_phase(&world, &deployment, "cleaning_up").await;
    world.client.abort(&deployment.id).await.unwrap();
    abort_again(&world, &deployment).await;
    let result = world.result(&deployment).await;
    assert_eq!(result.status, DeploymentStatus::Aborted, "{:?}", result.reason);
    back_on_v1(&world, load).await;
    let after = world.containers();
    assert!(
        after.iter().any(|container| before.contains(container)),
        "an instance that still drained was put back in service"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_aborted_with_nothing_old_in_service_goes_back() {
    let test = "rolling_aborted_with_nothing_old_in_service_goes_back";
    let (world, load) = under_load(test, DeploymentPolicy::Rolling).await;
    world.upload("shop", "v2", apps::web("v2")).await;
    let deployment = world.deploy("shop", "v2", None).await;
    until_out_of_service(&world, "v1").await;
    world.client.abort(&deployment.id).await.unwrap();
    abort_again(&world, &deployment).await;
    let result = world.result(&deployment).await;
    assert_eq!(result.status, DeploymentStatus::Aborted, "{:?}", result.reason);
    back_on_v1(&world, load).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_that_goes_back_for_a_failure_keeps_it_as_its_reason_when_aborted() {
    let test = "rolling_that_goes_back_for_a_failure_keeps_it_as_its_reason_when_aborted";
    let (world, load) = under_load(test, DeploymentPolicy::Rolling).await;
    world.upload("shop", "v2", apps::answers_500()).await;
    let deployment = world.deploy("shop", "v2", None).await;
    abort_again(&world, &deployment).await;
    let result = world.result(&deployment).await;
    assert_eq!(result.status, DeploymentStatus::RolledBack, "{:?}", result.reason);
    let reason = result.reason.unwrap_or_default();
    assert!(reason.contains("did not become healthy"), "{reason}");
    back_on_v1(&world, load).await;
}
