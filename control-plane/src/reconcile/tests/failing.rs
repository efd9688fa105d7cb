//! Deployments that fail: what is left, and what is told.

use beanpole_protocol::{
    agent::InstanceState,
    api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus},
};

use super::{serving, three};
use crate::{
    options::catalogue::{GROUP, PROPERTIES},
    testing::{Stage, option},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_fails_leaves_what_its_policy_says_and_tells_the_apps_last_words() {
    use DeploymentPolicy::*;
    // Old instances still in service afterwards, of three.
    for (policy, old) in [
        (AllAtOnce, None),
        (Rolling, Some(2)),
        (RollingWithAdditionalBatch, Some(3)),
        (Immutable, Some(3)),
        (TrafficSplitting, Some(3)),
    ] {
        let mut stage = Stage::launched(1, three()).await;
        let bad = InstanceState::Failed {
            reason: "it exited with code 1".to_owned(),
        };
        stage.agents[0]
            .bad_versions
            .insert(stage.versions["v2"].clone(), bad);
        let change = stage.deploy("prod", "v2", policy).await.unwrap();
        let deployment = stage.result(&change).await;
        let ended = deployment.status;
        assert!(
            matches!(ended, DeploymentStatus::Failed | DeploymentStatus::RolledBack),
            "{policy:?}: {deployment:?}"
        );
        let reason = deployment.reason.unwrap();
        assert!(reason.contains("it exited with code 1"), "{policy:?}: {reason}");
        let last_words = deployment.log_tail.unwrap();
        assert!(
            last_words.starts_with("the last words of i-"),
            "{policy:?}: {last_words}"
        );
        let environment = stage.environment("prod").await;
        assert_eq!(environment.status, EnvironmentStatus::Ready);
        assert_eq!(environment.current_label.as_deref(), Some("v1"), "{policy:?}");
        if let Some(old) = old {
            let serves = stage.agents[0].in_service("prod").get("v1").copied().unwrap_or(0);
            assert!(serves >= old, "{policy:?}: {serves} old instances serve");
        }
        let events = stage.events("prod").await;
        assert!(
            events
                .iter()
                .any(|event| event.message == "Failed to deploy application."),
            "{policy:?}"
        );
        if policy == AllAtOnce {
            assert!(deployment.timings.outage_ms > 0, "an outage is counted");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_does_not_build_touches_nothing_and_is_tried_again_when_asked() {
    let mut stage = Stage::launched(1, three()).await;
    let version = stage.versions["v2"].clone();
    stage.agents[0].bad_builds.insert(
        version.clone(),
        "\u{1b}[31mpip found no such package\u{1b}[0m\nline 1\nline 2".to_owned(),
    );
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    // The agent sends the log before it says that the build failed.
    stage
        .until("a wanted image", async |stage| {
            let log: String = (1..=80)
                .map(|number| format!("\u{1b}[1mline {number}\u{1b}[0m\n"))
                .collect();
            let host = &stage.agents[0].host;
            let mut connection = stage.connection().await;
            crate::store::host_images::append_log(&mut connection, host, &version, None, &log)
                .await
                .unwrap()
        })
        .await;
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Failed);
    let reason = deployment.reason.unwrap();
    assert!(
        reason.contains("pip found no such package. No instance was touched."),
        "{reason}"
    );
    let tail = deployment.log_tail.unwrap();
    assert!(
        tail.starts_with("line 31\n") && tail.ends_with("\nline 80"),
        "{tail}"
    );
    for event in stage.events("prod").await {
        let message = event.message;
        assert!(
            !message.contains(['\n', '\u{1b}']) && !message.contains("line 1"),
            "{message:?}"
        );
    }
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 3));

    stage.agents[0].bad_builds.clear();
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Succeeded, "{deployment:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_rolled_out_and_taken_back_when_instances_do_not_come_up_with_them() {
    let mut stage = Stage::launched(1, three()).await;
    let change = stage
        .update("prod", vec![option(PROPERTIES, "COLOUR", "blue")], Vec::new())
        .await
        .unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Succeeded, "{deployment:?}");
    let env = &stage.agents[0].desired.instances[0].env;
    assert_eq!(env.get("COLOUR").map(String::as_str), Some("blue"));
    let good = stage.environment("prod").await;
    assert_eq!(good.current.as_ref().unwrap().configuration, good.configuration);

    stage.agents[0].bad_property = Some(("COLOUR".to_owned(), "red".to_owned()));
    let change = stage
        .update(
            "prod",
            vec![option(PROPERTIES, "COLOUR", "red"), option(GROUP, "MaxSize", "9")],
            Vec::new(),
        )
        .await
        .unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::RolledBack, "{deployment:?}");
    let now = stage.environment("prod").await;
    assert_eq!(now.current, good.current);
    assert_eq!(now.max_instances, 9, "what holds without instances stays");
    let set = crate::configurations::load_one(
        &mut *stage.connection().await,
        &stage.app.secrets,
        &now.id,
        now.configuration,
    )
    .await
    .unwrap();
    assert_eq!(set.properties().get("COLOUR").map(String::as_str), Some("blue"));
    assert_eq!(set.get(GROUP, "MaxSize"), Some("9"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_ever_ran_well_there_is_no_version_before() {
    let mut stage = Stage::new(1).await;
    let bad = InstanceState::Failed {
        reason: "it exited with code 1".to_owned(),
    };
    for label in ["v1", "v2"] {
        let version = stage.versions[label].clone();
        stage.agents[0].bad_versions.insert(version, bad.clone());
    }
    let launch = stage.create("prod", three()).await.unwrap();
    let first = stage.result(&launch).await;
    assert_eq!(first.status, DeploymentStatus::Failed);
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    let second = stage.result(&change).await;
    assert_eq!(second.status, DeploymentStatus::Failed);
    assert_eq!(second.previous_version_label, None);
    for reason in [first.reason.unwrap(), second.reason.unwrap()] {
        assert!(reason.contains("there is no earlier version"), "{reason}");
    }
    for event in stage.events("prod").await {
        assert!(!event.message.contains("version before"), "{}", event.message);
    }
    // What failed at its launch and came up later is a version to go back to.
    stage.agents[0].bad_versions.remove(&stage.versions["v2"]);
    stage
        .until("v2 serves", async |stage| {
            stage.agents[0].in_service("prod") == serving("v2", 3)
        })
        .await;
    let change = stage
        .deploy("prod", "v1", DeploymentPolicy::Immutable)
        .await
        .unwrap();
    let third = stage.result(&change).await;
    assert_eq!(third.status, DeploymentStatus::RolledBack, "{third:?}");
    assert_eq!(third.previous_version_label.as_deref(), Some("v2"));
}
