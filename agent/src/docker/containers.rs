//! Containers of instances: made with their limits, started, stopped, looked at.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use beanpole_pod::{HOLDER_MEMORY, Pod};
use beanpole_protocol::{HostId, InstanceId, Platform, agent::DesiredInstance};
use bollard::{
    models::{
        ContainerCreateBody, ContainerInspectResponse, ContainerStateStatusEnum, HealthStatusEnum,
        HostConfig, HostConfigLogConfig, PortBinding,
    },
    query_parameters::{
        CreateContainerOptions, CreateContainerOptionsBuilder, ListContainersOptionsBuilder,
        RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
    },
};

use super::{Doing, Engine, Result, images::ImageFacts, members::VOLUMES, network};
use crate::{
    labels,
    model::{Container, Exit, Found, Member, Status},
};

/// What a user's own Dockerfile may count on, and what our init needs: change user, own files, bind low
/// ports.
pub const CAPABILITIES: [&str; 7] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "KILL",
    "NET_BIND_SERVICE",
    "SETGID",
    "SETUID",
];

/// An entry of the Engine's list, enough to see whether a closer look is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub id: String,
    /// Changes whenever the container's state or ports do.
    pub fingerprint: String,
}

/// The name of an instance's container. One name, so that no instance can have two.
pub fn name(instance: &InstanceId) -> String {
    format!("beanpole-{instance}")
}

impl Engine {
    /// Makes the container of an instance, without starting it. Answers its id.
    ///
    /// Its application is published on `publish`, an address of this host, at a port that is free. It gets
    /// `added` beside its own variables.
    pub async fn create_container(
        &self,
        host: &HostId,
        publish: IpAddr,
        instance: &DesiredInstance,
        image: &ImageFacts,
        added: &BTreeMap<String, String>,
    ) -> Result<String> {
        let chosen = instance.env.get("PORT").filter(|_| image.pod.is_none());
        let port = chosen.and_then(|port| port.parse().ok()).unwrap_or(image.port);
        let options = CreateContainerOptionsBuilder::default()
            .name(&name(&instance.id))
            .build();
        let inside = Inside {
            port,
            published: published_port(image, instance, port),
            runs_as_webapp: image.platform != Platform::Docker && !image.has_init,
            has_init: image.has_init,
        };
        let mut body = body(host, publish, instance, inside);
        if let Some(pod) = &image.pod {
            hold(&mut body, pod, instance);
            return self.create(options, body).await;
        }
        let added = added.iter().map(|(name, value)| format!("{name}={value}"));
        let env = body.env.get_or_insert_default();
        env.extend(added);
        if image.has_init {
            // A second for the init itself to end in.
            let seconds = instance.stop_grace_seconds.saturating_sub(1).max(1);
            env.push(format!("BEANPOLE_STOP_SECONDS={seconds}"));
        }
        self.create(options, body).await
    }

    async fn create(&self, options: CreateContainerOptions, body: ContainerCreateBody) -> Result<String> {
        let created = self
            .api
            .create_container(Some(options), body)
            .await
            .doing("creating the container")?;
        Ok(created.id)
    }

    pub async fn start_container(&self, id: &str) -> Result<()> {
        self.api
            .start_container(id, None)
            .await
            .doing("starting the container")
    }

    /// SIGTERM, `grace` seconds later SIGKILL, then removal with its anonymous volumes. A container
    /// that is gone already counts as done.
    pub async fn stop_and_remove(&self, id: &str, grace: u32) -> Result<()> {
        let api = self.patient(Duration::from_secs(u64::from(grace) + 60));
        let options = StopContainerOptionsBuilder::default()
            .t(i32::try_from(grace).unwrap_or(i32::MAX))
            .build();
        match api
            .stop_container(id, Some(options))
            .await
            .doing("stopping the container")
        {
            Err(error) if error.is_not_found() => return Ok(()),
            // What refuses to stop is killed by the removal.
            Err(error) if error.status().is_none() => return Err(error),
            _ => {}
        }
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        match api
            .remove_container(id, Some(options))
            .await
            .doing("removing the container")
        {
            Err(error) if error.is_not_found() || error.status() == Some(409) => Ok(()),
            other => other,
        }
    }

