//! Instances of several containers: Compose files, and container definitions of ECS.

use std::time::Duration;

use beanpole_protocol::api::{DeploymentPolicy, DeploymentStatus};
use beanpole_testkit::{
    World, bundle, eventually,
    world::{Process, docker, options},
};

use crate::examples::example;

const CLOCK: &str = "/cgi-bin/clock";

async fn answers(world: &World, words: &str) {
    eventually("the containers answer", Duration::from_secs(60), || async {
        let (status, body) = world.get("clock", CLOCK).await.ok()?;
        (status == 200 && body.contains(words)).then_some(())
    })
    .await;
}

fn zipped(files: &[(String, String)]) -> Vec<u8> {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    bundle::zip(&files)
}

/// The container of an instance that has this name in its pod.
fn member(world: &World, name: &str) -> String {
    let mut found = world.containers().into_iter().filter(|id| {
        let label = docker(&[
            "inspect",
            "--format",
            "{{index .Config.Labels \"beanpole.member\"}}",
            id,
        ]);
        label.trim() == name
    });
    found.next().expect("the container is there")
}

fn started_at(container: &str) -> String {
    docker(&["inspect", "--format", "{{.State.StartedAt}}", container])
}

fn volumes(container: &str) -> Vec<String> {
    let format = "{{range .Mounts}}{{.Name}} {{end}}";
    docker(&["inspect", "--format", format, container])
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compose_file_runs_as_one_instance() {
    let world = World::start("a_compose_file_runs_as_one_instance").await;
    let mut files = example("compose-hello");
    world
        .launch_well("clock", zipped(&files), options(1, DeploymentPolicy::Rolling))
        .await;
    let (status, page) = world.get("clock", "/").await.unwrap();
    assert!(status == 200 && page.contains("one instance"), "{status} {page}");
    // Found by its name, with the property that .ebextensions set.
    answers(&world, "Good day, it is").await;
    let three = world.comes_to(3).await;

    // One that ends is started again in its place; when the network goes, all come anew; and nobody notices
    // that an agent was away.
    docker(&[
        "exec",
        &member(&world, "clock"),
        "busybox",
        "pkill",
        "-KILL",
        "httpd",
    ]);
    answers(&world, "Good day").await;
    assert_eq!(world.comes_to(3).await, three);
    let web = member(&world, "web");
    let holder = three
        .iter()
        .find(|id| **id != web && **id != member(&world, "clock"))
        .expect("a third");
    docker(&["kill", holder]);
    eventually(
        "the containers are made anew",
        Duration::from_secs(60),
        || async {
            let containers = world.containers();
            (containers.len() == 3 && !containers.contains(&web)).then_some(())
        },
    )
    .await;
    answers(&world, "Good day").await;
    let before = started_at(&member(&world, "web"));
    world.kill(Process::Agent);
    answers(&world, "Good day").await;
    assert_eq!(started_at(&member(&world, "web")), before);

    // What cannot come up fails by name, with its words, and leaves what runs alone.
    let running = world.comes_to(3).await;
    for (path, text) in &mut files {
        if path == "clock/Dockerfile" {
            text.push_str("CMD [\"sh\", \"-c\", \"echo no clock today; exit 3\"]\n");
        }
    }
    world.upload("clock", "broken", zipped(&files)).await;
    let deployment = world
        .deploy("clock", "broken", Some(DeploymentPolicy::Immutable))
        .await;
    let result = world.result(&deployment).await;
    assert_eq!(result.status, DeploymentStatus::RolledBack, "{:?}", result.reason);
    let reason = result.reason.unwrap_or_default();
    assert!(reason.contains("the container clock"), "{reason}");
    let tail = result.log_tail.unwrap_or_default();
    assert!(tail.contains("no clock today"), "{tail}");
    assert_eq!(world.comes_to(3).await, running);
    answers(&world, "Good day").await;

    world.client.terminate_environment("clock").await.unwrap();
    world.comes_to(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn container_definitions_of_ecs_run_as_one_instance() {
    let world = World::start("container_definitions_of_ecs_run_as_one_instance").await;
    let dockerrun = r#"{
      "AWSEBDockerrunVersion": 2,
      "volumes": [{"name": "shared"}, {"name": "page", "host": {"sourcePath": "/var/app/current/page"}}],
      "containerDefinitions": [
        {"name": "writer", "image": "debian:bookworm-slim", "essential": false, "memory": 32,
         "command": ["sh", "-c", "echo \"$COLOUR $(cat /page/word)\" > /shared/out"],
         "environment": [{"name": "COLOUR", "value": "green"}],
         "mountPoints": [{"sourceVolume": "shared", "containerPath": "/shared"},
                         {"sourceVolume": "page", "containerPath": "/page", "readOnly": true}]},
        {"name": "server", "image": "debian:bookworm-slim", "essential": true, "memory": 64,
         "dependsOn": [{"containerName": "writer", "condition": "SUCCESS"}],
         "portMappings": [{"hostPort": 80, "containerPort": 8080}],
         "mountPoints": [{"sourceVolume": "shared", "containerPath": "/in", "readOnly": true}],
         "command": ["perl", "-MIO::Socket::INET", "-e",
           "my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 9, ReuseAddr => 1); while (my $c = $s->accept) { while (my $l = <$c>) { last if $l =~ /^\\r/ } open my $f, '<', '/in/out'; my $t = <$f>; print $c 'HTTP/1.0 200 OK', \"\\r\\n\\r\\n\", $t; close $c }"]}
      ]}"#;
    let files = [("Dockerrun.aws.json", dockerrun), ("page/word", "leaves\n")];
    world
        .launch_well("leaf", bundle::zip(&files), options(1, DeploymentPolicy::Rolling))
        .await;
    assert_eq!(
        world.get("leaf", "/").await.unwrap(),
        (200, "green leaves\n".to_owned())
    );
    let [volume] = &volumes(&member(&world, "server"))[..] else {
        panic!("one volume")
    };
    world.client.terminate_environment("leaf").await.unwrap();
    world.comes_to(0).await;
    eventually(
        "the volume went with its instance",
        Duration::from_secs(30),
        || async {
            let all = docker(&["volume", "ls", "-q"]);
            (!all.lines().any(|name| name == volume)).then_some(())
        },
    )
    .await;
}
