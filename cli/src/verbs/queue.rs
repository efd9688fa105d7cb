//! `bp queue`: SQS queues that an application owns.

use std::collections::BTreeMap;

use beanpole_protocol::{
    Timestamp,
    api::{DeclareQueue, Queue},
};
use clap::{Args, Subcommand};
use serde_json::json;

use super::ask;
use crate::{
    context::Context,
    failure::Failure,
    output::{
        Hue, clock,
        table::{self, number, text},
    },
    pages,
};

/// Without a word: lists them.
#[derive(Args)]
pub struct QueueArgs {
    /// The application; this folder's when absent
    #[arg(short, long, value_name = "NAME", global = true)]
    application: Option<String>,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Subcommand)]
enum Action {
    /// List queues
    List,
    /// Create a queue, unless there is the same one; a name that ends in .fifo makes a FIFO queue
    Create {
        name: String,
        /// An attribute under AWS's name, such as VisibilityTimeout=60; may be given several times
        #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = pair)]
        attributes: Vec<(String, String)>,
        /// A tag; may be given several times
        #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = pair)]
        tags: Vec<(String, String)>,
    },
    /// Delete a queue with all its messages
    Delete {
        name: String,
        /// Do not ask
        #[arg(long)]
        force: bool,
    },
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("give NAME=VALUE".to_owned()),
    }
}

pub async fn run(context: &Context, args: QueueArgs) -> Result<(), Failure> {
    let application = context.application(args.application.as_deref())?;
    match args.action.unwrap_or(Action::List) {
        Action::List => list(context, &application).await,
        Action::Create {
            name,
            attributes,
            tags,
        } => create(context, &application, &name, declaration(&name, attributes, tags)).await,
        Action::Delete { name, force } => delete(context, &application, &name, force).await,
    }
}

/// What is declared; that a queue is FIFO need not be said twice.
fn declaration(name: &str, attributes: Vec<(String, String)>, tags: Vec<(String, String)>) -> DeclareQueue {
    let mut attributes: BTreeMap<_, _> = attributes.into_iter().collect();
    if name.ends_with(".fifo") {
        let fifo = attributes.entry("FifoQueue".to_owned());
        fifo.or_insert_with(|| "true".to_owned());
    }
    DeclareQueue {
        attributes,
        tags: tags.into_iter().collect(),
    }
}

async fn create(
    context: &Context,
    application: &str,
    name: &str,
    wanted: DeclareQueue,
) -> Result<(), Failure> {
    let queue = context
        .client()?
        .declare_queue(application, name, &wanted)
        .await?;
    let out = &context.out;
    let done = format!("{application} has a queue {}.", queue.name);
    out.line(out.paint.text(Hue::Green, &done));
    out.progress(out.progress_paint().dim(&format!(
        "Instances find its URL in {}: those that run, after their next deployment.",
        queue.property
    )));
    out.document(&json!({ "queue": queue }));
    Ok(())
}

async fn delete(context: &Context, application: &str, name: &str, force: bool) -> Result<(), Failure> {
    let out = &context.out;
    if !force {
        if !out.can_ask() {
            return Err(Failure::usage(format!(
                "Deleting the queue {name} with its messages needs --force where nobody can be asked."
            )));
        }
        if !ask::yes(&format!(
            "Delete the queue {name} of {application} with all its messages?"
        ))? {
            return Err(Failure::usage("Nothing was done."));
        }
    }
    context.client()?.delete_queue(application, name).await?;
    out.line(
        out.paint
            .text(Hue::Green, &format!("The queue {name} is deleted.")),
    );
    out.document(&json!({ "deleted": { "application": application, "queue": name } }));
    Ok(())
}

async fn list(context: &Context, application: &str) -> Result<(), Failure> {
    let client = context.client()?;
    let queues = pages::all(|page| {
        let client = client.clone();
        async move { client.queues(application, &page).await }
    })
    .await?;
    let out = &context.out;
    out.document(&json!({ "items": queues }));
    if queues.is_empty() {
        out.line(out.paint.dim(&format!("{application} has no queue.")));
        return Ok(());
    }
    let now = Timestamp::now();
    let rows = queues
        .iter()
        .map(|queue| {
            vec![
                text(&queue.name),
                number(attribute(queue, "ApproximateNumberOfMessages")),
                number(attribute(queue, "ApproximateNumberOfMessagesNotVisible")),
                number(attribute(queue, "ApproximateNumberOfMessagesDelayed")),
                text(clock::ago(now, queue.created_at)),
                text(&queue.property),
            ]
        })
        .collect();
    let header = ["QUEUE", "MESSAGES", "IN FLIGHT", "DELAYED", "CREATED", "PROPERTY"];
    out.line(table::render(out.paint, &header, rows));
    Ok(())
}

fn attribute<'a>(queue: &'a Queue, name: &str) -> &'a str {
    queue.attributes.get(name).map_or("", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifo_queue_is_known_by_its_name() {
        let fifo = declaration("jobs.fifo", Vec::new(), Vec::new());
        assert_eq!(fifo.attributes["FifoQueue"], "true");
        assert!(declaration("jobs", Vec::new(), Vec::new()).attributes.is_empty());
    }

    #[test]
    fn attributes_are_pairs() {
        let policy = pair("Policy={\"a\"=1}");
        assert_eq!(policy, Ok(("Policy".to_owned(), "{\"a\"=1}".to_owned())));
        assert!(pair("=x").is_err() && pair("x").is_err());
    }
}
