//! A `Dockerrun.aws.json` of version 2: container definitions as ECS has them, which become the containers of
//! a pod.

use std::collections::{BTreeMap, BTreeSet};

use beanpole_ebextensions::Finding;
use beanpole_pod::{Argv, Condition, Healthcheck, Mount, Need, Pod, PodContainer, Restart, expand::escape};

use super::{
    compose::{
        at::{At, document},
        folders::inside,
        ports::{Port, entrance},
        values,
    },
    dockerrun::FILE,
    order::in_order,
};
use crate::{
    plan::AppBuild,
    pod::{ContainerImage, Copy, ImageSource, PodBuild},
    source::Source,
};

const NO_EFFECT: &[&str] = &[
    "cpu",
    "disableNetworking",
    "dockerLabels",
    "logConfiguration",
    "memoryReservation",
    "startTimeout",
    "stopTimeout",
    "ulimits",
    "interactive",
    "pseudoTerminal",
    "versionConsistency",
];
const REFUSED: &[&str] = &[
    "dnsSearchDomains",
    "dnsServers",
    "dockerSecurityOptions",
    "environmentFiles",
    "extraHosts",
    "firelensConfiguration",
    "linuxParameters",
    "privileged",
    "repositoryCredentials",
    "resourceRequirements",
    "secrets",
    "systemControls",
    "volumesFrom",
];
const KNOWN: &[&str] = &[
    "command",
    "dependsOn",
    "entryPoint",
    "environment",
    "essential",
    "healthCheck",
    "hostname",
    "image",
    "links",
    "memory",
    "mountPoints",
    "name",
    "portMappings",
    "readonlyRootFilesystem",
    "user",
    "workingDirectory",
];
/// Where Beanstalk unpacks a bundle.
const BUNDLE: &str = "/var/app/current";
/// Volumes that Beanstalk makes for logs, one a container.
const LOGS: &str = "awseb-logs-";

/// What a volume of the file is.
enum Volume {
    /// One of the instance.
    Own,
    /// A file or folder of the bundle.
    Bundle(String),
}

/// From the text of the file to the build of its images.
pub fn plan(text: &str, source: &Source) -> Result<AppBuild, Finding> {
    let root = document(FILE, text)?;
    let file = At::root(FILE, &root);
    let parts = file.fields(&[
        "AWSEBDockerrunVersion",
        "containerDefinitions",
        "volumes",
        "authentication",
        "family",
    ])?;
    let find = |name: &str| parts.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    if let Some(part) = find("authentication") {
        return Err(part.error(
            "authentication names credentials in S3, which Beanpole does not read: log in and pull the images on every host, then remove it",
        ));
    }
    let volumes = find("volumes").map_or(Ok(BTreeMap::new()), |part| volumes(part, source))?;
    let Some(definitions) = find("containerDefinitions") else {
        return Err(file.error("the file has no 'containerDefinitions'"));
    };
    let mut draft = Draft {
        volumes: &volumes,
        source,
        build: AppBuild::default(),
        pod: PodBuild::default(),
        hosts: BTreeSet::new(),
        ports: Vec::new(),
    };
    for definition in definitions.items()? {
        draft.container(&definition)?;
    }
    draft.finish(definitions)
}

fn volumes<'n>(at: &At<'n>, source: &Source) -> Result<BTreeMap<&'n str, Volume>, Finding> {
    let mut volumes = BTreeMap::new();
    for part in at.items()? {
        let mut name = "";
        let mut volume = Volume::Own;
        for (key, field) in part.fields(&["name", "host"])? {
            match key {
                "name" => name = field.text()?,
                _ => {
                    for (_, path) in field.fields(&["sourcePath"])? {
                        volume = of_host(&path, source)?;
                    }
                }
            }
        }
        volumes.insert(name, volume);
    }
    Ok(volumes)
}

fn of_host(at: &At<'_>, source: &Source) -> Result<Volume, Finding> {
    let path = at.text()?;
    let Some(rest) = path.strip_prefix(BUNDLE) else {
        return Err(at.error(format!(
            "{path} is a folder of the host, which instances do not have: {BUNDLE}/… is the bundle, and a volume without 'host' is one of the instance"
        )));
    };
    let inner = inside(rest.trim_start_matches('/')).unwrap_or_default();
    if inner.is_empty() || source.has(&inner) || source.has_folder(&inner) {
        return Ok(Volume::Bundle(inner));
    }
    Err(at.error(format!("{inner} is not in the bundle")))
}

