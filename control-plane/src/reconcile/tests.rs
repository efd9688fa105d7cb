//! Deployments through rows, desired lists and reports, on a real Postgres, with agents that pretend.

use std::{collections::BTreeMap, time::Duration};

use beanpole_protocol::{
    Timestamp,
    agent::{InstanceState, LEASE_SECONDS},
    api::{DeploymentPolicy, DeploymentStatus, EnvironmentStatus},
};

use crate::{
    options::catalogue::{COMMAND, DEPLOYMENT, GROUP, PROPERTIES},
    reconcile,
    testing::{Stage, option},
};

fn three() -> Vec<beanpole_protocol::api::OptionSetting> {
    vec![option(GROUP, "MinSize", "3"), option(COMMAND, "BatchSize", "34")]
}

fn serving(label: &str, count: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([(label.to_owned(), count)])
}

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
