//! What the agent sees of its host: containers and how they ended. Values only.

use std::net::SocketAddr;

use beanpole_protocol::InstanceId;

/// A container of ours.
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
