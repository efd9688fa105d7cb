//! One file a verb: its arguments and what it does.

pub mod abort;
pub mod access_key;
pub mod appversion;
mod ask;
pub mod completions;
pub mod config;
pub mod create;
pub mod deploy;
pub mod events;
pub mod health;
pub mod hosts;
pub mod init;
pub mod lint;
pub mod list;
pub mod login;
pub mod logout;
pub mod logs;
pub mod open;
pub mod plan;
pub mod platform;
pub mod printenv;
pub mod queue;
pub mod scale;
pub mod setenv;
pub mod status;
pub mod terminate;
pub mod token;
pub mod use_environment;
pub mod user;
pub mod whoami;

use crate::{args::Command, context::Context, failure::Failure};

pub async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Login(args) => login::run(context, args).await,
        Command::Logout(args) => logout::run(context, args).await,
        Command::Whoami(args) => whoami::run(context, args).await,
        Command::Init(args) => init::run(context, args).await,
        Command::Create(args) => create::run(context, args).await,
        Command::Lint(args) => lint::run(context, &args),
        Command::Plan(args) => plan::run(context, args).await,
        Command::Platform(args) => platform::run(context, args).await,
        Command::Deploy(args) => deploy::run(context, args).await,
        Command::Status(args) => status::run(context, args).await,
        Command::Events(args) => events::run(context, args).await,
        Command::Health(args) => health::run(context, args).await,
        Command::Logs(args) => logs::run(context, args).await,
        Command::Open(args) => open::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Use(args) => use_environment::run(context, args).await,
        Command::Scale(args) => scale::run(context, args).await,
        Command::Setenv(args) => setenv::run(context, args).await,
        Command::Printenv(args) => printenv::run(context, args).await,
        Command::Config(args) => config::run(context, args).await,
        Command::Abort(args) => abort::run(context, args).await,
        Command::Appversion(args) => appversion::run(context, args).await,
        Command::Queue(args) => queue::run(context, args).await,
        Command::Terminate(args) => terminate::run(context, args).await,
        Command::Hosts(args) => hosts::run(context, args).await,
        Command::User(args) => user::run(context, args).await,
        Command::Token(args) => token::run(context, args).await,
        Command::AccessKey(args) => access_key::run(context, args).await,
        Command::Completions(args) => {
            completions::run(&args);
            Ok(())
        }
    }
}

/// A role as it is typed and shown.
fn role_name(role: beanpole_protocol::api::Role) -> &'static str {
    use beanpole_protocol::api::Role;
    match role {
        Role::Viewer => "viewer",
        Role::Deployer => "deployer",
        Role::Admin => "admin",
    }
}

/// The role of that name.
fn parse_role(text: &str) -> Result<beanpole_protocol::api::Role, String> {
    use beanpole_protocol::api::Role;
    [Role::Viewer, Role::Deployer, Role::Admin]
        .into_iter()
        .find(|role| role_name(*role) == text)
        .ok_or_else(|| "choose viewer, deployer or admin".to_owned())
}
