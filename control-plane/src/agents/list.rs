//! A host's desired list, made of rows. Pure.
//!
//! Every edge gets the routes of every environment, so that any host answers for all of them.
//! Invariant: the weights of an environment sum to 100 whenever an instance is in service.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use beanpole_planner::snapshot::Intent;
use beanpole_protocol::{
    ApplicationId, EnvironmentId, HostId, InstanceId, Platform, Release, VersionId,
    agent::{
        Desired, DesiredImage, DesiredInstance, DesiredState, InstanceState, InstanceToken, ServicesAccess,
        Task,
    },
    routes::{EnvironmentRoute, Target, TargetSet, TargetState},
};

use crate::{
    options::Settings,
    store::{environments::EnvironmentRow, host_images::WantedImage, instances::InstanceRow},
};

/// All that a list is made of.
pub struct Inputs {
    pub host: HostId,
    pub generation: u64,
    /// Environments are reached at `<cname>.<domain>`.
    pub domain: String,
    pub images: Vec<WantedImage>,
    /// Living environments.
    pub environments: Vec<EnvironmentRow>,
    /// Instances on all hosts.
    pub instances: Vec<InstanceRow>,
    /// What each running deployment brings.
    pub targets: BTreeMap<EnvironmentId, Release>,
    /// Options in force for each environment, and those of each instance on the host.
    pub settings: BTreeMap<(EnvironmentId, i32), Settings>,
    /// Hosts that are not lost.
    pub alive: BTreeSet<HostId>,
    pub tasks: Vec<Task>,
    pub services: Services,
}

/// What instances need for the AWS services.
pub struct Services {
    pub region: String,
    /// What URLs of queues begin with for callers from outside.
    pub base: String,
    /// Of each instance on the host.
    pub tokens: BTreeMap<InstanceId, InstanceToken>,
    /// Of each application: properties, and the paths of their queues' URLs.
    pub queues: BTreeMap<ApplicationId, BTreeMap<String, String>>,
}

/// A row refers to another that is not there.
#[derive(Debug, thiserror::Error)]
#[error("revision {revision} of environment {environment} is missing")]
pub struct MissingRevision {
    environment: EnvironmentId,
    revision: i32,
}

/// Repository and tag of a version's image.
pub fn image(version: &VersionId) -> String {
    format!("beanpole/app:{version}")
}

pub fn desired(inputs: &Inputs) -> Result<Desired, MissingRevision> {
    let here = inputs.instances.iter().filter(|row| row.host_id == inputs.host);
    Ok(Desired {
        generation: inputs.generation,
        images: inputs
            .images
            .iter()
            .map(|wanted| desired_image(wanted, &inputs.services.region))
            .collect(),
        instances: here
            .map(|row| desired_instance(inputs, row))
            .collect::<Result<_, _>>()?,
        routes: inputs
            .environments
            .iter()
            .map(|row| route(inputs, row))
            .collect::<Result<_, _>>()?,
        tasks: inputs.tasks.clone(),
    })
}

fn settings<'a>(
    inputs: &'a Inputs,
    environment: &EnvironmentId,
    revision: i32,
) -> Result<&'a Settings, MissingRevision> {
    inputs
        .settings
        .get(&(environment.clone(), revision))
        .ok_or_else(|| MissingRevision {
            environment: environment.clone(),
            revision,
        })
}

fn desired_image(wanted: &WantedImage, region: &str) -> DesiredImage {
    DesiredImage {
        version: wanted.version.clone(),
        image: image(&wanted.version),
        platform: wanted.platform,
        bundle_sha256: hex::encode(&wanted.bundle_sha256),
        application: wanted.application.clone(),
        label: wanted.label.clone(),
        attempt: wanted.attempt,
        region: region.to_owned(),
    }
}

