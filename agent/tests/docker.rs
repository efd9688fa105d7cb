//! The agent on real Docker, against a small server of the test's own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod door;
mod support;

use beanpole_protocol::{
    Platform, TaskId,
    agent::{DesiredState, ImageState, InstanceState, Task, TaskKind},
};
use support::{World, eventually, instance, is_healthy, route, state};

const PYTHON: &str = r#"
import os
def application(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [os.environ["GREETING"].encode()]
"#;

async fn get(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_version_is_built_run_routed_adopted_and_stopped() {
    let mut world = World::start().await;
    let version = world
        .server
        .version(Platform::Python, &[("application.py", PYTHON)]);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    let generation = world.server.want(|desired| {
        desired.routes.push(route(&id));
        desired.instances.push(wanted);
    });
    let report = world.server.report(|report| is_healthy(report, &id)).await;
    assert_eq!(report.generation, generation);
    assert!(matches!(
        report.images[0].state,
        ImageState::Ready { build_ms: Some(_) }
    ));
    let address = world.address().await;
    let routes = world.routes(generation).await;
    let target = &routes.environments[0].sets[0].targets[0];
    assert_eq!(target.address, Some(address));
    assert!(target.healthy);
    assert_eq!(get(&format!("http://{address}/")).await, "hello");
    let log = eventually("the build log", || {
        Some(world.server.log(&version)).filter(|log| log.contains("the image is ready"))
    })
    .await;
    assert!(log.contains("Step 1/"), "{log}");

    // A new agent finds everything as it is, and never says anything else.
    let container = world.engine.list_containers(&world.host).await.unwrap();
    world.kill_agent().await;
    let before = world.server.reports().len();
    world.start_agent();
    let boot = report.boot;
    world
        .server
        .report(|report| report.boot != boot && is_healthy(report, &id))
        .await;
    assert_eq!(
        world.engine.list_containers(&world.host).await.unwrap(),
        container
    );
    for later in &world.server.reports()[before..] {
        assert!(is_healthy(later, &id), "{later:#?}");
    }
    assert_eq!(world.server.joined(), 1);

    // Its words can be asked for.
    let task = TaskId::random();
    world.server.want(|desired| {
        desired.tasks.push(Task {
            id: task.clone(),
            kind: TaskKind::LogTail {
                instance: id.clone(),
                lines: 50,
            },
        });
    });
    let result = eventually("the task's result", || world.server.result(&task)).await;
    assert!(result.output.unwrap().contains("gunicorn"));

    world
        .server
        .want(|desired| desired.instances[0].state = DesiredState::Stopped);
    world
        .server
        .report(|report| state(report, &id).unwrap().state == InstanceState::Gone)
        .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_exits_fails_with_its_last_words() {
    let world = World::start().await;
    let files = [("Procfile", "web: echo boom && exit 3"), ("application.py", "")];
    let version = world.server.version(Platform::Python, &files);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    let report = world
        .server
        .report(|report| {
            state(report, &id).is_some_and(|seen| matches!(seen.state, InstanceState::Failed { .. }))
        })
        .await;
    let seen = state(&report, &id).unwrap();
    let InstanceState::Failed { reason } = &seen.state else {
        unreachable!()
    };
    assert!(reason.contains("exited with code 3"), "{reason}");
    assert_eq!(seen.log_tail.as_deref(), Some("boom\nboom\nboom"));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_works_on_while_the_server_is_away() {
    let mut world = World::start().await;
    let version = world
        .server
        .version(Platform::Python, &[("application.py", PYTHON)]);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    let generation = world.server.want(|desired| {
        desired.routes.push(route(&id));
        desired.instances.push(wanted);
    });
    let boot = world.server.report(|report| is_healthy(report, &id)).await.boot;
    let address = Some(world.address().await);
    world.server.go_away(true);
    world.stop_agent().await;
    let container = world.engine.list_containers(&world.host).await.unwrap()[0]
        .id
        .clone();
    world.start_agent();
    world.engine.kill_container(&container).await.unwrap();
    // The routes get its new port and its health back with nobody's help.
    eventually("a healthy target on another port", || {
        let path = world.folder.path().join("data/routes.json");
        let routes: beanpole_protocol::routes::Routes =
            serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let target = &routes.environments[0].sets[0].targets[0];
        let is_new = target.address.is_some() && target.address != address && target.healthy;
        (is_new && routes.generation == generation).then_some(())
    })
    .await;
    world.server.go_away(false);
    let report = world
        .server
        .report(|report| report.boot != boot && is_healthy(report, &id))
        .await;
    assert_eq!(state(&report, &id).unwrap().restarts, 1);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_left_the_list_is_stopped() {
    let mut world = World::start().await;
    let version = world
        .server
        .version(Platform::Python, &[("application.py", PYTHON)]);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    world.server.report(|report| is_healthy(report, &id)).await;
    // While no agent looks, the list becomes another.
    world.stop_agent().await;
    world.server.want(|desired| desired.instances.clear());
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_is_built_on_debian_and_listens_where_it_exposes() {
    let world = World::start().await;
    let dockerfile = "FROM debian:bookworm-slim\n\
                      RUN apt-get update && apt-get -y install python3 && rm -rf /var/lib/apt/lists/*\n\
                      COPY . /srv\nEXPOSE 4567\n\
                      CMD [\"python3\", \"-m\", \"http.server\", \"--directory\", \"/srv\", \"4567\"]\n";
    let files = [
        ("site/Dockerfile", dockerfile),
        ("site/index.html", "hi"),
        ("site/.dockerignore", "*.md"),
        ("site/a.md", ""),
    ];
    let version = world.server.version(Platform::Docker, &files);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    world.server.report(|report| is_healthy(report, &id)).await;
    let address = world.address().await;
    assert_eq!(get(&format!("http://{address}/")).await, "hi");
    let missing = reqwest::get(format!("http://{address}/a.md")).await.unwrap();
    assert_eq!(missing.status(), 404);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerrun_file_says_port_and_command() {
    let world = World::start().await;
    let dockerfile = "FROM debian:bookworm-slim\n\
                      RUN apt-get update && apt-get -y install busybox && rm -rf /var/lib/apt/lists/*\n\
                      COPY . /srv";
    let dockerrun = r#"{ "AWSEBDockerrunVersion": "1", "Ports": [{ "ContainerPort": 4568 }],
        "Entrypoint": "busybox", "Command": "httpd -f -p 4568 -h '/srv/a site'" }"#;
    let files = [
        ("Dockerfile", dockerfile),
        ("Dockerrun.aws.json", dockerrun),
        ("a site/index.html", "by Dockerrun"),
    ];
    let version = world.server.version(Platform::Docker, &files);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    world.server.report(|report| is_healthy(report, &id)).await;
    let address = world.address().await;
    assert_eq!(get(&format!("http://{address}/")).await, "by Dockerrun");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dockerfile_that_needs_buildkit_is_built_by_it() {
    let world = World::start().await;
    let nonce = beanpole_protocol::TaskId::random();
    let dockerfile = format!(
        "FROM debian:bookworm-slim\nRUN --mount=type=cache,target=/cache echo cached-{nonce} > /cache/x && cat /cache/x\n\
                      CMD [\"sleep\", \"60\"]\n"
    );
    let version = world
        .server
        .version(Platform::Docker, &[("Dockerfile", &dockerfile)]);
    let report = world
        .server
        .report(|report| {
            report
                .images
                .iter()
                .any(|image| image.state != ImageState::Building)
        })
        .await;
    assert!(
        matches!(report.images[0].state, ImageState::Ready { .. }),
        "{:?}",
        report.images
    );
    eventually("the build log", || {
        let log = world.server.log(&version);
        (log.contains("BuildKit builds it") && log.contains(&format!("cached-{nonce}"))).then_some(())
    })
    .await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn builds_that_cannot_work_say_why() {
    let world = World::start().await;
    let nowhere = "FROM localhost:1/nobody/nothing:9\n";
    let broken = [
        ("requirements.txt", "no-such-package-of-beanpole==99.99"),
        ("application.py", ""),
    ];
    let cases = [
        (
            world.server.version(Platform::Docker, &[("Dockerfile", nowhere)]),
            "localhost:1/nobody/nothing:9",
        ),
        (
            world.server.version(Platform::Python, &broken),
            "no-such-package-of-beanpole",
        ),
        (
            world.server.version(Platform::NodeJs, &[("package.json", "{}")]),
            "nothing to run",
        ),
        (
            world.server.version(Platform::Python, &[("../evil.py", "")]),
            "leads out of its folder",
        ),
        (
            world
                .server
                .version(Platform::Python, &[("Procfile", "worker: b"), ("a.py", "")]),
            "no process named web",
        ),
    ];
    for (version, words) in &cases {
        let report = world
            .server
            .report(|report| {
                report.images.iter().any(|image| {
                    image.version == *version && matches!(image.state, ImageState::Failed { .. })
                })
            })
            .await;
        let image = report
            .images
            .iter()
            .find(|image| image.version == *version)
            .unwrap();
        let ImageState::Failed { reason } = &image.state else {
            unreachable!()
        };
        assert!(reason.contains(words), "{reason}");
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_application_starts_by_its_start_script_and_hears_sigterm() {
    let world = World::start().await;
    let package =
        r#"{"name":"shop","scripts":{"start":"node index.js"},"dependencies":{"is-number":"7.0.0"}}"#;
    let code = r#"
        const isNumber = require("is-number");
        process.on("SIGTERM", () => { console.log("goodbye"); process.exit(0); });
        require("http").createServer((_, answer) => answer.end(String(isNumber(5)))).listen(process.env.PORT);
    "#;
    let version = world
        .server
        .version(Platform::NodeJs, &[("package.json", package), ("index.js", code)]);
    let wanted = instance(&version);
    let id = wanted.id.clone();
    world.server.want(|desired| desired.instances.push(wanted));
    world.server.report(|report| is_healthy(report, &id)).await;
    let address = world.address().await;
    assert_eq!(get(&format!("http://{address}/")).await, "true");
    let began = std::time::Instant::now();
    world
        .server
        .want(|desired| desired.instances[0].state = DesiredState::Stopped);
    world
        .server
        .report(|report| state(report, &id).unwrap().state == InstanceState::Gone)
        .await;
    assert!(
        began.elapsed().as_secs() < 4,
        "the grace period ran out: {:?}",
        began.elapsed()
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stages_of_a_build_left_goes_with_the_versions_image() {
    let mut world = World::start().await;
    let nonce = TaskId::random();
    let dockerfile = format!(
        "FROM debian:bookworm-slim AS build\nRUN echo {nonce} > /built\n\
         FROM debian:bookworm-slim\nCOPY --from=build /built /built\nCMD [\"sleep\", \"60\"]\n"
    );
    let version = world
        .server
        .version(Platform::Docker, &[("Dockerfile", &dockerfile)]);
    world
        .server
        .report(|report| {
            report
                .images
                .iter()
                .any(|image| matches!(image.state, ImageState::Ready { .. }))
        })
        .await;
    let memory = world.folder.path().join("data/memory.json");
    let left = eventually("the stage is remembered", || {
        let memory: serde_json::Value = serde_json::from_slice(&std::fs::read(&memory).ok()?).ok()?;
        let ids = memory["stages"][version.as_str()].as_array()?.clone();
        ids.into_iter()
            .map(|id| id.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
    })
    .await;
    assert_eq!(left.len(), 1, "one stage before the last");
    assert!(world.engine.layers(&left[0]).await.unwrap().is_some());

    // Nobody wants the version any more. An agent waits a little, in case it comes back; one that has
    // just been started does not.
    let generation = world.server.want(|desired| desired.images.clear());
    world
        .server
        .report(|report| report.generation >= generation)
        .await;
    world.kill_agent().await;
    world.start_agent();
    for image in [&left[0], &support::image_name(&version)] {
        let mut looks = 0;
        while world.engine.layers(image).await.unwrap().is_some() {
            looks += 1;
            assert!(looks < 400, "{image} is still there");
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    world.finish().await;
}
