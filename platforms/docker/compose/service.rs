//! One service of a Compose file.

use beanpole_ebextensions::Finding;
use beanpole_pod::{Argv, Condition, Need, PodContainer, Restart, expand};

use super::{
    at::At,
    build::folder,
    folders::{DOT_ENV, Surroundings, inside, variables},
    healthcheck::healthcheck,
    mounts::Mounts,
    ports::{self, Port},
    values,
};
use crate::pod::{ContainerImage, ImageSource};

/// Keys that mean something here.
const KNOWN: &[&str] = &[
    "build",
    "command",
    "container_name",
    "cpus",
    "depends_on",
    "deploy",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "healthcheck",
    "hostname",
    "image",
    "links",
    "mem_limit",
    "ports",
    "profiles",
    "read_only",
    "restart",
    "stop_signal",
    "tmpfs",
    "user",
    "volumes",
    "working_dir",
];
/// Keys that change nothing, because every container is made so, or because nothing here would read them.
const NO_EFFECT: &[&str] = &[
    "annotations",
    "attach",
    "cap_drop",
    "cpu_shares",
    "domainname",
    "init",
    "labels",
    "label_file",
    "logging",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "networks",
    "oom_score_adj",
    "pids_limit",
    "platform",
    "pull_policy",
    "stdin_open",
    "stop_grace_period",
    "tty",
];
/// Keys of Compose that containers do not get here.
const REFUSED: &[&str] = &[
    "blkio_config",
    "cap_add",
    "cgroup",
    "cgroup_parent",
    "configs",
    "cpuset",
    "credential_spec",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "ipc",
    "isolation",
    "mac_address",
    "network_mode",
    "oom_kill_disable",
    "pid",
    "privileged",
    "provider",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "storage_opt",
    "sysctls",
    "ulimits",
    "userns_mode",
    "uts",
    "volumes_from",
];

/// What a service comes to.
#[derive(Debug)]
pub struct Service {
    pub container: PodContainer,
    pub image: ContainerImage,
    pub ports: Vec<Port>,
    /// Other names that it is reached by.
    pub hosts: Vec<String>,
    pub notes: Vec<String>,
    /// Not started, as Compose leaves it without a choice of profiles.
    pub is_left_out: bool,
}

/// Reads a service.
pub fn service(name: &str, at: &At<'_>, with: &Surroundings<'_>) -> Result<Service, Finding> {
    if !is_name(name) {
        return Err(at.error(format!(
            "{name:?} is no name of a service: letters, digits, '.', '_' and '-', at most 60"
        )));
    }
    let mut all: Vec<&str> = KNOWN.to_vec();
    all.extend_from_slice(NO_EFFECT);
    all.extend_from_slice(REFUSED);
    let mut draft = Draft::new(name);
    for (key, value) in at.fields(&all)? {
        if REFUSED.contains(&key) {
            return Err(value.error(format!(
                "{key} is not to be had for containers of an instance: remove it"
            )));
        }
        if NO_EFFECT.contains(&key) {
            draft
                .notes
                .push(format!("{}: {key} has no effect", value.place()));
            continue;
        }
        draft.take(key, &value, with)?;
    }
    draft.finish(at)
}

fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= 60 && name.bytes().all(is_letter) && !name.starts_with(['.', '-'])
}

struct Draft {
    container: PodContainer,
    environment: Vec<(String, Option<String>)>,
    image: Option<String>,
    build: Option<ImageSource>,
    mounts: Mounts,
    ports: Vec<Port>,
    hosts: Vec<String>,
    notes: Vec<String>,
    is_left_out: bool,
}

impl Draft {
    fn new(name: &str) -> Self {
        Self {
            container: PodContainer {
                name: name.to_owned(),
                ..PodContainer::default()
            },
            environment: Vec::new(),
            image: None,
            build: None,
            mounts: Mounts::default(),
            ports: Vec::new(),
            hosts: Vec::new(),
            notes: Vec::new(),
            is_left_out: false,
        }
    }

