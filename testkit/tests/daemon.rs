//! A killed Docker daemon: applications serve on, and what was under way goes on once it is back.
//!
//! This ends the machine's daemon, which others may be using: `scripts/test` runs it by itself, after
//! everything else, and only where the daemon is set up so that containers outlive it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{path::Path, process::Command, time::Duration};

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus, InstanceCondition};
use beanpole_testkit::{
    Load, World, apps, eventually,
    world::{docker, options},
};

/// Runs a command as root, who alone may end and start the daemon.
fn as_root(words: &[&str]) {
    let (program, words) = if rustix::process::geteuid().is_root() {
        (words[0], &words[1..])
    } else {
        ("sudo", words)
    };
    let output = Command::new(program).args(words).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {complaint}");
}

fn daemon() -> String {
    let text = std::fs::read_to_string("/var/run/docker.pid").unwrap();
    text.trim().to_owned()
}

/// `kill -9`; answers the process that is gone.
async fn kill_docker() -> String {
    let daemon = daemon();
    as_root(&["kill", "-9", &daemon]);
    eventually("the daemon is gone", Duration::from_secs(10), || async {
        let stat = std::fs::read_to_string(format!("/proc/{daemon}/stat"));
        stat.map_or(true, |stat| stat.contains(") Z ")).then_some(())
    })
    .await;
    daemon
}

/// Starts it again as an installation does, unless the system's own supervisor was quicker.
async fn start_docker(before: &str) {
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/install");
    let output = Command::new(install).arg("run").output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/install: {complaint}");
    eventually("Docker answers", Duration::from_secs(60), || async {
        let version = docker(&["version", "--format", "{{.Server.Version}}"]);
        (!version.trim().is_empty() && daemon() != before).then_some(())
    })
    .await;
}

/// Waits for requests that left after now and were answered.
async fn some_load(load: &Load) {
    let before = load.so_far().answered;
    eventually("the load goes on", Duration::from_secs(20), || {
        let answered = load.so_far().answered;
        async move { (answered > before + 60).then_some(()) }
    })
    .await;
}

async fn assert_healthy(world: &World, instances: usize) {
    eventually("all instances are healthy", Duration::from_secs(60), || async {
        let seen = world.client.instances("shop").await.ok()?.items;
        let healthy = seen
            .iter()
            .filter(|one| one.state == InstanceCondition::Healthy)
            .count();
        (seen.len() == instances && healthy == instances).then_some(())
    })
    .await;
    assert_eq!(world.containers().len(), instances);
}

#[tokio::test(flavor = "multi_thread")]
async fn applications_serve_while_docker_is_away() {
    let world = World::start("applications_serve_while_docker_is_away").await;
    world
        .launch_well("shop", apps::web("v1"), options(2, DeploymentPolicy::Rolling))
        .await;
    let containers = world.containers();
    let load = Load::start(world.edge, &World::host_name("shop"), 40);
    some_load(&load).await;
    let killed = kill_docker().await;
    some_load(&load).await;
    start_docker(&killed).await;
    some_load(&load).await;
    let report = load.stop().await;
    assert_eq!(report.failed(), 0, "{report:?}");
    assert_healthy(&world, 2).await;
    assert_eq!(world.containers(), containers, "the same containers run on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_goes_on_when_docker_is_back() {
    let world = World::start("a_deployment_goes_on_when_docker_is_back").await;
    world
        .launch_well("shop", apps::web("v1"), options(2, DeploymentPolicy::Rolling))
        .await;
    for phase in ["preparing", "batch"] {
        world.upload("shop", phase, apps::web(phase)).await;
        let load = Load::start(world.edge, &World::host_name("shop"), 20);
        let deployment = world.deploy("shop", phase, None).await;
        eventually("the phase is there", Duration::from_secs(60), || async {
            let now = world.client.deployment(&deployment.id).await.ok()?;
            assert!(!now.status.is_terminal(), "{phase} was missed");
            (now.phase == phase).then_some(())
        })
        .await;
        let killed = kill_docker().await;
        some_load(&load).await;
        start_docker(&killed).await;
        let result = world.result(&deployment).await;
        let report = load.stop().await;
        let reason = result.reason;
        assert_eq!(result.status, DeploymentStatus::Succeeded, "{phase}: {reason:?}");
        assert_eq!(report.failed(), 0, "{phase}: {report:?}");
        assert_eq!(world.get("shop", "/").await.unwrap(), (200, phase.to_owned()));
        assert_healthy(&world, 2).await;
    }
}
