//! Whether the containers of a pod can all be started.

use std::collections::BTreeSet;

use beanpole_pod::PodContainer;

/// The error names the containers that wait for each other, or for one that is not there.
pub fn in_order(containers: &[PodContainer]) -> Result<(), String> {
    let names: BTreeSet<&str> = containers
        .iter()
        .map(|container| container.name.as_str())
        .collect();
    for container in containers {
        if let Some(need) = container
            .needs
            .iter()
            .find(|need| !names.contains(need.container.as_str()))
        {
            return Err(format!(
                "{} waits for {}, which is not started",
                container.name, need.container
            ));
        }
    }
    let mut started: BTreeSet<&str> = BTreeSet::new();
    loop {
        let mut waiting = containers
            .iter()
            .filter(|container| !started.contains(container.name.as_str()));
        let next: Vec<&str> = waiting
            .clone()
            .filter(|container| {
                container
                    .needs
                    .iter()
                    .all(|need| started.contains(need.container.as_str()))
            })
            .map(|container| container.name.as_str())
            .collect();
        if next.is_empty() {
            return match waiting.next() {
                None => Ok(()),
                Some(container) => Err(format!("{} waits for itself, by way of others", container.name)),
            };
        }
        started.extend(next);
    }
}
