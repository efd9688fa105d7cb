//! Deployments that go well.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus};

use super::{serving, three};
use crate::{
    options::catalogue::{DEPLOYMENT, GROUP},
    testing::{Stage, option},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_launches_and_every_policy_deploys_to_it() {
    let mut options = three();
    options.push(option(DEPLOYMENT, "EvaluationSeconds", "1"));
    let mut stage = Stage::launched(2, options).await;
    assert_eq!(stage.environment("prod").await.status, EnvironmentStatus::Ready);
    let mut before = "v1";
    for (policy, label) in DeploymentPolicy::ALL
        .into_iter()
        .zip(["v2", "v3", "v4", "v1", "v2"])
    {
        let change = stage.deploy("prod", label, policy).await.unwrap();
        let deployment = stage.result(&change).await;
        assert_eq!(
            deployment.status,
            DeploymentStatus::Succeeded,
            "{policy:?}: {deployment:?}"
        );
        assert_eq!(
            (deployment.instances_done, deployment.new_version_percent),
            (3, 100),
            "{policy:?}"
        );
        assert_eq!(deployment.previous_version_label.as_deref(), Some(before));
        assert!(deployment.timings.build_ms.is_some());
        let environment = stage.environment("prod").await;
        assert_eq!(environment.current_label.as_deref(), Some(label), "{policy:?}");
        assert_eq!(environment.status, EnvironmentStatus::Ready);
        for agent in &stage.agents {
            assert_eq!(agent.in_service("prod"), serving(label, 3), "{policy:?}");
        }
        before = label;
    }
    let events = stage.events("prod").await;
    assert!(
        events
            .windows(2)
            .all(|pair| pair[1].at.since(pair[0].at) >= Duration::from_millis(2))
    );
    let texts: Vec<_> = events.iter().map(|event| event.message.as_str()).collect();
    for text in [
        "createEnvironment is starting.",
        "Successfully launched environment: prod",
        "Environment update is starting.",
        "Environment update completed successfully.",
    ] {
        assert!(texts.contains(&text), "{text} is not in {texts:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_version_again_replaces_every_instance() {
    let mut stage = Stage::launched(1, three()).await;
    let before: Vec<_> = stage.agents[0]
        .desired
        .instances
        .iter()
        .map(|row| row.id.clone())
        .collect();
    let change = stage
        .deploy("prod", "v1", DeploymentPolicy::Immutable)
        .await
        .unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    stage
        .until("three instances", async |stage| {
            stage.agents[0].desired.instances.len() == 3
        })
        .await;
    assert!(
        stage.agents[0]
            .desired
            .instances
            .iter()
            .all(|row| !before.contains(&row.id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draining_instance_is_stopped_when_the_edge_has_no_request_of_it_left() {
    let mut stage = Stage::launched(1, vec![option(GROUP, "MinSize", "2")]).await;
    let busy = stage.agents[0].desired.instances[0].id.clone();
    stage.agents[0].in_flight.insert(busy.clone(), 1);
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Immutable)
        .await
        .unwrap();
    for _ in 0..20 {
        stage.step().await;
    }
    let running = |stage: &Stage| {
        stage.agents[0]
            .desired
            .instances
            .iter()
            .any(|row| row.id == busy && row.state == beanpole_protocol::agent::DesiredState::Running)
    };
    assert!(running(&stage), "it has a request open");
    stage.agents[0].in_flight.clear();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    stage.until("its end", async |stage| !running(stage)).await;
}
