//! Each policy under load with kept-alive and slow requests.

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{Load, World, apps, eventually, world::options};
use std::time::Duration;

/// Deploys v2 over v1 under load; tells how the load fared and how the deployment ended.
async fn deploy_under_load(
    test: &str,
    policy: DeploymentPolicy,
    instances: u32,
) -> (beanpole_testkit::LoadReport, beanpole_protocol::api::Deployment) {
    let world = World::start(test).await;
    world
        .launch_well("shop", apps::web("v1"), options(instances, policy))
        .await;
    world.upload("shop", "v2", apps::web("v2")).await;

    let load = Load::start(world.edge, &World::host_name("shop"), 40);
    eventually("the load runs", Duration::from_secs(20), || {
        let answered = load.so_far().answered;
        async move { (answered > 40).then_some(()) }
    })
    .await;
    let deployment = world.deploy("shop", "v2", None).await;
    let result = world.result(&deployment).await;
    let at_the_end = load.so_far().sent;
    eventually(
        "some more load after the deployment",
        Duration::from_secs(20),
        || {
            let sent = load.so_far().sent;
            async move { (sent > at_the_end + 60).then_some(()) }
        },
    )
    .await;
    let report = load.stop().await;

    assert_eq!(result.status, DeploymentStatus::Succeeded, "{:?}", result.reason);
    assert_eq!(result.policy, policy);
    assert!(report.bodies.contains_key("v2"), "{report:?}");
    for _ in 0..10 {
        assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v2".to_owned()));
    }
    let environment = world.environment("shop").await;
    assert_eq!(environment.version_label.as_deref(), Some("v2"));
    world.comes_to(instances as usize).await;
    (report, result)
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_fails_no_request() {
    let (report, _) = deploy_under_load("rolling_fails_no_request", DeploymentPolicy::Rolling, 3).await;
    assert_eq!(report.failed(), 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_with_additional_batch_fails_no_request() {
    let policy = DeploymentPolicy::RollingWithAdditionalBatch;
    let (report, _) = deploy_under_load("rolling_with_additional_batch_fails_no_request", policy, 2).await;
    assert_eq!(report.failed(), 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn immutable_fails_no_request() {
    let (report, _) = deploy_under_load("immutable_fails_no_request", DeploymentPolicy::Immutable, 2).await;
    assert_eq!(report.failed(), 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_splitting_fails_no_request() {
    let (report, _) = deploy_under_load(
        "traffic_splitting_fails_no_request",
        DeploymentPolicy::TrafficSplitting,
        2,
    )
    .await;
    assert_eq!(report.failed(), 0, "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_at_once_has_a_bounded_outage_and_reports_it() {
    let test = "all_at_once_has_a_bounded_outage_and_reports_it";
    let (report, result) = deploy_under_load(test, DeploymentPolicy::AllAtOnce, 2).await;
    let reported = Duration::from_millis(result.timings.outage_ms);
    assert!(
        reported > Duration::ZERO,
        "an outage that nobody reported: {report:?}"
    );
    // The edge learns of the first new instance a moment after the server does.
    assert!(
        report.failing_for <= reported + Duration::from_secs(5),
        "failed for {:?}, reported {reported:?}",
        report.failing_for
    );
}
