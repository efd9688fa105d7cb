//! Environments over real HTTP: people on one side, an agent that only pretends on the other.

use std::time::{Duration, Instant};

use beanpole_protocol::{
    DeploymentId, HostId,
    agent::{Desired, JoinResponse, TaskResult},
    api::{
        CreateApplication, CreateDeployment, CreateEnvironment, Deployment, DeploymentPolicy,
        DeploymentStatus, EnvironmentStatus, Event, EventQuery, HealthStatus, InstanceCondition, PageQuery,
        RequestLogs, Role, UpdateEnvironment, UploadQuery,
    },
};
use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{World, answer, refusal};
use crate::{
    bundle::tests::{raw, zip},
    options::catalogue::{COMMAND, GROUP, PROPERTIES},
    testing::{FakeAgent, option},
};

const WAIT: u32 = 30;

/// An agent that does everything at once, over HTTP. Ends with the test.
struct HttpAgent {
    host: HostId,
    credential: String,
    work: JoinHandle<()>,
}

impl Drop for HttpAgent {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl HttpAgent {
    async fn start(world: &World, name: &str) -> Self {
        let token = world.admin.create_join_token().await.unwrap().token;
        let body = json!({"token": token, "name": name});
        let (status, joined) = answer(world.request(Method::POST, "/agent/v1/join").json(&body)).await;
        assert_eq!(status, StatusCode::OK, "{joined}");
        let JoinResponse { host, credential } = serde_json::from_value(joined).unwrap();
        let work = tokio::spawn(work(world.url.clone(), host.clone(), credential.clone()));
        let agent = Self {
            host,
            credential,
            work,
        };
        loop {
            let hosts = world.admin.hosts(&PageQuery::default()).await.unwrap();
            if hosts
                .items
                .iter()
                .any(|host| host.id == agent.host && host.online)
            {
                return agent;
            }
        }
    }
}

/// Until the server is gone.
async fn work(url: String, host: HostId, credential: String) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut agent = FakeAgent::of(host);
    let ask = |method: Method, path: String| {
        http.request(method, format!("{url}/agent/v1/{path}"))
            .bearer_auth(&credential)
    };
    loop {
        let report = agent.report(16 * 1024);
        let sent = ask(Method::POST, "report".to_owned()).json(&report).send().await;
        let known = agent.desired.generation;
        let polled = ask(Method::GET, format!("desired?known={known}")).send().await;
        let (Ok(sent), Ok(polled)) = (sent, polled) else {
            return;
        };
        assert_eq!(sent.status(), StatusCode::NO_CONTENT);
        if polled.status() == StatusCode::OK {
            agent.desired = polled.json::<Desired>().await.unwrap();
        }
        for task in agent.desired.tasks.clone() {
            let result = TaskResult {
                output: Ok(format!("lines for {}", task.id)),
            };
            let _ = ask(Method::POST, format!("tasks/{}", task.id))
                .json(&result)
                .send()
                .await;
        }
    }
}

impl World {
    /// An application `shop` with versions `v1` and `v2`.
    async fn with_versions() -> Self {
        let world = Self::start().await;
        let body = CreateApplication {
            name: "shop".to_owned(),
            description: String::new(),
        };
        world.admin.create_application("app", &body).await.unwrap();
        for label in ["v1", "v2"] {
            let bytes = zip(&[raw("application.py", label), raw("requirements.txt", "")]);
            let length = bytes.len() as u64;
            let body = stream::iter([Ok(bytes.into())]);
            let query = UploadQuery::default();
            world
                .admin
                .upload_version("shop", label, &query, length, body)
                .await
                .unwrap();
        }
        world
    }

    async fn finished(&self, id: &DeploymentId) -> Deployment {
        let deployment = self.admin.deployment_result(id, WAIT).await.unwrap();
        assert_eq!(deployment.status, DeploymentStatus::Succeeded, "{deployment:?}");
        deployment
    }
}

