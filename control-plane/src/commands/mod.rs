//! One module a command.

mod database;
mod host;
mod login_link;
mod migrate;
mod openapi;
mod serve;
mod token;
mod up;
mod user;

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
    /// Users of the API and the console
    User(user::Options),
    /// Print a link that signs a user in, once, within 15 minutes
    LoginLink(login_link::Options),
    /// API tokens for programs
    Token(token::Options),
    /// Docker hosts
    Host(host::Options),
}

/// Runs a command to its end.
pub fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Up(options) => runtime()?.block_on(up::run(*options)),
        Command::Openapi => openapi::run(),
        Command::Serve(options) => {
            stay_small();
            runtime()?.block_on(serve::run(*options))
        }
        Command::Migrate(options) => runtime()?.block_on(migrate::run(options)),
        Command::User(options) => runtime()?.block_on(user::run(options)),
        Command::LoginLink(options) => runtime()?.block_on(login_link::run(options)),
        Command::Token(options) => runtime()?.block_on(token::run(options)),
        Command::Host(options) => runtime()?.block_on(host::run(options)),
    }
}

/// Without this the allocator's regions become huge pages, resident whole as soon as one byte of
/// each is used: an idle server took 55 MB instead of 34, and a busy one gained nothing.
/// A kernel that can't do it is no reason not to start.
fn stay_small() {
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime does not start")
}
