//! `bp hosts`: the machines that run instances.

use beanpole_protocol::{HostId, Timestamp};
use clap::{Args, Subcommand};
use serde_json::json;

use super::ask;
use crate::{
    context::Context,
    failure::Failure,
    output::{
        Hue, clock, plain, size,
        table::{self, number, text},
    },
    pages,
};

/// Without a word: lists them.
#[derive(Args)]
pub struct HostsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List hosts
    List,
    /// Make a token with which one more agent can join
    JoinToken,
    /// Remove a host; its instances are started elsewhere
    Remove {
        id: HostId,
        /// Do not ask
        #[arg(long)]
        force: bool,
    },
}

pub async fn run(context: &Context, args: HostsArgs) -> Result<(), Failure> {
    let client = context.client()?;
    let out = &context.out;
    match args.action.unwrap_or(Action::List) {
        Action::List => list(context).await,
        Action::JoinToken => {
            let token = client.create_join_token().await?;
            out.line(&token.token);
            out.progress(out.progress_paint().dim(&format!(
                "Good for one agent, until {}; it is not shown again.",
                clock::date_time(token.expires_at)
            )));
            out.document(&token);
            Ok(())
        }
        Action::Remove { id, force } => {
            if !force {
                if !out.can_ask() {
                    return Err(Failure::usage(format!(
                        "Removing the host {id} needs --force where nobody can be asked."
                    )));
                }
                if !ask::yes(&format!("Remove the host {id}?"))? {
                    return Err(Failure::usage("Nothing was done."));
                }
            }
            client.remove_host(&id).await?;
            out.line(out.paint.text(Hue::Green, &format!("The host {id} is removed.")));
            out.document(&json!({ "removed": id }));
            Ok(())
        }
    }
}

async fn list(context: &Context) -> Result<(), Failure> {
    let client = context.client()?;
    let hosts = pages::all(|page| {
        let client = client.clone();
        async move { client.hosts(&page).await }
    })
    .await?;
    let out = &context.out;
    out.document(&json!({ "items": hosts }));
    if hosts.is_empty() {
        out.line(
            out.paint
                .dim("No host has joined: `bp hosts join-token` is the first step."),
        );
        return Ok(());
    }
    let now = Timestamp::now();
    let rows = hosts
        .iter()
        .map(|host| {
            let (state, hue) = if host.online {
                ("online", Hue::Green)
            } else {
                ("offline", Hue::Red)
            };
            vec![
                text(host.id.as_str()),
                text(&host.name),
                text(state).hue(hue),
                text(
                    host.last_seen_at
                        .map_or("never".to_owned(), |at| clock::ago(now, at)),
                ),
                number(host.instances),
                number(host.cpus),
                number(size::bytes(host.memory_bytes)),
                text(&host.docker_version),
                text(&host.agent_version),
            ]
        })
        .collect();
    let header = [
        "HOST",
        "NAME",
        "STATE",
        "SEEN",
        "INSTANCES",
        "CPUS",
        "MEMORY",
        "DOCKER",
        "AGENT",
    ];
    out.line(table::render(out.paint, &header, rows));
    for host in &hosts {
        if let Some(trouble) = &host.services_trouble {
            let name = &host.name;
            out.warn(format!(
                "Instances on {name} cannot reach SQS: {}.",
                plain(trouble)
            ));
        }
    }
    Ok(())
}
