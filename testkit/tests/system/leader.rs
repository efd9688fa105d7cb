//! `leader_only`: once for a deployment, whoever dies meanwhile, and not for scale.

use std::{collections::BTreeSet, time::Duration};

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, bundle, eventually,
    world::{docker, option, options},
};

/// Every instance says whether it ran the command for all (`leader`), and that it ran its own (`each`).
const APPLICATION: &str = r#"
import os, socket
def application(environ, start_response):
    has = [name for name in ("began", "leader", "each") if os.path.exists("/var/app/" + name)]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [(socket.gethostname() + " " + " ".join(has)).encode()]
"#;

fn bundle(migration: &str) -> Vec<u8> {
    let commands = format!(
        "container_commands:\n  02_each:\n    command: touch /var/app/each\n  01_migrate:\n    leader_only: true\n    command: |\n      touch /var/app/began\n      {migration}\n      touch /var/app/leader\n"
    );
    bundle::zip(&[
        ("application.py", APPLICATION),
        (".ebextensions/01.config", &commands),
    ])
}

/// What each of so many instances says.
async fn all(world: &World, count: usize) -> BTreeSet<String> {
    let what = format!("{count} instances answer");
    eventually(&what, Duration::from_secs(60), || async {
        let mut said = BTreeSet::new();
        for _ in 0..count * 8 {
            let (_, body) = world.get("shop", "/").await.ok()?;
            said.insert(body);
        }
        (said.len() == count).then_some(said)
    })
    .await
}

fn leaders(said: &BTreeSet<String>) -> usize {
    said.iter().filter(|text| text.contains(" leader")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_of_a_deployment_runs_it_whoever_dies_meanwhile() {
    let world = World::start("one_instance_of_a_deployment_runs_it_whoever_dies_meanwhile").await;
    world
        .launch_well("shop", bundle("true"), options(3, DeploymentPolicy::AllAtOnce))
        .await;
    let said = all(&world, 3).await;
    assert_eq!(leaders(&said), 1, "{said:?}");
    assert!(said.iter().all(|text| text.ends_with(" each")), "{said:?}");

    // Not on scale-out.
    world
        .set_well("shop", vec![option("aws:autoscaling:asg", "MinSize", 4)])
        .await;
    let said = all(&world, 4).await;
    assert_eq!(leaders(&said), 1, "{said:?}");

    // The leader of a new version dies in the middle of it: it comes to its end once all the same.
    world.upload("shop", "v2", bundle("sleep 6")).await;
    let before: BTreeSet<String> = world.containers().into_iter().collect();
    let deployment = world
        .deploy("shop", "v2", Some(DeploymentPolicy::Immutable))
        .await;
    let leader = eventually("a leader is at work", Duration::from_secs(60), || async {
        let new = world.containers().into_iter().filter(|id| !before.contains(id));
        new.into_iter().find(|id| is_there(id, "/var/app/began"))
    })
    .await;
    docker(&["kill", &leader]);
    let ended = world.result(&deployment).await;
    assert_eq!(ended.status, DeploymentStatus::Succeeded, "{:?}", ended.reason);
    let said = all(&world, 4).await;
    assert_eq!(leaders(&said), 1, "{said:?}");
    assert!(said.iter().all(|text| text.ends_with(" each")), "{said:?}");
}

fn is_there(container: &str, path: &str) -> bool {
    std::process::Command::new("docker")
        .args(["exec", container, "test", "-e", path])
        .output()
        .is_ok_and(|done| done.status.success())
}
