//! `bp terminate`: ends an environment; with `--all` the application with all it has.

use beanpole_protocol::{
    api::{Environment, EnvironmentStatus},
    client::Client,
};
use clap::Args;
use serde_json::json;

use super::ask;
use crate::{
    args::Waiting,
    changes::{self, Done, patiently},
    context::Context,
    exit::Exit,
    failure::Failure,
    output::Hue,
    pages,
};

#[derive(Args)]
pub struct TerminateArgs {
    /// The environment; the default one when absent
    #[arg(conflicts_with = "all")]
    environment: Option<String>,
    /// Do not ask
    #[arg(long)]
    force: bool,
    /// Terminate all environments of the application and delete it with its versions
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: TerminateArgs) -> Result<(), Failure> {
    if args.all {
        return terminate_all(context, &args).await;
    }
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let environment = client.environment(&name).await?;
    confirm(context, args.force, "environment", &name)?;
    let done = terminate(context, &client, &environment, &args.waiting).await?;
    done.print(&context.out);
    Ok(())
}

async fn terminate_all(context: &Context, args: &TerminateArgs) -> Result<(), Failure> {
    if args.waiting.nohang {
        return Err(Failure::usage(
            "--all cannot go with --nohang: an application can only be deleted once its environments are gone.",
        ));
    }
    let application = context.application(None)?;
    let client = context.client()?;
    client.application(&application).await?;
    confirm(context, args.force, "application", &application)?;
    let environments = pages::all(|page| {
        let (client, application) = (client.clone(), application.clone());
        async move { client.environments(Some(&application), &page).await }
    })
    .await?;
    let mut terminated = Vec::new();
    for environment in environments {
        if environment.status != EnvironmentStatus::Terminated {
            let done = terminate(context, &client, &environment, &args.waiting).await?;
            context.out.progress(done.message);
            terminated.push(environment.name);
        }
    }
    client.delete_application(&application).await?;
    let out = &context.out;
    out.line(out.paint.text(
        Hue::Green,
        &format!("The application {application} is deleted with all it had."),
    ));
    out.document(&json!({ "deleted": application, "terminated": terminated }));
    Ok(())
}

async fn terminate(
    context: &Context,
    client: &Client,
    environment: &Environment,
    waiting: &Waiting,
) -> Result<Done, Failure> {
    let name = &environment.name;
    let after = changes::newest_event(client, name).await?;
    let change = patiently(|| client.terminate_environment(name)).await?;
    let done = changes::finish(context, client, change, after, waiting).await?;
    if let Some(mut project) = context.project.clone() {
        project.settings.forget(name);
        project.save()?;
    }
    Ok(done)
}

fn confirm(context: &Context, force: bool, what: &str, name: &str) -> Result<(), Failure> {
    if force {
        return Ok(());
    }
    if !context.out.can_ask() {
        return Err(Failure::usage(format!(
            "Terminating the {what} {name} needs --force where nobody can be asked."
        )));
    }
    let typed = ask::text(
        context,
        &format!("This ends the {what} {name} for good. Type its name to go on"),
        None,
    )?;
    if typed == name {
        Ok(())
    } else {
        Err(Failure::new(
            Exit::Usage,
            "not_confirmed",
            "That is another name: nothing was done.",
        ))
    }
}
