//! What is done with the members of a pod.

use std::collections::BTreeMap;

use beanpole_pod::{StartError, TooLittle, image_of, shares};
use beanpole_protocol::{InstanceId, agent::DesiredInstance};
use futures_util::future::try_join_all;

use super::{Done, Hands, Outcome, last_words};
use crate::{
    docker::{DockerError, members::Joining},
    door::variables::{Already, reached, variables},
};

/// Members that are of no use are given no more than this to end in, seconds.
const STALE_GRACE: u32 = 5;

/// The container of an instance that holds the network of its members, in one run.
#[derive(Clone, Debug)]
pub struct Holder {
    pub container: String,
    pub run: String,
}

#[derive(Debug, thiserror::Error)]
enum NotGathered {
    #[error(transparent)]
    Docker(#[from] DockerError),
    #[error(transparent)]
    TooLittle(#[from] TooLittle),
    #[error(transparent)]
    Start(#[from] StartError),
}

impl Hands {
    /// Removes what is stale of a pod and starts those of its members that are named.
    pub async fn gather(
        self,
        wanted: DesiredInstance,
        holder: Holder,
        stale: Vec<String>,
        start: Vec<String>,
    ) -> Done {
        let outcome = match self.try_gather(&wanted, &holder, &stale, &start).await {
            Ok(()) => Outcome::Started { after_exit: false },
            Err(NotGathered::Docker(error)) if error.is_unreachable() => Outcome::Undone,
            Err(NotGathered::Docker(error)) if error.is_not_found() => Outcome::NoImage {
                why: error.to_string(),
            },
            Err(NotGathered::Docker(error)) => Outcome::NotMade {
                why: error.to_string(),
            },
            // Nothing but another version or other options makes that right.
            Err(error @ (NotGathered::TooLittle(_) | NotGathered::Start(_))) => Outcome::GaveUp {
                why: error.to_string(),
                tail: None,
            },
        };
        for container in stale.iter().chain([&holder.container]) {
            self.settle(container, &outcome).await;
        }
        Done {
            instance: wanted.id,
            outcome,
        }
    }

    async fn try_gather(
        &self,
        wanted: &DesiredInstance,
        holder: &Holder,
        stale: &[String],
        start: &[String],
    ) -> Result<(), NotGathered> {
        let ends = stale
            .iter()
            .map(|id| self.engine.stop_and_remove(id, STALE_GRACE));
        try_join_all(ends).await?;
        let image = self.engine.image_facts(&wanted.image).await?;
        let pod = image.pod.unwrap_or_default();
        let shares = shares(&pod, wanted.limits.memory_bytes, wanted.limits.cpu_millis)?;
        let volumes = match pod.volumes.is_empty() {
            true => BTreeMap::new(),
            false => self.engine.volumes_of(&holder.container).await?,
        };
        for (container, (memory_bytes, cpu_millis)) in pod.containers.iter().zip(shares) {
            if !start.contains(&container.name) {
                continue;
            }
            let image = image_of(&wanted.image, &container.name);
            let started = container.started(&pod, &self.known(wanted))?;
            let mut environment = started.environment.clone();
            if let Some(access) = &wanted.services {
                let facts = self.engine.image_facts(&image).await?;
                let already = Already {
                    properties: &environment,
                    image: &facts.variables,
                };
                let added = variables(self.door.address, access, already);
                environment = reached(self.door.address, access, already);
                environment.extend(added);
            }
            let joining = Joining {
                host: &self.host,
                instance: wanted,
                holder: &holder.container,
                run: &holder.run,
                container,
                image,
                started: &started,
                environment,
                volumes: &volumes,
                memory_bytes,
                cpu_millis,
            };
            let id = self.engine.create_member(joining).await?;
            self.engine.start_container(&id).await?;
            self.eyes.look(&id).await;
        }
        Ok(())
    }

    /// What references in the bundle's file may name: properties, and what finds AWS's services.
    fn known(&self, wanted: &DesiredInstance) -> BTreeMap<String, String> {
        let mut known = wanted.env.clone();
        if let Some(access) = &wanted.services {
            let already = Already {
                properties: &wanted.env,
                image: &Default::default(),
            };
            known = reached(self.door.address, access, already);
            known.extend(variables(self.door.address, access, already));
        }
        known
    }

    /// Notes that a member will not come up.
    pub async fn examine_member(self, instance: InstanceId, member: String, why: String) -> Done {
        let tail = last_words(&self.engine, &[(None, member)]).await;
        Done {
            instance,
            outcome: Outcome::GaveUp { why, tail },
        }
    }

    /// The members first, all at once, so that none loses its network while it ends.
    pub(super) async fn stop_all(
        &self,
        container: &str,
        members: &[String],
        grace: u32,
    ) -> Result<(), DockerError> {
        let ends = members.iter().map(|id| self.engine.stop_and_remove(id, grace));
        try_join_all(ends).await?;
        self.engine.stop_and_remove(container, grace).await?;
        for member in members {
            self.eyes.look(member).await;
        }
        Ok(())
    }
}