fn desired_instance(inputs: &Inputs, row: &InstanceRow) -> Result<DesiredInstance, MissingRevision> {
    let settings = settings(inputs, &row.environment_id, row.release.configuration)?;
    let environment = inputs
        .environments
        .iter()
        .find(|other| other.id == row.environment_id);
    Ok(DesiredInstance {
        id: row.id.clone(),
        environment: row.environment_id.clone(),
        environment_name: environment.map(|row| row.name.clone()).unwrap_or_default(),
        deployment: row.deployment_id.clone(),
        release: row.release.clone(),
        image: image(&row.release.version),
        state: match row.intent {
            Intent::Standby | Intent::InService | Intent::Draining { .. } => DesiredState::Running,
            Intent::Stopping { .. } => DesiredState::Stopped,
        },
        env: variables(settings, row, environment),
        limits: settings.limits.clone(),
        health: settings.health.clone(),
        stop_grace_seconds: settings.stop_grace_seconds,
        services: services_access(inputs, row, environment),
    })
}

/// The variables of an instance. What its deployment is, only an init reads, and passes on to nobody.
fn variables(
    settings: &Settings,
    row: &InstanceRow,
    environment: Option<&EnvironmentRow>,
) -> BTreeMap<String, String> {
    let mut variables = settings.env.clone();
    if row.reconfigures && environment.is_some_and(|row| row.platform != Platform::Docker) {
        variables.insert("BEANPOLE_DEPLOYMENT".to_owned(), "configuration".to_owned());
    }
    variables
}

fn services_access(
    inputs: &Inputs,
    row: &InstanceRow,
    environment: Option<&EnvironmentRow>,
) -> Option<ServicesAccess> {
    let queues = inputs.services.queues.get(&environment?.application_id);
    Some(ServicesAccess {
        region: inputs.services.region.clone(),
        token: inputs.services.tokens.get(&row.id)?.clone(),
        queues: queues.cloned().unwrap_or_default(),
        base: inputs.services.base.clone(),
    })
}

fn route(inputs: &Inputs, environment: &EnvironmentRow) -> Result<EnvironmentRoute, MissingRevision> {
    let settings = settings(inputs, &environment.id, environment.configuration)?;
    let split = environment
        .split_percent
        .and_then(|percent| Some((percent, inputs.targets.get(&environment.id)?)));
    Ok(EnvironmentRoute {
        environment: environment.id.clone(),
        name: environment.name.clone(),
        hosts: vec![format!("{}.{}", environment.cname_prefix, inputs.domain).to_ascii_lowercase()],
        sets: sets(inputs, environment, split),
        stickiness: match split {
            Some(_) => Some(settings.stickiness_during_split()),
            None => settings.stickiness.clone(),
        },
        deregistration_delay_seconds: settings.deregistration_delay,
    })
}

/// The side of a split an instance is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Old,
    New,
}

/// Instances in service and draining, by side and version label, with weights.
fn sets(inputs: &Inputs, environment: &EnvironmentRow, split: Option<(u8, &Release)>) -> Vec<TargetSet> {
    let mut groups: BTreeMap<(Side, &str), Vec<Target>> = BTreeMap::new();
    for row in &inputs.instances {
        if row.environment_id != environment.id {
            continue;
        }
        let state = match row.intent {
            Intent::InService => TargetState::InService,
            Intent::Draining { .. } => TargetState::Draining,
            Intent::Standby | Intent::Stopping { .. } => continue,
        };
        let side = match split {
            Some((_, target)) if row.release == *target => Side::New,
            _ => Side::Old,
        };
        groups
            .entry((side, row.label.as_str()))
            .or_default()
            .push(target(inputs, row, state));
    }
    let share = split.map(|(percent, _)| percent);
    let counts: Vec<(Side, u32)> = groups
        .iter()
        .map(|((side, _), targets)| (*side, strength(targets, &groups)))
        .collect();
    let weights = weights(&counts, share);
    groups
        .into_iter()
        .zip(weights)
        .map(|(((_, label), mut targets), weight)| {
            targets.sort_by(|one, other| one.instance.cmp(&other.instance));
            TargetSet {
                version: label.to_owned(),
                weight,
                targets,
            }
        })
        .collect()
}

