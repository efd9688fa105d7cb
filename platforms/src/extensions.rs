//! What a bundle's `.ebextensions` add to the build of its image and to its instances.

use beanpole_ebextensions::{self as ebextensions, Config, Finding, Lookup, Start, Target};
use beanpole_instance::{Command, ContainerCommand, Hooks, Late, Line, Service, Step};
pub use beanpole_instance::{LATE, Told};

use crate::{images::ContextFile, source::Source};

/// Everything that the files come to, ready to be laid into an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// The scripts, for the build context.
    pub files: Vec<ContextFile>,
    /// One for each configuration file that does anything during the build.
    steps: Vec<FileSteps>,
    pub services: Vec<Service>,
    /// What is left to instances of the steps.
    pub late_steps: Vec<Late>,
    pub container_commands: Vec<ContainerCommand>,
    /// Written by `files:`, to where hooks are looked for.
    pub hooks: Hooks,
}

/// The scripts of one configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileSteps {
    /// Their folder in the build context.
    folder: String,
    /// Key group and file name of each, in working order.
    scripts: Vec<(&'static str, String)>,
}

/// Where scripts are while they run.
const SCRIPTS: &str = "/opt/beanpole/steps/";

impl Extensions {
    /// Reads the configuration files of a bundle. What is wrong with them, the server has said already;
    /// the first error is why there can be no image.
    pub fn read(source: &Source, lookup: &dyn Lookup) -> Result<Self, Box<Finding>> {
        let files: Vec<(&str, &str)> = source
            .paths()
            .filter(|path| ebextensions::is_config_file(path))
            .filter_map(|path| Some((path, source.text(path)?)))
            .collect();
        let parsed = ebextensions::parse(&files);
        let is_error = |finding: &Finding| finding.severity == ebextensions::Severity::Error;
        if let Some(error) = parsed.findings.into_iter().find(is_error) {
            return Err(Box::new(error));
        }
        let first = |findings: Vec<Finding>| findings.into_iter().next().map(Box::new);
        let config = parsed.config;
        let commands = match ebextensions::container_commands(&config, lookup) {
            Ok(commands) => commands,
            Err(findings) => return first(findings).map_or_else(|| Ok(Self::default()), Err),
        };
        let steps = match ebextensions::build_steps(&config, &Target { lookup }) {
            Ok(steps) => steps,
            Err(findings) => return first(findings).map_or_else(|| Ok(Self::default()), Err),
        };
        let mut extensions = Self {
            container_commands: commands.into_iter().map(planned).collect(),
            late_steps: ebextensions::late_step_names(&config, lookup)
                .into_iter()
                .map(|(file, key)| Late {
                    file,
                    name: key.to_owned(),
                })
                .collect(),
            ..Self::of_instances(&config)
        };
        for step in steps {
            extensions.add(step);
        }
        Ok(extensions)
    }

    fn of_instances(config: &Config) -> Self {
        let hooks = ebextensions::written_hooks(config);
        Self {
            services: ebextensions::services(config)
                .into_iter()
                .map(|service| Service {
                    file: service.file,
                    name: service.name,
                    enabled: service.enabled,
                    ensure_running: service.ensure_running,
                })
                .collect(),
            hooks: Hooks {
                predeploy: hooks.predeploy,
                postdeploy: hooks.postdeploy,
            },
            ..Self::default()
        }
    }

    fn add(&mut self, step: ebextensions::Step) {
        let name = format!("{}.sh", step.key);
        let is_same = |last: &FileSteps| {
            last.folder
                .split_once('-')
                .is_some_and(|(_, file)| file == step.file)
        };
        if !self.steps.last().is_some_and(is_same) {
            self.steps.push(FileSteps {
                folder: format!("{}-{}", self.steps.len(), step.file),
                scripts: Vec::new(),
            });
        }
        let number = self.steps.len() - 1;
        if let Some(last) = self.steps.last_mut() {
            self.files.push(ContextFile {
                path: format!("beanpole/steps/{number}/{name}"),
                mode: 0o644,
                content: step.script.into_bytes(),
            });
            last.scripts.push((step.key, name));
        }
    }

    /// Writes the Dockerfile lines of the key groups for which `wanted` holds. A file of its own layer each:
    /// what stands in the first ones is not done again when a later one changes.
    pub(crate) fn write(&self, dockerfile: &mut String, wanted: impl Fn(&str) -> bool) {
        for (number, file) in self.steps.iter().enumerate() {
            let scripts: Vec<&String> = file
                .scripts
                .iter()
                .filter(|(key, _)| wanted(key))
                .map(|(_, name)| name)
                .collect();
            if scripts.is_empty() {
                continue;
            }
            for name in &scripts {
                dockerfile.push_str(&format!("COPY beanpole/steps/{number}/{name} {SCRIPTS}\n"));
            }
            let runs: Vec<String> = scripts.iter().map(|name| format!("sh {SCRIPTS}{name}")).collect();
            dockerfile.push_str(&format!("RUN {} && rm -rf {SCRIPTS}\n", runs.join(" && ")));
        }
    }
}

fn planned(planned: ebextensions::Planned) -> ContainerCommand {
    match planned {
        ebextensions::Planned::Known(known) => ContainerCommand::Known(command(known)),
        ebextensions::Planned::Late { file, name, .. } => ContainerCommand::Late(Late { file, name }),
    }
}

/// Whether an instance has to be told anything by its environment.
pub fn any_late(config: &Config, installation: &dyn Lookup) -> bool {
    // What cannot be evaluated at all is told elsewhere.
    let commands = ebextensions::container_commands(config, installation).unwrap_or_default();
    let is_late = |planned: &ebextensions::Planned| matches!(planned, ebextensions::Planned::Late { .. });
    commands.iter().any(is_late) || !ebextensions::late_step_names(config, installation).is_empty()
}

/// What differs between environments, as one of them has it.
pub fn told(
    config: &Config,
    installation: &dyn Lookup,
    environment: &dyn Lookup,
) -> Result<Told, Vec<Finding>> {
    let step = |step: ebextensions::Step| Step {
        file: step.file,
        name: step.key.to_owned(),
        script: step.script,
    };
    let steps = ebextensions::late_steps(config, installation, environment)?;
    let commands = ebextensions::late_commands(config, installation, environment)?;
    Ok(Told {
        steps: steps.into_iter().map(step).collect(),
        commands: commands.into_iter().map(command).collect(),
    })
}

fn command(command: ebextensions::ContainerCommand) -> Command {
    Command {
        file: command.file,
        name: command.name,
        command: line(command.command),
        cwd: command.cwd,
        env: command.env,
        test: command.test.map(line),
        leader_only: command.leader_only,
        ignore_errors: command.ignore_errors,
    }
}

fn line(start: Start) -> Line {
    match start {
        Start::Line(line) => Line::Shell(line),
        Start::Argv(argv) => Line::Argv(argv),
    }
}