    fn take(&mut self, key: &str, value: &At<'_>, with: &Surroundings<'_>) -> Result<(), Finding> {
        let container = &mut self.container;
        match key {
            "image" => self.image = Some(with.fixed(value)?),
            "build" => self.build = Some(folder(value, with)?),
            "command" => container.command = Some(argv(value, with)?),
            "entrypoint" => container.entrypoint = Some(argv(value, with)?),
            "working_dir" => container.working_dir = Some(with.fixed(value)?),
            "user" => container.user = Some(with.fixed(value)?),
            "stop_signal" => container.stop_signal = Some(with.fixed(value)?),
            "read_only" => container.read_only = value.truth()?,
            "environment" => self.environment = environment(value, with)?,
            "env_file" => self.env_files(value, with)?,
            "ports" => {
                for item in value.items()? {
                    self.ports.extend(ports::public(&item, with)?);
                }
            }
            "expose" => {
                for item in value.items()? {
                    self.ports.extend(ports::exposed(&item, with)?);
                }
            }
            "volumes" => {
                for item in value.items()? {
                    self.mounts.add(&item, with)?;
                }
            }
            "tmpfs" => {
                for folder in value.text_or_texts()? {
                    container
                        .tmpfs
                        .push(folder.split(':').next().unwrap_or_default().to_owned());
                }
            }
            "depends_on" => container.needs = needs(value)?,
            "restart" => {
                let wanted = "no, always, on-failure, on-failure:TIMES or unless-stopped";
                container.restart = with.fixed_parsed(value, wanted, restart)?;
            }
            "healthcheck" => container.healthcheck = healthcheck(value)?,
            "links" => {
                for link in value.texts()? {
                    self.hosts.extend(link.split(':').map(str::to_owned));
                }
            }
            "container_name" | "hostname" => self.hosts.push(with.fixed(value)?),
            "mem_limit" => {
                let bytes = with.fixed_parsed(value, "a size such as 512m", values::bytes)?;
                container.memory_bytes = Some(bytes);
            }
            "cpus" => {
                let cpus = with.fixed_parsed(value, "a number of CPUs such as 0.5", values::cpu_millis)?;
                container.cpu_millis = Some(cpus);
            }
            "deploy" => self.deploy(value, with)?,
            "profiles" => self.is_left_out = !value.texts()?.is_empty(),
            _ => {}
        }
        Ok(())
    }

    fn env_files(&mut self, value: &At<'_>, with: &Surroundings<'_>) -> Result<(), Finding> {
        let items = if value.is_list() {
            value.items()?
        } else {
            vec![value.clone()]
        };
        for item in items {
            let (mut at, mut is_required) = (item.clone(), true);
            if item.is_map() {
                for (name, field) in item.fields(&["path", "required", "format"])? {
                    match name {
                        "path" => at = field,
                        "required" => is_required = field.truth()?,
                        _ => {}
                    }
                }
            }
            let path = with.fixed(&at)?;
            let path = inside(&path).ok_or_else(|| at.error(format!("{path} is not in the bundle")))?;
            if path == DOT_ENV {
                self.container.all_properties = true;
            } else if let Some(text) = with.source.text(&path) {
                let found = variables(text).into_iter();
                let found = found.map(|(name, value)| (name, Some(expand::escape(&value))));
                self.container.environment.extend(found);
            } else if with.source.has(&path) {
                return Err(at.error(format!(
                    "{path} is not read: its name must end with .env or begin with .env, and it be UTF-8 text"
                )));
            } else if is_required {
                return Err(at.error(format!("{path} is not in the bundle")));
            }
        }
        Ok(())
    }

