//! Processes that a killed `up` left behind, found again by the process ids it wrote down.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// A process that is not our child but was started by an earlier `up`.
#[derive(Clone, Copy, Debug)]
pub struct Leftover {
    pid: Pid,
}

impl Leftover {
    /// The living process that `file` names, if it still is the program it was: ids are reused.
    pub fn find(file: &Path, program: &Path) -> Option<Self> {
        let pid = Pid::from_raw(fs::read_to_string(file).ok()?.trim().parse().ok()?)?;
        let exe = fs::read_link(format!("/proc/{}/exe", pid.as_raw_nonzero())).ok()?;
        let exe = exe.to_string_lossy();
        (exe.trim_end_matches(" (deleted)") == program.to_string_lossy()).then_some(Self { pid })
    }

    /// True when it runs the very same program file with the same arguments, so that there is no
    /// reason to replace it.
    pub fn is_current(self, arguments: &[String]) -> bool {
        let exe = fs::read_link(format!("/proc/{}/exe", self.pid.as_raw_nonzero()));
        let line = fs::read(format!("/proc/{}/cmdline", self.pid.as_raw_nonzero())).unwrap_or_default();
        let running: Vec<String> = line
            .split(|byte| *byte == 0)
            .skip(1)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect();
        exe.is_ok_and(|exe| !exe.to_string_lossy().ends_with(" (deleted)"))
            && running.iter().take(arguments.len()).eq(arguments)
            && running.len() <= arguments.len() + 1
    }

    pub fn is_alive(self) -> bool {
        test_kill_process(self.pid).is_ok()
    }

    pub fn signal(self, signal: Signal) {
        let _ = kill_process(self.pid, signal);
    }

    /// Asks it to end, waits, and makes it end after `patience`.
    pub fn end(self, patience: Duration) {
        self.signal(Signal::TERM);
        let asked = Instant::now();
        while self.is_alive() && asked.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.is_alive() {
            self.signal(Signal::KILL);
        }
    }
}
