//! A Compose file: its services become the containers of a pod.
//!
//! Every key is either done, or named in a note as without effect, or refused with its place; see
//! `docs/compose.md`.

pub(super) mod at;
mod build;
pub(super) mod folders;
mod healthcheck;
mod mounts;
pub(super) mod ports;
mod service;
#[cfg(test)]
mod tests;
pub(super) mod values;

use std::collections::{BTreeMap, BTreeSet};

use beanpole_ebextensions::Finding;
use beanpole_pod::Pod;

use self::{
    at::{At, document},
    folders::{DOT_ENV, Surroundings, variables},
    service::{Service, service},
};
use super::order::in_order;
use crate::{
    plan::AppBuild,
    pod::{ImageSource, PodBuild},
    source::Source,
};

/// The file's name.
pub const FILE: &str = "docker-compose.yml";

/// From the text of a Compose file to the build of its images.
pub fn plan(text: &str, source: &Source) -> Result<AppBuild, Finding> {
    let root = document(FILE, text)?;
    let file = At::root(FILE, &root);
    let parts = file.fields(&[
        "version", "name", "services", "volumes", "networks", "secrets", "configs", "include", "models",
    ])?;
    let find = |name: &str| parts.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    for name in ["secrets", "configs", "include", "models"] {
        if let Some(part) = find(name) {
            return Err(part.error(format!(
                "{name} is not to be had here: environment properties and files of the bundle are"
            )));
        }
    }
    let volumes = find("volumes").map_or(Ok(Vec::new()), volumes)?;
    let defaults = source.text(DOT_ENV).map(variables).unwrap_or_default();
    let with = Surroundings {
        source,
        defaults: &defaults,
        volumes: &volumes,
    };
    let Some(services) = find("services") else {
        return Err(file.error("the file has no 'services'"));
    };
    let mut read = Vec::new();
    for (name, at) in services.entries()? {
        read.push((service(name, &at, &with)?, at));
    }
    read.retain(|(service, _)| !service.is_left_out);
    together(read, services, volumes.clone(), defaults.clone())
}

fn volumes(at: &At<'_>) -> Result<Vec<String>, Finding> {
    let mut names = Vec::new();
    for (name, part) in at.entries()? {
        for (key, field) in part.fields(&["driver", "driver_opts", "external", "labels", "name"])? {
            let is_plain = match key {
                "driver" => field.text()? == "local",
                "external" => !field.truth()?,
                "driver_opts" => false,
                _ => true,
            };
            if !is_plain {
                return Err(field.error(
                    "a volume is a plain one of its instance, made and removed with it: keep what must last in a database or an object store",
                ));
            }
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// The services as one pod.
fn together(
    read: Vec<(Service, At<'_>)>,
    services: &At<'_>,
    volumes: Vec<String>,
    defaults: BTreeMap<String, String>,
) -> Result<AppBuild, Finding> {
    let mut taken: BTreeMap<u16, &str> = BTreeMap::new();
    for (service, at) in &read {
        for port in &service.ports {
            let before = taken.insert(port.number, &service.container.name);
            if let Some(other) = before.filter(|other| *other != service.container.name) {
                return Err(at.error(format!(
                    "{} and {other} both listen on port {}, and the containers of an instance share one network: let one of them listen on another port",
                    service.container.name, port.number
                )));
            }
        }
    }
    let ports = read.iter().flat_map(|(service, _)| &service.ports);
    let Some(port) = ports::entrance(ports) else {
        return Err(services.error(
            "no service has 'ports', so that no request would be answered: write ports: [\"80:PORT\"] at the one that answers",
        ));
    };
    let containers: Vec<_> = read
        .iter()
        .map(|(service, _)| service.container.clone())
        .collect();
    in_order(&containers).map_err(|trouble| services.error(trouble))?;
    let mut build = AppBuild {
        port: Some(port),
        ..AppBuild::default()
    };
    let mut hosts = BTreeSet::new();
    let mut images = Vec::new();
    for (service, _) in read {
        hosts.extend(service.hosts);
        build.notes.extend(service.notes);
        build.base_images.extend(match &service.image.from {
            ImageSource::Named(name) => vec![name.clone()],
            ImageSource::Folder { base_images, .. } => base_images.clone(),
        });
        images.push(service.image);
    }
    build.pod = Some(PodBuild {
        pod: Pod {
            containers,
            hosts: hosts.into_iter().collect(),
            volumes,
            defaults,
        },
        images,
    });
    Ok(build)
}
