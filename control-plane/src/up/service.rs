//! One supervised process: what to run, how to stop it, how soon to start it again.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use rustix::process::Signal;

/// A program to keep running.
pub struct Service {
    pub name: &'static str,
    /// What is in front of the output's file and of messages.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// A fresh command for each start.
    make: Box<dyn Fn() -> Command + Send + Sync>,
    /// What asks it to end: SIGTERM for ours, SIGINT for PostgreSQL's fast shutdown.
    pub stop_signal: Signal,
    /// How long it may take to end before it is killed.
    pub patience: Duration,
    /// One that an earlier `up` left behind is kept when it is the same program: nothing is cut.
    pub adoptable: bool,
}

/// A log is started afresh when it has grown beyond this; the one before is kept as `.1`.
const LOG_LIMIT: u64 = 20 * 1024 * 1024;

impl Service {
    /// One of our own programs.
    pub fn ours(
        name: &'static str,
        program: PathBuf,
        arguments: Vec<String>,
        environment: Vec<(String, String)>,
    ) -> Self {
        let (path, words) = (program.clone(), arguments.clone());
        let make = move || {
            let mut command = Command::new(&path);
            command.args(&words).envs(environment.iter().cloned());
            command
        };
        Self {
            name,
            program,
            arguments,
            make: Box::new(make),
            stop_signal: Signal::TERM,
            patience: Duration::from_secs(15),
            adoptable: false,
        }
    }

    /// PostgreSQL, which brings its own command with account and folder.
    pub fn postgres(make: impl Fn() -> Command + Send + Sync + 'static) -> Self {
        let sample = make();
        Self {
            name: "postgres",
            program: sample.get_program().into(),
            arguments: sample
                .get_args()
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
            make: Box::new(make),
            stop_signal: Signal::INT,
            patience: Duration::from_secs(60),
            adoptable: false,
        }
    }

    pub fn adoptable(mut self) -> Self {
        self.adoptable = true;
        self
    }

    /// The command, in a process group of its own (a terminal's Ctrl-C is for the supervisor
    /// alone), with its output going to `log`.
    pub(super) fn command(&self, log: &Path) -> io::Result<Command> {
        use std::os::unix::process::CommandExt;
        let output = open_log(log)?;
        let mut command = (self.make)();
        command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0);
        Ok(command)
    }
}

fn open_log(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|meta| meta.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    File::options().create(true).append(true).open(path)
}

/// How long to wait before a start, given how many starts in a row ended at once.
pub(super) fn backoff(quick_exits: u32) -> Duration {
    match quick_exits {
        0 => Duration::ZERO,
        n => Duration::from_millis(100 << n.min(7)).min(Duration::from_secs(10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_restart_is_at_once_and_the_wait_is_bounded() {
        assert_eq!(backoff(0), Duration::ZERO);
        assert_eq!(backoff(1), Duration::from_millis(200));
        assert!((0..100).all(|n| backoff(n) <= Duration::from_secs(10)));
    }
}
