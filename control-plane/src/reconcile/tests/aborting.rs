//! Deployments that somebody wants ended, in each of their phases.

use beanpole_protocol::{
    DeploymentId,
    agent::InstanceState,
    api::{
        DeploymentKind, DeploymentPolicy, DeploymentStatus, EnvironmentChange, EnvironmentStatus, Severity,
    },
};

use super::{serving, three};
use crate::{
    options::catalogue::DEPLOYMENT,
    testing::{Stage, option},
};

fn id_of(change: &EnvironmentChange) -> DeploymentId {
    change.deployment.as_ref().unwrap().id.clone()
}

fn failed() -> InstanceState {
    InstanceState::Failed {
        reason: "it exited with code 1".to_owned(),
    }
}

fn waits() -> InstanceState {
    InstanceState::Starting {
        passes: 0,
        detail: "no answer yet".to_owned(),
    }
}

async fn until_phase(stage: &mut Stage, id: &DeploymentId, phase: &str) {
    stage
        .until(phase, async |stage| stage.deployment(id).await.phase == phase)
        .await;
}

async fn said(stage: &Stage, text: &str) -> usize {
    let events = stage.events("prod").await;
    events.iter().filter(|event| event.message.contains(text)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_in_the_clean_up_puts_draining_instances_back_in_service() {
    for policy in [
        DeploymentPolicy::Immutable,
        DeploymentPolicy::TrafficSplitting,
        DeploymentPolicy::RollingWithAdditionalBatch,
    ] {
        let mut options = three();
        options.push(option(DEPLOYMENT, "EvaluationSeconds", "1"));
        let mut stage = Stage::launched(1, options).await;
        // A request that is open keeps one old instance draining; the others stop.
        let busy = stage.agents[0].desired.instances[2].id.clone();
        stage.agents[0].in_flight.insert(busy.clone(), 1);
        let change = stage.deploy("prod", "v2", policy).await.unwrap();
        let id = id_of(&change);
        until_phase(&mut stage, &id, "cleaning_up").await;
        for _ in 0..4 {
            stage.step().await;
        }
        assert_eq!(stage.agents[0].in_service("prod"), serving("v2", 3), "{policy:?}");
        let answer = stage.abort(&id).await.unwrap();
        assert_eq!(answer.status, DeploymentStatus::Running);
        let deployment = stage.result(&change).await;
        assert_eq!(deployment.status, DeploymentStatus::Aborted, "{deployment:?}");
        assert_eq!(
            deployment.reason.unwrap(),
            "Aborted by ann. Every instance is on the version before."
        );
        assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3), "{policy:?}");
        let back = stage.agents[0].desired.instances.iter().any(|row| row.id == busy);
        assert!(back, "{policy:?}: the one that drained serves again");
        let environment = stage.environment("prod").await;
        assert_eq!(environment.current_label.as_deref(), Some("v1"));
        assert_eq!(environment.status, EnvironmentStatus::Ready);
        assert_eq!(environment.split_percent, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_of_what_goes_back_is_accepted_and_the_failure_stays_the_reason() {
    let mut options = three();
    options.push(option(DEPLOYMENT, "RollbackOnFailure", "true"));
    let mut stage = Stage::launched(1, options).await;
    stage.agents[0]
        .bad_versions
        .insert(stage.versions["v2"].clone(), failed());
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    let id = id_of(&change);
    until_phase(&mut stage, &id, "returning").await;
    for _ in 0..2 {
        let answer = stage.abort(&id).await.unwrap();
        assert_eq!(answer.phase, "returning");
    }
    assert_eq!(said(&stage, "it is already going back to version v1").await, 2);
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::RolledBack, "{deployment:?}");
    let reason = deployment.reason.unwrap();
    assert!(
        reason.contains("it exited with code 1") && !reason.contains("ann"),
        "{reason}"
    );
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_is_updating_until_the_version_before_serves_again() {
    let mut stage = Stage::launched(1, three()).await;
    stage.agents[0]
        .bad_versions
        .insert(stage.versions["v2"].clone(), waits());
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    let id = id_of(&change);
    until_phase(&mut stage, &id, "batch").await;
    stage.step().await;
    stage.abort(&id).await.unwrap();
    until_phase(&mut stage, &id, "returning").await;
    let environment = stage.environment("prod").await;
    assert_eq!(environment.status, EnvironmentStatus::Updating);
    stage.abort(&id).await.unwrap();
    assert_eq!(said(&stage, "it is already going back to version v1").await, 1);
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Aborted);
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3));
    let events = stage.events("prod").await;
    assert!(events.iter().all(|event| event.severity < Severity::Error));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_launch_leaves_nothing_and_the_next_version_launches() {
    let mut stage = Stage::new(1).await;
    stage.agents[0]
        .bad_versions
        .insert(stage.versions["v1"].clone(), waits());
    let change = stage.create("prod", three()).await.unwrap();
    let id = id_of(&change);
    until_phase(&mut stage, &id, "batch").await;
    stage.step().await;
    stage.abort(&id).await.unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Aborted);
    let reason = deployment.reason.unwrap();
    assert!(reason.contains("there is no earlier version"), "{reason}");
    stage
        .until("no instance", async |stage| {
            stage.agents[0].desired.instances.is_empty()
        })
        .await;
    assert_eq!(stage.environment("prod").await.current, None);
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    assert_eq!(change.deployment.as_ref().unwrap().kind, DeploymentKind::Launch);
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_termination_cannot_be_aborted() {
    let mut stage = Stage::launched(1, three()).await;
    let change = stage.terminate("prod").await.unwrap();
    let refused = stage.abort(&id_of(&change)).await.unwrap_err();
    assert_eq!(refused.kind, "cannot_abort");
    assert!(refused.message.contains("termination"), "{}", refused.message);
    assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
}