    fn deploy(&mut self, value: &At<'_>, with: &Surroundings<'_>) -> Result<(), Finding> {
        for (name, part) in value.entries()? {
            match name {
                "replicas" => {
                    if part.text()? != "1" {
                        return Err(part.error(
                            "an instance has one container of each service: the environment's MinSize says how many instances there are",
                        ));
                    }
                }
                "resources" => {
                    for (name, limits) in part.fields(&["limits", "reservations"])? {
                        if name == "limits" {
                            self.limits(&limits, with)?;
                        }
                    }
                }
                _ => self
                    .notes
                    .push(format!("{}: {} has no effect", part.place(), part.key)),
            }
        }
        Ok(())
    }

    fn limits(&mut self, limits: &At<'_>, with: &Surroundings<'_>) -> Result<(), Finding> {
        for (name, limit) in limits.fields(&["cpus", "memory", "pids"])? {
            match name {
                "cpus" => self.take("cpus", &limit, with)?,
                "memory" => self.take("mem_limit", &limit, with)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn finish(mut self, at: &At<'_>) -> Result<Service, Finding> {
        let from = match (self.build, self.image) {
            (Some(folder), _) => folder,
            (None, Some(name)) => ImageSource::Named(name),
            (None, None) => return Err(at.error(format!("{} has neither 'image' nor 'build'", at.key))),
        };
        self.container.environment.extend(self.environment);
        self.container.mounts = self.mounts.volumes;
        self.container.tmpfs.extend(self.mounts.tmpfs);
        self.notes.extend(self.mounts.notes);
        let name = self.container.name.clone();
        self.hosts.push(name.clone());
        Ok(Service {
            container: self.container,
            image: ContainerImage {
                container: name,
                from,
                copies: self.mounts.copies,
            },
            ports: self.ports,
            hosts: self.hosts,
            notes: self.notes,
            is_left_out: self.is_left_out,
        })
    }
}

fn argv(value: &At<'_>, with: &Surroundings<'_>) -> Result<Argv, Finding> {
    if !value.is_list() {
        return Ok(Argv::Line(with.template(value)?));
    }
    let items = value.items()?;
    let items = items.iter().map(|item| with.template(item));
    Ok(Argv::List(items.collect::<Result<_, _>>()?))
}

fn environment(value: &At<'_>, with: &Surroundings<'_>) -> Result<Vec<(String, Option<String>)>, Finding> {
    if value.is_list() {
        let pair = |item: &At<'_>| {
            let text = with.template(item)?;
            Ok(match text.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (text, None),
            })
        };
        return value.items()?.iter().map(pair).collect();
    }
    let pair = |(name, item): &(&str, At<'_>)| {
        let text = match item.is_null() {
            true => None,
            false => Some(with.template(item)?),
        };
        Ok(((*name).to_owned(), text))
    };
    value.entries()?.iter().map(pair).collect()
}

fn needs(value: &At<'_>) -> Result<Vec<Need>, Finding> {
    let need = |container: &str, condition| Need {
        container: container.to_owned(),
        condition,
    };
    if value.is_list() {
        let names = value.texts()?;
        return Ok(names.iter().map(|name| need(name, Condition::Started)).collect());
    }
    let mut needs = Vec::new();
    for (name, part) in value.entries()? {
        let mut condition = Condition::Started;
        for (key, field) in part.fields(&["condition", "required", "restart"])? {
            if key == "condition" {
                let wanted = "service_started, service_healthy or service_completed_successfully";
                condition = field.parsed(wanted, |text| match text {
                    "service_started" => Some(Condition::Started),
                    "service_healthy" => Some(Condition::Healthy),
                    "service_completed_successfully" => Some(Condition::Succeeded),
                    _ => None,
                })?;
            }
        }
        needs.push(need(name, condition));
    }
    Ok(needs)
}

fn restart(text: &str) -> Option<Restart> {
    match text {
        "no" => Some(Restart::Never),
        "always" | "unless-stopped" => Some(Restart::Always),
        "on-failure" => Some(Restart::OnFailure),
        other => Some(Restart::AtMost(other.strip_prefix("on-failure:")?.parse().ok()?)),
    }
}
