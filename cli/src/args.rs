//! The command line: verbs, flags that every verb has, and `eb`'s two-letter short flags.

use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::{exit, verbs};

/// Deploys and runs web applications on Beanpole.
#[derive(Parser)]
#[command(name = "bp", version, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every verb.
#[derive(Args, Clone)]
#[command(next_help_heading = "Flags of every verb")]
pub struct Global {
    /// The server; the folder's or the last one signed in to when absent
    #[arg(long, global = true, env = "BP_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Who calls: an API token
    #[arg(
        long,
        global = true,
        env = "BP_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Print one JSON document on stdout, all else on stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// No progress, only results and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Show every event while following, not only from INFO on
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

#[derive(Subcommand)]
pub enum Command {
    /// Sign in to a server and remember it
    Login(verbs::login::LoginArgs),
    /// Forget a server's token and revoke it
    Logout(verbs::logout::LogoutArgs),
    /// Show who you are to the server
    Whoami(verbs::whoami::WhoamiArgs),
    /// Tie this folder to an application, creating it if needed
    Init(verbs::init::InitArgs),
    /// Create an environment and launch this folder in it
    Create(verbs::create::CreateArgs),
    /// Check .ebextensions and the Procfile, without a server
    Lint(verbs::lint::LintArgs),
    /// Show what deploying this folder would change
    Plan(verbs::plan::PlanArgs),
    /// Deploy this folder, or an existing version
    Deploy(verbs::deploy::DeployArgs),
    /// Show an environment
    Status(verbs::status::StatusArgs),
    /// Show what happened to an environment
    Events(verbs::events::EventsArgs),
    /// Show the health of an environment's instances
    Health(verbs::health::HealthArgs),
    /// Show the last lines that the instances wrote
    Logs(verbs::logs::LogsArgs),
    /// Open the application in a browser
    Open(verbs::open::OpenArgs),
    /// List environments
    List(verbs::list::ListArgs),
    /// Choose the default environment of this folder (in git: of this branch)
    Use(verbs::use_environment::UseArgs),
    /// Change the number of instances
    Scale(verbs::scale::ScaleArgs),
    /// Set environment properties; NAME= removes one
    Setenv(verbs::setenv::SetenvArgs),
    /// Show environment properties
    Printenv(verbs::printenv::PrintenvArgs),
    /// Show or change the options of an environment
    Config(verbs::config::ConfigArgs),
    /// Stop the running deployment and go back
    Abort(verbs::abort::AbortArgs),
    /// List, create and delete application versions
    Appversion(verbs::appversion::AppversionArgs),
    /// List, create and delete SQS queues of an application
    Queue(verbs::queue::QueueArgs),
    /// List the platforms that environments can run on
    Platform(verbs::platform::PlatformArgs),
    /// Terminate an environment
    Terminate(verbs::terminate::TerminateArgs),
    /// List hosts, join and remove them
    Hosts(verbs::hosts::HostsArgs),
    /// Manage users (admin)
    User(verbs::user::UserArgs),
    /// Manage API tokens
    Token(verbs::token::TokenArgs),
    /// Manage access keys of the AWS services (admin)
    AccessKey(verbs::access_key::AccessKeyArgs),
    /// Print the completion script of a shell
    Completions(verbs::completions::CompletionsArgs),
}

/// Flags of verbs that start something and wait for its end.
#[derive(Args, Clone)]
pub struct Waiting {
    /// Return at once, do not wait for the end (short: -nh)
    #[arg(long)]
    pub nohang: bool,
    /// Minutes to wait for the end
    #[arg(long, value_name = "MINUTES", default_value = "15", value_parser = minutes)]
    pub timeout: std::time::Duration,
}

fn minutes(text: &str) -> Result<std::time::Duration, String> {
    match text.parse::<f64>() {
        Ok(minutes) if minutes > 0.0 && minutes <= 60.0 * 24.0 => {
            Ok(std::time::Duration::from_secs_f64(minutes * 60.0))
        }
        _ => Err("give minutes, more than 0 and at most 1440".to_owned()),
    }
}

/// `eb` has short flags of two letters, which clap cannot have: they become their long forms here,
/// for the verbs that know them.
pub fn long_forms(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut verb: Option<String> = None;
    let mut after_end = false;
    args.into_iter()
        .enumerate()
        .map(|(index, arg)| {
            let Some(text) = arg.to_str().filter(|_| index > 0 && !after_end) else {
                return arg;
            };
            if text == "--" {
                after_end = true;
            } else if verb.is_none() && !text.starts_with('-') {
                verb = Some(text.to_owned());
            }
            let (flag, value) = match text.split_once('=') {
                Some((flag, value)) => (flag, Some(value)),
                None => (text, None),
            };
            match (long_form(verb.as_deref(), flag), value) {
                (Some(long), Some(value)) => format!("{long}={value}").into(),
                (Some(long), None) => long.into(),
                (None, _) => arg,
            }
        })
        .collect()
}

fn long_form(verb: Option<&str>, flag: &str) -> Option<&'static str> {
    match (verb?, flag) {
        ("create" | "deploy" | "config" | "terminate" | "setenv" | "scale" | "abort", "-nh") => {
            Some("--nohang")
        }
        ("create", "-im") => Some("--min-instances"),
        ("create", "-ix") => Some("--max-instances"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn translated(line: &str) -> String {
        long_forms(line.split(' ').map(OsString::from))
            .join(" ".as_ref())
            .into_string()
            .unwrap_or_default()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn two_letter_flags_become_long_where_the_verb_has_them() {
        for (given, wanted) in [
            ("bp deploy -nh", "bp deploy --nohang"),
            (
                "bp --json create x -im 2 -ix=4",
                "bp --json create x --min-instances 2 --max-instances=4",
            ),
            ("bp logs -nh", "bp logs -nh"),
            ("bp setenv -- -nh", "bp setenv -- -nh"),
            ("-nh deploy", "-nh deploy"),
        ] {
            assert_eq!(translated(given), wanted);
        }
    }

    #[test]
    fn timeouts_are_minutes_within_bounds() {
        assert_eq!(minutes("0.5"), Ok(std::time::Duration::from_secs(30)));
        assert!(minutes("0").is_err() && minutes("x").is_err() && minutes("NaN").is_err());
    }
}