struct Draft<'a> {
    volumes: &'a BTreeMap<&'a str, Volume>,
    source: &'a Source,
    build: AppBuild,
    pod: PodBuild,
    hosts: BTreeSet<String>,
    ports: Vec<(String, Port)>,
}

impl Draft<'_> {
    fn container(&mut self, at: &At<'_>) -> Result<(), Finding> {
        let mut all = KNOWN.to_vec();
        all.extend_from_slice(NO_EFFECT);
        all.extend_from_slice(REFUSED);
        let mut container = PodContainer {
            all_properties: true,
            restart: Restart::Always,
            ..PodContainer::default()
        };
        let mut image = String::new();
        let mut copies = Vec::new();
        let mut ports = Vec::new();
        for (key, value) in at.fields(&all)? {
            let list = |value: &At<'_>| {
                Ok(Some(Argv::List(
                    value.texts()?.iter().map(|text| escape(text)).collect(),
                )))
            };
            match key {
                "name" => container.name = value.text()?.to_owned(),
                "image" => image = value.text()?.to_owned(),
                // ECS leaves an ended container alone unless its task stands on it.
                "essential" if !value.truth()? => container.restart = Restart::Never,
                "essential" => {}
                "command" => container.command = list(&value)?,
                "entryPoint" => container.entrypoint = list(&value)?,
                "workingDirectory" => container.working_dir = Some(value.text()?.to_owned()),
                "user" => container.user = Some(value.text()?.to_owned()),
                "readonlyRootFilesystem" => container.read_only = value.truth()?,
                "memory" => {
                    let megabytes: u64 = value.parsed("a number of MiB", |text| text.parse().ok())?;
                    container.memory_bytes = Some(megabytes.saturating_mul(1 << 20));
                }
                "environment" => {
                    for pair in value.items()? {
                        let (name, text) = pair_of(&pair, "name", "value")?;
                        container.environment.push((name, Some(escape(&text))));
                    }
                }
                "portMappings" => {
                    for mapping in value.items()? {
                        ports.extend(port(&mapping)?);
                    }
                }
                "mountPoints" => {
                    for mount in value.items()? {
                        self.mount(&mount, &mut container, &mut copies)?;
                    }
                }
                "links" => {
                    for link in value.texts()? {
                        self.hosts.extend(link.split(':').map(str::to_owned));
                    }
                }
                "hostname" => {
                    self.hosts.insert(value.text()?.to_owned());
                }
                "dependsOn" => {
                    for need in value.items()? {
                        let (name, condition) = pair_of(&need, "containerName", "condition")?;
                        container.needs.push(Need {
                            container: name,
                            condition: condition_of(&condition).ok_or_else(|| {
                                need.error("the condition is START, COMPLETE, SUCCESS or HEALTHY")
                            })?,
                        });
                    }
                }
                "healthCheck" => container.healthcheck = Some(healthcheck(&value)?),
                "privileged" if !value.truth()? => {}
                key if REFUSED.contains(&key) => {
                    return Err(value.error(format!(
                        "{key} is not to be had for containers of an instance: remove it"
                    )));
                }
                _ => self
                    .build
                    .notes
                    .push(format!("{}: {key} has no effect", value.place())),
            }
        }
        if container.name.is_empty() || image.is_empty() {
            return Err(at.error(format!("{} needs a 'name' and an 'image'", at.key)));
        }
        self.hosts.insert(container.name.clone());
        for port in ports {
            let other = self.ports.iter().find(|(_, known)| known.number == port.number);
            if let Some((other, _)) = other {
                return Err(at.error(format!(
                    "{} and {other} both listen on port {}, and the containers of an instance share one network",
                    container.name, port.number
                )));
            }
            self.ports.push((container.name.clone(), port));
        }
        self.build.base_images.push(image.clone());
        self.pod.images.push(ContainerImage {
            container: container.name.clone(),
            from: ImageSource::Named(image),
            copies,
        });
        self.pod.pod.containers.push(container);
        Ok(())
    }

    fn mount(
        &mut self,
        at: &At<'_>,
        container: &mut PodContainer,
        copies: &mut Vec<Copy>,
    ) -> Result<(), Finding> {
        let (mut name, mut path, mut read_only) = ("", String::new(), false);
        for (key, value) in at.fields(&["sourceVolume", "containerPath", "readOnly"])? {
            match key {
                "sourceVolume" => name = value.text()?,
                "containerPath" => value.text()?.clone_into(&mut path),
                _ => read_only = value.truth()?,
            }
        }
        match self.volumes.get(name) {
            // Logs stay in their container.
            None if name.starts_with(LOGS) => {}
            None => return Err(at.error(format!("the volume {name} is not among the file's 'volumes'"))),
            Some(Volume::Bundle(from)) => copies.push(Copy {
                from: from.clone(),
                to: path,
                is_folder: from.is_empty() || self.source.has_folder(from),
            }),
            Some(Volume::Own) => {
                if !self.pod.pod.volumes.iter().any(|volume| volume == name) {
                    self.pod.pod.volumes.push(name.to_owned());
                }
                container.mounts.push(Mount {
                    volume: name.to_owned(),
                    path,
                    read_only,
                });
            }
        }
        Ok(())
    }

    fn finish(mut self, at: &At<'_>) -> Result<AppBuild, Finding> {
        let Some(port) = entrance(self.ports.iter().map(|(_, port)| port)) else {
            return Err(at.error("no container has 'portMappings', so that no request would be answered"));
        };
        in_order(&self.pod.pod.containers).map_err(|trouble| at.error(trouble))?;
        self.pod.pod = Pod {
            hosts: self.hosts.into_iter().collect(),
            ..self.pod.pod
        };
        Ok(AppBuild {
            port: Some(port),
            pod: Some(self.pod),
            ..self.build
        })
    }
}

