//! `bp`: the command line of Beanpole, a client of its public REST API and nothing more.
//!
//! This file parses, runs one verb and turns its end into an exit code. What a verb does is in
//! `verbs/`, one file each. Invariant: with `--json`, stdout holds one JSON document, whatever happens
//! (one a line for verbs that follow without end).

mod args;
mod changes;
mod context;
mod exit;
mod failure;
mod follow;
mod options;
mod output;
mod pages;
mod settings;
mod source;
mod upload;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Cli, Command},
    context::Context,
    exit::Exit,
    failure::Failure,
    output::{Output, Volume},
};

fn main() -> ExitCode {
    // Before any thread is started: afterwards the zone can no longer be asked for.
    output::clock::remember_local_offset();
    let line = args::long_forms(std::env::args_os());
    let cli = match Cli::try_parse_from(&line) {
        Ok(cli) => cli,
        Err(error) => return refuse(&error, line.iter().any(|arg| arg == "--json")),
    };
    let volume = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => Volume::Quiet,
        (false, true) => Volume::Verbose,
        (false, false) => Volume::Normal,
    };
    let out = Output::new(cli.global.json, volume);
    if let Command::Completions(args) = &cli.command {
        verbs::completions::run(args);
        return Exit::Ok.into();
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::failed(format!("bp could not start its runtime: {error}"));
            return report(&out, &failure);
        }
    };
    let outcome = Context::new(cli.global, out.clone())
        .and_then(|context| runtime.block_on(verbs::run(&context, cli.command)));
    // A blocked prompt or file read must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => Exit::Ok.into(),
        Err(failure) => report(&out, &failure),
    }
}

/// Help and version are answers; all else is a mistake in the arguments.
fn refuse(error: &clap::Error, json: bool) -> ExitCode {
    if error.use_stderr() && json {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let failure = Failure::usage(failure::sentence(message));
        return report(&Output::new(true, Volume::Normal), &failure);
    }
    // Nothing can be done about a terminal that cannot be written to.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into()
}

fn report(out: &Output, failure: &Failure) -> ExitCode {
    out.failure(failure);
    failure.exit.into()
}