/// What counts for a set's weight: its healthy instances in service; where no set has one, all that
/// are in service.
fn strength(targets: &[Target], groups: &BTreeMap<(Side, &str), Vec<Target>>) -> u32 {
    let serves = |target: &&Target| target.state == TargetState::InService;
    let any_healthy = groups
        .values()
        .flatten()
        .any(|target| serves(&target) && target.healthy);
    let counted = targets
        .iter()
        .filter(serves)
        .filter(|target| target.healthy || !any_healthy)
        .count();
    u32::try_from(counted).unwrap_or(u32::MAX)
}

fn target(inputs: &Inputs, row: &InstanceRow, state: TargetState) -> Target {
    let observed = row.observed.as_ref();
    Target {
        instance: row.id.clone(),
        // The agent of its own host knows the address best.
        address: if row.host_id == inputs.host {
            None
        } else {
            observed.and_then(|seen| seen.address)
        },
        state,
        healthy: inputs.alive.contains(&row.host_id)
            && observed.is_some_and(|seen| seen.state == InstanceState::Healthy),
    }
}

/// Percent for each set, in the order given: the new side gets `share`, the old side the rest; inside
/// a side in proportion to the counts. A side without anything leaves its part to the other.
fn weights(counts: &[(Side, u32)], share: Option<u8>) -> Vec<u8> {
    let of = |side: Side| -> Vec<u32> {
        let only = |set: &(Side, u32)| if set.0 == side { set.1 } else { 0 };
        counts.iter().map(only).collect()
    };
    let (old, new) = (of(Side::Old), of(Side::New));
    let new_part = match (old.iter().sum(), new.iter().sum()) {
        (_, 0) => 0,
        (0, _) => 100,
        (1.., 1..) => u32::from(share.unwrap_or(100).min(100)),
    };
    let sum = |(old, new): (u32, u32)| u8::try_from(old + new).unwrap_or(100);
    share_out(100 - new_part, &old)
        .into_iter()
        .zip(share_out(new_part, &new))
        .map(sum)
        .collect()
}

/// Splits `part` in proportion to `counts`: whole numbers first, what is left over one by one to the
/// largest remainders. All zero when there is nothing to count.
fn share_out(part: u32, counts: &[u32]) -> Vec<u32> {
    let total: u32 = counts.iter().sum();
    if total == 0 {
        return vec![0; counts.len()];
    }
    let mut shares: Vec<u32> = counts.iter().map(|count| part * count / total).collect();
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by_key(|&at| Reverse(part * counts[at] % total));
    let left = part - shares.iter().sum::<u32>();
    for at in by_remainder.into_iter().take(left as usize) {
        shares[at] += 1;
    }
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weights_follow_the_instances_in_service() {
        use Side::{New, Old};
        assert_eq!(weights(&[(Old, 3), (Old, 1)], None), [75, 25]);
        assert_eq!(weights(&[(Old, 1), (Old, 1), (Old, 1)], None), [34, 33, 33]);
        assert_eq!(weights(&[(Old, 4), (New, 4)], Some(10)), [90, 10]);
        assert_eq!(weights(&[(Old, 0), (New, 4)], Some(10)), [0, 100]);
        assert_eq!(weights(&[(Old, 4), (New, 0)], Some(10)), [100, 0]);
        assert_eq!(weights(&[(Old, 0)], None), [0]);
        assert_eq!(weights(&[(Old, 2), (Old, 2), (New, 3)], Some(50)), [25, 25, 50]);
    }

    proptest! {
        #[test]
        fn weights_sum_to_100_when_anything_serves(
            old in proptest::collection::vec(0u32..40, 0..5),
            new in proptest::collection::vec(0u32..40, 0..3),
            share in proptest::option::of(0u8..=100),
        ) {
            let counts: Vec<_> = old.iter().map(|count| (Side::Old, *count))
                .chain(new.iter().filter(|_| share.is_some()).map(|count| (Side::New, *count)))
                .collect();
            let weights = weights(&counts, share);
            let sum: u32 = weights.iter().map(|weight| u32::from(*weight)).sum();
            let serves = counts.iter().any(|(_, count)| *count > 0);
            prop_assert_eq!(sum, if serves { 100 } else { 0 });
            for ((_, count), weight) in counts.iter().zip(weights) {
                prop_assert!(*count > 0 || weight == 0);
            }
        }
    }
}
