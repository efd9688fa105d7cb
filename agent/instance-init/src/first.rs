//! What happens once in the life of a container: steps that its image could not have, container commands, hooks.
//!
//! A marker in the container's own layer tells that it was done: a container that is started again goes
//! right on to its processes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use beanpole_instance::{CURRENT, Command, Line, Step, words};

use crate::{
    command::{self, Outcome},
    leader::{Decision, LeaderError},
    reaper::Reaper,
    settings::Settings,
    spawn::{Program, argv, env_of},
};

const MARKS: &str = "/var/lib/beanpole";
/// Where Beanstalk's users look for the output of commands and hooks.
const LOG: &str = "eb-engine";
const HOOKS_LOG: &str = "eb-hooks";

/// Why an instance will not be.
#[derive(Debug, thiserror::Error)]
pub enum FirstError {
    #[error("{what} of {file} cannot be run: {source}")]
    NotRun {
        what: String,
        file: String,
        source: std::io::Error,
    },
    #[error("{what} of {file} failed with exit code {code}{said}")]
    Failed {
        what: String,
        file: String,
        code: i32,
        said: String,
    },
    /// In the words of the step's own script, which name what failed and its file.
    #[error("{0}")]
    Step(String),
    #[error("{what} of {file} failed on the instance that ran it for all: its log tells why")]
    FailedElsewhere { what: String, file: String },
    #[error("{what} of {file} is for one instance alone, and {source}")]
    Leader {
        what: String,
        file: String,
        source: LeaderError,
    },
}

/// Before services start, before the application runs, and once it serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Late,
    Predeploy,
    Postdeploy,
}

impl Stage {
    fn mark(self) -> PathBuf {
        Path::new(MARKS).join(match self {
            Self::Late => "completed",
            Self::Predeploy => "predeployed",
            Self::Postdeploy => "postdeployed",
        })
    }

    pub fn is_done(self) -> bool {
        self.mark().exists()
    }

    /// Hooks of the stage, in working order. Those of a changed configuration come beside the others, not in
    /// their place: a container that was just made has nothing of what the others do.
    pub fn hooks(self, settings: &Settings) -> Vec<&str> {
        let (all, of_configuration) = (&settings.instance.hooks, &settings.instance.config_hooks);
        let (all, more) = match self {
            Self::Late => return Vec::new(),
            Self::Predeploy => (&all.predeploy, &of_configuration.predeploy),
            Self::Postdeploy => (&all.postdeploy, &of_configuration.postdeploy),
        };
        let more = more.iter().filter(|_| settings.reconfigures);
        all.iter().chain(more).map(String::as_str).collect()
    }
}

/// Runs what belongs to the stage, unless it has been.
pub fn run(stage: Stage, settings: &Settings, reaper: &Reaper, logs: &Path) -> Result<(), FirstError> {
    if stage.is_done() {
        return Ok(());
    }
    if stage == Stage::Late {
        for step in &settings.late_steps {
            let began = Instant::now();
            late_step(step, settings, reaper, logs)?;
            if let Some(server) = &settings.server {
                server.took(&step.file, &step.name, began.elapsed());
            }
        }
    }
    if stage == Stage::Predeploy {
        for hook in &settings.instance.config_hooks.prebuild {
            if settings.reconfigures {
                run_hook(hook, settings, reaper, logs)?;
            }
        }
        container_commands(settings, reaper, logs)?;
    }
    for hook in stage.hooks(settings) {
        run_hook(hook, settings, reaper, logs)?;
    }
    // Without a mark it would be done again after a restart: worse than not to start.
    let marked = fs::create_dir_all(MARKS).and_then(|()| fs::write(stage.mark(), ""));
    marked.map_err(|source| FirstError::NotRun {
        what: "the end".to_owned(),
        file: stage.mark().display().to_string(),
        source,
    })
}

fn late_step(step: &Step, settings: &Settings, reaper: &Reaper, logs: &Path) -> Result<(), FirstError> {
    println!("beanpole: doing {} of {}", step.name, step.file);
    let program = program(
        argv(&Line::Shell(step.script.clone())),
        "/",
        &BTreeMap::new(),
        settings,
    );
    let outcome = attempt(&step.name, &step.file, &program, reaper, logs, LOG)?;
    match words::failure(outcome.lines()) {
        Some(words) if outcome.ended.0 != 0 => Err(FirstError::Step(words)),
        _ => outcome.check(&step.name, &step.file),
    }
}

fn run_hook(hook: &str, settings: &Settings, reaper: &Reaper, logs: &Path) -> Result<(), FirstError> {
    let words = vec![Path::new(CURRENT).join(hook).to_string_lossy().into_owned()];
    let program = program(words, CURRENT, &BTreeMap::new(), settings);
    let outcome = attempt("the hook", hook, &program, reaper, logs, HOOKS_LOG)?;
    outcome.check("the hook", hook)
}