    /// SIGKILL, as from a fault; the container stays.
    pub async fn kill_container(&self, id: &str) -> Result<()> {
        self.api
            .kill_container(id, None)
            .await
            .doing("killing a container")
    }

    /// Every container of this host's agent, running or not.
    pub async fn list_containers(&self, host: &HostId) -> Result<Vec<Listed>> {
        let filter = HashMap::from([("label", vec![format!("{}={host}", labels::HOST)])]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filter)
            .build();
        let found = self
            .api
            .list_containers(Some(options))
            .await
            .doing("listing containers")?;
        Ok(found
            .into_iter()
            .filter_map(|summary| {
                let ports = summary.ports.map(|ports| {
                    let mut ports: Vec<_> = ports.iter().filter_map(|port| port.public_port).collect();
                    ports.sort_unstable();
                    ports
                });
                // Health is told in words beside the time, which would make every look a new one.
                let status = summary.status.unwrap_or_default();
                let health = status.split_once('(').map_or("", |(_, health)| health);
                let fingerprint = format!("{:?} {ports:?} {health}", summary.state);
                Some(Listed {
                    id: summary.id?,
                    fingerprint,
                })
            })
            .collect())
    }

    /// A closer look at one container; none when it is gone or not one of ours.
    pub async fn inspect_container(&self, id: &str) -> Result<Option<Found>> {
        match self
            .api
            .inspect_container(id, None)
            .await
            .doing("inspecting a container")
        {
            Ok(inspected) => Ok(found(inspected)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Turns the container of an instance into one that only holds the network and the volumes of a pod.
fn hold(body: &mut ContainerCreateBody, pod: &Pod, instance: &DesiredInstance) {
    // It runs nothing that would read them.
    body.env = None;
    let volumes = pod.volumes.iter();
    body.volumes = Some(volumes.map(|name| format!("{VOLUMES}/{name}")).collect());
    let host = body.host_config.get_or_insert_default();
    host.extra_hosts = Some(pod.hosts.iter().map(|name| format!("{name}:127.0.0.1")).collect());
    host.cap_add = None;
    if instance.limits.memory_bytes > 0 {
        let memory = i64::try_from(HOLDER_MEMORY).ok();
        host.memory = memory;
        host.memory_swap = memory;
    }
}

/// What of its image matters to a container.
#[derive(Clone, Copy)]
struct Inside {
    /// Where the application listens.
    port: u16,
    /// Where requests go: the proxy in front of it, if there is one.
    published: u16,
    /// As the user webapp from its first process on, which needs no capability.
    runs_as_webapp: bool,
    has_init: bool,
}

/// The port of the proxy.
const PROXY_PORT: u16 = 80;

fn published_port(image: &ImageFacts, instance: &DesiredInstance, port: u16) -> u16 {
    let no_proxy = instance
        .env
        .get("BEANPOLE_PROXY")
        .is_some_and(|kind| kind == "none");
    if image.has_init && !no_proxy {
        PROXY_PORT
    } else {
        port
    }
}

fn body(host: &HostId, publish: IpAddr, instance: &DesiredInstance, inside: Inside) -> ContainerCreateBody {
    let Inside { port, published, .. } = inside;
    let mut env: Vec<String> = instance
        .env
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if !instance.env.contains_key("PORT") {
        env.push(format!("PORT={port}"));
    }
    let labels = HashMap::from(
        [
            (labels::HOST, host.to_string()),
            (labels::INSTANCE, instance.id.to_string()),
            (labels::ENVIRONMENT, instance.environment.to_string()),
            (labels::ENVIRONMENT_NAME, instance.environment_name.clone()),
            (labels::DEPLOYMENT, instance.deployment.to_string()),
            (labels::VERSION, instance.release.version.to_string()),
            (labels::CONFIGURATION, instance.release.configuration.to_string()),
            (labels::GRACE, instance.stop_grace_seconds.to_string()),
            (labels::PORT, published.to_string()),
            (labels::ROLE, "instance".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    ContainerCreateBody {
        image: Some(instance.image.clone()),
        env: Some(env),
        labels: Some(labels),
        exposed_ports: Some(vec![format!("{published}/tcp")]),
        stop_timeout: Some(i64::from(instance.stop_grace_seconds)),
        host_config: Some(host_config(publish, instance, inside)),
        ..Default::default()
    }
}

fn host_config(publish: IpAddr, instance: &DesiredInstance, inside: Inside) -> HostConfig {
    let limits = &instance.limits;
    let memory = i64::try_from(limits.memory_bytes).unwrap_or(i64::MAX);
    // An empty host port lets the Engine choose a free one.
    let binding = PortBinding {
        host_ip: Some(publish.to_string()),
        host_port: Some(String::new()),
    };
    let capabilities: &[&str] = if inside.runs_as_webapp { &[] } else { &CAPABILITIES };
    HostConfig {
        network_mode: Some(network::NAME.to_owned()),
        // Equal limits: otherwise swap doubles what was asked for.
        memory: (memory > 0).then_some(memory),
        memory_swap: (memory > 0).then_some(memory),
        nano_cpus: (limits.cpu_millis > 0).then(|| i64::from(limits.cpu_millis) * 1_000_000),
        pids_limit: (limits.pids > 0).then(|| i64::from(limits.pids)),
        init: Some(!inside.has_init),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(capabilities.iter().map(|name| (*name).to_owned()).collect()),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        port_bindings: Some(HashMap::from([(
            format!("{}/tcp", inside.published),
            Some(vec![binding]),
        )])),
        log_config: Some(log_config()),
        ..Default::default()
    }
}

/// Output is kept, and never fills the disk.
pub fn log_config() -> HostConfigLogConfig {
    let options = [("max-size", "10m"), ("max-file", "3")];
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(
            options
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        ),
    }
}

fn found(found: ContainerInspectResponse) -> Option<Found> {
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let state = found.state?;
    let healthy = state.health.as_ref().and_then(|health| health.status);
    let status = match state.status? {
        ContainerStateStatusEnum::CREATED => Status::Created,
        ContainerStateStatusEnum::RUNNING
        | ContainerStateStatusEnum::PAUSED
        | ContainerStateStatusEnum::RESTARTING => Status::Running,
        ContainerStateStatusEnum::REMOVING => Status::Removing,
        _ => Status::Exited(Exit {
            code: state.exit_code.unwrap_or(-1),
            out_of_memory: state.oom_killed.unwrap_or(false),
            finished_at: state.finished_at.unwrap_or_default(),
        }),
    };
    let instance = labels.get(labels::INSTANCE)?.parse().ok()?;
    let grace = labels
        .get(labels::GRACE)
        .and_then(|grace| grace.parse().ok())
        .unwrap_or(30);
    if let Some(name) = labels.get(labels::MEMBER) {
        return Some(Found::Member(Member {
            id: found.id?,
            name: name.clone(),
            instance,
            status,
            run: labels.get(labels::RUN).cloned().unwrap_or_default(),
            healthy: match healthy {
                None | Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) => None,
                Some(status) => Some(status == HealthStatusEnum::HEALTHY),
            },
            restarts: found
                .restart_count
                .and_then(|count| count.try_into().ok())
                .unwrap_or(0),
            grace,
        }));
    }
    let inside = labels.get(labels::PORT).map(|port| format!("{port}/tcp"))?;
    let address = found
        .network_settings
        .and_then(|network| network.ports)
        .and_then(|mut ports| ports.remove(&inside).flatten())
        .and_then(|bindings| bindings.into_iter().find_map(|b| published(&b)));
    Some(Found::Instance(Container {
        id: found.id?,
        name: found.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        instance,
        address: address.filter(|_| status == Status::Running),
        status,
        run: state.started_at.unwrap_or_default(),
        grace,
        pod: labels
            .get(labels::POD)
            .and_then(|pod| serde_json::from_str(pod).ok())
            .map(Arc::new),
        members: Vec::new(),
        is_orphan: false,
    }))
}

fn published(binding: &PortBinding) -> Option<SocketAddr> {
    let ip = binding.host_ip.as_deref()?.parse().ok()?;
    let port = binding.host_port.as_deref()?.parse().ok()?;
    Some(SocketAddr::new(ip, port))
}
