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
    stage.agents[0]
        .bad_builds
        .insert(version.clone(), "pip found no such package".to_owned());
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::AllAtOnce)
        .await
        .unwrap();
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Failed);
    assert!(deployment.reason.unwrap().contains("pip found no such package"));
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
async fn capacity_follows_at_once_without_a_deployment() {
    let mut stage = Stage::launched(2, three()).await;
    for count in ["5", "2"] {
        let set = vec![option(GROUP, "MinSize", count), option(GROUP, "MaxSize", count)];
        let change = stage.update("prod", set, Vec::new()).await.unwrap();
        assert!(change.deployment.is_none());
        let wanted: usize = count.parse().unwrap();
        stage
            .until("the new capacity", async |stage| {
                stage
                    .agents
                    .iter()
                    .all(|agent| agent.in_service("prod") == serving("v1", wanted))
                    && stage
                        .agents
                        .iter()
                        .map(|agent| agent.desired.instances.len())
                        .sum::<usize>()
                        == wanted
            })
            .await;
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
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_reports_the_later_one_holds() {
    let mut stage = Stage::launched(1, three()).await;
    let agent = &mut stage.agents[0];
    let early = agent.report(16 * 1024);
    let mut late = agent.report(16 * 1024);
    late.instances[0].state = InstanceState::Unhealthy {
        detail: "500".to_owned(),
    };
    let host = agent.host.clone();
    assert!(crate::testing::send(&stage.app, &host, &late).await);
    assert!(!crate::testing::send(&stage.app, &host, &early).await);
    assert!(
        !crate::testing::send(&stage.app, &host, &late).await,
        "the same one again"
    );
    let rows = crate::store::instances::reported_by(&mut *stage.connection().await, &host)
        .await
        .unwrap();
    let unhealthy = rows.iter().filter(|row| {
        let state = row.observed.as_ref().map(|seen| &seen.state);
        matches!(state, Some(InstanceState::Unhealthy { .. }))
    });
    assert_eq!(unhealthy.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_of_a_lost_host_are_replaced_on_another_but_only_once_leases_were_renewable() {
    let mut stage = Stage::launched(2, vec![option(GROUP, "MinSize", "4")]).await;
    let lost = stage.agents.pop().unwrap();
    let lease = Duration::from_secs(LEASE_SECONDS);
    let later = Timestamp::now() + lease + Duration::from_secs(1);
    // A server that was itself away holds nothing against its hosts.
    reconcile::hosts::look(&stage.app, None, later).await.unwrap();
    assert_eq!(stage.agents[0].in_service("prod"), serving("v1", 4));
    // From then on a lease counts.
    stage.agents[0].step(&stage.app).await;
    let mut connection = stage.connection().await;
    sqlx::query("update control.hosts set lease_until = $2 where id <> $1")
        .bind(stage.agents[0].host.as_str())
        .bind(time::OffsetDateTime::from(Timestamp::now()))
        .execute(&mut *connection)
        .await
        .unwrap();
    drop(connection);
    let now = Timestamp::now() + Duration::from_secs(1);
    reconcile::hosts::look(&stage.app, Some(now), now).await.unwrap();
    stage
        .until("four instances on the host that is left", async |stage| {
            stage.agents[0]
                .desired
                .instances
                .iter()
                .filter(|row| row.id.as_str() != "")
                .count()
                == 4
                && stage.agents[0].in_service("prod") == serving("v1", 4)
        })
        .await;
    // It comes back, and its old instances are not wanted any more.
    stage.agents.push(lost);
    stage.step().await;
    assert!(stage.agents[1].desired.instances.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_written_whole_or_not_at_all_wherever_the_server_is_killed() {
    use std::{future::Future, pin::pin, task::Poll};
    let mut stage = Stage::launched(1, three()).await;
    let change = stage
        .deploy("prod", "v2", DeploymentPolicy::Rolling)
        .await
        .unwrap();
    let id = stage.environment("prod").await.id;
    let mut polls = 1;
    let mut finished = false;
    while !finished {
        for agent in &mut stage.agents {
            agent.step(&stage.app).await;
        }
        // Cut off after so many polls: as far into the transaction as that goes.
        let mut left = polls;
        let work = reconcile::environment::reconcile(&stage.app, &id, Timestamp::now());
        let mut work = pin!(work);
        std::future::poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            work.as_mut().poll(context).map(drop)
        })
        .await;
        polls = if polls > 60 { 1000 } else { polls + 3 };
        let row = stage.deployment(&change.deployment.as_ref().unwrap().id).await;
        finished = row.status.is_terminal();
    }
    let deployment = stage.result(&change).await;
    assert_eq!(deployment.status, DeploymentStatus::Succeeded, "{deployment:?}");
    stage
        .until("three instances", async |stage| {
            stage.agents[0].desired.instances.len() == 3
        })
        .await;
    assert_eq!(stage.agents[0].in_service("prod"), serving("v2", 3));
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

#[tokio::test(flavor = "multi_thread")]
async fn images_stay_for_a_return_and_go_when_nobody_may_need_them() {
    let mut stage = Stage::launched(1, vec![option(GROUP, "MinSize", "1")]).await;
    for label in ["v2", "v3", "v4"] {
        let change = stage
            .deploy("prod", label, DeploymentPolicy::AllAtOnce)
            .await
            .unwrap();
        assert_eq!(stage.result(&change).await.status, DeploymentStatus::Succeeded);
    }
    let images = |stage: &Stage| stage.agents[0].desired.images.len();
    assert_eq!(images(&stage), 4);
    reconcile::retention::clean(&stage.app, Timestamp::now())
        .await
        .unwrap();
    stage.step().await;
    assert_eq!(images(&stage), 4, "what is fresh stays");
    let later = Timestamp::now() + Duration::from_secs(3600);
    reconcile::retention::clean(&stage.app, later).await.unwrap();
    stage.step().await;
    let kept: Vec<_> = stage.agents[0]
        .desired
        .images
        .iter()
        .map(|image| image.label.as_str())
        .collect();
    assert!(kept.len() == 3 && !kept.contains(&"v1"), "{kept:?}");

    let change = stage.terminate("prod").await.unwrap();
    stage.result(&change).await;
    reconcile::retention::clean(&stage.app, later).await.unwrap();
    stage.step().await;
    assert_eq!(images(&stage), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_environment_cannot_be_planned_with_does_not_stop_the_others() {
    let stage = Stage::launched(1, vec![option(GROUP, "MinSize", "1")]).await;
    sqlx::query("update control.configurations set properties_sealed = 'broken'")
        .execute(&stage.app.pool)
        .await
        .unwrap();
    let broken = stage.environment("prod").await.id;
    crate::store::wakes::request_one(
        &mut *stage.connection().await,
        &broken,
        crate::store::wakes::Routes::Same,
        Timestamp::now(),
    )
    .await
    .unwrap();
    stage
        .create("other", vec![option(GROUP, "MinSize", "1")])
        .await
        .unwrap();
    let next = reconcile::round(&stage.app).await.unwrap().unwrap();
    assert!(next > Timestamp::now(), "the broken one is put off");
    let texts: Vec<String> = sqlx::query_scalar(
        "select message from control.events e join control.environments n on n.id = e.environment_id
         where n.name = 'other'",
    )
    .fetch_all(&stage.app.pool)
    .await
    .unwrap();
    assert!(texts.len() > 1, "the other one is planned: {texts:?}");
}
