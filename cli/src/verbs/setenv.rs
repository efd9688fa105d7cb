//! `bp setenv`: environment properties, rolled out by the environment's deployment policy.

use beanpole_protocol::api::UpdateEnvironment;
use clap::Args;

use crate::{args::Waiting, changes, context::Context, failure::Failure, options};

#[derive(Args)]
pub struct SetenvArgs {
    /// NAME=VALUE sets a property, NAME= removes it
    #[arg(required = true, value_name = "NAME=VALUE")]
    properties: Vec<String>,
    /// The environment; the default one when absent
    #[arg(short, long, value_name = "NAME")]
    environment: Option<String>,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: SetenvArgs) -> Result<(), Failure> {
    let (set, remove) = options::properties(&args.properties)?;
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let body = UpdateEnvironment { set, remove };
    let done = changes::update(context, &client, &name, &body, &args.waiting).await?;
    done.print(&context.out);
    Ok(())
}
