//! `beanpole`: the server's command line. One module a command under `commands/`.

mod commands;

use clap::Parser;

/// A request makes dozens of small allocations; this takes half the time of the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(name = "beanpole", version, about = "Self-hosted application platform on Docker", long_about = None)]
struct Arguments {
    #[command(subcommand)]
    command: commands::Command,
}

fn main() -> std::process::ExitCode {
    match commands::run(Arguments::parse().command) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("beanpole: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
