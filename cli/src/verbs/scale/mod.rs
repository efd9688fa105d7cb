//! `bp scale`: so many instances, and waits until they serve, or until it is plain that they will not.

mod room;

use std::time::Duration;

use beanpole_protocol::{
    api::{Environment, Event, Instance, InstanceCondition, InstanceIntent, UpdateEnvironment},
    client::{Client, ClientError},
};
use clap::Args;
use indicatif::ProgressBar;
use tokio::time::Instant;

use crate::{
    args::Waiting,
    changes::{self, Done},
    context::Context,
    exit::Exit,
    failure::Failure,
    follow::{
        event_line,
        watch::{Subject, Update, Watch},
    },
    options::{CAPACITY, ENVIRONMENT, setting},
    output::{Output, clock},
};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks in a row that must find nothing under way: what one look finds may be of a moment ago.
const STUCK_LOOKS: u32 = 2;

#[derive(Args)]
pub struct ScaleArgs {
    /// Number of instances
    #[arg(value_parser = clap::value_parser!(u32).range(1..=10_000))]
    number: u32,
    /// The environment; the default one when absent
    environment: Option<String>,
    /// Also turn an environment of a single instance into a balanced one
    #[arg(short, long)]
    force: bool,
    #[command(flatten)]
    waiting: Waiting,
}

pub async fn run(context: &Context, args: ScaleArgs) -> Result<(), Failure> {
    let name = context.environment(args.environment.as_deref())?;
    let client = context.client()?;
    let mut body = UpdateEnvironment {
        set: vec![
            setting(CAPACITY, "MinSize", args.number),
            setting(CAPACITY, "MaxSize", args.number),
        ],
        remove: Vec::new(),
    };
    if is_single(&client, &name).await? {
        if !args.force {
            return Err(
                Failure::failed(format!("{name} is an environment of a single instance."))
                    .hint("`bp scale --force` turns it into a balanced one first."),
            );
        }
        body.set
            .push(setting(ENVIRONMENT, "EnvironmentType", "LoadBalanced"));
    }
    let after = changes::newest_event(&client, &name).await?;
    let done = changes::update(context, &client, &name, &body, &args.waiting).await?;
    let done = if args.waiting.nohang || done.deployment.is_some() {
        done
    } else {
        let told = done.environment.hindrance.map(|hindrance| hindrance.message);
        let patience = (args.waiting.timeout, told);
        await_capacity(context, &client, &name, args.number, after, patience).await?
    };
    done.print(&context.out);
    Ok(())
}

async fn is_single(client: &Client, name: &str) -> Result<bool, Failure> {
    let configuration = client.configuration(name).await?;
    Ok(configuration.options.iter().any(|option| {
        option.namespace == ENVIRONMENT
            && option.name == "EnvironmentType"
            && option.value == "SingleInstance"
    }))
}

/// Capacity is no deployment: its end is that so many instances serve, and no other one is left.
async fn await_capacity(
    context: &Context,
    client: &Client,
    name: &str,
    number: u32,
    after: Option<i64>,
    (timeout, told): (Duration, Option<String>),
) -> Result<Done, Failure> {
    let out = &context.out;
    let deadline = Instant::now() + timeout;
    let bar = out.spinner(format!("Scaling {name} to {number}"));
    let mut watch = Watch::events(Subject {
        client: client.clone(),
        environment: name.to_owned(),
        after,
    });
    let mut clock_tick = tokio::time::interval(LOOK_EVERY);
    let mut seen = Seen {
        number,
        told,
        serving: 0,
        stuck_looks: 0,
    };
    loop {
        tokio::select! {
            update = watch.next() => match update {
                Some(Update::Event(event)) => seen.event(out, &bar, *event),
                Some(Update::Refused(error)) => return Err(error.into()),
                _ => {}
            },
            _ = clock_tick.tick() => match look(client, name).await {
                Ok((environment, instances)) => {
                    if let Some(ended) = seen.look(out, &bar, environment, &instances) {
                        bar.finish_and_clear();
                        return ended;
                    }
                }
                Err(ClientError::Unreachable { .. }) => {}
                Err(error) => return Err(error.into()),
            },
            () = tokio::time::sleep_until(deadline) => {
                return Err(Failure::new(
                    Exit::TimedOut,
                    "timeout",
                    format!(
                        "{} of {number} instances are in service after {}.",
                        seen.serving,
                        clock::span(timeout)
                    ),
                )
                .hint(format!("See why with `bp health {name}`.")));
            }
            _ = tokio::signal::ctrl_c() => {
                return Err(Failure::new(
                    Exit::Interrupted,
                    "interrupted",
                    "You stopped watching; the scaling goes on.",
                ));
            }
        }
    }
}

/// What waiting has seen and told so far.
struct Seen {
    number: u32,
    /// The hindrance that the user read last.
    told: Option<String>,
    serving: usize,
    stuck_looks: u32,
}

impl Seen {
    /// Tells an event, unless the user read it already: from the answer, or at a look.
    fn event(&mut self, out: &Output, bar: &ProgressBar, event: Event) {
        if event.severity < out.least_severity() || self.told.as_ref() == Some(&event.message) {
            return;
        }
        bar.suspend(|| {
            out.progress(event_line(out.progress_paint(), &event, &clock::clock(event.at)));
        });
        if room::HINDRANCES.contains(&event.kind.as_str()) {
            self.told = Some(event.message);
        }
    }

    /// Tells what is new. How it ended, if it did.
    fn look(
        &mut self,
        out: &Output,
        bar: &ProgressBar,
        environment: Environment,
        instances: &[Instance],
    ) -> Option<Result<Done, Failure>> {
        let (name, number) = (&environment.name, self.number);
        self.serving = in_service(instances);
        bar.set_message(format!("Scaling {name}: {} of {number} in service", self.serving));
        if let Some(hindrance) = &environment.hindrance
            && self.told.as_ref() != Some(&hindrance.message)
        {
            bar.suspend(|| changes::warn(out, &hindrance.message));
            self.told = Some(hindrance.message.clone());
        }
        if is_settled(instances, number) {
            let noun = if number == 1 { "instance" } else { "instances" };
            let message = format!("{name} runs {number} {noun}.");
            return Some(Ok(Done {
                environment,
                deployment: None,
                message,
            }));
        }
        let stuck = room::is_stuck(&environment, instances, number);
        self.stuck_looks = if stuck { self.stuck_looks + 1 } else { 0 };
        (self.stuck_looks >= STUCK_LOOKS).then(|| Err(room::failure(&environment, self.serving, number)))
    }
}

async fn look(client: &Client, name: &str) -> Result<(Environment, Vec<Instance>), ClientError> {
    let environment = client.environment(name).await?;
    Ok((environment, client.instances(name).await?.items))
}

fn in_service(instances: &[Instance]) -> usize {
    instances
        .iter()
        .filter(|instance| {
            instance.intent == InstanceIntent::InService && instance.state == InstanceCondition::Healthy
        })
        .count()
}

fn is_settled(instances: &[Instance], number: u32) -> bool {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    in_service(instances) == number && instances.len() == number
}
