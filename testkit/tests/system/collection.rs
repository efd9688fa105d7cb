//! Images on the host: those that nobody needs go, those to return to stay and are not built again.

use std::{
    collections::BTreeMap,
    process::Command,
    time::{Duration, SystemTime},
};

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, apps, eventually,
    world::{Process, docker, options},
};

/// Labels of the deployed versions whose image is on the host.
fn here(images: &BTreeMap<String, String>) -> Vec<&str> {
    let listed = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", "beanpole/app"]);
    let is_here = |image: &str| listed.lines().any(|line| line == image);
    images
        .iter()
        .filter(|(_, image)| is_here(image))
        .map(|(label, _)| label.as_str())
        .collect()
}

/// How often Docker gave an image its name since then: each build, cached or not, ends with that.
fn builds_of(image: &str, since: SystemTime) -> usize {
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
    };
    let (since, until) = (seconds(since), seconds(SystemTime::now()));
    let filter = format!("image={image}");
    let words = ["--since", &since, "--until", &until, "--filter", &filter];
    let events = docker(&[&["events", "--filter", "event=tag"][..], &words].concat());
    events.lines().count()
}

/// Makes everything that is known of images ten minutes older, as if these had passed.
fn let_images_age(world: &World) {
    let url = world.up_command(&["database-url"]);
    let older = "update control.host_images set updated_at = updated_at - interval '11 minutes'";
    let done = Command::new("psql").args([&url, "-c", older]).output().unwrap();
    assert!(
        done.status.success(),
        "psql: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

async fn deploy_well(world: &World, label: &str) {
    let deployment = world.deploy("shop", label, None).await;
    let result = world.result(&deployment).await;
    assert_eq!(result.status, DeploymentStatus::Succeeded, "{:?}", result.reason);
    assert_eq!(
        world.get("shop", "/").await.unwrap(),
        (200, label.to_owned()),
        "after {label}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn images_of_the_last_three_good_versions_stay_and_older_ones_go() {
    let world = World::start("images_of_the_last_three_good_versions_stay").await;
    let began = SystemTime::now();
    world
        .launch_well("shop", apps::web("v1"), options(1, DeploymentPolicy::AllAtOnce))
        .await;
    let mut images = BTreeMap::new();
    for label in ["v1", "v2", "v3", "v4", "v5"] {
        if label != "v1" {
            world.upload("shop", label, apps::web(label)).await;
            deploy_well(&world, label).await;
        }
        let version = world.client.version("shop", label).await.unwrap();
        images.insert(label.to_owned(), format!("beanpole/app:{}", version.id));
    }
    assert_eq!(
        here(&images),
        ["v1", "v2", "v3", "v4", "v5"],
        "just deployed: nothing goes yet"
    );
    assert_eq!(builds_of(&images["v3"], began), 1, "every version is built once");

    let_images_age(&world);
    // A server looks for what can go when it starts, and then every minute.
    world.kill(Process::Server).expect("a server that runs");
    eventually("older images go", Duration::from_secs(180), || async {
        (here(&images) == ["v3", "v4", "v5"]).then_some(())
    })
    .await;

    let returned = SystemTime::now();
    world.wait_until_ready().await;
    deploy_well(&world, "v3").await;
    assert_eq!(builds_of(&images["v3"], returned), 0, "v3 was kept for this");
    deploy_well(&world, "v1").await;
    assert_eq!(builds_of(&images["v1"], returned), 1, "v1 had gone");
}