fn pair_of(at: &At<'_>, first: &str, second: &str) -> Result<(String, String), Finding> {
    let mut pair = (String::new(), String::new());
    for (key, value) in at.fields(&[first, second])? {
        let text = value.text()?.to_owned();
        if key == first {
            pair.0 = text;
        } else {
            pair.1 = text;
        }
    }
    match pair.0.is_empty() {
        true => Err(at.error(format!("{}.{first} is missing", at.key))),
        false => Ok(pair),
    }
}

fn port(at: &At<'_>) -> Result<Option<Port>, Finding> {
    let wanted = "a port from 1 to 65535";
    let mut port = Port {
        number: 0,
        published: None,
        is_public: true,
    };
    let mut is_tcp = true;
    for (key, value) in at.fields(&["containerPort", "hostPort", "protocol", "name", "appProtocol"])? {
        match key {
            "containerPort" => port.number = value.parsed(wanted, values::port)?,
            "hostPort" if value.text()? != "0" => port.published = Some(value.parsed(wanted, values::port)?),
            "protocol" => is_tcp = value.text()?.eq_ignore_ascii_case("tcp"),
            _ => {}
        }
    }
    match port.number {
        0 => Err(at.error(format!("{}.containerPort is missing", at.key))),
        _ => Ok(is_tcp.then_some(port)),
    }
}

fn condition_of(text: &str) -> Option<Condition> {
    match text {
        "START" => Some(Condition::Started),
        "COMPLETE" => Some(Condition::Ended),
        "SUCCESS" => Some(Condition::Succeeded),
        "HEALTHY" => Some(Condition::Healthy),
        _ => None,
    }
}

fn healthcheck(at: &At<'_>) -> Result<Healthcheck, Finding> {
    let mut check = Healthcheck::default();
    let seconds = |value: &At<'_>| {
        let seconds: u64 = value.parsed("a number of seconds", |text| text.parse().ok())?;
        Ok(Some(seconds.saturating_mul(1000)))
    };
    for (key, value) in at.fields(&["command", "interval", "timeout", "retries", "startPeriod"])? {
        match key {
            "command" => check.test = value.texts()?,
            "interval" => check.interval_ms = seconds(&value)?,
            "timeout" => check.timeout_ms = seconds(&value)?,
            "startPeriod" => check.start_period_ms = seconds(&value)?,
            _ => check.retries = Some(value.parsed("a number", |text| text.parse().ok())?),
        }
    }
    Ok(check)
}
