//! `kill -9` of every process at every phase of every policy: the deployment goes on and ends
//! truthfully, with nothing orphaned.

use std::{collections::BTreeSet, time::Duration};

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus};
use beanpole_testkit::{
    World, apps, eventually,
    world::{Process, options},
};

/// Deploys and kills `process` once in every phase that is seen; tells which phases that were.
async fn deploy_and_kill(
    world: &World,
    label: &str,
    policy: DeploymentPolicy,
    process: Process,
) -> BTreeSet<String> {
    world.upload("shop", label, apps::web(label)).await;
    let deployment = world.deploy("shop", label, Some(policy)).await;
    let mut killed_in = BTreeSet::new();
    let (killed, seen) = (&mut killed_in, std::cell::RefCell::new(BTreeSet::new()));
    let result = eventually("the deployment ends", Duration::from_secs(240), || async {
        let now = world.client.deployment(&deployment.id).await.ok()?;
        if now.status.is_terminal() {
            return Some(now);
        }
        if seen.borrow_mut().insert(now.phase.clone()) {
            world.kill(process);
        }
        None
    })
    .await;
    killed.extend(seen.into_inner());
    assert_eq!(
        result.status,
        DeploymentStatus::Succeeded,
        "{policy:?} with {process:?} killed: {:?}",
        result.reason
    );
    killed_in
}

async fn assert_settled(world: &World, label: &str, instances: usize) {
    eventually(
        "the environment is ready and serves",
        Duration::from_secs(60),
        || async {
            let environment = world.client.environment("shop").await.ok()?;
            let serves = world.get("shop", "/").await.ok()? == (200, label.to_owned());
            let right = environment.status == EnvironmentStatus::Ready
                && environment.version_label.as_deref() == Some(label);
            (right && serves).then_some(())
        },
    )
    .await;
    eventually("nothing is orphaned", Duration::from_secs(60), || async {
        (world.containers().len() == instances).then_some(())
    })
    .await;
}

async fn survives_kills(test: &str, policy: DeploymentPolicy) {
    let world = World::start(test).await;
    world
        .launch_well("shop", apps::web("v1"), options(2, policy))
        .await;
    for process in Process::ALL {
        let label = format!("{process:?}").to_lowercase();
        let phases = deploy_and_kill(&world, &label, policy, process).await;
        assert!(phases.len() >= 2, "{process:?} was killed in {phases:?} only");
        assert_settled(&world, &label, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_at_once_survives_kill_9_of_every_process() {
    survives_kills(
        "all_at_once_survives_kill_9_of_every_process",
        DeploymentPolicy::AllAtOnce,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_survives_kill_9_of_every_process() {
    survives_kills(
        "rolling_survives_kill_9_of_every_process",
        DeploymentPolicy::Rolling,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_with_additional_batch_survives_kill_9_of_every_process() {
    let test = "rolling_with_additional_batch_survives_kill_9_of_every_process";
    survives_kills(test, DeploymentPolicy::RollingWithAdditionalBatch).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn immutable_survives_kill_9_of_every_process() {
    survives_kills(
        "immutable_survives_kill_9_of_every_process",
        DeploymentPolicy::Immutable,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_splitting_survives_kill_9_of_every_process() {
    survives_kills(
        "traffic_splitting_survives_kill_9_of_every_process",
        DeploymentPolicy::TrafficSplitting,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_serve_while_the_server_the_agent_and_the_database_are_away() {
    let mut world = World::start("applications_serve_while_everything_else_is_away").await;
    world
        .launch("shop", apps::web("v1"), options(2, DeploymentPolicy::Rolling))
        .await;
    let containers = world.containers();
    world.restart_up();
    // The edge of the killed supervisor goes on without a gap.
    for _ in 0..20 {
        assert_eq!(world.get("shop", "/").await.unwrap(), (200, "v1".to_owned()));
    }
    world.wait_until_ready().await;
    eventually(
        "the same containers are described again",
        Duration::from_secs(60),
        || async {
            let instances = world.client.instances("shop").await.ok()?.items;
            let healthy = |one: &beanpole_protocol::api::Instance| {
                one.state == beanpole_protocol::api::InstanceCondition::Healthy
            };
            (instances.len() == 2 && instances.iter().all(healthy)).then_some(())
        },
    )
    .await;
    assert_eq!(
        world.containers(),
        containers,
        "a restart must not touch applications"
    );
}
