//! What neither a kill nor one broken environment may harm, and what is cleaned up.

use std::time::Duration;

use beanpole_protocol::{
    Timestamp,
    api::{DeploymentPolicy, DeploymentStatus},
};

use super::{serving, three};
use crate::{
    options::catalogue::GROUP,
    reconcile,
    store::events,
    testing::{Stage, option},
};

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

#[tokio::test(flavor = "multi_thread")]
async fn old_events_go_but_not_the_newest_of_a_living_environment() {
    let mut stage = Stage::launched(1, vec![option(GROUP, "MinSize", "1")]).await;
    let count = async |stage: &Stage| {
        let events = "select count(*) from control.events";
        sqlx::query_scalar::<_, i64>(events)
            .fetch_one(&stage.app.pool)
            .await
            .unwrap()
    };
    let all = count(&stage).await;
    assert!(all > 5);
    let forget = async |stage: &Stage, moment| {
        events::forget_before(&mut *stage.connection().await, moment, 3)
            .await
            .unwrap()
    };
    let (past, future) = (
        Timestamp::from_millis(1),
        Timestamp::now() + Duration::from_secs(60),
    );
    assert_eq!(forget(&stage, past).await, 0, "none is that old");
    let newest = stage.events("prod").await.pop().unwrap().id;
    forget(&stage, future).await;
    assert_eq!(count(&stage).await, 3);
    assert_eq!(stage.events("prod").await.pop().unwrap().id, newest);

    let change = stage.terminate("prod").await.unwrap();
    stage.result(&change).await;
    forget(&stage, future).await;
    assert_eq!(count(&stage).await, 0, "it is gone, and so is its story");
}