fn prod(instances: &str) -> CreateEnvironment {
    CreateEnvironment {
        application: "shop".to_owned(),
        name: "prod".to_owned(),
        cname_prefix: Some("Shop-Live".to_owned()),
        platform: None,
        version_label: "v1".to_owned(),
        options: vec![
            option(GROUP, "MinSize", instances),
            option(GROUP, "MaxSize", "12"),
            option(PROPERTIES, "SECRET", "s3cret"),
        ],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_lives_its_life() {
    let world = World::with_versions().await;
    let _agent = HttpAgent::start(&world, "one").await;
    let created = world.admin.create_environment("k1", &prod("2")).await.unwrap();
    assert_eq!(created.environment.url, "http://shop-live.localhost:8080");
    let again = world.admin.create_environment("k1", &prod("2")).await.unwrap();
    assert_eq!(
        again.environment.id, created.environment.id,
        "one key, one environment"
    );
    let launch = created.deployment.unwrap();

    let followed = tokio::spawn(follow(world.admin.clone()));
    world.finished(&launch.id).await;
    let environment = world.admin.environment("prod").await.unwrap();
    assert_eq!(environment.status, EnvironmentStatus::Ready);
    assert_eq!(
        environment.health.status,
        HealthStatus::Ok,
        "{:?}",
        environment.health
    );

    let instances = world.admin.instances("prod").await.unwrap().items;
    assert_eq!(instances.len(), 2);
    assert!(
        instances
            .iter()
            .all(|instance| instance.state == InstanceCondition::Healthy)
    );

    let logs = world
        .admin
        .request_logs("prod", &RequestLogs::default())
        .await
        .unwrap()
        .items;
    assert!(
        logs.len() == 2 && logs.iter().all(|log| log.text.is_some()),
        "{logs:?}"
    );

    let update = UpdateEnvironment {
        set: vec![option(PROPERTIES, "COLOUR", "red")],
        remove: Vec::new(),
    };
    let change = world
        .admin
        .update_environment("prod", "k2", &update)
        .await
        .unwrap();
    world.finished(&change.deployment.unwrap().id).await;
    let body = CreateDeployment {
        version_label: "v2".to_owned(),
        policy: Some(DeploymentPolicy::RollingWithAdditionalBatch),
    };
    let change = world.admin.deploy("prod", "k3", &body).await.unwrap();
    world.finished(&change.deployment.unwrap().id).await;
    assert_eq!(
        world
            .admin
            .environment("prod")
            .await
            .unwrap()
            .version_label
            .as_deref(),
        Some("v2")
    );

    let page = PageQuery {
        after: None,
        limit: Some(2),
    };
    let newest = world.admin.deployments("prod", &page).await.unwrap();
    let numbers: Vec<_> = newest.items.iter().map(|deployment| deployment.number).collect();
    assert_eq!((numbers, newest.next.as_deref()), (vec![3, 2], Some("2")));

    let change = world.admin.terminate_environment("prod").await.unwrap();
    world.finished(&change.deployment.unwrap().id).await;
    let told: Vec<Event> = followed.await.unwrap();
    let query = EventQuery {
        after: Some(0),
        limit: Some(1000),
        severity: None,
    };
    let listed = world.admin.events("prod", &query).await.unwrap().items;
    let ids = |events: &[Event]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(
        ids(&told),
        ids(&listed),
        "the stream tells all and ends with the environment"
    );
    assert_eq!(
        told.last().unwrap().message,
        "terminateEnvironment completed successfully."
    );
    world.stop().await;
}

/// All events of `prod` from the first one on, until the stream ends.
async fn follow(client: beanpole_protocol::client::Client) -> Vec<Event> {
    let stream = client.event_stream("prod", Some(0)).await.unwrap();
    let mut stream = std::pin::pin!(stream);
    let mut text = String::new();
    while let Some(piece) = stream.next().await {
        text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
    }
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let world = World::with_versions().await;
    let mut body = prod("2");
    body.options.push(option(COMMAND, "DeploymentPolcy", "Rolling"));
    let create = world.request(Method::POST, "/api/v1/environments").json(&body);
    let (status, problem) = answer(create).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(problem["kind"], "unknown_option");
    assert_eq!(problem["field"], "aws:elasticbeanstalk:command/DeploymentPolcy");
    assert!(
        problem["message"].as_str().unwrap().contains("DeploymentPolicy"),
        "{problem}"
    );

    let refused =
        async |key: &str, body: CreateEnvironment| refusal(world.admin.create_environment(key, &body).await);
    let nowhere = CreateEnvironment {
        application: "shup".to_owned(),
        ..prod("2")
    };
    assert_eq!(
        refused("k1", nowhere).await,
        (404, "application_not_found".to_owned())
    );
    let unknown = CreateEnvironment {
        version_label: "v9".to_owned(),
        ..prod("2")
    };
    assert_eq!(
        refused("k2", unknown).await,
        (404, "version_not_found".to_owned())
    );
    let other = CreateEnvironment {
        platform: Some(beanpole_protocol::Platform::NodeJs),
        ..prod("2")
    };
    assert_eq!(refused("k3", other).await, (422, "platform_mismatch".to_owned()));

    world.admin.create_environment("k", &prod("2")).await.unwrap();
    assert_eq!(
        refused("k", prod("3")).await,
        (422, "idempotency_key_reused".to_owned())
    );
    let twice = refusal(world.admin.create_environment("k9", &prod("2")).await);
    assert_eq!(twice, (409, "environment_exists".to_owned()));
    let cname = CreateEnvironment {
        name: "other".to_owned(),
        ..prod("2")
    };
    let cname = refusal(world.admin.create_environment("k8", &cname).await);
    assert_eq!(cname, (409, "cname_taken".to_owned()));

    let body = CreateDeployment {
        version_label: "v2".to_owned(),
        policy: None,
    };
    let busy = refusal(world.admin.deploy("prod", "k4", &body).await);
    assert_eq!(busy, (409, "environment_busy".to_owned()));
    let viewer = world.user("vera", Role::Viewer).await;
    assert_eq!(refusal(viewer.deploy("prod", "k5", &body).await).0, 403);
    assert_eq!(refusal(viewer.terminate_environment("prod").await).0, 403);

    let still_running = world
        .admin
        .environment("prod")
        .await
        .unwrap()
        .active_deployment
        .unwrap();
    let path = format!("/api/v1/deployments/{still_running}/result?timeout=1");
    let (status, deployment) = answer(world.request(Method::GET, &path)).await;
    assert_eq!(
        (status, deployment["status"].as_str()),
        (StatusCode::ACCEPTED, Some("running"))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn viewers_see_names_of_properties_and_not_their_values() {
    let world = World::with_versions().await;
    world.admin.create_environment("k", &prod("2")).await.unwrap();
    let secret = |configuration: beanpole_protocol::api::Configuration| {
        let mut options = configuration.options.into_iter();
        options.find(|option| option.name == "SECRET").unwrap().value
    };
    let viewer = world.user("vera", Role::Viewer).await;
    assert_eq!(secret(viewer.configuration("prod").await.unwrap()), "********");
    let deployer = world.user("dan", Role::Deployer).await;
    assert_eq!(secret(deployer.configuration("prod").await.unwrap()), "s3cret");
    let stored: Vec<u8> = sqlx::query_scalar("select properties_sealed from control.configurations")
        .fetch_one(&world.app.pool)
        .await
        .unwrap();
    assert!(!stored.windows(6).any(|part| part == b"s3cret"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_joins_once_with_a_token_and_is_known_by_its_credential() {
    let world = World::start().await;
    let agent = HttpAgent::start(&world, "one").await;
    let join = |token: String, name: &str| {
        let body = json!({"token": token, "name": name});
        answer(world.request(Method::POST, "/agent/v1/join").json(&body))
    };
    let token = world.admin.create_join_token().await.unwrap().token;
    let (status, problem) = join(token.clone(), "one").await;
    assert_eq!(
        (status, problem["kind"].as_str()),
        (StatusCode::CONFLICT, Some("host_exists"))
    );
    let (status, _) = join(token.clone(), "two").await;
    assert_eq!(status, StatusCode::OK, "a refused join does not use the token up");
    let (status, _) = join(token, "three").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    let poll = |credential: String| {
        let request = world.request(Method::GET, "/agent/v1/desired");
        answer(request.header("authorization", format!("Bearer {credential}")))
    };
    assert_eq!(poll("bph_nonsense".to_owned()).await.0, StatusCode::UNAUTHORIZED);
    let online = refusal(world.admin.remove_host(&agent.host).await);
    assert_eq!(online, (409, "host_online".to_owned()));
    agent.work.abort();
    sqlx::query("update control.hosts set lease_until = null")
        .execute(&world.app.pool)
        .await
        .unwrap();
    world.admin.remove_host(&agent.host).await.unwrap();
    assert_eq!(poll(agent.credential.clone()).await.0, StatusCode::UNAUTHORIZED);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_adds_to_a_deployment_is_small() {
    let world = World::with_versions().await;
    let _agent = HttpAgent::start(&world, "one").await;
    let created = world.admin.create_environment("k", &prod("10")).await.unwrap();
    world.finished(&created.deployment.unwrap().id).await;
    for (key, policy) in DeploymentPolicy::ALL.into_iter().take(4).enumerate() {
        let label = if key % 2 == 0 { "v2" } else { "v1" };
        let body = CreateDeployment {
            version_label: label.to_owned(),
            policy: Some(policy),
        };
        let began = Instant::now();
        let change = world
            .admin
            .deploy("prod", &format!("d{key}"), &body)
            .await
            .unwrap();
        world.finished(&change.deployment.unwrap().id).await;
        let took = began.elapsed();
        println!("{}: 10 instances in {} ms", policy.name(), took.as_millis());
        // Nothing is built or booted here, so all of it is ours; the bound leaves room for a busy machine.
        assert!(took < Duration::from_secs(10), "{policy:?} took {took:?}");
    }
    world.stop().await;
}
