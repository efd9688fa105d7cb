//! `bp events`: the newest events of an environment, oldest first; with `--follow` also those to come.

use beanpole_protocol::api::{Event, EventQuery, Severity};
use clap::Args;
use serde_json::json;

use crate::{
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::{
        event_line,
        watch::{Subject, Update, Watch},
    },
    output::clock,
};

#[derive(Args)]
pub struct EventsArgs {
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Go on printing events as they come; with --json one a line
    #[arg(short, long)]
    follow: bool,
    /// How many of the newest events
    #[arg(short = 'n', long, value_name = "N", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=1000))]
    lines: u32,
    /// Only this severity and worse: trace, debug, info, warn, error or fatal
    #[arg(long, value_parser = parse_severity)]
    severity: Option<Severity>,
}

fn parse_severity(text: &str) -> Result<Severity, String> {
    serde_json::from_value(json!(text.to_ascii_uppercase()))
        .map_err(|_| "choose trace, debug, info, warn, error or fatal".to_owned())
}

pub async fn run(context: &Context, args: EventsArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let query = EventQuery {
        after: None,
        limit: Some(args.lines),
        severity: args.severity,
    };
    let page = client.events(&name, &query).await?;
    for event in &page.items {
        print(context, event);
    }
    if !args.follow {
        context.out.document(&json!({ "items": page.items }));
        return Ok(());
    }
    for event in &page.items {
        context.out.document_line(event);
    }
    let after = match page.items.last() {
        Some(event) => Some(event.id),
        // Of events below the severity asked for, there may be some.
        None => crate::changes::newest_event(&client, &name).await?,
    };
    let mut watch = Watch::events(Subject {
        client,
        environment: name,
        after,
    });
    loop {
        let update = tokio::select! {
            update = watch.next() => update,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        match update {
            Some(Update::Event(event)) => {
                if args.severity.is_none_or(|least| event.severity >= least) {
                    print(context, &event);
                    context.out.document_line(&event);
                }
            }
            Some(Update::Lost(_)) => context
                .out
                .warn("The server does not answer; trying again until it does."),
            Some(Update::Back) => context.out.warn("The server answers again."),
            Some(Update::Refused(error)) => return Err(error.into()),
            Some(Update::Progress(_) | Update::Ended(_)) => {}
            None => {
                return Err(Failure::new(
                    Exit::Failed,
                    "stream_ended",
                    "The event stream ended by itself.",
                ));
            }
        }
    }
}

fn print(context: &Context, event: &Event) {
    let out = &context.out;
    out.line(event_line(out.paint, event, &clock::date_time(event.at)));
}
