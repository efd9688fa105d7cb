//! Deployments that are cut short: refused, superseded, aborted, terminated.

use beanpole_protocol::{
    agent::InstanceState,
    api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus, Severity},
};

use super::{serving, three};
use crate::{
    options::catalogue::DEPLOYMENT,
    testing::{Stage, option},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_deployment_is_refused_with_the_phase_or_supersedes_as_the_environment_says() {
    let mut stage = Stage::launched(1, three()).await;
    stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    let refused = stage
        .deploy("prod", "v3", DeploymentPolicy::Rolling)
        .await
        .unwrap_err();
    assert_eq!(refused.kind, "environment_busy");
    assert!(
        refused.message.contains("v2") && refused.message.contains("preparing"),
        "{}",
        refused.message
    );

    // The rule itself is no change of instances: it holds at once, also now.
    let rule = vec![option(DEPLOYMENT, "WhenBusy", "supersede")];
    assert!(
        stage
            .update("prod", rule, Vec::new())
            .await
            .unwrap()
            .deployment
            .is_none()
    );
    for _ in 0..3 {
        stage.step().await;
    }
    let first = stage.environment("prod").await.active_deployment.unwrap();
    let change = stage
        .deploy("prod", "v3", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    assert_eq!(
        stage.deployment(&first).await.status,
        DeploymentStatus::Superseded
    );
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    assert_eq!(stage.agents[0].in_service("prod"), serving("v3", 3));
    let superseded = stage.deployment(&first).await;
    assert_eq!(
        superseded.status,
        DeploymentStatus::Superseded,
        "a result never changes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn superseding_a_traffic_split_ends_the_trial_first() {
    let mut options = three();
    options.push(option(DEPLOYMENT, "WhenBusy", "supersede"));
    let mut stage = Stage::launched(1, options).await;
    stage
        .deploy("prod", "v2", DeploymentPolicy::TrafficSplitting)
        .await
        .unwrap();
    stage
        .until("a split", async |stage| {
            stage.environment("prod").await.split_percent.is_some()
        })
        .await;
    stage.step().await;
    assert_eq!(stage.agents[0].in_service("prod").len(), 2);
    let change = stage
        .deploy("prod", "v3", DeploymentPolicy::Immutable)
        .await
        .unwrap();
    stage.agents[0].step(&stage.app).await;
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3));
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    stage
        .until("only v3", async |stage| {
            stage.agents[0].desired.instances.len() == 3
        })
        .await;
    assert_eq!(stage.agents[0].in_service("prod"), serving("v3", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn termination_takes_everything_and_frees_the_name_even_during_a_deployment() {
    let mut stage = Stage::launched(1, three()).await;
    let running = stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    stage.step().await;
    let change = stage.terminate("prod").await.unwrap();
    let again = stage.terminate("prod").await.unwrap();
    assert_eq!(
        change.deployment.as_ref().unwrap().id,
        again.deployment.unwrap().id
    );
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    let superseded = stage.deployment(&running.deployment.unwrap().id).await;
    assert_eq!(superseded.status, DeploymentStatus::Superseded);
    assert_eq!(
        stage.environment("prod").await.status,
        EnvironmentStatus::Terminated
    );
    let desired = &stage.agents[0].desired;
    assert!(desired.instances.is_empty() && desired.routes.is_empty());
    let events = stage.events("prod").await;
    assert_eq!(
        events.last().unwrap().message,
        "terminateEnvironment completed successfully."
    );

    let change = stage.create("prod", three()).await.unwrap();
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_brings_the_old_version_back_where_the_policy_can() {
    let mut stage = Stage::launched(1, three()).await;
    let waits = InstanceState::Starting {
        passes: 0,
        detail: "no answer yet".to_owned(),
    };
    stage.agents[0]
        .bad_versions
        .insert(stage.versions["v2"].clone(), waits);
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Immutable)
        .await
        .unwrap();
    for _ in 0..3 {
        stage.step().await;
    }
    let id = change.deployment.as_ref().unwrap().id.clone();
    stage.abort(&id).await.unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Aborted);
    assert!(deployment.reason.unwrap().contains("ann"));
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3));
    let late = stage.abort(&id).await.unwrap_err();
    assert_eq!(late.kind, "cannot_abort");
    let events = stage.events("prod").await;
    let closing = events
        .iter()
        .rfind(|event| event.kind == "operation_ended")
        .unwrap();
    assert_eq!(
        (closing.severity, closing.message.as_str()),
        (
            Severity::Warn,
            "The deployment was aborted by ann. Every instance is on the version before."
        )
    );
    assert!(events.iter().all(|event| event.severity < Severity::Error));
}
