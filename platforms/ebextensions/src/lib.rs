//! Beanstalk's configuration files, `.ebextensions/*.config`: what they say, what is wrong with them,
//! and the shell scripts that do what they say.
//!
//! Pure: it reads bytes and writes text. Running the scripts is for whoever builds the image, running late
//! ones and container commands for the instance's init, setting options for the server.
//! Invariants: it never panics, whatever the bytes; nothing in a file is ignored without a finding.

mod amazon;
mod check;
mod fetch;
pub mod finding;
mod functions;
mod instance;
mod manifest;
pub mod model;
mod options;
mod parse;
pub mod plan;
mod queue;
mod read;
mod steps;
mod text;
pub mod yaml;

pub use self::{
    finding::{Finding, Position, Severity},
    functions::{Lookup, Unknown, installation_reference},
    instance::{
        ContainerCommand, Planned, Start, WantedService, WrittenHooks, container_commands, late_commands,
        services, written_hooks,
    },
    manifest::{CRON_YAML, CronTask, ENV_YAML, Manifest, cron_tasks, environment_manifest},
    model::Config,
    options::{LateOption, OptionValue, Settled, option_settings},
    parse::{Parsed, is_config_file, parse},
    plan::Plan,
    queue::{Order, QUEUE, Queue, Removal, WantedQueue, queue_names, queues},
    steps::{Step, Target, build_steps, late_step_names, late_steps},
    text::Text,
};

/// The namespace of environment properties; that of an option whose namespace is not given.
pub const ENVIRONMENT_PROPERTIES: &str = "aws:elasticbeanstalk:application:environment";
