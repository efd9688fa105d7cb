//! One module a command.

mod migrate;
mod openapi;
mod serve;
mod up;

use anyhow::Context;

#[derive(clap::Subcommand)]
pub enum Command {
    /// Run everything on this host: database, server, agent and edge, supervised
    Up(Box<up::Options>),
    /// Run the server: API, console, deployments
    Serve(Box<beanpole_control_plane::ServeOptions>),
    /// Bring the database's tables up to date and end
    Migrate(migrate::Options),
    /// Print the OpenAPI document
    Openapi,
}

/// Runs a command to its end.
pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(options) => runtime()?.block_on(up::run(*options)),
        Command::Openapi => openapi::run(),
        Command::Serve(options) => runtime()?.block_on(serve::run(*options)),
        Command::Migrate(options) => runtime()?.block_on(migrate::run(options)),
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime does not start")
}
