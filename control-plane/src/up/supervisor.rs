//! Keeps services running, and stops them in the reverse of the order they were started in.

use std::{
    fs, io,
    path::PathBuf,
    time::{Duration, Instant},
};

use rustix::process::{Pid, kill_process};
use tokio::{process::Child, sync::watch, task::JoinHandle};
use tracing::{info, warn};

use super::{Folder, Service, leftover::Leftover, service::backoff};

/// A service that ended before this was up for less than "at once".
const SETTLED_AFTER: Duration = Duration::from_secs(30);
/// How often an adopted process, which cannot be waited for, is looked at.
const ADOPTED_CHECK: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub enum UpError {
    #[error("{name} cannot be started from {program}: {source}")]
    Start {
        name: &'static str,
        program: PathBuf,
        source: io::Error,
    },
    #[error("the process id of {name} cannot be written: {source}")]
    ProcessId { name: &'static str, source: io::Error },
}

/// The services that run now, oldest first. Each has a task that owns its process.
pub struct Supervisor {
    folder: Folder,
    stopping: watch::Sender<usize>,
    tasks: Vec<(&'static str, JoinHandle<()>)>,
}

impl Supervisor {
    pub fn new(folder: Folder) -> Self {
        Self {
            folder,
            stopping: watch::Sender::new(usize::MAX),
            tasks: Vec::new(),
        }
    }

    /// Starts a service (in place of, or adopting, one that a killed supervisor left behind) and
    /// keeps it running until [`Supervisor::stop`].
    pub fn start(&mut self, service: Service) -> Result<(), UpError> {
        let position = self.tasks.len();
        let found = Leftover::find(&self.folder.process_id(service.name), &service.program);
        let process = match found {
            Some(old) if service.adoptable && old.is_current(&service.arguments) => {
                info!(service = service.name, "kept running from before");
                Process::Adopted(old)
            }
            Some(old) if service.adoptable => {
                // Both listen on the same port until the old one has finished its requests.
                let new = spawn(&service, &self.folder)?;
                old.signal(service.stop_signal);
                new
            }
            Some(old) => {
                old.end(service.patience);
                spawn(&service, &self.folder)?
            }
            None => spawn(&service, &self.folder)?,
        };
        let name = service.name;
        let keeper = Keeper {
            service,
            folder: self.folder.clone(),
            stopping: self.stopping.subscribe(),
            position,
        };
        self.tasks.push((name, tokio::spawn(keeper.run(process))));
        Ok(())
    }

    /// Stops everything, the last started first, each only once the one before has ended.
    pub async fn stop(mut self) {
        while let Some((name, task)) = self.tasks.pop() {
            info!(service = name, "stopping");
            self.stopping.send_replace(self.tasks.len());
            let _ = task.await;
        }
    }
}

enum Process {
    Child(Child),
    Adopted(Leftover),
}

fn spawn(service: &Service, folder: &Folder) -> Result<Process, UpError> {
    let failed = |source| UpError::Start {
        name: service.name,
        program: service.program.clone(),
        source,
    };
    let log = folder.logs().join(format!("{}.log", service.name));
    let command = service.command(&log).map_err(failed)?;
    let child = tokio::process::Command::from(command).spawn().map_err(failed)?;
    if let Some(id) = child.id() {
        fs::write(folder.process_id(service.name), id.to_string()).map_err(|source| UpError::ProcessId {
            name: service.name,
            source,
        })?;
    }
    Ok(Process::Child(child))
}

/// Owns one service's process for as long as the supervisor lives.
struct Keeper {
    service: Service,
    folder: Folder,
    stopping: watch::Receiver<usize>,
    position: usize,
}

impl Keeper {
    async fn run(mut self, mut process: Process) {
        let mut quick_exits = 0;
        loop {
            let started = Instant::now();
            let (position, mut stopping) = (self.position, self.stopping.clone());
            let ended = tokio::select! {
                ended = wait(&mut process) => Some(ended),
                () = told_to_stop(&mut stopping, position) => None,
            };
            let Some(ended) = ended else {
                return self.stop(process).await;
            };
            quick_exits = if started.elapsed() < SETTLED_AFTER {
                quick_exits + 1
            } else {
                0
            };
            let pause = backoff(quick_exits - u32::from(quick_exits > 0));
            warn!(service = self.service.name, how = %ended, pause_ms = pause.as_millis() as u64, "ended; starting it again");
            process = loop {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = told_to_stop(&mut stopping, position) => return self.forget(),
                }
                match spawn(&self.service, &self.folder) {
                    Ok(process) => break process,
                    Err(error) => warn!(%error, "trying again"),
                }
            };
        }
    }

    async fn stop(&mut self, mut process: Process) {
        let id = match &process {
            Process::Child(child) => child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)),
            Process::Adopted(leftover) => {
                leftover.signal(self.service.stop_signal);
                None
            }
        };
        if let Some(id) = id {
            let _ = kill_process(id, self.service.stop_signal);
        }
        if tokio::time::timeout(self.service.patience, wait(&mut process))
            .await
            .is_err()
        {
            warn!(
                service = self.service.name,
                "did not stop when asked and was killed"
            );
            match &mut process {
                Process::Child(child) => drop(child.kill().await),
                Process::Adopted(leftover) => leftover.signal(rustix::process::Signal::KILL),
            }
        }
        self.forget();
    }

    /// No process of this service is left.
    fn forget(&self) {
        let _ = fs::remove_file(self.folder.process_id(self.service.name));
    }
}

/// Returns once services from `position` on are to stop, or the supervisor is gone.
async fn told_to_stop(stopping: &mut watch::Receiver<usize>, position: usize) {
    let _ = stopping.wait_for(|from| *from <= position).await;
}

/// How a process ended, once it has.
async fn wait(process: &mut Process) -> String {
    match process {
        Process::Child(child) => match child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        },
        Process::Adopted(leftover) => {
            while leftover.is_alive() {
                tokio::time::sleep(ADOPTED_CHECK).await;
            }
            "gone".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Service {
        Service::ours("sleeper", "/bin/sleep".into(), vec!["600".into()], Vec::new())
    }

    async fn process_id(folder: &Folder, other_than: Option<i32>) -> i32 {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let read = fs::read_to_string(folder.process_id("sleeper"))
                .ok()
                .and_then(|text| text.parse().ok());
            match read {
                Some(id) if Some(id) != other_than => return id,
                _ => assert!(Instant::now() < deadline, "no new process id appeared"),
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_killed_service_is_started_again_and_stop_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::prepare(root.path()).unwrap();
        let mut supervisor = Supervisor::new(folder.clone());
        supervisor.start(sleeper()).unwrap();
        let first = process_id(&folder, None).await;
        kill_process(Pid::from_raw(first).unwrap(), rustix::process::Signal::KILL).unwrap();
        let second = process_id(&folder, Some(first)).await;
        supervisor.stop().await;
        assert!(!folder.process_id("sleeper").exists());
        assert!(!PathBuf::from(format!("/proc/{second}")).exists());
    }
}
