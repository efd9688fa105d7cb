//! `kill -9` of every process in every phase, and every batch, of every policy: the deployment goes on
//! and ends truthfully, with nothing orphaned.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use beanpole_protocol::{
    DeploymentId,
    api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus, EventQuery},
};
use beanpole_testkit::{
    World, apps, eventually,
    world::{Process, options},
};

/// Enough for three batches of one.
const INSTANCES: u32 = 3;

/// The steps that a deployment of [`INSTANCES`] instances goes through, a batch being one.
fn steps(policy: DeploymentPolicy) -> &'static [&'static str] {
    match policy {
        DeploymentPolicy::AllAtOnce => &["preparing", "batch 1"],
        DeploymentPolicy::Rolling => &["preparing", "batch 1", "batch 2", "batch 3"],
        DeploymentPolicy::RollingWithAdditionalBatch => {
            &["preparing", "batch 1", "batch 2", "batch 3", "cleaning_up"]
        }
        DeploymentPolicy::Immutable => &["preparing", "canary", "new_group", "cleaning_up"],
        DeploymentPolicy::TrafficSplitting => &["preparing", "new_group", "evaluating", "cleaning_up"],
    }
}

/// The step that a deployment is at: what its last event about a phase says. None while nobody answers.
async fn step(world: &World, deployment: &DeploymentId) -> Option<String> {
    let query = EventQuery {
        limit: Some(100),
        ..EventQuery::default()
    };
    let events = world.client.events("shop", &query).await.ok()?.items;
    let mut batches = 0;
    let mut step = "preparing".to_owned();
    for event in events {
        if event.deployment.as_ref() != Some(deployment) {
            continue;
        }
        step = match event.kind.as_str() {
            "batch_starting" => {
                batches += 1;
                format!("batch {batches}")
            }
            "canary_starting" => "canary".to_owned(),
            "new_group_starting" => "new_group".to_owned(),
            "evaluation_starting" => "evaluating".to_owned(),
            "cleaning_up" => "cleaning_up".to_owned(),
            _ => step,
        };
    }
    Some(step)
}

/// Deploys and kills `process` once in every step; tells which process died in which.
async fn deploy_and_kill(
    world: &World,
    label: &str,
    policy: DeploymentPolicy,
    process: Process,
) -> BTreeMap<String, String> {
    world.upload("shop", label, apps::web(label)).await;
    let deployment = world.deploy("shop", label, Some(policy)).await;
    let killed = RefCell::new(BTreeMap::new());
    let result = eventually("the deployment ends", Duration::from_secs(240), || async {
        let now = world.client.deployment(&deployment.id).await.ok()?;
        if now.status.is_terminal() {
            return Some(now);
        }
        let step = step(world, &deployment.id).await?;
        let mut killed = killed.borrow_mut();
        // Where the last kill is not overcome yet there is nothing to kill: the next look tries again.
        if !killed.contains_key(&step)
            && let Some(pid) = world.kill(process)
        {
            killed.insert(step, pid.as_raw_nonzero().to_string());
        }
        None
    })
    .await;
    assert_eq!(
        result.status,
        DeploymentStatus::Succeeded,
        "{policy:?} with {process:?} killed: {:?}",
        result.reason
    );
    killed.into_inner()
}

/// Every step has to have had its kill, each of another process.
fn assert_killed_everywhere(policy: DeploymentPolicy, process: Process, killed: &BTreeMap<String, String>) {
    let missed: Vec<_> = steps(policy)
        .iter()
        .filter(|step| !killed.contains_key(**step))
        .collect();
    assert!(
        missed.is_empty(),
        "{process:?} was not killed in {missed:?} of {policy:?}, only in {killed:?}"
    );
    assert_eq!(
        killed.len(),
        steps(policy).len(),
        "{policy:?} went through other steps too: {killed:?}"
    );
    let processes: std::collections::BTreeSet<_> = killed.values().collect();
    assert_eq!(
        processes.len(),
        killed.len(),
        "{process:?} was the same one twice: {killed:?}"
    );
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
    // Nothing is orphaned.
    world.comes_to(instances).await;
}

async fn survives_kills(test: &str, policy: DeploymentPolicy) {
    let world = World::start(test).await;
    world
        .launch_well("shop", apps::web("v1"), options(INSTANCES, policy))
        .await;
    for process in Process::ALL {
        let label = format!("{process:?}").to_lowercase();
        let killed = deploy_and_kill(&world, &label, policy, process).await;
        assert_killed_everywhere(policy, process, &killed);
        assert_settled(&world, &label, INSTANCES as usize).await;
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
