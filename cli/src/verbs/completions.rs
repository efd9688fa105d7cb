//! `bp completions`: a script for the shell. Needs no server.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;

/// To have them in bash: bp completions bash > ~/.local/share/bash-completion/completions/bp
#[derive(Args)]
pub struct CompletionsArgs {
    shell: Shell,
}

pub fn run(args: &CompletionsArgs) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "bp", &mut script);
    // A reader that goes away wants no more.
    let _ = std::io::stdout().write_all(&script);
}
