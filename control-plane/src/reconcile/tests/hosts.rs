//! Capacity, hosts and what they report.

use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    agent::{InstanceState, LEASE_SECONDS},
};

use super::{serving, three};
use crate::{
    options::catalogue::GROUP,
    reconcile,
    testing::{Stage, option},
};

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
async fn more_instances_than_fit_are_accepted_and_the_answer_says_that_they_do_not_fit() {
    let mut stage = Stage::launched(1, three()).await;
    let many = |count: &str| vec![option(GROUP, "MinSize", count), option(GROUP, "MaxSize", count)];
    let change = stage.update("prod", many("200"), Vec::new()).await.unwrap();
    assert_eq!(change.environment.desired_instances, 200);
    let told = change.environment.hindrance.unwrap();
    assert_eq!(told.kind, "no_room");
    assert!(told.message.contains("Add a host"), "{}", told.message);
    stage.step().await;
    let row = stage.environment("prod").await;
    let view = crate::ops::views::environment(row, &stage.app.config);
    assert_eq!(view.hindrance, Some(told));
    let change = stage.update("prod", many("2"), Vec::new()).await.unwrap();
    assert_eq!(change.environment.hindrance, None);
}
