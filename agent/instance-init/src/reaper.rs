//! Learns of every child's end, those included that somebody else left to the first process.

use std::{
    collections::HashMap,
    io,
    process::{Child, Command},
    sync::{Mutex, PoisonError, mpsc::Sender},
};

use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

/// How a process ended: its exit code, or 128 and the signal as shells have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended(pub i32);

impl Ended {
    fn of(status: WaitStatus) -> Self {
        let signal = || status.terminating_signal().map(|signal| 128 + signal);
        Self(status.exit_status().or_else(signal).unwrap_or(255))
    }
}

type Tell = Box<dyn FnOnce(Ended) + Send>;

/// Who waits for which process.
#[derive(Default)]
pub struct Reaper {
    waiting: Mutex<HashMap<u32, Tell>>,
}

impl Reaper {
    /// Starts a program; `tell` learns of its end. The standard library waits for a program that could not
    /// be started, so nobody else may meanwhile: the lock is held over both.
    pub fn spawn(
        &self,
        command: &mut Command,
        tell: impl FnOnce(Ended) + Send + 'static,
    ) -> io::Result<Child> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let child = command.spawn()?;
        waiting.insert(child.id(), Box::new(tell));
        Ok(child)
    }

    /// The same, with the end sent on a channel.
    pub fn spawn_telling<T: Send + 'static>(
        &self,
        command: &mut Command,
        to: Sender<T>,
        event: impl FnOnce(Ended) -> T + Send + 'static,
    ) -> io::Result<Child> {
        self.spawn(command, move |ended| drop(to.send(event(ended))))
    }

    /// Takes in all that have ended; to be called after each SIGCHLD.
    pub fn reap(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            let pid = u32::try_from(Pid::as_raw(Some(pid))).unwrap_or(0);
            if let Some(tell) = waiting.remove(&pid) {
                tell(Ended::of(status));
            }
        }
    }
}