/// All of them, and the time that those of each file took together is told.
fn container_commands(settings: &Settings, reaper: &Reaper, logs: &Path) -> Result<(), FirstError> {
    let mut took: BTreeMap<&str, Duration> = BTreeMap::new();
    for command in &settings.container_commands {
        let began = Instant::now();
        container_command(command, settings, reaper, logs)?;
        *took.entry(&command.file).or_default() += began.elapsed();
    }
    for (file, time) in took {
        if let Some(server) = &settings.server {
            server.took(file, "container_commands", time);
        }
    }
    Ok(())
}

fn container_command(
    command: &Command,
    settings: &Settings,
    reaper: &Reaper,
    logs: &Path,
) -> Result<(), FirstError> {
    let what = format!("the container command {}", command.name);
    let leader = |source| FirstError::Leader {
        what: what.clone(),
        file: command.file.clone(),
        source,
    };
    let server = settings.server.as_ref().filter(|_| command.leader_only);
    if let Some(server) = server {
        match server.claim(command).map_err(leader)? {
            Decision::Run => {}
            Decision::Failed if !command.ignore_errors => {
                return Err(FirstError::FailedElsewhere {
                    what,
                    file: command.file.clone(),
                });
            }
            _ => {
                println!("beanpole: {what} is not this instance's to run");
                return Ok(());
            }
        }
    } else if command.leader_only {
        println!("beanpole: {what} is leader_only, and there is no server to ask: this instance runs it");
    }
    let folder = command.cwd.as_deref().unwrap_or("/var/app/staging");
    // leader_only counts more than the test, as in Beanstalk.
    if let (Some(test), false) = (&command.test, command.leader_only) {
        let program = program(argv(test), folder, &command.env, settings);
        let tested = attempt(
            &format!("the test of {}", command.name),
            &command.file,
            &program,
            reaper,
            logs,
            LOG,
        )?;
        if tested.ended.0 != 0 {
            println!(
                "beanpole: {what} is left out: its test ended with {}",
                tested.ended.0
            );
            return Ok(());
        }
    }
    println!("beanpole: running {what} of {}", command.file);
    let program = program(argv(&command.command), folder, &command.env, settings);
    let outcome = attempt(&what, &command.file, &program, reaper, logs, LOG);
    if let Some(server) = server {
        let code = outcome.as_ref().map_or(127, |outcome| outcome.ended.0);
        server.finish(command, code).map_err(leader)?;
    }
    match outcome.and_then(|outcome| outcome.check(&what, &command.file)) {
        Err(error) if command.ignore_errors => {
            println!("beanpole: {error}; ignoreErrors lets it pass");
            Ok(())
        }
        other => other,
    }
}

/// As root: Beanstalk's rule for commands and hooks.
fn program(argv: Vec<String>, folder: &str, env: &BTreeMap<String, String>, settings: &Settings) -> Program {
    Program {
        argv,
        env: env_of(&settings.env, None, env),
        folder: folder.into(),
        user: None,
    }
}

fn attempt(
    what: &str,
    file: &str,
    program: &Program,
    reaper: &Reaper,
    logs: &Path,
    log: &str,
) -> Result<Outcome, FirstError> {
    command::run(reaper, program, logs, log).map_err(|source| FirstError::NotRun {
        what: what.to_owned(),
        file: file.to_owned(),
        source,
    })
}

impl Outcome {
    fn lines(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }

    fn check(self, what: &str, file: &str) -> Result<(), FirstError> {
        match self.ended.0 {
            0 => Ok(()),
            code => Err(FirstError::Failed {
                what: what.to_owned(),
                file: file.to_owned(),
                code,
                said: words::last(self.lines()).map_or_else(String::new, |words| format!(": {words}")),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use beanpole_instance::{ConfigHooks, Hooks, Instance};

    use super::*;

    #[test]
    fn hooks_of_a_changed_configuration_come_after_the_others() {
        let instance = Instance {
            hooks: Hooks {
                predeploy: vec!["a".to_owned()],
                postdeploy: Vec::new(),
            },
            config_hooks: ConfigHooks {
                predeploy: vec!["c".to_owned()],
                postdeploy: vec!["p".to_owned()],
                ..ConfigHooks::default()
            },
            ..Instance::default()
        };
        let of = |deployment: &str| {
            let variables = BTreeMap::from([("BEANPOLE_DEPLOYMENT".to_owned(), deployment.to_owned())]);
            let settings = Settings::new(instance.clone(), variables).unwrap();
            let texts = |stage: Stage| stage.hooks(&settings).join(" ");
            (texts(Stage::Predeploy), texts(Stage::Postdeploy))
        };
        let both = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(of("configuration"), both("a c", "p"));
        assert_eq!(of("version"), both("a", ""));
    }
}
