//! Applications that use SQS with AWS's own SDK and no configuration.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use beanpole_protocol::api::{DeclareQueue, DeploymentPolicy, OptionSetting};
use beanpole_testkit::{
    World, apps, eventually,
    world::{Process, docker, option, options},
};

const JOBS: &str = "BEANPOLE_QUEUE_URL_JOBS";

/// Options for so many instances, with memory for an SDK.
fn roomy(instances: u32) -> Vec<OptionSetting> {
    let mut settings = options(instances, DeploymentPolicy::AllAtOnce);
    settings.retain(|setting| setting.name != "Memory");
    settings.push(option("beanpole:instance", "Memory", 256));
    settings
}

/// Two applications, one of two instances and one of one.
async fn start(name: &str) -> World {
    let world = World::start(name).await;
    for (application, instances) in [("shop", 2), ("blog", 1)] {
        world
            .launch_well(application, apps::uses_sqs(), roomy(instances))
            .await;
    }
    world
}

async fn text(world: &World, application: &str, path: &str) -> String {
    let (status, body) = world.get(application, path).await.unwrap();
    assert_eq!(status, 200, "{path}: {body}");
    body
}

/// Address and port of a container's application, as others on its network would reach it.
fn inside(container: &str) -> String {
    let format =
        "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}:{{index .Config.Labels \"beanpole.port\"}}";
    docker(&["inspect", "--format", format, container])
        .trim()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_finds_its_queues_by_a_stock_sdk_and_no_other_ones() {
    let world = start("an_application_finds_its_queues_by_a_stock_sdk").await;
    world
        .client
        .declare_queue("shop", "jobs", &DeclareQueue::default())
        .await
        .unwrap();

    // Instances that run learn of it as of a property: by the next configuration.
    assert_eq!(text(&world, "shop", &format!("/env/{JOBS}")).await, "(unset)");
    world
        .set_well(
            "shop",
            vec![option("aws:elasticbeanstalk:application:environment", "A", 1)],
        )
        .await;
    let url = text(&world, "shop", &format!("/env/{JOBS}")).await;
    assert_eq!(text(&world, "shop", "/url/jobs").await, url);

    assert_eq!(text(&world, "shop", "/send/hello").await, "sent");
    assert_eq!(text(&world, "shop", "/receive").await, "hello");
    let credentials = text(&world, "shop", "/credentials").await;
    assert!(credentials.starts_with("container-role ASIA"), "{credentials}");

    // Its neighbour may not, and gets no further by its own way either.
    let refused = text(&world, "blog", &format!("/steal?{url}")).await;
    assert_eq!(refused, "AccessDenied");
    let everybody = world.comes_to(3).await;
    let everybody: Vec<String> = everybody.iter().map(|id| inside(id)).collect();
    let reached = text(&world, "blog", &format!("/reach?{}", everybody.join(","))).await;
    assert_eq!(reached.matches("open").count(), 1, "only itself: {reached}");

    // What lets instances in is told to nobody else.
    let ledger = world.data().join("agent/desired.json");
    let mode = std::fs::metadata(&ledger).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(std::fs::read_to_string(ledger).unwrap().contains("bpi_"));
    for log in ["agent", "serve"] {
        let log = std::fs::read_to_string(world.data().join(format!("logs/{log}.log"))).unwrap();
        assert!(!log.contains("bpi_"), "{log}");
    }
    let host = world
        .client
        .hosts(&Default::default())
        .await
        .unwrap()
        .items
        .remove(0);
    assert_eq!(host.services_trouble, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_goes_on_using_its_queue_when_the_agent_was_restarted() {
    let world = World::start("an_application_goes_on_using_its_queue").await;
    world.launch_well("shop", apps::uses_sqs(), roomy(1)).await;
    // One of its own making is its own as well.
    text(&world, "shop", "/create/mail").await;
    assert_eq!(text(&world, "shop", "/send/one?mail").await, "sent");
    let containers = world.containers();
    for process in [Process::Agent, Process::Server] {
        let killed = world.kill(process);
        assert!(killed.is_some());
        eventually("it sends again", Duration::from_secs(60), || async {
            let (status, sent) = world.get("shop", "/send/two?mail").await.ok()?;
            ((status, sent.as_str()) == (200, "sent")).then_some(())
        })
        .await;
        assert_eq!(world.containers(), containers);
    }
}
