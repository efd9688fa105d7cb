//! Containers that are members of a pod: they share the network of their instance's own container.

use std::collections::{BTreeMap, HashMap};

use beanpole_pod::{PodContainer, Restart, Started};
use beanpole_protocol::{HostId, agent::DesiredInstance};
use bollard::{
    models::{
        ContainerCreateBody, HealthConfig, HostConfig, Mount, MountType, RestartPolicy, RestartPolicyNameEnum,
    },
    query_parameters::CreateContainerOptionsBuilder,
};

use super::{
    Doing, Engine, Result,
    containers::{CAPABILITIES, log_config, name},
};
use crate::labels;

/// The folder of the instance's own container below which its volumes are, one a name.
pub const VOLUMES: &str = "/beanpole/volumes";

/// A member that is to be made.
pub struct Joining<'a> {
    pub host: &'a HostId,
    pub instance: &'a DesiredInstance,
    /// Id of the container whose network it shares, and the run of that.
    pub holder: &'a str,
    pub run: &'a str,
    pub container: &'a PodContainer,
    pub image: String,
    pub started: &'a Started,
    pub environment: BTreeMap<String, String>,
    /// The Engine's names of the instance's volumes.
    pub volumes: &'a BTreeMap<String, String>,
    /// 0 is no limit, as in the next.
    pub memory_bytes: u64,
    pub cpu_millis: u32,
}

impl Engine {
    /// Makes a member, without starting it. Answers its id.
    pub async fn create_member(&self, joining: Joining<'_>) -> Result<String> {
        let name = format!("{}-{}", name(&joining.instance.id), joining.container.name);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let created = self
            .api
            .create_container(Some(options), body(&joining))
            .await
            .doing(&format!("creating the container {}", joining.container.name))?;
        Ok(created.id)
    }

    /// The Engine's names of the volumes of an instance, by their names in its pod.
    pub async fn volumes_of(&self, holder: &str) -> Result<BTreeMap<String, String>> {
        let found = self
            .api
            .inspect_container(holder, None)
            .await
            .doing("looking for the instance's volumes")?;
        let mounts = found.mounts.unwrap_or_default().into_iter();
        Ok(mounts
            .filter_map(|mount| {
                let destination = mount.destination?;
                let name = destination.strip_prefix(VOLUMES)?.trim_start_matches('/');
                Some((name.to_owned(), mount.name?))
            })
            .collect())
    }
}

fn body(joining: &Joining<'_>) -> ContainerCreateBody {
    let Joining {
        container,
        instance,
        started,
        ..
    } = joining;
    let labels = HashMap::from(
        [
            (labels::HOST, joining.host.to_string()),
            (labels::INSTANCE, instance.id.to_string()),
            (labels::ENVIRONMENT, instance.environment.to_string()),
            (labels::ENVIRONMENT_NAME, instance.environment_name.clone()),
            (labels::VERSION, instance.release.version.to_string()),
            (labels::GRACE, instance.stop_grace_seconds.to_string()),
            (labels::MEMBER, container.name.clone()),
            (labels::RUN, joining.run.to_owned()),
            (labels::ROLE, "member".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    let environment = joining.environment.iter();
    ContainerCreateBody {
        image: Some(joining.image.clone()),
        entrypoint: started.entrypoint.clone(),
        cmd: started.command.clone(),
        env: Some(
            environment
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        working_dir: container.working_dir.clone(),
        user: container.user.clone(),
        stop_signal: container.stop_signal.clone(),
        stop_timeout: Some(i64::from(instance.stop_grace_seconds)),
        healthcheck: health(container),
        labels: Some(labels),
        host_config: Some(host_config(joining)),
        ..Default::default()
    }
}

fn host_config(joining: &Joining<'_>) -> HostConfig {
    let container = joining.container;
    let memory = i64::try_from(joining.memory_bytes)
        .ok()
        .filter(|bytes| *bytes > 0);
    let mounts = container.mounts.iter().filter_map(|mount| {
        Some(Mount {
            typ: Some(MountType::VOLUME),
            source: Some(joining.volumes.get(&mount.volume)?.clone()),
            target: Some(mount.path.clone()),
            read_only: Some(mount.read_only),
            ..Default::default()
        })
    });
    let tmpfs = container
        .tmpfs
        .iter()
        .map(|folder| (folder.clone(), String::new()));
    HostConfig {
        network_mode: Some(format!("container:{}", joining.holder)),
        memory,
        memory_swap: memory,
        nano_cpus: (joining.cpu_millis > 0).then(|| i64::from(joining.cpu_millis) * 1_000_000),
        pids_limit: Some(i64::from(joining.instance.limits.pids)).filter(|pids| *pids > 0),
        init: Some(true),
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(CAPABILITIES.map(str::to_owned).to_vec()),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        readonly_rootfs: Some(container.read_only),
        restart_policy: Some(restart(container.restart)),
        mounts: Some(mounts.collect()),
        tmpfs: Some(tmpfs.collect()),
        log_config: Some(log_config()),
        ..Default::default()
    }
}

fn restart(restart: Restart) -> RestartPolicy {
    let (name, times) = match restart {
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::OnFailure => (RestartPolicyNameEnum::ON_FAILURE, None),
        Restart::AtMost(times) => (RestartPolicyNameEnum::ON_FAILURE, Some(i64::from(times))),
        Restart::Never => (RestartPolicyNameEnum::NO, None),
    };
    RestartPolicy {
        name: Some(name),
        maximum_retry_count: times,
    }
}

fn health(container: &PodContainer) -> Option<HealthConfig> {
    let check = container.healthcheck.as_ref()?;
    let nanoseconds = |millis: Option<u64>| {
        millis.map(|millis| i64::try_from(millis.saturating_mul(1_000_000)).unwrap_or(i64::MAX))
    };
    Some(HealthConfig {
        test: (!check.test.is_empty()).then(|| check.test.clone()),
        interval: nanoseconds(check.interval_ms),
        timeout: nanoseconds(check.timeout_ms),
        start_period: nanoseconds(check.start_period_ms),
        retries: check.retries.map(i64::from),
        ..Default::default()
    })
}
