//! A program that ends with the test that started it, however that ends.
//!
//! The kernel kills it when the test's thread is no more; otherwise dropping it kills its whole process
//! group.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::world::programs;

/// A running program.
pub struct Program {
    child: Child,
    log: PathBuf,
}

/// A command whose process the kernel kills when the thread that started it ends.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// Where tests leave something to read: a folder under the build's.
pub fn scratch(test: &str) -> PathBuf {
    let programs = programs();
    let folder = programs
        .parent()
        .unwrap_or(&programs)
        .join("test-scratch")
        .join(test);
    fs::create_dir_all(&folder).expect("a folder beside the build");
    folder
}

impl Program {
    /// Starts what [`command`] made; all it says goes into the file `log`.
    pub fn start(mut command: Command, log: &Path) -> Self {
        let file = File::create(log).expect("a log");
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("the log"))
            .stderr(file)
            .spawn()
            .expect("the program starts");
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// What it said until now.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// # Panics
    /// When it has ended, with what it said.
    pub fn assert_running(&mut self) {
        let ended = self.child.try_wait().expect("a child of ours");
        assert!(
            ended.is_none(),
            "the program ended with {ended:?}:\n{}",
            self.said()
        );
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

/// What `command` prints.
///
/// # Panics
/// When it fails, with what it said, or when it takes longer than two minutes.
pub async fn output(command: Command) -> String {
    let what = format!("{command:?}");
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let limit = std::time::Duration::from_secs(120);
    let output = tokio::time::timeout(limit, command.output()).await;
    let output = output
        .unwrap_or_else(|_| panic!("{what} takes longer than {limit:?}"))
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what} failed: {said}");
    String::from_utf8(output.stdout).expect("text")
}
