//! What the agent sees of its host: containers and how they ended. Values only.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use beanpole_pod::{Pod, Seen};
use beanpole_protocol::InstanceId;

/// The container of an instance. In a pod it only holds the network, and its members do the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The Engine's id.
    pub id: String,
    pub name: String,
    pub instance: InstanceId,
    pub status: Status,
    /// When the Engine last started it, in the Engine's words: names one run of the container.
    pub run: String,
    /// Where the application is reached, while it runs: an address of this host, chosen anew at each
    /// start.
    pub address: Option<SocketAddr>,
    /// Seconds between SIGTERM and SIGKILL that it was made with.
    pub grace: u32,
    /// What its members are to be.
    pub pod: Option<Arc<Pod>>,
    pub members: Vec<Member>,
    /// It is a member itself, whose instance has no container any more.
    pub is_orphan: bool,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The Engine's id.
    pub id: String,
    /// Its name in the pod.
    pub name: String,
    pub instance: InstanceId,
    pub status: Status,
    /// The run of the instance's own container that it was made for: in another one it has no network.
    pub run: String,
    /// What its health check says; none without one.
    pub healthy: Option<bool>,
    /// How often Docker started it again.
    pub restarts: u32,
    pub grace: u32,
}

/// One of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Instance(Container),
    Member(Member),
}

/// Containers with their members. Members that belong to none stand alone.
pub fn gathered(found: impl IntoIterator<Item = Found>) -> Vec<Container> {
    let mut containers = Vec::new();
    let mut members: BTreeMap<InstanceId, Vec<Member>> = BTreeMap::new();
    for one in found {
        match one {
            Found::Instance(container) => containers.push(container),
            Found::Member(member) => members.entry(member.instance.clone()).or_default().push(member),
        }
    }
    for container in &mut containers {
        container.members = members.remove(&container.instance).unwrap_or_default();
    }
    containers.extend(members.into_values().flatten().map(Member::alone));
    containers
}

impl Member {
    fn alone(self) -> Container {
        Container {
            id: self.id,
            name: self.name,
            instance: self.instance,
            status: self.status,
            run: self.run,
            address: None,
            grace: self.grace,
            pod: None,
            members: Vec::new(),
            is_orphan: true,
        }
    }

    /// For [`beanpole_pod`]'s decisions.
    pub fn seen(&self) -> Seen {
        Seen {
            name: self.name.clone(),
            runs: self.status == Status::Running,
            ended: match &self.status {
                Status::Exited(exit) => Some(exit.code),
                _ => None,
            },
            healthy: self.healthy,
            restarts: self.restarts,
        }
    }
}

impl Container {
    /// Members that cannot be used: made for another run, or never started.
    pub fn stale_members(&self) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(|member| member.run != self.run || member.status == Status::Created)
    }

    /// The members of this run.
    pub fn seen_members(&self) -> Vec<Seen> {
        self.members
            .iter()
            .filter(|member| member.run == self.run && member.status != Status::Created)
            .map(Member::seen)
            .collect()
    }

    /// Ids of the containers that have something to say or to count, with the name to say it under.
    pub fn working(&self) -> Vec<(Option<String>, String)> {
        match &self.pod {
            None => vec![(None, self.id.clone())],
            Some(_) => self
                .members
                .iter()
                .map(|member| (Some(member.name.clone()), member.id.clone()))
                .collect(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Made, never started.
    Created,
    Running,
    Exited(Exit),
    /// On its way out.
    Removing,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    pub code: i64,
    pub out_of_memory: bool,
    /// In the Engine's words: names this exit.
    pub finished_at: String,
}

impl Exit {
    /// Such as `exited with code 1` or `was killed for using more memory than its limit`.
    pub fn words(&self) -> String {
        match (self.out_of_memory, self.code) {
            (true, _) => "was killed for using more memory than its limit".to_owned(),
            (false, 137) => "was killed (exit code 137)".to_owned(),
            (false, 127) => "exited with code 127 (command not found)".to_owned(),
            (false, code) => format!("exited with code {code}"),
        }
    }
}
