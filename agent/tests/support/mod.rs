//! Ground for tests on real Docker: an agent in this process, a small real HTTP server that speaks
//! the agent API, bundles made on the spot.
//!
//! Everything is named after a random host id, and what it leaves in Docker is removed at the end.

pub mod server;

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use beanpole_agent::{
    cli::{HostOptions, RunOptions},
    docker::Engine,
    model::Found,
    run,
};
use beanpole_protocol::{
    DeploymentId, EnvironmentId, HostId, InstanceId, Platform, Release, VersionId,
    agent::*,
    routes::{EnvironmentRoute, Routes, Target, TargetSet, TargetState},
};
use server::Server;
use tokio_util::sync::CancellationToken;
use zip::{ZipWriter, write::SimpleFileOptions};

/// A host with its agent.
pub struct World {
    pub server: Server,
    pub host: HostId,
    pub folder: tempfile::TempDir,
    pub engine: Engine,
    agent: Option<(CancellationToken, tokio::task::JoinHandle<anyhow::Result<()>>)>,
}

pub fn docker_socket() -> PathBuf {
    std::env::var("BEANPOLE_DOCKER")
        .unwrap_or_else(|_| "/var/run/docker.sock".to_owned())
        .into()
}

impl World {
    /// A server and an agent that has joined it.
    pub async fn start() -> Self {
        let _ = tracing_subscriber::fmt()
            .with_env_filter("info,bollard=warn")
            .with_test_writer()
            .try_init();
        let host = HostId::random();
        let server = Server::start(host.clone()).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "join-me\n").unwrap();
        let engine = Engine::connect(&docker_socket()).await.unwrap();
        let mut world = Self {
            server,
            host,
            folder,
            engine,
            agent: None,
        };
        world.start_agent();
        world
    }

    pub fn start_agent(&mut self) {
        let stop = CancellationToken::new();
        let options = RunOptions {
            host: HostOptions {
                data: self.folder.path().join("data"),
                docker: docker_socket(),
                ca_dir: "/usr/local/share/ca-certificates".into(),
                instance_init: Some(init()),
                base_image: None,
                debian_mirror: None,
                debian_security_mirror: None,
            },
            server: self.server.url(),
            join_token_file: Some(self.folder.path().join("token")),
            name: Some("test".to_owned()),
            advertise: None,
            edge_admin: None,
            routes: None,
        };
        let task = tokio::spawn(run::run(options, stop.clone()));
        self.agent = Some((stop, task));
    }

    pub async fn stop_agent(&mut self) {
        let (stop, task) = self.agent.take().unwrap();
        stop.cancel();
        task.await.unwrap().unwrap();
    }

    /// Ends the agent between two instructions, as a crash would.
    pub async fn kill_agent(&mut self) {
        let (_, task) = self.agent.take().unwrap();
        task.abort();
        let _ = task.await;
    }

    /// The edge's file, once it is of this generation.
    pub async fn routes(&self, generation: u64) -> Routes {
        let path = self.folder.path().join("data/routes.json");
        eventually("the routes file", || {
            let routes: Routes = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            (routes.generation >= generation).then_some(routes)
        })
        .await
    }

    /// Where the host's only instance is reached.
    pub async fn address(&self) -> std::net::SocketAddr {
        let listed = self.engine.list_containers(&self.host).await.unwrap();
        let found = self.engine.inspect_container(&listed[0].id).await.unwrap();
        let Some(Found::Instance(container)) = found else {
            panic!("the host's first container is not an instance");
        };
        container.address.unwrap()
    }

    /// Empties the host and removes the images.
    pub async fn finish(mut self) {
        if self.agent.is_none() {
            self.start_agent();
        }
        let everything = self.server.desired();
        let generation = self.server.want(|desired| {
            desired.instances.clear();
            desired.images.clear();
        });
        self.server.report(|report| report.generation >= generation).await;
        for _ in 0..600 {
            if self.engine.list_containers(&self.host).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(self.engine.list_containers(&self.host).await.unwrap().is_empty());
        self.stop_agent().await;
        for image in everything.images {
            let _ = self.engine.remove_image(&image.image).await;
        }
    }
}

/// The program that instances run first, built with the others of the workspace.
fn init() -> std::path::PathBuf {
    let tests = std::env::current_exe().unwrap();
    let programs = tests.parent().and_then(Path::parent).unwrap();
    programs.join("beanpole-instance-init")
}

/// Waits until something is there, for at most 20 seconds.
pub async fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain for {what}");
}

/// A zip of these files.
pub fn bundle(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// An instance of a version, probed often.
pub fn instance(version: &VersionId) -> DesiredInstance {
    DesiredInstance {
        id: InstanceId::random(),
        environment: "e-test".parse::<EnvironmentId>().unwrap(),
        environment_name: "test".to_owned(),
        deployment: "d-test".parse::<DeploymentId>().unwrap(),
        release: Release {
            version: version.clone(),
            configuration: 1,
        },
        image: image_name(version),
        state: DesiredState::Running,
        env: BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]),
        limits: Limits {
            memory_bytes: 128 << 20,
            cpu_millis: 1000,
            pids: 64,
        },
        health: HealthCheck {
            kind: HealthCheckKind::Http {
                path: "/".to_owned(),
                codes: vec![(200, 299)],
            },
            interval_ms: 500,
            timeout_ms: 1000,
            healthy_threshold: 2,
            unhealthy_threshold: 2,
            gate_passes: 2,
            gate_interval_ms: 100,
        },
        stop_grace_seconds: 5,
        services: None,
    }
}

pub fn image_name(version: &VersionId) -> String {
    format!("beanpole/app:{version}")
}

pub fn image(version: &VersionId, platform: Platform, sha256: String) -> DesiredImage {
    DesiredImage {
        version: version.clone(),
        image: image_name(version),
        platform,
        bundle_sha256: sha256,
        application: "test".to_owned(),
        label: "one".to_owned(),
        attempt: 0,
        region: "us-east-1".to_owned(),
    }
}

pub fn route(instance: &InstanceId) -> EnvironmentRoute {
    EnvironmentRoute {
        environment: "e-test".parse().unwrap(),
        name: "test".to_owned(),
        hosts: vec!["test.localhost".to_owned()],
        sets: vec![TargetSet {
            version: "one".to_owned(),
            weight: 100,
            targets: vec![Target {
                instance: instance.clone(),
                address: None,
                state: TargetState::InService,
                healthy: false,
            }],
        }],
        stickiness: None,
        deregistration_delay_seconds: 5,
    }
}

/// The state that a report gives to an instance.
pub fn state<'a>(report: &'a Report, instance: &InstanceId) -> Option<&'a ObservedInstance> {
    report.instances.iter().find(|observed| observed.id == *instance)
}

pub fn is_healthy(report: &Report, instance: &InstanceId) -> bool {
    state(report, instance).is_some_and(|observed| observed.state == InstanceState::Healthy)
}
